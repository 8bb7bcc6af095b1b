package transfer

import (
	"bytes"
	"slices"
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// Nest returns d with its dotted keys taken apart: {"a.b": 1} becomes
// {"a": {"b": 1}}. Codes: InvalidParam for a key that begins or ends with '.' or
// holds '..', and for two keys that name the same place.
func Nest(d value.Doc) (value.Doc, error) {
	if !dotted(d) {
		return d, nil
	}
	t := &tree{}
	if err := t.addAll(d, nil); err != nil {
		return nil, err
	}
	return t.doc(), nil
}

// dotted reports whether a key anywhere in d, arrays left out, holds a dot or
// is empty.
func dotted(d value.Doc) bool {
	c := d.Cursor()
	for key, v, ok := c.Next(); ok; key, v, ok = c.Next() {
		if len(key) == 0 || bytes.IndexByte(key, '.') >= 0 || v.Type == value.TypeObject && dotted(v.Doc()) {
			return true
		}
	}
	return false
}

// tree is an object under construction, in the order of its keys.
type tree struct {
	names []string
	parts map[string]*part
}

// part is a value, or an object that can still grow.
type part struct {
	v value.Value
	t *tree // nil: v
}

// add puts a value at a path below t; at is where t stands, for errors.
func (t *tree) add(path []string, v value.Value, at []string) error {
	name := path[0]
	p := t.parts[name]
	if p == nil {
		p = &part{}
		if t.parts == nil {
			t.parts = map[string]*part{}
		}
		t.names = append(t.names, name)
		t.parts[name] = p
	} else if p.t == nil || len(path) == 1 && v.Type != value.TypeObject {
		return fault.Invalid(shortened(strings.Join(append(at, path...), ".")), "this key, or one above it, is there already")
	}
	at = append(slices.Clip(at), name)
	if len(at) > value.MaxDepth {
		return fault.Invalid("document", "nested deeper than %d levels", value.MaxDepth)
	}
	if len(path) > 1 {
		if p.t == nil {
			p.t = &tree{}
		}
		return p.t.add(path[1:], v, at)
	}
	if v.Type != value.TypeObject {
		p.v = v
		return nil
	}
	if p.t == nil {
		p.t = &tree{}
	}
	return p.t.addAll(v.Doc(), at)
}

func (t *tree) addAll(d value.Doc, at []string) error {
	for key, v := range d.All() {
		if err := checkKey(key); err != nil {
			return err
		}
		if err := t.add(strings.Split(key, "."), v, at); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) doc() value.Doc {
	var b value.Builder
	for _, name := range t.names {
		if p := t.parts[name]; p.t != nil {
			b.Add(name, value.FromDoc(p.t.doc()))
		} else {
			b.Add(name, p.v)
		}
	}
	return b.Doc()
}
