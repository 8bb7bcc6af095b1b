package query

import (
	"math/bits"

	"baas/db/effort"
	"baas/db/pattern"
	"baas/db/value"
)

// kind is what a node asks.
type kind uint8

const (
	kindAnd kind = iota // every one of subs; the zero node selects everything
	kindOr              // any of subs; none selects nothing
	kindNor             // none of subs

	// Leaves that look at each element of an array and at the array.
	kindEqual
	kindLess
	kindLessEqual
	kindGreater
	kindGreaterEqual
	kindIn
	kindRegex
	kindExists
	kindType
	kindMod
	kindPredicate

	// Leaves that look at the array alone.
	kindSize
	kindArrayPredicate
	kindElemDocument // an element that, as a document, subs[0] selects
	kindElemValue    // an element that, as a value, subs[0] selects

	// What the predicate says of the whole document, whatever the path.
	kindWhole
)

// predicate is a question that is rare or needs much: it costs a call through
// an interface. As kindPredicate it is asked about each element of an array and
// the array, as kindArrayPredicate about the array alone, as kindWhole about the
// document. The error, with a code, ends the match. It may be asked by several
// goroutines at once, and counts what it spends with m, which may be nil.
type predicate interface {
	holds(m *effort.Meter, v value.Value) (bool, error)
}

// node is one question of a condition. One struct for all kinds keeps a match
// free of interface calls and so of allocations.
type node struct {
	kind    kind
	path    path             // of a leaf
	subs    []node           // of a logical node, or of $elemMatch
	leaves  uint32           // of kindAnd: bit i for a leaf subs[i] that together looks at
	firsts  []string         // of kindAnd: the first part of the path of subs[i]
	operand value.Value      // of a comparison
	set     *set             // of kindIn
	pattern *pattern.Pattern // of kindRegex
	ask     predicate        // of kindPredicate, kindArrayPredicate and kindWhole
	types   uint32           // of kindType: bit t for type t
	divisor int64            // of kindMod
	number  int64            // remainder of kindMod, length of kindSize
}

// simplified returns n without a logical level that does nothing, and ready for
// together.
func (n node) simplified() node {
	if (n.kind == kindAnd || n.kind == kindOr) && len(n.subs) == 1 {
		return n.subs[0]
	}
	if n.kind != kindAnd {
		return n
	}
	n.leaves, n.firsts = 0, nil
	for i := range min(len(n.subs), 32) {
		first := ""
		if sub := &n.subs[i]; sub.kind > kindNor && sub.kind < kindWhole && len(sub.path) > 0 {
			first = sub.path[0].name
			n.leaves |= 1 << i
		}
		n.firsts = append(n.firsts, first)
	}
	return n
}

// document reports whether n selects d.
func (n *node) document(r *run, d value.Doc) bool {
	switch n.kind {
	case kindAnd:
		if r.locating {
			return n.inOrder(r, d)
		}
		if n.leaves != 0 && !n.together(r, d) {
			return false
		}
		for i := range n.subs {
			if !n.isTogether(i) && !n.subs[i].document(r, d) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		index := r.index
		found := n.any(r, d)
		r.index = index
		return found == (n.kind == kindOr)
	case kindWhole:
		return r.step() && r.asks(n.ask, value.FromDoc(d))
	}
	return n.walk(r, d, n.path)
}

func (n *node) any(r *run, d value.Doc) bool {
	for i := range n.subs {
		if n.subs[i].document(r, d) {
			return true
		}
	}
	return false
}

// inOrder reports whether every one of n's subs holds, one after the other.
func (n *node) inOrder(r *run, d value.Doc) bool {
	for i := range n.subs {
		if !n.subs[i].document(r, d) {
			return false
		}
	}
	return true
}

// single reports whether n, compiled without paths, selects v itself.
func (n *node) single(r *run, v value.Value) bool {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			if !n.subs[i].single(r, v) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.subs {
			if n.subs[i].single(r, v) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	}
	return n.test(r, v)
}

// below reports whether n selects a document whose only member, under the name
// that all paths of n begin with, is v.
func (n *node) below(r *run, v value.Value) bool {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			if !n.subs[i].below(r, v) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.subs {
			if n.subs[i].below(r, v) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	case kindWhole:
		return false
	}
	return n.reach(r, v, n.path[1:])
}

// together reports whether every leaf among n's subs holds, in one pass over the
// members of d: a look-up for each would start again from the first member.
func (n *node) together(r *run, d value.Doc) bool {
	left := n.leaves
	c := d.Cursor()
	for left != 0 {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		for rest := left; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros32(rest)
			if string(key) != n.firsts[i] {
				continue
			}
			left &^= 1 << i
			if leaf := &n.subs[i]; !leaf.reach(r, v, leaf.path[1:]) {
				return false
			}
		}
	}
	for ; left != 0; left &= left - 1 {
		leaf := &n.subs[bits.TrailingZeros32(left)]
		if !leaf.reach(r, value.Value{}, leaf.path[1:]) {
			return false
		}
	}
	return true
}

func (n *node) isTogether(i int) bool { return i < 32 && n.leaves>>i&1 != 0 }

// walk reports whether the leaf n holds for some value that the path reaches
// from d.
func (n *node) walk(r *run, d value.Doc, p path) bool {
	return n.reach(r, d.Get(p[0].name), p[1:])
}

// reach goes on from v with the rest of the path: through objects, until the
// first array hands over to elements. A path that ends early reaches Missing.
func (n *node) reach(r *run, v value.Value, rest path) bool {
	for {
		switch {
		case v.Type == value.TypeArray:
			return n.elements(r, v, rest)
		case len(rest) == 0:
			return n.test(r, v)
		case v.Type != value.TypeObject:
			return n.test(r, value.Value{})
		}
		v = v.Doc().Get(rest[0].name)
		rest = rest[1:]
	}
}

// elements goes on inside an array with the rest of the path: into each element
// that is an object, and into the element at the position that the next part
// names. Elements of other types reach nothing, not even Missing. At the end of
// the path stand the elements and the array itself, but an element that was
// reached by its position is taken as it is.
func (n *node) elements(r *run, array value.Value, rest path) bool {
	if len(rest) == 0 && n.kind >= kindSize {
		return n.test(r, array)
	}
	c := array.Doc().Cursor()
	for i := 0; ; i++ {
		_, v, ok := c.Next()
		if !ok {
			return len(rest) == 0 && n.test(r, array)
		}
		if len(rest) == 0 {
			if n.test(r, v) {
				r.index = i
				return true
			}
			continue
		}
		if v.Type == value.TypeObject && n.walk(r, v.Doc(), rest) ||
			i == rest[0].index && n.position(r, v, rest[1:]) {
			r.index = i
			return true
		}
		if r.err != nil {
			return false
		}
	}
}

func (n *node) position(r *run, v value.Value, rest path) bool {
	switch {
	case len(rest) == 0:
		return n.test(r, v)
	case v.Type == value.TypeObject:
		return n.walk(r, v.Doc(), rest)
	case v.Type == value.TypeArray:
		return n.elements(r, v, rest)
	}
	return false
}

// test reports whether the leaf n holds for v alone.
func (n *node) test(r *run, v value.Value) bool {
	if !r.step() {
		return false
	}
	switch n.kind {
	case kindEqual:
		return equal(n.operand, v)
	case kindLess, kindLessEqual, kindGreater, kindGreaterEqual:
		return n.ordered(v)
	case kindIn:
		return n.set.holds(r, v)
	case kindRegex:
		return r.finds(n.pattern, v)
	case kindExists:
		return !v.IsMissing()
	case kindType:
		return !v.IsMissing() && n.types>>v.Type&1 != 0
	case kindMod:
		return n.mod(v)
	case kindSize:
		return v.Type == value.TypeArray && int64(v.Doc().Len()) == n.number
	case kindElemDocument, kindElemValue:
		return n.elemMatch(r, v)
	case kindPredicate, kindArrayPredicate:
		return !v.IsMissing() && r.asks(n.ask, v)
	}
	return false
}

// asks is the predicate's answer; an error ends the run.
func (r *run) asks(p predicate, v value.Value) bool {
	ok, err := p.holds(r.patterns.Meter, v)
	if err != nil && r.err == nil {
		r.err = err
	}
	return ok && err == nil
}
