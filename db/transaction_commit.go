package db

import (
	"context"
	"errors"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/value"
)

// Commit makes the writes of the transaction durable in one step, under one
// number of the change log, and ends it; a transaction that wrote nothing just
// ends. It fails with TransactionConflict when others have since the snapshot
// written to a document that it writes, or made, changed or removed one that
// its results rest on; with DuplicateWrite when a unique index has a value
// already; with DatabaseDenied when the rules of a collection have been
// tightened since. Whatever it returns, the transaction has ended, but for a
// ctx that ended before its turn came.
func (t *Transaction) Commit(ctx context.Context) error {
	leave, err := t.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if !t.e.transactions.open(t.transaction) {
		return transactionGone()
	}
	if t.failed == nil {
		err = t.commit(ctx)
	} else {
		err = t.failed
	}
	if fault.Is(err, fault.TransactionConflict) && t.failed == nil {
		t.fail(err)
	}
	t.e.transactions.end(t.transaction)
	return err
}

// commit writes what is to be written.
func (t *Transaction) commit(ctx context.Context) error {
	work := map[uint32][]*txn.Entry{}
	for _, coll := range t.own.Collections() {
		if list := t.own.ToCommit(coll); len(list) > 0 {
			work[coll] = list
		}
	}
	if len(work) == 0 {
		return nil
	}
	checked, err := t.checkFirst(ctx)
	if err != nil {
		return err
	}
	return t.e.do(ctx, func(tx *commit.Tx) error {
		m := effort.New(ctx, t.e.bounds.inside)
		if _, _, err := t.check(tx, checked, bounds{}, m); err != nil {
			return err
		}
		for _, coll := range t.own.Collections() {
			if err := t.apply(tx, m, coll, work[coll]); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkFirst looks in views whether the transaction may still commit, so that
// little of the log is left to look at inside the commit operation. It returns
// the number it has looked up to.
func (t *transaction) checkFirst(ctx context.Context) (checked uint64, err error) {
	m := effort.New(ctx, t.e.bounds.searching)
	checked = t.snapshot
	for more := true; more; {
		err = t.e.view(ctx, func(r kv.Reader) (err error) {
			checked, more, err = t.check(r, checked, t.e.bounds, m)
			return err
		})
		if err != nil {
			return checked, err
		}
	}
	return checked, nil
}

// check looks at what was changed after an operation: is there anything that
// the transaction's results would not have been the same with?
func (t *transaction) check(r kv.Reader, after uint64, b bounds, m *effort.Meter) (upto uint64, more bool, err error) {
	upto, more, err = eachTouch(r, after, b, func(to touch) error {
		if !t.reads.Touched(to.coll) {
			return nil
		}
		if to.kind == Dropped {
			return transactionConflict()
		}
		if to.kind.OfCollection() {
			return nil
		}
		c, err := to.change()
		if err != nil {
			return err
		}
		concerned, err := t.reads.Concerns(m, to.coll, uint64(to.at), keyOf(c.ID), c.Before, c.After)
		if concerned {
			return transactionConflict()
		}
		return err
	})
	if errors.Is(err, commit.ErrTrimmed) {
		err = transactionConflict()
	}
	return upto, more, err
}

// apply writes the entries of one collection.
func (t *Transaction) apply(tx *commit.Tx, m *effort.Meter, coll uint32, list []*txn.Entry) error {
	if len(list) == 0 {
		return nil
	}
	name := t.names[coll]
	c, ok, err := readCollection(tx, name)
	if err != nil {
		return err
	}
	if !ok || c.id != coll {
		return transactionConflict() // dropped, perhaps made anew
	}
	w, err := t.e.beginWriting(tx, t.p, name, operationOf(list[0]))
	if err != nil {
		return err
	}
	w.effort = m
	grants := map[rules.Operation]grant{operationOf(list[0]): w.grant}
	for _, e := range list {
		op := operationOf(e)
		if _, asked := grants[op]; asked {
			continue
		}
		if grants[op], err = enter(tx, t.p, name, op); err != nil {
			return err
		}
	}
	if err := t.applyAll(w, grants, list); err != nil {
		return err
	}
	return w.finish()
}

// applyAll writes entries. Before the first change the unique index entries of
// all changed documents are taken out, because the values of two may have been
// exchanged.
func (t *Transaction) applyAll(w *writing, grants map[rules.Operation]grant, list []*txn.Entry) error {
	befores := make([]value.Doc, len(list))
	for i, e := range list {
		if e.New() {
			continue
		}
		before, err := t.unchanged(w, grants[operationOf(e)], e)
		if err != nil {
			return err
		}
		befores[i] = before
		if e.After == nil {
			err = w.remove(place(e.At), before)
		} else {
			err = w.indexes.move(place(e.At), before, nil)
		}
		if err != nil {
			return err
		}
	}
	for i, e := range list {
		var err error
		switch {
		case e.New():
			err = t.applyNew(w, e)
		case e.After != nil && e.Replaced:
			err = w.settle(place(e.At), Replaced, befores[i], e.After)
		case e.After != nil:
			err = w.settle(place(e.At), Updated, befores[i], e.After)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// operationOf is what an entry asks the rules for.
func operationOf(e *txn.Entry) rules.Operation {
	switch {
	case e.New():
		return rules.Create
	case e.After == nil:
		return rules.Delete
	}
	return rules.Update
}

func (t *Transaction) applyNew(w *writing, e *txn.Entry) error {
	id := e.After.Get(fieldID)
	taken, err := w.tx.Get(idKey(w.coll.id, id))
	if err != nil {
		return err
	}
	if taken != nil {
		return transactionConflict()
	}
	return w.add(e.After, id)
}

// unchanged returns the document that an entry is about, if nobody has written
// to it since the snapshot and the caller may still write to it.
func (t *Transaction) unchanged(w *writing, g grant, e *txn.Entry) (value.Doc, error) {
	stored, err := w.tx.Get(docKey(w.coll.id, place(e.At)))
	if err != nil {
		return nil, err
	}
	if stored == nil {
		return nil, transactionConflict()
	}
	before, err := storedDoc(stored)
	if err != nil {
		return nil, err
	}
	if storedVersion(stored) > t.snapshot {
		return nil, transactionConflict()
	}
	if g.owner != "" && !value.Equal(before.Get(fieldOwner), value.String(g.owner)) {
		return nil, fault.New(fault.DatabaseDenied, "Permission denied: the permission mode of collection %s has changed since the transaction began", w.coll.name)
	}
	return before, nil
}
