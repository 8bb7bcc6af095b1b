// Package query decides which documents a condition selects, in which order and
// with which members: filters, sorts and projections in MongoDB's language, as
// the SDKs' db.command compiles to it (tcb-wire-protocol.md 6.2).
//
// Everything is compiled once and then runs on raw BSON. Compiled values are
// immutable and safe for concurrent use.
//
// Dangers first:
//
//   - Paths walk through arrays. A condition on "a.b" looks at every b of every
//     element of a, so an [Equality] says what some element holds, not what
//     Doc.Lookup finds.
//   - Null is not missing in db/value, but {a: null} selects both, and so do the
//     negations ($ne, $nin, $not, $nor) of anything the document lacks.
//   - Users' regular expressions backtrack. Each match has a time limit, and
//     each document a limit of comparisons; [Filter.Match] then returns an error
//     rather than a verdict.
package query

import (
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

// maxSteps bounds the comparisons of one condition with one document. A
// document of 100,000 values under a plain condition stays far below it; nested
// $elemMatch over large arrays multiplies.
const maxSteps = 5_000_000

// Filter is a compiled condition.
type Filter struct{ root node }

// All returns the filter that selects every document.
func All() *Filter { return &Filter{} }

// Equal returns the filter {path: v}. It is for paths that the program chose.
func Equal(path string, v value.Value) *Filter {
	return &Filter{node{kind: kindEqual, path: splitPath(path), operand: v.Clone()}}
}

// And returns the filter that selects what all of fs select; of none, every
// document.
func And(fs ...*Filter) *Filter {
	all := node{kind: kindAnd}
	for _, f := range fs {
		all.subs = append(all.subs, f.root)
	}
	return &Filter{all.simplified()}
}

// Compile reads a condition; a nil or empty one selects every document. An
// operator it does not know is a DatabaseOperator that names its dotted path, an
// operand of the wrong shape a DatabaseFailed, a condition beyond the limits of
// value.Check or a regular expression of more than 1,024 bytes an InvalidParam.
func Compile(d value.Doc) (*Filter, error) {
	if len(d) == 0 {
		return All(), nil
	}
	if err := value.Check(d); err != nil {
		return nil, err
	}
	root, err := compiler{}.condition("", append(value.Doc(nil), d...))
	if err != nil {
		return nil, err
	}
	root = root.simplified()
	if err := root.checkSearches(); err != nil {
		return nil, err
	}
	return &Filter{root}, nil
}

// Match reports whether f selects d, which must have passed value.Check once.
// The error is a DatabaseFailed when a regular expression took too long, or when
// the condition needs too many comparisons on this document. It does not
// allocate unless a regular expression needs backtracking.
func (f *Filter) Match(d value.Doc) (bool, error) { return f.MatchWithin(nil, d) }

// MatchWithin is Match for one document of a request: it also stops when the
// request has spent what it may, or its context has ended.
func (f *Filter) MatchWithin(m *effort.Meter, d value.Doc) (bool, error) {
	r := run{patterns: pattern.Run{Meter: m}}
	ok := f.root.document(&r, d)
	if err := r.end(); err != nil {
		return false, err
	}
	return ok, nil
}

// Locate is MatchWithin that also says which element of an array was found, for
// a positional $ in an update or a projection: the position in the outermost
// array through which the condition held, -1 when it holds without one. As in
// MongoDB, the last of several conditions counts, and $or, $nor and $not find no
// position.
func (f *Filter) Locate(m *effort.Meter, d value.Doc) (index int, ok bool, err error) {
	r := run{patterns: pattern.Run{Meter: m}, locating: true, index: -1}
	ok = f.root.document(&r, d)
	if err := r.end(); err != nil || !ok {
		return -1, false, err
	}
	return r.index, true, nil
}

// MatchElement reports whether f, whose paths all begin with one and the same
// name and which holds nothing on whole documents, selects a document that has v
// under that name. The error is that of [Filter.MatchWithin].
func (f *Filter) MatchElement(m *effort.Meter, v value.Value) (bool, error) {
	r := run{patterns: pattern.Run{Meter: m}}
	ok := f.root.below(&r, v)
	if err := r.end(); err != nil {
		return false, err
	}
	return ok, nil
}

// Equality is one part of a condition: some value at Path equals Value. When
// Value is null, documents without the path are meant too; when it is an array,
// documents whose array holds it as an element are meant too.
type Equality struct {
	Path  string
	Value value.Value
}

// Equalities returns the equalities that every selected document fulfils: those
// at the top level and inside $and, and those of an $in with one member.
// Regular expressions are not among them.
func (f *Filter) Equalities() []Equality {
	var out []Equality
	f.root.equalities(&out)
	return out
}

func (n *node) equalities(out *[]Equality) {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			n.subs[i].equalities(out)
		}
	case kindEqual:
		*out = append(*out, Equality{n.path.String(), n.operand})
	case kindIn:
		switch {
		case len(n.set.patterns) > 0:
		case len(n.set.values) == 1 && !n.set.null:
			*out = append(*out, Equality{n.path.String(), n.set.values[0]})
		case len(n.set.values) == 0 && n.set.null:
			*out = append(*out, Equality{n.path.String(), value.Null()})
		}
	}
}

// run is the state of one match.
type run struct {
	patterns pattern.Run
	steps    int
	err      error

	// With locating, index is the position in the outermost array through which
	// the last leaf held, -1 for none; leaves are then asked in their order.
	locating bool
	index    int
}

// step counts one comparison; false means stop.
func (r *run) step() bool {
	if r.steps++; r.steps%effort.Stride == 0 {
		r.look()
	}
	return r.err == nil
}

// pay counts what it costs to copy or compare a value of that many bytes; to
// look for a member in it is much cheaper, see skim.
func (r *run) pay(bytes int) bool { return r.spend(bytes / 64) }

func (r *run) skim(bytes int) bool { return r.spend(bytes / 512) }

func (r *run) spend(steps int) bool {
	for range steps {
		if !r.step() {
			return false
		}
	}
	return r.err == nil
}

// look passes what was spent on to the request, and stops a run that is too
// long for one document.
func (r *run) look() {
	if r.err != nil {
		return
	}
	if r.err = r.patterns.Meter.Spend(effort.Stride); r.err == nil && r.steps > maxSteps {
		r.err = fault.New(fault.DatabaseFailed, "more than %d comparisons on one document; make the condition or the projection simpler", maxSteps)
	}
}

// end closes the run and returns its error.
func (r *run) end() error {
	if r.err == nil {
		r.err = r.patterns.Meter.Spend(r.steps%effort.Stride + 1)
	}
	return r.err
}
