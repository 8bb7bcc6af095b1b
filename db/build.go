package db

import (
	"context"
	"errors"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
)

// Indexes are built in the background, in the order of places: an operation of
// the committer makes the entries of some documents and moves the mark behind
// them, and writes keep up what lies before the mark. So an entry is never made
// twice, and the operation that reaches the end makes the index ready.

// What one operation of a build reads at most; all writers wait for it.
const (
	buildDocuments = 1000
	buildBytes     = 4 << 20
)

// runBuilder builds what is to be built. What it leaves when the process ends,
// the next one goes on with.
func (e *Engine) runBuilder(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.build:
		}
		for more := true; more; {
			var err error
			if more, err = e.buildSome(ctx); err != nil {
				if ctx.Err() == nil {
					e.opts.Log.Error("building an index failed", "error", err)
				}
				break
			}
		}
	}
}

// unbuilt is an index that is being built.
type unbuilt struct {
	coll collection
	id   uint32
}

// buildSome goes on with the first index that is being built; more says whether
// there may be something left.
func (e *Engine) buildSome(ctx context.Context) (more bool, err error) {
	var next *unbuilt
	err = e.view(ctx, func(r kv.Reader) (err error) {
		next, err = e.findUnbuilt(r)
		return err
	})
	if next == nil || err != nil {
		return false, err
	}
	settled := false
	_, err = e.commit.Do(ctx, func(tx *commit.Tx) (err error) {
		settled, err = e.buildChunk(tx, *next)
		return err
	})
	if refused, ok := errors.AsType[*fault.Error](err); ok {
		settled = true
		_, err = e.commit.Do(ctx, func(tx *commit.Tx) error { return e.failBuild(tx, *next, refused.Msg) })
		wake(e.purge)
	}
	if settled && err == nil {
		e.news.spread()
	}
	return true, err
}

func (e *Engine) findUnbuilt(r kv.Reader) (found *unbuilt, err error) {
	err = eachCollection(r, func(c collection) error {
		set, err := e.indexes.load(r, c.id)
		if err != nil {
			return err
		}
		for _, x := range set.all {
			if x.state == IndexBuilding {
				found = &unbuilt{c, x.id}
				return kv.ErrStop
			}
		}
		return nil
	})
	return found, err
}

// resume returns the indexes of the collection as they are now, and the one
// being built; -1 when it is gone.
func (e *Engine) resume(tx *commit.Tx, b unbuilt) (*upkeep, int, error) {
	c, ok, err := readCollection(tx, b.coll.name)
	if !ok || err != nil || c.id != b.coll.id {
		return nil, -1, err
	}
	u, err := e.newUpkeep(tx, c)
	if err != nil {
		return nil, -1, err
	}
	for i, x := range u.all {
		if x.id == b.id && x.state == IndexBuilding {
			return u, i, nil
		}
	}
	return nil, -1, nil
}

// buildChunk makes the entries of some documents; settled says that the index
// is ready or gone.
func (e *Engine) buildChunk(tx *commit.Tx, b unbuilt) (settled bool, err error) {
	u, i, err := e.resume(tx, b)
	if i < 0 || err != nil {
		return true, err
	}
	upto, docs, settled, err := readChunk(tx, u.coll, u.all[i].upto)
	if err != nil {
		return false, err
	}
	for _, d := range docs {
		if err := u.moveIn(i, d.at, nil, d.doc); err != nil {
			return false, err
		}
	}
	u.replace(i, func(x *index) {
		x.upto = upto
		if settled {
			x.state = IndexReady
		}
	})
	u.counts = true
	return settled, u.finish()
}

// readChunk reads documents from a place on; last says that there are no more
// behind them, and upto how far it came.
func readChunk(tx *commit.Tx, c collection, from place) (upto place, docs []hit, last bool, err error) {
	bytes := 0
	last = true
	err = tx.Scan(kv.Range{Low: docKey(c.id, from), High: docKey(c.id, c.next)}, func(key, stored []byte) error {
		if len(docs) == buildDocuments || bytes >= buildBytes {
			last = false
			return kv.ErrStop
		}
		doc, err := storedDoc(stored)
		docs = append(docs, hit{at: placeOf(key), doc: doc})
		bytes += len(stored)
		return err
	})
	upto = c.next
	if !last {
		upto = docs[len(docs)-1].at + 1
	}
	return upto, docs, last, err
}

// failBuild ends a build for good and leaves the entries to the purger.
func (e *Engine) failBuild(tx *commit.Tx, b unbuilt, reason string) error {
	u, i, err := e.resume(tx, b)
	if i < 0 || err != nil {
		return err
	}
	u.replace(i, func(x *index) { x.state, x.reason = IndexFailed, reason })
	u.stats[i] = indexStats{}
	u.counts = true
	return errors.Join(u.finish(), tx.Put(collectionPrefix(prefixDroppedIndex, b.id), nil))
}
