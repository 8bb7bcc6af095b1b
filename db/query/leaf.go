package query

import (
	"math"
	"slices"

	"baas/db/pattern"
	"baas/db/value"
)

// equal is $eq: null stands for missing too.
func equal(operand, v value.Value) bool {
	if operand.IsNull() {
		return v.IsNull() || v.IsMissing()
	}
	return value.Equal(operand, v)
}

// ordered compares within one type only; NaN is neither above nor below
// anything, and equals itself.
func (n *node) ordered(v value.Value) bool {
	orEqual := n.kind == kindLessEqual || n.kind == kindGreaterEqual
	if n.operand.IsNull() {
		return orEqual && (v.IsNull() || v.IsMissing())
	}
	if v.Type.Rank() != n.operand.Type.Rank() {
		return false
	}
	if isNaN(v) || isNaN(n.operand) {
		return orEqual && isNaN(v) && isNaN(n.operand)
	}
	c := value.Compare(v, n.operand)
	switch n.kind {
	case kindLess, kindLessEqual:
		return c < 0 || orEqual && c == 0
	}
	return c > 0 || orEqual && c == 0
}

func isNaN(v value.Value) bool {
	if v.Type != value.TypeDouble {
		return false
	}
	f, _ := v.AsFloat()
	return math.IsNaN(f)
}

// mod cuts fractions off, as MongoDB does; what no int64 can hold never fits.
func (n *node) mod(v value.Value) bool {
	whole, ok := truncated(v)
	return ok && whole%n.divisor == n.number
}

// truncated returns a number without its fraction.
func truncated(v value.Value) (int64, bool) {
	if v.Type == value.TypeDouble {
		f, _ := v.AsFloat()
		v = value.Float(math.Trunc(f))
	}
	return v.AsInt64()
}

func (n *node) elemMatch(r *run, v value.Value) bool {
	if v.Type != value.TypeArray {
		return false
	}
	c := v.Doc().Cursor()
	for i := 0; ; i++ {
		_, element, ok := c.Next()
		if !ok || !r.step() {
			return false
		}
		if n.element(r, element) {
			r.index = i
			return true
		}
	}
}

// element reports whether one element is what $elemMatch looks for. An array
// counts as a document whose keys are its positions.
func (n *node) element(r *run, v value.Value) bool {
	if n.kind == kindElemValue {
		return n.subs[0].single(r, v)
	}
	d := v.Doc()
	return d != nil && n.subs[0].document(r, d)
}

// set is the operand of $in: sorted values without null, and patterns.
type set struct {
	values   []value.Value
	patterns []*pattern.Pattern
	null     bool
}

func (s *set) sort() {
	slices.SortFunc(s.values, value.Compare)
	s.values = slices.CompactFunc(s.values, value.Equal)
}

func (s *set) holds(r *run, v value.Value) bool {
	if v.IsMissing() || v.IsNull() {
		return s.null
	}
	const few = 6 // up to here asking each is cheaper than a search
	if len(s.values) <= few {
		for i := range s.values {
			if value.Equal(s.values[i], v) {
				return true
			}
		}
	} else if _, found := slices.BinarySearchFunc(s.values, v, value.Compare); found {
		return true
	}
	for _, p := range s.patterns {
		if !r.step() {
			return false
		}
		if r.finds(p, v) {
			return true
		}
	}
	return false
}

// finds reports whether v is a text that p finds something in, or this very
// regular expression.
func (r *run) finds(p *pattern.Pattern, v value.Value) bool {
	if v.Type == value.TypeRegex {
		return p.Is(v.Regex())
	}
	if v.Type != value.TypeString || r.err != nil {
		return false
	}
	found, err := p.Match(&r.patterns, v.TextBytes())
	if err != nil {
		r.err = err
	}
	return found
}
