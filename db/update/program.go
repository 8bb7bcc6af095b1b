// Package update changes documents: MongoDB's update operators as db.command
// compiles to them (tcb-wire-protocol.md 6.3), replacement, the document that an
// upsert starts from, and the difference of two documents for watch.
//
// A [Program] is compiled once and rewrites raw BSON in one pass, whatever the
// number of operators; untouched members are copied as bytes and keep their
// order, new ones are appended in the order of their names.
//
// Dangers first:
//
//   - A program that runs on a document someone else may also change must run
//     inside the write transaction that read it.
//   - _id cannot change here, but _openid and other fields that belong to the
//     server can: ask [Program.Paths] and refuse, and look at the outcome, since
//     a pipeline has no paths.
//   - Errors about a document name types and paths, never stored values: who may
//     update a document may still not be allowed to read it.
package update

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/value"
)

// Program is a compiled update. It is immutable and safe for concurrent use.
type Program struct {
	root       branch
	paths      []string
	renames    []rename
	filters    []arrayFilter
	positional bool
	pipeline   *aggregate.Pipeline // instead of all of them
}

// Run is what one run of a program needs to know besides the document.
type Run struct {
	Meter *effort.Meter // of the request; nil bounds the document alone
	Now   time.Time     // what $currentDate sets
	// Position is that of the array element which the condition found, as
	// query.Filter.Locate gives it: what $ stands for. -1 for none.
	Position int
}

// rename holds both paths of one $rename; the value goes by way of state.moved.
type rename struct{ from, to []string }

// IsOperators reports whether d is an update by operators rather than a
// document: its first key begins with $.
func IsOperators(d value.Doc) bool {
	for key := range d.All() {
		return strings.HasPrefix(key, "$")
	}
	return false
}

// Compile reads {"$set": {…}, "$inc": {…}, …}; an empty one changes nothing. Of
// arrayFilters each says which elements a $[name] means, and must be used. An
// unknown operator is a DatabaseOperator, a plain document an InvalidParam, and
// an operand of the wrong shape, a path with an empty name or a wrong positional
// operator, or two paths one of which is or contains the other a DatabaseFailed.
// Each names the path.
func Compile(d value.Doc, arrayFilters ...value.Doc) (*Program, error) {
	filters, err := readFilters(arrayFilters)
	if err != nil {
		return nil, err
	}
	p := &Program{filters: filters}
	if len(d) > 0 {
		if err := value.Check(d); err != nil {
			return nil, err
		}
	}
	for name, operands := range append(value.Doc(nil), d...).All() {
		if !strings.HasPrefix(name, "$") {
			return nil, fault.Invalid(name, "an update holds operators only, such as {\"$set\": {%q: …}}", name)
		}
		if operands.Type != value.TypeObject {
			return nil, failed(name, "must be an object of paths, it is of type %s", operands.Type.Name())
		}
		for path, operand := range operands.Doc().All() {
			if err := p.operator(name, path, operand); err != nil {
				return nil, err
			}
		}
		if operands.Doc().IsEmpty() && !known(name) {
			return nil, unknown(name)
		}
	}
	for _, f := range p.filters {
		if !f.used {
			return nil, failed("arrayFilters", "The array filter for identifier '%s' was not used in the update", f.name)
		}
	}
	p.root.sort()
	return p, nil
}

// Positional reports whether some path holds the positional $, so that the
// program needs [Run].Position.
func (p *Program) Positional() bool { return p.positional }

// operator compiles one path of one operator.
func (p *Program) operator(name, path string, operand value.Value) error {
	if name == "$rename" {
		return p.rename(path, operand)
	}
	e, err := compileEdit(name, path, operand)
	if err != nil {
		return err
	}
	return p.insert(path, e)
}

func (p *Program) rename(from string, operand value.Value) error {
	to := operand.Text()
	switch {
	case operand.Type != value.TypeString:
		return failed("$rename."+from, "must be the new path as a text")
	case to == from:
		return failed("$rename."+from, "The source and target field for $rename must differ")
	case isDynamic(from):
		return failed("$rename."+from, "The source field for $rename may not be dynamic: %s", from)
	case isDynamic(to):
		return failed("$rename."+from, "The destination field for $rename may not be dynamic: %s", to)
	}
	number := len(p.renames)
	if err := p.insert(from, taken{number}); err != nil {
		return err
	}
	if err := p.insert(to, moved{number}); err != nil {
		return err
	}
	p.renames = append(p.renames, rename{strings.Split(from, "."), strings.Split(to, ".")})
	return nil
}

// Paths returns the dotted paths that the program may touch, in order; both
// paths of a $rename are among them. Of a pipeline, which may touch all, it
// knows none.
func (p *Program) Paths() []string { return append([]string(nil), p.paths...) }

// Apply returns d as the program leaves it. changed is false when no byte
// differs, in which case out is d. $setOnInsert does nothing here. An operator
// that cannot work on what is stored, and a change of _id, is a DatabaseFailed
// that names the path; a result beyond the limits of value.Check an
// InvalidParam.
func (p *Program) Apply(r Run, d value.Doc) (out value.Doc, changed bool, err error) {
	out, err = p.run(d, state{Run: r})
	if err != nil {
		return nil, false, err
	}
	if bytes.Equal(out, d) {
		return d, false, nil
	}
	return out, true, nil
}

// ApplyInsert returns the document that an upsert creates: seed is what [Seed]
// made of the condition. $setOnInsert works, and _id, if there is one, comes
// first. Errors are those of Apply.
func (p *Program) ApplyInsert(r Run, seed value.Doc) (value.Doc, error) {
	r.Position = -1
	out, err := p.run(seed, state{Run: r, insert: true})
	if err != nil {
		return nil, err
	}
	id := out.Get("_id")
	if id.Type == value.TypeArray || id.Type == value.TypeRegex {
		return nil, failed("_id", "an _id cannot be of type %s", id.Type.Name())
	}
	return idFirst(out), nil
}

func (p *Program) run(d value.Doc, s state) (value.Doc, error) {
	out, err := p.edited(d, &s)
	if err != nil {
		return nil, err
	}
	if err := sameID(d, out); err != nil {
		return nil, err
	}
	if err := value.Check(out); err != nil {
		return nil, err
	}
	return out, nil
}

// edited returns d as the edits or stages leave it, before anything is checked.
func (p *Program) edited(d value.Doc, s *state) (value.Doc, error) {
	if p.pipeline != nil {
		return p.piped(s.Run, d)
	}
	if err := s.resolve(p.renames, d); err != nil {
		return nil, err
	}
	var b value.Builder
	b.Grow(len(d) + 64)
	s.object(&b, d, &p.root)
	return b.Doc(), s.err
}

// sameID refuses a change of _id.
func sameID(before, after value.Doc) error {
	old := before.Get("_id")
	if old.IsMissing() || value.Equal(old, after.Get("_id")) {
		return nil
	}
	return failed("_id", "Performing an update on the path '_id' would modify the immutable field '_id'")
}

// idFirst returns d with _id as its first member.
func idFirst(d value.Doc) value.Doc {
	id := d.Get("_id")
	if id.IsMissing() {
		return d
	}
	var b value.Builder
	b.Grow(len(d))
	b.Add("_id", id)
	c := d.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			return b.Doc()
		}
		if string(key) != "_id" {
			b.AddRaw(key, v)
		}
	}
}

// failed makes the error for an update that the database refuses.
func failed(at, format string, args ...any) error {
	if at == "" {
		at = "update"
	}
	return &fault.Error{
		Code:  fault.DatabaseFailed,
		Field: at,
		Msg:   at + ": " + fmt.Sprintf(format, args...),
	}
}

func unknown(name string) error {
	return &fault.Error{
		Code:  fault.DatabaseOperator,
		Field: name,
		Msg:   name + ": unknown operator",
	}
}
