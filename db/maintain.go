package db

import (
	"bytes"
	"encoding/binary"
	"slices"

	"baas/db/fault"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/value"
)

// upkeep is an operation's work on the indexes of one collection: it writes the
// entries that differ between a document before and after, and counts them.
type upkeep struct {
	w      kv.Writer
	coll   collection
	set    *indexSet
	all    []*index     // as they are to be
	stats  []indexStats // in the order of all
	marked bool         // the record of the indexes has changed
	counts bool         // the counters have

	before, after plan.Entries
	key           []byte
}

// duplicateKey is the error that applications know; it names the index and its
// paths, and no values.
func duplicateKey(coll string, x *index) error {
	return fault.Wrap(fault.DuplicateWrite, ErrDuplicate,
		"[FailedOperation] multiple write errors: [{write errors: [{E11000 duplicate key error collection: %s index: %s dup key: { %s }}]}, {<nil>}]",
		coll, x.Name, x.paths())
}

func (x *index) paths() string {
	var b []byte
	for i, k := range x.Keys {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, k.Path...)
	}
	return string(b)
}

// move brings the entries of the document at a place from before to after; nil
// means that there was or is none.
func (u *upkeep) move(at place, before, after value.Doc) error {
	for i, x := range u.all {
		if !x.holds(at) {
			continue
		}
		if err := u.moveIn(i, at, before, after); err != nil {
			return err
		}
	}
	return nil
}

func (u *upkeep) moveIn(i int, at place, before, after value.Doc) error {
	x := u.all[i]
	if err := entriesOf(x, before, &u.before); err != nil {
		return err
	}
	if err := entriesOf(x, after, &u.after); err != nil {
		return err
	}
	old, fresh := u.before.Keys, u.after.Keys
	for len(old) > 0 || len(fresh) > 0 {
		switch c := compareHeads(old, fresh); {
		case c == 0:
			old, fresh = old[1:], fresh[1:]
		case c < 0:
			if err := u.remove(i, old[0], at); err != nil {
				return err
			}
			old = old[1:]
		default:
			if err := u.put(i, fresh[0], at); err != nil {
				return err
			}
			fresh = fresh[1:]
		}
	}
	u.mark(i, u.after.Multikey, u.after.Inexact)
	return nil
}

func entriesOf(x *index, d value.Doc, e *plan.Entries) error {
	if d == nil {
		e.Reset()
		return nil
	}
	return x.Entries(d, e)
}

// compareHeads orders the first keys of two lists; an empty list comes last.
func compareHeads(a, b [][]byte) int {
	switch {
	case len(a) == 0:
		return +1
	case len(b) == 0:
		return -1
	}
	return bytes.Compare(a[0], b[0])
}

// entry returns the key of an entry, good until the next call.
func (u *upkeep) entry(x *index, fields []byte, at place) []byte {
	u.key = append(append(u.key[:0], x.prefix...), fields...)
	if !x.bare {
		u.key = binary.BigEndian.AppendUint64(u.key, uint64(at))
	}
	return u.key
}

func (u *upkeep) remove(i int, fields []byte, at place) error {
	x := u.all[i]
	key := u.entry(x, fields, at)
	u.count(i, -1, len(key))
	return u.w.Delete(key)
}

func (u *upkeep) put(i int, fields []byte, at place) error {
	x := u.all[i]
	key := u.entry(x, fields, at)
	var stored []byte
	if x.bare {
		taken, err := u.w.Get(key)
		if err != nil {
			return err
		}
		if taken != nil {
			return duplicateKey(u.coll.name, x)
		}
		stored = encodePlace(at)
	}
	u.count(i, +1, len(key))
	return u.w.Put(key, stored)
}

func (u *upkeep) count(i, n, size int) {
	u.stats[i].entries += uint64(n)
	u.stats[i].bytes += uint64(n * size)
	u.counts = true
}

// mark keeps what an entry tells of its index for good.
func (u *upkeep) mark(i int, multikey uint32, inexact bool) {
	x := u.all[i]
	if x.Multikey|multikey == x.Multikey && (x.Inexact || !inexact) {
		return
	}
	compiled := *x.Index
	compiled.Multikey |= multikey
	compiled.Inexact = compiled.Inexact || inexact
	u.replace(i, func(x *index) { x.Index = &compiled })
}

// replace changes the record of one index.
func (u *upkeep) replace(i int, change func(*index)) {
	if !u.marked {
		u.all, u.marked = slices.Clone(u.all), true
	}
	x := *u.all[i]
	change(&x)
	u.all[i] = &x
}

// finish writes the record and the counters if they have changed.
func (u *upkeep) finish() error {
	if u.marked {
		if err := u.w.Put(collectionPrefix(prefixIndexes, u.coll.id), encodeIndexes(u.all)); err != nil {
			return err
		}
	}
	if !u.counts {
		return nil
	}
	return u.w.Put(collectionPrefix(prefixStats, u.coll.id), encodeStats(u.all, u.stats))
}

// newUpkeep begins work on the indexes of a collection.
func (e *Engine) newUpkeep(w kv.Writer, coll collection) (*upkeep, error) {
	set, err := e.indexes.load(w, coll.id)
	if err != nil {
		return nil, err
	}
	u := &upkeep{w: w, coll: coll, set: set, all: set.all}
	u.stats, err = readStats(w, coll.id, u.all)
	return u, err
}
