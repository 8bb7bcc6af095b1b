package db

import (
	"context"
	"errors"
	"slices"
	"time"

	"baas/db/commit"
	"baas/db/keyenc"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// sweepAtOnce bounds the documents that one operation of the sweeper removes.
const sweepAtOnce = 200

// runSweeper removes documents whose time is up by an index with ExpireAfter.
func (e *Engine) runSweeper(ctx context.Context) {
	ticker := time.NewTicker(e.opts.SweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if _, err := e.sweep(ctx); err != nil && ctx.Err() == nil {
			e.opts.Log.Error("removing expired documents failed", "error", err)
		}
	}
}

// expiring is a collection with an index whose documents expire.
type expiring struct {
	coll  collection
	index uint32
}

// sweep removes all documents whose time is up now, a few in each operation so
// that other writers have their turn; their removal is in the change log.
func (e *Engine) sweep(ctx context.Context) (removed int, err error) {
	var list []expiring
	err = e.view(ctx, func(r kv.Reader) (err error) {
		list, err = e.findExpiring(r)
		return err
	})
	for _, x := range list {
		for more := true; more && err == nil; {
			n := 0
			_, err = e.commit.Do(ctx, func(tx *commit.Tx) (err error) {
				n, err = e.sweepSome(tx, x)
				return err
			})
			removed += n
			more = n == sweepAtOnce
		}
	}
	return removed, err
}

func (e *Engine) findExpiring(r kv.Reader) (list []expiring, err error) {
	err = eachCollection(r, func(c collection) error {
		set, err := e.indexes.load(r, c.id)
		if err != nil {
			return err
		}
		for _, x := range set.all {
			if x.state == IndexReady && x.ExpireAfter > 0 {
				list = append(list, expiring{c, x.id})
			}
		}
		return nil
	})
	return list, err
}

// sweepSome removes the first expired documents of an index.
func (e *Engine) sweepSome(tx *commit.Tx, from expiring) (removed int, err error) {
	c, ok, err := readCollection(tx, from.coll.name)
	if !ok || err != nil || c.id != from.coll.id {
		return 0, err
	}
	w, err := e.beginWriting(tx, rules.SystemPrincipal(), c.name, rules.Delete)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(w.indexes.all, func(x *index) bool { return x.id == from.index && x.state == IndexReady })
	if i < 0 {
		return 0, nil
	}
	places, err := expired(tx, w.indexes.all[i], e.opts.Now())
	if err != nil {
		return 0, err
	}
	for _, at := range places {
		d, err := w.read(at)
		if err == nil && d == nil {
			err = errNoDocument
		}
		if err == nil {
			err = w.remove(at, d)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(places), w.finish()
}

// expired returns the places of some documents that have a date in the index
// that is long enough ago: of an array, the earliest counts.
func expired(r kv.Reader, x *index, now time.Time) ([]place, error) {
	latest := keyenc.Append(nil, value.Time(now.Add(-x.ExpireAfter)))
	dates := plan.Range{Low: latest[:1], High: keyenc.After(latest)}
	if x.Keys[0].Kind == plan.Desc {
		keyenc.Complement(latest)
		dates = plan.Range{Low: latest, High: keyenc.After(latest[:1])}
	}
	s := indexScan{Scan: plan.Scan{Index: x.Index, Ranges: []plan.Range{dates}}, x: x}
	var places []place
	_, err := s.walk(r, func(int) bool { return false }, func(key, stored []byte) (bool, error) {
		if at := x.placeIn(key, stored); !slices.Contains(places, at) {
			places = append(places, at)
		}
		if len(places) == sweepAtOnce {
			return false, kv.ErrStop
		}
		return false, nil
	})
	if errors.Is(err, kv.ErrStop) {
		err = nil
	}
	return places, err
}
