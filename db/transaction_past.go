package db

import (
	"context"
	"errors"
	"slices"

	"baas/db/commit"
	"baas/db/kv"
	"baas/db/txn"
)

// touch is one record of the change log about a document.
type touch struct {
	seq  uint64
	coll uint32
	at   place
	kind ChangeKind
	b    []byte // the record, valid inside the call
}

// change reads the rest of the record, which it aliases.
func (t touch) change() (Change, error) {
	c, _, err := readChange(t.seq, t.b)
	return c, err
}

// eachTouch passes what the log tells after an operation, until the bounds of
// a view are met or fn fails. upto is the last operation that was passed whole;
// more says that there are others. Hidden changes, which have no images, are
// left out.
func eachTouch(r kv.Reader, after uint64, b bounds, fn func(touch) error) (upto uint64, more bool, err error) {
	newest, err := commit.LastSeq(r)
	if err != nil {
		return after, false, err
	}
	records, bytes, last := 0, 0, after
	err = commit.ReadLog(r, after, func(seq uint64, record []byte) error {
		full := b.viewEntries > 0 && (records >= b.viewEntries || bytes >= b.viewBytes)
		if seq != last && full {
			more = true
			return kv.ErrStop
		}
		last = seq
		records++
		bytes += len(record)
		if len(record) < changeHeader {
			return errChangeMalformed
		}
		if record[0]&hiddenChange != 0 {
			return nil
		}
		coll, at := changeAt(record)
		return fn(touch{seq, coll, at, ChangeKind(record[0] &^ actedChange), record})
	})
	if err != nil || more {
		return last, more, err
	}
	return newest, false, nil
}

// pastOf brings what is known of a collection's past up to date. When the log
// no longer reaches back to the snapshot, or more has changed since than a
// transaction may hold, that is a conflict.
func (t *transaction) pastOf(ctx context.Context, coll uint32) (*txn.Past, error) {
	p := t.past[coll]
	if p == nil {
		p = &txn.Past{Until: t.snapshot}
		t.past[coll] = p
	}
	for more := true; more; {
		before := p.Bytes()
		err := t.e.view(ctx, func(r kv.Reader) (err error) {
			p.Until, more, err = eachTouch(r, p.Until, t.e.bounds, func(to touch) error {
				if to.coll != coll || to.kind.OfCollection() || p.Knows(uint64(to.at)) {
					return nil
				}
				c, err := to.change()
				if err == nil {
					p.Note(uint64(to.at), keyOf(c.ID), slices.Clone(c.Before))
				}
				return err
			})
			return err
		})
		if errors.Is(err, commit.ErrTrimmed) {
			return nil, transactionConflict()
		}
		if err != nil {
			return nil, err
		}
		if most := t.e.bounds.transaction.Bytes; most > 0 && p.Bytes() > most {
			return nil, transactionConflict()
		}
		if err := t.e.transactions.hold(t, p.Bytes()-before); err != nil {
			return nil, err
		}
	}
	return p, nil
}
