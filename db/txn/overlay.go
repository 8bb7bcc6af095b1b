package txn

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"baas/db/value"
)

// NewPlaces is where the places of a transaction's own new documents begin:
// behind those of all stored ones, so that they come last in natural order.
const NewPlaces = 1 << 63

// Limits are what one transaction may hold. Zero means no bound.
type Limits struct {
	Writes int // documents written
	Bytes  int // of written documents, before and after
	Reads  int // documents read
}

// LimitError says that a transaction would hold too much.
type LimitError struct {
	What string // "documents written", "bytes written", "documents read"
	Most int
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("a transaction holds at most %d %s", e.Most, e.What)
}

// Entry is what a transaction has made of one document.
type Entry struct {
	At     uint64 // its place; from NewPlaces up for a new document
	Key    string // its id as the id index has it
	Before value.Doc
	// After is what it is now, nil for a removed one. Both are nil for a new
	// document that was removed again.
	After    value.Doc
	Replaced bool // it was replaced as a whole at least once

	last int // the number of the last write to it
}

// New reports whether the transaction made the document.
func (e *Entry) New() bool { return e.At >= NewPlaces }

// Write is one write to one document.
type Write struct {
	At            uint64 // NewPlaces for a new document, which gets a place of its own
	Key           string
	Before, After value.Doc // as in Entry; Before is what the snapshot had
	Replaced      bool
}

// Overlay is the documents that a transaction has written. The zero value is
// an empty one without limits.
type Overlay struct {
	Limits Limits

	colls  map[uint32]*written
	count  int
	bytes  int
	writes int // numbers the writes
	fresh  uint64
}

// written is the entries of one collection.
type written struct {
	byPlace map[uint64]*Entry
	byKey   map[string]*Entry // the last one that had the id
}

// At returns what was made of the document at a place, nil for nothing.
func (o *Overlay) At(coll uint32, at uint64) *Entry {
	if w := o.colls[coll]; w != nil {
		return w.byPlace[at]
	}
	return nil
}

// ByKey returns the last entry that had an id, nil if none had. An entry
// without After says that the id is free.
func (o *Overlay) ByKey(coll uint32, key string) *Entry {
	if w := o.colls[coll]; w != nil {
		return w.byKey[key]
	}
	return nil
}

// Empty reports whether nothing is to be written.
func (o *Overlay) Empty() bool { return o.count == 0 }

// Bytes returns how many bytes of documents the overlay holds.
func (o *Overlay) Bytes() int { return o.bytes }

// Collections returns the collections that were written to, in order.
func (o *Overlay) Collections() []uint32 { return slices.Sorted(maps.Keys(o.colls)) }

// Entries returns the entries of a collection by place.
func (o *Overlay) Entries(coll uint32) iter.Seq[*Entry] {
	return slices.Values(o.sorted(coll, func(a, b *Entry) int { return cmp.Compare(a.At, b.At) }))
}

// ToCommit returns the entries of a collection that differ from the snapshot,
// in an order in which they can be applied one by one: removals, changes in
// the order in which they were made, new documents by place.
func (o *Overlay) ToCommit(coll uint32) []*Entry {
	rank := func(e *Entry) int {
		switch {
		case e.After == nil:
			return 0
		case e.New():
			return 2
		}
		return 1
	}
	list := o.sorted(coll, func(a, b *Entry) int {
		if c := cmp.Compare(rank(a), rank(b)); c != 0 {
			return c
		}
		if rank(a) == 1 {
			return cmp.Compare(a.last, b.last)
		}
		return cmp.Compare(a.At, b.At)
	})
	return slices.DeleteFunc(list, func(e *Entry) bool { return string(e.Before) == string(e.After) })
}

func (o *Overlay) sorted(coll uint32, order func(a, b *Entry) int) []*Entry {
	w := o.colls[coll]
	if w == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(w.byPlace), order)
}

// Cost returns what Apply would add to Bytes.
func (o *Overlay) Cost(coll uint32, writes []Write) int {
	n := 0
	for _, w := range writes {
		n += len(w.After)
		if e := o.At(coll, w.At); e != nil {
			n -= len(e.After)
			continue
		}
		n += len(w.Before)
	}
	return n
}

// Apply takes the writes of one statement to a collection, all or, with a
// *LimitError, none.
func (o *Overlay) Apply(coll uint32, writes []Write) error {
	cost := o.Cost(coll, writes)
	if m := o.Limits.Bytes; m > 0 && o.bytes+cost > m {
		return &LimitError{"bytes written", m}
	}
	if m := o.Limits.Writes; m > 0 {
		more := 0
		for _, w := range writes {
			if o.At(coll, w.At) == nil {
				more++
			}
		}
		if o.count+more > m {
			return &LimitError{"documents written", m}
		}
	}
	o.bytes += cost
	for _, w := range writes {
		o.apply(coll, w)
	}
	return nil
}

func (o *Overlay) apply(coll uint32, w Write) {
	if o.colls == nil {
		o.colls = map[uint32]*written{}
	}
	own := o.colls[coll]
	if own == nil {
		own = &written{byPlace: map[uint64]*Entry{}, byKey: map[string]*Entry{}}
		o.colls[coll] = own
	}
	e := own.byPlace[w.At]
	if e == nil {
		e = &Entry{At: w.At, Key: w.Key, Before: w.Before}
		if w.At == NewPlaces {
			// The first place above NewPlaces: NewPlaces itself is never used.
			o.fresh++
			e.At += o.fresh
		}
		o.count++
		own.byPlace[e.At] = e
	}
	o.writes++
	e.last = o.writes
	e.After = w.After
	e.Replaced = e.Replaced || w.Replaced
	own.byKey[w.Key] = e
}
