package plan

import (
	"bytes"
	"slices"

	"baas/db/keyenc"
)

// check is a field that the ranges do not bound, though the query does: entries
// outside of its spans need not be looked up.
type check struct {
	field int
	spans []span // in order
}

// Admits reports whether the document of an entry may be one of the query, as
// far as the entry tells. fields is the entry without the index in front; what
// stands behind the fields does not matter.
func (s *Scan) Admits(fields []byte) bool {
	at := 0
	for _, c := range s.checks {
		for ; at < c.field; at++ {
			n := s.length(fields, at)
			if n < 0 {
				return true
			}
			fields = fields[n:]
		}
		n := s.length(fields, at)
		if n < 0 {
			return true
		}
		if !within(c.spans, fields[:n]) {
			return false
		}
	}
	return true
}

// length returns the length of a field's form; -1 when the form may have been
// cut, by a value that came after the plan was made.
func (s *Scan) length(fields []byte, i int) int {
	f := &s.Index.fields[i]
	if f.terms != nil {
		return -1
	}
	n := keyenc.Length(fields, f.kind == Desc)
	if n > keyenc.MaxCapped-8 {
		return -1
	}
	return n
}

// within reports whether a form lies in one of the spans.
func within(spans []span, form []byte) bool {
	i, found := slices.BinarySearchFunc(spans, form, func(s span, form []byte) int { return bytes.Compare(s.low, form) })
	if found {
		return true
	}
	return i > 0 && bytes.Compare(form, spans[i-1].high) < 0
}
