package plan

import (
	"bytes"
	"fmt"
	"slices"

	"baas/db/fault"
	"baas/db/keyenc"
	"baas/db/value"
)

// Entries are the keys that one document has in one index, in order and each
// once. It may be used again and keeps its memory; the keys are good until then.
type Entries struct {
	Keys     [][]byte
	Multikey uint32 // keys that met an array
	Inexact  bool   // a value was cut

	buf     []byte
	present bool // some path has a value
}

// Reset makes e the entries of no document.
func (e *Entries) Reset() {
	e.Keys, e.buf, e.Multikey, e.Inexact, e.present = e.Keys[:0], e.buf[:0], 0, false, false
}

// maxEntries bounds the entries of one document in one index.
const maxEntries = 100_000

// Entries sets e to the entries of d. The error, a DatabaseFailed that names the
// index and its paths, refuses a document that the index cannot hold: two arrays
// side by side, or more entries than allowed.
func (x *Index) Entries(d value.Doc, e *Entries) error {
	e.Reset()
	if done := x.plainEntry(d, e); done {
		return nil
	}
	e.Reset()
	b := expander{x: x, e: e, fixed: make([][]byte, len(x.fields))}
	todo := make([]open, 0, len(x.fields))
	var terms []int
	for i := range x.fields {
		if f := &x.fields[i]; f.terms != nil {
			terms = append(terms, i)
		} else {
			todo = append(todo, open{i, value.FromDoc(d), f.parts})
		}
	}
	err := b.withTerms(d, terms, func() error { return b.expand(todo) })
	if err != nil {
		return err
	}
	if x.Sparse && !e.present {
		e.Keys = e.Keys[:0]
	}
	slices.SortFunc(e.Keys, bytes.Compare)
	e.Keys = slices.CompactFunc(e.Keys, bytes.Equal)
	return nil
}

// plainEntry makes the one entry of a document without arrays on any path, the
// common case; done is false when it is not one.
func (x *Index) plainEntry(d value.Doc, e *Entries) (done bool) {
	root := value.FromDoc(d)
	for i := range x.fields {
		f := &x.fields[i]
		if f.terms != nil {
			return false
		}
		v, _ := lookup(root, f.parts)
		if v.Type == value.TypeArray {
			return false
		}
		e.present = e.present || !v.IsMissing()
		e.buf = x.encode(e.buf, f, v, e)
	}
	if !x.Sparse || e.present {
		e.Keys = append(e.Keys, e.buf)
	}
	return true
}

// encode appends the form of one value in a field.
func (x *Index) encode(dst []byte, f *field, v value.Value, e *Entries) []byte {
	start := len(dst)
	if x.Whole {
		dst = keyenc.Append(dst, v)
	} else {
		var cut bool
		dst, cut = keyenc.AppendCapped(dst, v)
		e.Inexact = e.Inexact || cut
	}
	if f.kind == Desc {
		keyenc.Complement(dst[start:])
	}
	return dst
}

// open is a field whose value is still to be found: below v, along parts.
type open struct {
	field int
	v     value.Value
	parts []part
}

// expander makes the entries of a document with arrays: fields that run into
// the same array get one entry for each of its elements, together.
type expander struct {
	x     *Index
	e     *Entries
	fixed [][]byte // the form of each field that has been settled
}

// withTerms runs fn for each combination of the terms of fields that make some.
func (b *expander) withTerms(d value.Doc, fields []int, fn func() error) error {
	if len(fields) == 0 {
		return fn()
	}
	f := &b.x.fields[fields[0]]
	terms, err := f.terms.Terms(nil, f.paths, d)
	if err != nil {
		return err
	}
	if len(terms) > 1 {
		b.e.Multikey |= 1 << f.first
	}
	b.e.present = b.e.present || len(terms) > 0
	for _, term := range terms {
		b.fixed[fields[0]] = term
		if err := b.withTerms(d, fields[1:], fn); err != nil {
			return err
		}
	}
	return nil
}

// expand settles the fields whose paths lead to a value and goes on in each
// element of the array that the others have met.
func (b *expander) expand(todo []open) error {
	var blocked []open
	for _, o := range todo {
		if err := b.follow(&o); err != nil {
			return err
		}
		if o.v.Type == value.TypeArray {
			blocked = append(blocked, o)
		} else {
			b.settle(o.field, o.v)
		}
	}
	if len(blocked) == 0 {
		return b.emit()
	}
	for _, o := range blocked[1:] {
		if &o.v.Data[0] != &blocked[0].v.Data[0] {
			return b.refused("cannot index parallel arrays: %s and %s lead through two of them", blocked[0], o)
		}
	}
	return b.elements(blocked[0].v.Doc(), blocked)
}

// follow walks to the next array whose elements count, through those in which
// the path names a position.
func (b *expander) follow(o *open) error {
	for {
		o.v, o.parts = lookup(o.v, o.parts)
		if o.v.Type != value.TypeArray {
			return nil
		}
		b.e.Multikey |= 1 << b.x.fields[o.field].first
		if len(o.parts) == 0 || o.parts[0].index < 0 {
			return nil
		}
		at := o.v.Doc().At(o.parts[0].index)
		if at.IsMissing() {
			return nil
		}
		if hasMember(o.v.Doc(), o.parts[0].name) {
			return b.refused("%s is ambiguous: it names a position of an array and members of its elements", *o)
		}
		o.v, o.parts = at, o.parts[1:]
	}
}

// hasMember reports whether an element of an array is an object with the member.
func hasMember(array value.Doc, name string) bool {
	c := array.Cursor()
	for {
		_, v, ok := c.Next()
		if !ok {
			return false
		}
		if v.Type == value.TypeObject && !v.Doc().Get(name).IsMissing() {
			return true
		}
	}
}

// elements goes on in each element: at the end of a path it is the value, an
// object is walked on through, anything else leads to nothing.
func (b *expander) elements(array value.Doc, blocked []open) error {
	c := array.Cursor()
	empty := true
	for _, v, ok := c.Next(); ok; _, v, ok = c.Next() {
		empty = false
		var next []open
		for _, o := range blocked {
			switch {
			case len(o.parts) == 0:
				b.settle(o.field, v)
			case v.Type == value.TypeObject:
				next = append(next, open{o.field, v, o.parts})
			default:
				b.settle(o.field, value.Value{})
			}
		}
		if err := b.expand(next); err != nil {
			return err
		}
	}
	if !empty {
		return nil
	}
	for _, o := range blocked {
		if len(o.parts) > 0 {
			b.settle(o.field, value.Value{})
			continue
		}
		b.e.present = true
		b.fixed[o.field] = keyenc.AppendEmptyArray(nil)
		if b.x.fields[o.field].kind == Desc {
			keyenc.Complement(b.fixed[o.field])
		}
	}
	return b.emit()
}

func (b *expander) settle(field int, v value.Value) {
	b.e.present = b.e.present || !v.IsMissing()
	b.fixed[field] = b.x.encode(nil, &b.x.fields[field], v, b.e)
}

func (b *expander) emit() error {
	if len(b.e.Keys) == maxEntries {
		return fault.New(fault.DatabaseFailed, "index %s: a document has more than %d entries", b.x.Name, maxEntries)
	}
	b.e.Keys = append(b.e.Keys, slices.Concat(b.fixed...))
	return nil
}

func (b *expander) refused(format string, fields ...open) error {
	paths := make([]any, len(fields))
	for i, o := range fields {
		paths[i] = b.x.Keys[b.x.fields[o.field].first].Path
	}
	return fault.New(fault.DatabaseFailed, "index %s: %s", b.x.Name, fmt.Sprintf(format, paths...))
}
