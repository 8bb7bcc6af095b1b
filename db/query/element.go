package query

import (
	"baas/db/effort"
	"baas/db/pattern"
	"baas/db/value"
)

// Element is a compiled condition on the elements of one array, as $pull has
// it.
type Element struct {
	root   node
	asDoc  bool        // root is a condition on documents
	equals value.Value // when not Missing, the element must be exactly this
}

// CompileElement reads what an element must be: operators ({"$gte": 5}) it must
// fulfil as if it were a member of its own, a condition object that it must
// fulfil as a document, a regular expression, or a value it must equal. at names
// the place in errors, which are those of [Compile].
func CompileElement(at string, v value.Value) (*Element, error) {
	v = asRegex(v.Clone())
	e, c := &Element{}, compiler{inner: true}
	var err error
	switch {
	case isOperators(v) && !ofDocument(firstKey(v.Doc())):
		e.root, err = c.operators(at, nil, v.Doc())
	case v.Type == value.TypeObject:
		e.asDoc = true
		e.root, err = c.condition(at+".", v.Doc())
	case v.Type == value.TypeRegex:
		e.root, err = equality(at, nil, v)
	default:
		e.equals = v
	}
	return e, err
}

// Matches reports for each element of an array whether it fulfils the condition.
// The error is that of [Filter.MatchWithin]; the limits of one document are for
// all elements together.
func (e *Element) Matches(m *effort.Meter, elements []value.Value) ([]bool, error) {
	r := run{patterns: pattern.Run{Meter: m}}
	out := make([]bool, len(elements))
	for i, v := range elements {
		out[i] = e.match(&r, v)
		if r.err != nil {
			return nil, r.err
		}
	}
	return out, r.end()
}

func (e *Element) match(r *run, v value.Value) bool {
	switch {
	case !e.equals.IsMissing():
		return value.Equal(e.equals, v)
	case !e.asDoc:
		return e.root.member(r, v)
	}
	return v.Type == value.TypeObject && e.root.document(r, v.Doc())
}

// member reports whether n, compiled without paths, selects a document by a
// member whose value is v: of an array, the elements count too.
func (n *node) member(r *run, v value.Value) bool {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			if !n.subs[i].member(r, v) {
				return false
			}
		}
		return true
	case kindOr, kindNor:
		for i := range n.subs {
			if n.subs[i].member(r, v) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindNor
	}
	if v.Type == value.TypeArray {
		return n.elements(r, v, nil)
	}
	return n.test(r, v)
}
