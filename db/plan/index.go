package plan

import (
	"slices"
	"strings"

	"baas/db/value"
)

// Index is a compiled IndexSpec with what is known of its entries. It is
// immutable but for the fields that its owner sets before use.
type Index struct {
	IndexSpec
	// Multikey has bit i set once a document had an array on the path of key i.
	Multikey uint32
	// Inexact is set once a value was too long for its whole encoding.
	Inexact bool
	// Whole says that encodings are never cut: the id index.
	Whole bool

	fields []field
}

// field is one part of an entry: a key, or neighbouring keys of one kind that
// make terms together.
type field struct {
	kind  Kind
	first int // its key, the first of several
	parts []part
	paths []string // of terms
	terms Terms    // nil for kinds that order values
	// numeric: the path has a part that also names a position.
	numeric bool
}

// part is one name of a path; index is the position it also stands for, or -1.
type part struct {
	name  string
	index int
}

// Compile reads a spec and gives it its name. Code: InvalidParam.
func Compile(s IndexSpec) (*Index, error) {
	if s.Name == "" {
		s.Name = s.DefaultName()
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	x := &Index{IndexSpec: s}
	for i, k := range s.Keys {
		if n := len(x.fields); k.Kind == Text && n > 0 && x.fields[n-1].kind == Text {
			x.fields[n-1].paths = append(x.fields[n-1].paths, k.Path)
			continue
		}
		f := field{kind: k.Kind, first: i, parts: splitPath(k.Path), paths: []string{k.Path}}
		if !k.Kind.ordered() {
			f.terms = termsOf(k.Kind)
		}
		for _, p := range f.parts[1:] {
			f.numeric = f.numeric || p.index >= 0
		}
		x.fields = append(x.fields, f)
	}
	return x, nil
}

func splitPath(path string) []part {
	names := strings.Split(path, ".")
	parts := make([]part, len(names))
	for i, name := range names {
		parts[i] = part{name, position(name)}
	}
	return parts
}

// position reads a name as an array index, as db/query does; -1 for others.
func position(name string) int {
	if name == "" || len(name) > 8 || name[0] == '0' && len(name) > 1 {
		return -1
	}
	n := 0
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return -1
		}
		n = n*10 + int(name[i]-'0')
	}
	return n
}

// Fields is the number of parts of an entry: the keys, but neighbouring text
// keys are one.
func (x *Index) Fields() int { return len(x.fields) }

// FieldKind returns the kind of a part.
func (x *Index) FieldKind(i int) Kind { return x.fields[i].kind }

// isMultikey reports whether arrays stand on the path of a field.
func (x *Index) isMultikey(f *field) bool { return x.Multikey>>f.first&1 != 0 }

// HasTerms reports whether the index keeps terms: a document without any has no
// entry then, sparse or not.
func (x *Index) HasTerms() bool {
	return slices.ContainsFunc(x.fields, func(f field) bool { return f.terms != nil })
}

// lookup walks through objects to the end of the parts, or to the first array.
// rest is what is left of the parts there.
func lookup(v value.Value, parts []part) (at value.Value, rest []part) {
	for {
		if len(parts) == 0 || v.Type == value.TypeArray {
			return v, parts
		}
		if v.Type != value.TypeObject {
			return value.Value{}, nil
		}
		v = v.Doc().Get(parts[0].name)
		parts = parts[1:]
	}
}
