package query

import (
	"cmp"
	"slices"
	"strings"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/value"
)

// maxSortKeys bounds the keys of one sort, as in MongoDB.
const maxSortKeys = 32

// SortKey is one key of a sort, the most important first.
type SortKey struct {
	Path string
	Desc bool
	// TextScore says that the key is {$meta: "textScore"}, whatever the path:
	// the best document first.
	TextScore bool
}

// Sort is a compiled order of documents.
type Sort struct {
	keys   []SortKey
	paths  []path
	filter *Filter // of With
	near   *Near   // of Near.Sort
}

// CompileSort reads {path: 1 or -1, …}; the order of the members is their
// priority (tcb-wire-protocol.md 15, trap 2). A nil or empty one orders nothing.
// Anything else is a DatabaseFailed that names the path.
func CompileSort(d value.Doc) (*Sort, error) {
	s := &Sort{}
	if len(d) == 0 {
		return s, nil
	}
	if err := value.Check(d); err != nil {
		return nil, err
	}
	for key, v := range d.All() {
		at := "sort." + key
		if strings.HasPrefix(key, "$") || hasEmptyPart(key) {
			return nil, fault.Refused(at, "must be the path of a member")
		}
		p, err := parsePath(at, key)
		if err != nil {
			return nil, err
		}
		k, err := sortKey(at, key, v)
		if err != nil {
			return nil, err
		}
		if len(s.keys) == maxSortKeys {
			return nil, fault.Refused(at, "a sort has at most %d keys", maxSortKeys)
		}
		s.keys = append(s.keys, k)
		s.paths = append(s.paths, p)
	}
	return s, nil
}

func sortKey(at, path string, v value.Value) (SortKey, error) {
	if d := v.Doc(); v.Type == value.TypeObject && d.Len() == 1 && d.Get("$meta").Text() == "textScore" {
		return SortKey{Path: path, Desc: true, TextScore: true}, nil
	}
	n, ok := v.AsInt64()
	if !ok || n != 1 && n != -1 {
		return SortKey{}, fault.Refused(at, "must be 1 (ascending) or -1 (descending)")
	}
	return SortKey{Path: path, Desc: n < 0}, nil
}

// ByTextScore reports whether some key is {$meta: "textScore"}: such an order
// needs [Sort.With].
func (s *Sort) ByTextScore() bool {
	return slices.ContainsFunc(s.keys, func(k SortKey) bool { return k.TextScore })
}

// With returns s for documents that f found, whose $text gives the scores.
func (s *Sort) With(f *Filter) *Sort {
	with := *s
	with.filter = f
	return &with
}

// Keys returns the keys in order of priority.
func (s *Sort) Keys() []SortKey { return append([]SortKey(nil), s.keys...) }

// Compare orders two documents: -1, 0 or +1. Missing equals null. Of an array,
// the lowest element counts when ascending and the highest when descending, and
// an empty array is below null. It does not allocate, unless by text score or
// distance, for which [Sort.CompareRanked] is cheaper.
func (s *Sort) Compare(a, b value.Doc) int {
	if !s.Ranked() {
		return s.CompareRanked(a, 0, b, 0)
	}
	// Documents whose rank cannot be computed are equal.
	rankA, errA := s.Rank(nil, a)
	rankB, errB := s.Rank(nil, b)
	if errA != nil || errB != nil {
		return 0
	}
	return s.CompareRanked(a, rankA, b, rankB)
}

// Ranked reports whether the order is one by text score or distance, which are
// computed for each document once.
func (s *Sort) Ranked() bool { return s.near != nil || s.ByTextScore() }

// ByDistance reports whether the order is that of [Near.Sort].
func (s *Sort) ByDistance() bool { return s.near != nil }

// Rank returns the text score or distance of a document; 0 when the order needs
// neither. The error is that of [Filter.MatchWithin].
func (s *Sort) Rank(m *effort.Meter, d value.Doc) (float64, error) {
	switch {
	case s.near != nil:
		distance, _, _, err := s.near.Nearest(m, d)
		return distance, err
	case s.filter != nil && s.ByTextScore():
		return s.filter.TextScore(m, d)
	}
	return 0, nil
}

// CompareRanked is Compare for documents whose ranks are known.
func (s *Sort) CompareRanked(a value.Doc, rankA float64, b value.Doc, rankB float64) int {
	if s.near != nil {
		return cmp.Compare(rankA, rankB)
	}
	for i := range s.keys {
		desc := s.keys[i].Desc
		var c int
		if s.keys[i].TextScore {
			c = cmp.Compare(rankA, rankB)
		} else {
			c = extreme(a, s.paths[i], desc).compare(extreme(b, s.paths[i], desc))
		}
		switch {
		case c != 0 && desc:
			return -c
		case c != 0:
			return c
		}
	}
	return 0
}

// sortValue is what a document is sorted by. The zero one stands for a path
// that reached nothing, which sorts as null does.
type sortValue struct {
	v     value.Value
	empty bool // the value is an empty array, below null
}

func (x sortValue) compare(y sortValue) int {
	switch {
	case x.empty && y.empty:
		return 0
	case x.empty:
		return -1
	case y.empty:
		return +1
	}
	return value.Compare(orNull(x.v), orNull(y.v))
}

func orNull(v value.Value) value.Value {
	if v.IsMissing() {
		return value.Null()
	}
	return v
}

// extreme returns the lowest, or with desc the highest, of the values that the
// path reaches in d.
func extreme(d value.Doc, p path, desc bool) sortValue {
	return extremeOf(value.FromDoc(d), p, desc)
}

func extremeOf(v value.Value, p path, desc bool) sortValue {
	for len(p) > 0 && v.Type == value.TypeObject {
		v = v.Doc().Get(p[0].name)
		p = p[1:]
	}
	switch {
	case v.Type == value.TypeArray:
		return extremeIn(v.Doc(), p, desc)
	case len(p) > 0:
		return sortValue{}
	}
	return sortValue{v: v}
}

// extremeIn goes on inside an array: at the position that the next part names
// when there is one, else in each element.
func extremeIn(array value.Doc, rest path, desc bool) sortValue {
	if array.IsEmpty() {
		return sortValue{empty: len(rest) == 0}
	}
	if len(rest) > 0 && rest[0].index >= 0 {
		if v := array.At(rest[0].index); !v.IsMissing() {
			return extremeOf(v, rest[1:], desc)
		}
	}
	var best sortValue
	c := array.Cursor()
	for first := true; ; first = false {
		_, v, ok := c.Next()
		if !ok {
			return best
		}
		x := sortValue{v: v}
		if len(rest) > 0 {
			x = sortValue{}
			if v.Type == value.TypeObject {
				x = extremeOf(v, rest, desc)
			}
		}
		if c := x.compare(best); first || c != 0 && c > 0 == desc {
			best = x
		}
	}
}

func hasEmptyPart(text string) bool {
	return text == "" || strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".") || strings.Contains(text, "..")
}
