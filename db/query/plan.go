package query

import (
	"encoding/binary"
	"math"

	"baas/db/pattern"
	"baas/db/value"
)

// Needs is what every document that a condition selects must fulfil, as far as
// an index could make use of it.
type Needs struct {
	// Never: no document fulfils the condition.
	Never bool
	// All hold, each for some value at its path.
	All []Need
	// Any has one member for each $or: one of its branches holds.
	Any [][]Needs
	// Exact: All is the whole condition, and each Need is exact.
	Exact bool
}

// Need says that some value at Path lies in one of Intervals.
type Need struct {
	Path      string
	Intervals []Interval // empty: any value at all, which Present then demands
	// Present: documents without a value at Path do not fulfil it. Otherwise
	// missing counts as null.
	Present bool
	// Exact: where no array stands on the path, a value in Intervals fulfils
	// the condition that the Need was made of.
	Exact bool
	// Absent: the Need also holds where Path leads to nothing, in whatever way.
	Absent bool
}

// Interval is a stretch of values of one rank (value.Type.Rank): a Missing end
// means as far as the rank goes. An empty array is the point with EmptyArray.
type Interval struct {
	Rank              int
	Low, High         value.Value
	LowOpen, HighOpen bool
	EmptyArray        bool
}

// IsPoint reports whether the interval is one value.
func (i Interval) IsPoint() bool {
	return i.EmptyArray || !i.Low.IsMissing() && !i.LowOpen && !i.HighOpen && value.Equal(i.Low, i.High)
}

// IsAll reports whether f is seen to select every document.
func (f *Filter) IsAll() bool { return f.root.kind == kindAnd && len(f.root.subs) == 0 }

// EqualTo returns a value that a top-level member must equal: the operand of an
// equality, at the top level or inside $and, that is no array.
func (f *Filter) EqualTo(member string) (value.Value, bool) { return f.root.equalTo(member) }

func (n *node) equalTo(member string) (value.Value, bool) {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			if v, ok := n.subs[i].equalTo(member); ok {
				return v, true
			}
		}
	case kindEqual:
		if len(n.path) == 1 && n.path[0].name == member && n.operand.Type != value.TypeArray {
			return n.operand, true
		}
	}
	return value.Value{}, false
}

// Needs returns what f demands of a document. It is read from the condition
// alone; values alias f.
func (f *Filter) Needs() Needs {
	n := Needs{Exact: true}
	f.root.needs("", &n)
	return n
}

// inexact marks n as less than the whole condition.
func (n *Needs) inexact() { n.Exact = false }

// needs adds what the node demands below prefix, which is "" or ends in a dot.
func (n *node) needs(prefix string, out *Needs) {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			n.subs[i].needs(prefix, out)
		}
		return
	case kindOr:
		n.either(prefix, out)
		return
	case kindNor:
		if len(n.subs) == 1 && n.subs[0].kind == kindExists {
			path := prefix + n.subs[0].path.String()
			out.add(Need{Path: path, Intervals: []Interval{point(value.Null())}, Absent: true})
			return
		}
	case kindElemDocument:
		if sub := n.subs[0]; !sub.numeric() {
			sub.needs(prefix+n.path.String()+".", out)
		}
	case kindElemValue:
		out.elementNeed(prefix+n.path.String(), &n.subs[0])
	default:
		if need, ok := n.need(); ok {
			need.Path = prefix + n.path.String()
			out.add(need)
			return
		}
	}
	out.inexact()
}

// add takes a need in, exact or not.
func (n *Needs) add(need Need) {
	if len(need.Intervals) == 0 && !need.Present {
		n.Never = true
		return
	}
	n.All = append(n.All, need)
	n.Exact = n.Exact && need.Exact
}

func (n *node) either(prefix string, out *Needs) {
	branches := make([]Needs, 0, len(n.subs))
	for i := range n.subs {
		branch := Needs{Exact: true}
		n.subs[i].needs(prefix, &branch)
		if !branch.Never {
			branches = append(branches, branch)
		}
	}
	out.inexact()
	switch len(branches) {
	case 0:
		out.Never = true
	case 1:
		out.All = append(out.All, branches[0].All...)
		out.Any = append(out.Any, branches[0].Any...)
	default:
		out.Any = append(out.Any, branches)
	}
}

// numeric reports whether a path of a condition on elements begins with a
// number: of an element that is an array it names a position.
func (n *node) numeric() bool {
	if n.kind > kindNor {
		return len(n.path) > 0 && n.path[0].index >= 0
	}
	for i := range n.subs {
		if n.subs[i].numeric() {
			return true
		}
	}
	return false
}

// elementNeed adds the need of one leaf of a condition on an element's value:
// each must hold for the same element, so that any of them will do.
func (n *Needs) elementNeed(path string, sub *node) {
	leaves := []node{*sub}
	if sub.kind == kindAnd {
		leaves = sub.subs
	}
	for i := range leaves {
		if leaves[i].kind <= kindNor || leaves[i].kind >= kindSize {
			continue
		}
		if need, ok := leaves[i].need(); ok {
			need.Path, need.Exact = path, false
			n.add(need)
		}
	}
}

// need returns what a leaf demands; ok is false when that is nothing an index
// knows.
func (n *node) need() (need Need, ok bool) {
	switch n.kind {
	case kindEqual:
		intervals := equalTo(n.operand)
		isNull := n.operand.IsNull()
		return Need{Intervals: intervals, Present: !isNull, Exact: n.operand.Type != value.TypeArray, Absent: isNull}, true
	case kindLess, kindLessEqual, kindGreater, kindGreaterEqual:
		return n.orderedNeed()
	case kindIn:
		return n.set.need(), true
	case kindRegex:
		return Need{Intervals: patternIntervals(n.pattern), Present: true}, true
	case kindExists:
		return Need{Present: true}, true
	case kindMod:
		return Need{Intervals: []Interval{{Rank: value.TypeInt64.Rank()}}, Present: true}, true
	case kindType:
		return typeNeed(n.types)
	}
	return Need{}, false
}

func point(v value.Value) Interval { return Interval{Rank: v.Type.Rank(), Low: v, High: v} }

// equalTo returns the entries of documents that hold v: of an array its first
// element, and itself where it is an element.
func equalTo(v value.Value) []Interval {
	if v.Type != value.TypeArray {
		return []Interval{point(v)}
	}
	if v.Doc().IsEmpty() {
		return []Interval{{EmptyArray: true}, point(v)}
	}
	return []Interval{point(v.Doc().At(0)), point(v)}
}

func (n *node) orderedNeed() (Need, bool) {
	v := n.operand
	orEqual := n.kind == kindLessEqual || n.kind == kindGreaterEqual
	switch {
	case v.Type == value.TypeArray:
		return Need{}, false // compared as a whole, which no entry holds
	case v.IsNull() && orEqual:
		return Need{Intervals: []Interval{point(v)}, Exact: true, Absent: true}, true
	case v.IsNull(), isNaN(v) && !orEqual:
		return Need{}, true // nothing
	case isNaN(v):
		return Need{Intervals: []Interval{point(v)}, Present: true, Exact: true}, true
	}
	i := Interval{Rank: v.Type.Rank()}
	if n.kind == kindGreater || n.kind == kindGreaterEqual {
		i.Low, i.LowOpen = v, !orEqual
	} else {
		i.High, i.HighOpen = v, !orEqual
		if v.Type.IsNumber() {
			i.Low = value.Float(math.Inf(-1)) // NaN, the lowest number, is below nothing
		}
	}
	return Need{Intervals: []Interval{i}, Present: true, Exact: true}, true
}

func (s *set) need() Need {
	need := Need{Exact: len(s.patterns) == 0, Present: !s.null, Absent: s.null}
	if s.null {
		need.Intervals = append(need.Intervals, point(value.Null()))
	}
	for _, v := range s.values {
		need.Intervals = append(need.Intervals, equalTo(v)...)
		need.Exact = need.Exact && v.Type != value.TypeArray
	}
	for _, p := range s.patterns {
		need.Intervals = append(need.Intervals, patternIntervals(p)...)
	}
	if len(need.Intervals) == 0 {
		need.Present = false // in nothing: never
	}
	return need
}

// patternIntervals returns the texts that a pattern may find something in, by
// the text they must begin with, and regular expressions themselves.
func patternIntervals(p *pattern.Pattern) []Interval {
	texts := Interval{Rank: value.TypeString.Rank()}
	if prefix := p.Prefix(); len(prefix) > 0 {
		texts.Low, texts.High, texts.HighOpen = value.String(string(prefix)), above(prefix), true
	}
	return []Interval{texts, {Rank: value.TypeRegex.Rank()}}
}

// above returns the lowest text above all that begin with prefix. No byte of
// UTF-8 is FF.
func above(prefix []byte) value.Value {
	next := append([]byte(nil), prefix...)
	next[len(next)-1]++
	data := binary.LittleEndian.AppendUint32(nil, uint32(len(next)+1))
	return value.Value{Type: value.TypeString, Data: append(append(data, next...), 0)}
}

// typeNeed reads a set of types. Arrays are asked as a whole, null would have
// to be told from missing.
func typeNeed(types uint32) (Need, bool) {
	if types>>value.TypeArray&1 != 0 || types>>value.TypeNull&1 != 0 {
		return Need{}, false
	}
	need := Need{}
	for t := value.TypeDouble; t <= value.TypeInt64; t++ {
		if types>>t&1 != 0 {
			need.Intervals = append(need.Intervals, Interval{Rank: t.Rank()})
			need.Present = true
		}
	}
	return need, true
}
