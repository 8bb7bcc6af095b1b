package db

import (
	"bytes"
	"context"
	"errors"
	"time"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/keyenc"
	"baas/db/kv"
	"baas/db/rules"
	"baas/db/value"
)

// UndoRequest asks for an earlier state of documents. The state is the one
// right after the operation To, or the one at the moment At when that is set.
type UndoRequest struct {
	Collection string
	ID         value.Value // Missing: every document that has changed since
	To         uint64
	At         time.Time
}

// UndoResult says what an undo did.
type UndoResult struct {
	To uint64 // the operation whose state is there again
	// Changed, Added and Removed count the documents that were put back as they
	// were, that had been removed and are there again, and that had been made
	// since and are gone.
	Changed, Added, Removed int64
}

// Undo brings documents back to an earlier state, as far as the change log
// reaches (Options.Window). It writes as any other call does: watchers, indexes
// and validators see to it, and it can be undone.
//
// One document is restored in one step; a whole collection in many, so that an
// error leaves it half done: repeat it with the result's To. Documents that
// others write meanwhile may end in either state.
//
// Codes: InvalidParam, also when the log does not reach back so far (it wraps
// ErrLogTrimmed), DatabaseDenied for users, CollectionNotExist, and those of
// Insert and Update.
func (e *Engine) Undo(ctx context.Context, p rules.Principal, q UndoRequest) (res UndoResult, err error) {
	if err := mayManage(p); err != nil {
		return res, err
	}
	c, err := e.catalogEntry(ctx, p, q.Collection)
	if err != nil {
		return res, err
	}
	if isSystem(q.Collection) {
		return res, fault.Invalid("collectionName", "the server's own collections have no history")
	}
	newest, err := e.target(ctx, &q)
	if err != nil {
		return res, err
	}
	u := undoing{e: e, p: p, q: q, coll: c.id, from: q.To, upto: newest}
	err = u.run(ctx)
	u.res.To = q.To
	return u.res, err
}

// target settles the number in the request and checks that the log knows what
// has happened since; newest is the number of the newest operation.
func (e *Engine) target(ctx context.Context, q *UndoRequest) (newest uint64, err error) {
	err = e.view(ctx, func(r kv.Reader) error {
		x, err := commit.LogExtent(r)
		if err != nil {
			return err
		}
		newest = x.Newest
		if !q.At.IsZero() {
			if q.To, err = numberAt(r, x, q.At.UnixMilli()); err != nil {
				return err
			}
		}
		if q.To > x.Newest {
			return fault.Invalid("to", "the newest operation has the number %d", x.Newest)
		}
		if q.To < x.Trimmed {
			return tooOld("to", x)
		}
		return nil
	})
	return newest, err
}

func tooOld(field string, x commit.Extent) error {
	f := fault.Invalid(field, "the history reaches back to operation %d of %s only; start the server with a larger history-age or history-bytes to keep more",
		x.Trimmed, time.UnixMilli(x.Oldest).UTC().Format(time.RFC3339))
	f.Err = ErrLogTrimmed
	return f
}

// numberAt returns the number of the last operation that was committed at a
// date or before it.
func numberAt(r kv.Reader, x commit.Extent, date int64) (uint64, error) {
	if x.Trimmed > 0 && date < x.Oldest {
		return 0, tooOld("at", x)
	}
	to := x.Trimmed
	err := commit.ReadRecords(r, commit.LogRange{Newest: true}, func(rec commit.Record) error {
		if rec.Date > date {
			return nil
		}
		to = rec.Seq
		return kv.ErrStop
	})
	return to, err
}

// undoing is one Undo at work: it reads the log from the wanted state on,
// takes of each document the image before its first change since, and writes
// these, some at a time.
type undoing struct {
	e    *Engine
	p    rules.Principal
	q    UndoRequest
	coll uint32

	from, upto uint64              // the stretch of the log still to be read
	seen       map[string]struct{} // encoded ids of documents that are settled
	res        UndoResult
}

// past is a document as it was; a nil doc means that there was none.
type past struct {
	id  value.Value
	doc value.Doc
}

// How much one step of an undo holds and writes.
const (
	undoDocs  = 256
	undoBytes = 4 << 20
)

func (u *undoing) run(ctx context.Context) error {
	u.seen = map[string]struct{}{}
	for u.from < u.upto {
		batch, err := u.read(ctx)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			continue
		}
		if err := u.write(ctx, batch); err != nil {
			return err
		}
		if !u.q.ID.IsMissing() {
			return nil
		}
	}
	return nil
}

// read returns the next documents to restore and moves from on.
func (u *undoing) read(ctx context.Context) (batch []past, err error) {
	held, last := 0, uint64(0)
	full := false
	err = u.e.view(ctx, func(r kv.Reader) error {
		x, err := commit.LogExtent(r)
		if err == nil && x.Trimmed > u.from {
			err = tooOld("to", x)
		}
		if err != nil {
			return err
		}
		batch, held, last, full = nil, 0, 0, false
		passed := 0
		return commit.ReadRecords(r, commit.LogRange{After: u.from, Upto: u.upto}, func(rec commit.Record) error {
			if rec.Seq != last && (len(batch) >= undoDocs || held >= undoBytes || passed >= logAtOnce) {
				full = true
				return kv.ErrStop
			}
			last = rec.Seq
			passed += len(rec.Data)
			d, ok, err := u.first(rec)
			if ok {
				batch = append(batch, d)
				held += len(d.doc)
			}
			return err
		})
	})
	if u.from = u.upto; full {
		u.from = last
	}
	return batch, err
}

// first returns the state before a change, when the change is the first of a
// document that is asked for.
func (u *undoing) first(rec commit.Record) (past, bool, error) {
	c, ok, err := changeOf(rec, u.coll)
	if !ok || err != nil {
		return past{}, false, err
	}
	if !u.q.ID.IsMissing() && !value.Equal(c.ID, u.q.ID) {
		return past{}, false, nil
	}
	key := string(keyenc.Append(nil, c.ID))
	if _, settled := u.seen[key]; settled {
		return past{}, false, nil
	}
	u.seen[key] = struct{}{}
	return past{c.ID.Clone(), bytes.Clone(c.Before)}, true, nil
}

// write puts documents back, in one operation unless that is too large.
func (u *undoing) write(ctx context.Context, batch []past) error {
	var did UndoResult
	err := u.e.do(ctx, func(tx *commit.Tx) error {
		w, err := u.e.beginWriting(tx, u.p, u.q.Collection, rules.Update)
		if err != nil {
			return err
		}
		if w.coll.id != u.coll {
			return missingCollection(u.q.Collection) // dropped and made anew meanwhile
		}
		w.effort = effort.New(ctx, u.e.bounds.inside)
		if did, err = w.restore(batch); err != nil {
			return err
		}
		return w.finish()
	})
	if half := len(batch) / 2; err != nil && half > 0 && errors.Is(err, commit.ErrTooBig) {
		return errors.Join(u.write(ctx, batch[:half]), u.write(ctx, batch[half:]))
	}
	if err == nil {
		u.res.Changed += did.Changed
		u.res.Added += did.Added
		u.res.Removed += did.Removed
	}
	return err
}

// restore makes documents what they were. All index entries that go, go before
// any comes: documents may have exchanged unique values.
func (w *writing) restore(batch []past) (did UndoResult, err error) {
	type present struct {
		at  place
		doc value.Doc // nil: there is none
	}
	now := make([]present, len(batch))
	for i, d := range batch {
		places, err := placesOf(w.tx, w.coll.id, []value.Value{d.id})
		if err != nil {
			return did, err
		}
		if len(places) == 0 {
			continue
		}
		doc, err := w.read(places[0])
		if err != nil {
			return did, err
		}
		now[i] = present{places[0], doc}
		switch {
		case d.doc == nil:
			did.Removed++
			err = w.remove(places[0], doc)
		case !bytes.Equal(d.doc, doc):
			err = w.indexes.move(places[0], doc, nil)
		}
		if err != nil {
			return did, err
		}
	}
	for i, d := range batch {
		switch {
		case d.doc == nil || bytes.Equal(d.doc, now[i].doc):
		case now[i].doc == nil:
			did.Added++
			err = w.add(d.doc, d.id)
		default:
			did.Changed++
			err = w.settle(now[i].at, Replaced, now[i].doc, d.doc)
		}
		if err != nil {
			return did, err
		}
	}
	return did, nil
}
