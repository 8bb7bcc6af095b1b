package db

import (
	"errors"
	"time"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// ErrDuplicate is wrapped by the error for an id that is taken, for callers
// inside the server that expect to meet one.
var ErrDuplicate = errors.New("db: duplicate key")

// duplicateID is the error that applications know (wx-cloud-api.md 1.6); the
// code is that of /v1, which /admin and /web show as DATABASE_REQUEST_FAILED.
func duplicateID(coll string, id value.Value) error {
	return fault.Wrap(fault.DuplicateWrite, ErrDuplicate,
		"[FailedOperation.Insert] multiple write errors: [{write errors: [{E11000 duplicate key error collection: %s index: _id_ dup key: { _id: %s }}]}, {<nil>}]",
		coll, value.AppendPlain(nil, id))
}

// writing is a commit operation's work on the documents of one collection. It
// keeps documents, indexes, counters and change log in step.
type writing struct {
	tx    *commit.Tx
	actor Actor // whom the change log names
	grant grant
	coll  collection // with the counters as they are to be
	dirty bool
	// indexes are kept in step too.
	indexes *upkeep
	cache   *indexCache
	// effort is what matching inside the operation may take.
	effort    *effort.Meter
	now       time.Time  // of the operation
	validator *validator // what documents must fulfil; nil: nothing
}

// beginWriting admits p to op on a collection inside a commit operation. A
// missing collection is made if it is the system's, or AutoCreate says so.
func (e *Engine) beginWriting(tx *commit.Tx, p rules.Principal, name string, op rules.Operation) (*writing, error) {
	g, err := enter(tx, p, name, op)
	if g.absent || e.opts.AutoCreate && fault.Is(err, fault.CollectionNotExist) {
		if _, err := e.create(tx, name); err != nil {
			return nil, err
		}
		g, err = enter(tx, p, name, op)
	}
	if err != nil {
		return nil, err
	}
	indexes, err := e.newUpkeep(tx, g.coll)
	if err != nil {
		return nil, err
	}
	return &writing{
		tx: tx, actor: actorOf(p), grant: g, coll: g.coll, indexes: indexes, cache: &e.indexes,
		validator: e.validators.of(g.coll.id), now: e.opts.Now(),
	}, nil
}

// read returns the document at a place, nil when there is none.
func (w *writing) read(at place) (value.Doc, error) {
	b, err := w.tx.Get(docKey(w.coll.id, at))
	if b == nil || err != nil {
		return nil, err
	}
	return storedDoc(b)
}

func (w *writing) put(at place, d value.Doc) error {
	w.dirty = true
	return w.tx.Put(docKey(w.coll.id, at), encodeDoc(w.tx.Seq(), d))
}

// add inserts a document, whose id must not be taken.
func (w *writing) add(d value.Doc, id value.Value) error {
	if err := w.validator.check(w.effort, d); err != nil {
		return err
	}
	key := idKey(w.coll.id, id)
	taken, err := w.tx.Get(key)
	if err != nil {
		return err
	}
	if taken != nil {
		return duplicateID(w.coll.name, id)
	}
	at := w.coll.next
	if err := w.indexes.move(at, nil, d); err != nil {
		return err
	}
	w.coll.next++
	w.coll.count++
	w.coll.bytes += uint64(len(d))
	return errors.Join(
		w.tx.Put(key, encodePlace(at)),
		w.put(at, d),
		logChange(w.tx, w.actor, w.coll, at, Added, nil, d),
	)
}

// change puts after in the place of before, which has the same id.
func (w *writing) change(at place, kind ChangeKind, before, after value.Doc) error {
	if err := w.validator.check(w.effort, after); err != nil {
		return err
	}
	if err := w.indexes.move(at, before, after); err != nil {
		return err
	}
	return w.replace(at, kind, before, after)
}

// settle is change for a document whose index entries have been taken out.
func (w *writing) settle(at place, kind ChangeKind, before, after value.Doc) error {
	if err := w.validator.check(w.effort, after); err != nil {
		return err
	}
	if err := w.indexes.move(at, nil, after); err != nil {
		return err
	}
	return w.replace(at, kind, before, after)
}

func (w *writing) replace(at place, kind ChangeKind, before, after value.Doc) error {
	w.coll.bytes += uint64(len(after)) - uint64(len(before))
	return errors.Join(
		w.put(at, after),
		logChange(w.tx, w.actor, w.coll, at, kind, before, after),
	)
}

// remove takes a document out.
func (w *writing) remove(at place, before value.Doc) error {
	w.dirty = true
	w.coll.count--
	w.coll.bytes -= uint64(len(before))
	return errors.Join(
		w.tx.Delete(docKey(w.coll.id, at)),
		w.tx.Delete(idKey(w.coll.id, before.Get(fieldID))),
		w.indexes.move(at, before, nil),
		logChange(w.tx, w.actor, w.coll, at, Removed, before, nil),
	)
}

// finish writes the counters.
func (w *writing) finish() error {
	if !w.dirty {
		return nil
	}
	return errors.Join(w.indexes.finish(), w.tx.Put(catalogKey(w.coll.name), w.coll.encode()))
}
