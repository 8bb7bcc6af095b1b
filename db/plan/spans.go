package plan

import (
	"bytes"
	"slices"

	"baas/db/keyenc"
	"baas/db/query"
	"baas/db/value"
)

// span is a half-open range of the forms of one field. Of a point, low is the
// form itself.
type span struct {
	low, high []byte
	point     bool
}

// spansOf returns where the entries of a need lie in a field, in order; ok is
// false when the need says nothing about them.
func (x *Index) spansOf(f *field, n query.Need) (spans []span, ok bool) {
	if len(n.Intervals) == 0 || n.Absent && f.numeric && x.isMultikey(f) {
		return nil, false
	}
	for _, i := range n.Intervals {
		s := x.spanOf(i)
		if f.kind == Desc {
			s = s.turned()
		}
		spans = append(spans, s)
	}
	return sorted(spans), true
}

// spanOf returns where the ascending forms of an interval lie.
func (x *Index) spanOf(i query.Interval) span {
	if i.EmptyArray {
		return pointAt(keyenc.AppendEmptyArray(nil))
	}
	low, high := keyenc.Bracket(i.Rank)
	s := span{low: []byte{low}, high: []byte{high}}
	if i.IsPoint() {
		b, _ := x.form(i.Low)
		return pointAt(b)
	}
	if !i.Low.IsMissing() {
		b, cut := x.form(i.Low)
		if s.low = b; i.LowOpen && !cut {
			s.low = keyenc.After(b)
		}
		if cut {
			s.low = keyenc.CutPrefix(b)
		}
	}
	if !i.High.IsMissing() {
		b, cut := x.form(i.High)
		switch {
		case cut:
			s.high = keyenc.After(keyenc.CutPrefix(b))
		case i.HighOpen:
			s.high = b
		default:
			s.high = keyenc.After(b)
		}
	}
	return s
}

func (x *Index) form(v value.Value) (b []byte, cut bool) {
	if x.Whole {
		return keyenc.Append(nil, v), false
	}
	return keyenc.AppendCapped(nil, v)
}

func pointAt(b []byte) span { return span{low: b, high: keyenc.After(b), point: true} }

// turned returns the span of the descending forms. The bounds of s are forms,
// beginnings of forms, or what follows one: turned round, what begins with the
// complement of a high bound lies below it all.
func (s span) turned() span {
	if s.point {
		b := bytes.Clone(s.low)
		keyenc.Complement(b)
		return pointAt(b)
	}
	return span{low: turnedBound(s.high), high: turnedBound(s.low)}
}

// turnedBound returns the bound below which, in descending order, exactly the
// forms lie that were at or above b: a form is at or above b iff its complement
// is at or below that of b, or begins with it.
func turnedBound(b []byte) []byte {
	c := bytes.Clone(b)
	keyenc.Complement(c)
	return keyenc.After(c)
}

// sorted puts spans in order and joins those that overlap.
func sorted(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return bytes.Compare(a.low, b.low) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && bytes.Compare(s.low, out[n-1].high) < 0 {
			if last := &out[n-1]; bytes.Compare(s.high, last.high) > 0 {
				last.high, last.point = s.high, false
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// intersect returns what two sorted lists of spans have in common.
func intersect(a, b []span) []span {
	var out []span
	for len(a) > 0 && len(b) > 0 {
		s := span{low: a[0].low, high: a[0].high, point: a[0].point || b[0].point}
		if bytes.Compare(b[0].low, s.low) > 0 {
			s.low = b[0].low
		}
		if bytes.Compare(b[0].high, s.high) < 0 {
			s.high = b[0].high
		}
		if bytes.Compare(s.low, s.high) < 0 {
			out = append(out, s)
		}
		if bytes.Compare(a[0].high, b[0].high) < 0 {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// allPoints reports whether each of the spans is one value.
func allPoints(spans []span) bool {
	return !slices.ContainsFunc(spans, func(s span) bool { return !s.point })
}
