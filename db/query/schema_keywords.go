package query

import (
	"math"
	"slices"
	"strconv"

	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

func (k keyword) refused(format string, args ...any) error {
	return fault.Refused(k.at, format, args...)
}

func (k keyword) text() (string, error) {
	if k.v.Type != value.TypeString {
		return "", k.refused("must be a text, it is of type %s", k.v.Type.Name())
	}
	return k.v.Text(), nil
}

func (k keyword) object() error {
	if k.v.Type != value.TypeObject {
		return k.refused("must be an object, it is of type %s", k.v.Type.Name())
	}
	return nil
}

// encryption reads encrypt and encryptMetadata, which tell clients how to
// encrypt; the server looks at the type of what is stored only.
func (k keyword) encryption(d value.Doc) error {
	switch {
	case k.v.Type != value.TypeObject:
		return k.object()
	case k.name == "encrypt" && !(d.Get("type").IsMissing() && d.Get("bsonType").IsMissing()):
		return k.refused("cannot be combined with 'type' or 'bsonType'")
	case k.name == "encryptMetadata" && k.v.Doc().IsEmpty():
		return k.refused("cannot be an empty object")
	}
	for name, v := range k.v.Doc().All() {
		want := value.TypeString
		switch {
		case name == "keyId" && v.Type != value.TypeString: // else a path to the key
			want = value.TypeArray
		case name == "keyId", name == "algorithm", name == "bsonType" && k.name == "encrypt":
		default:
			return k.refused("%q is not known here", name)
		}
		if v.Type != want {
			return k.refused("%s must be of type %s, it is of type %s", name, want.Name(), v.Type.Name())
		}
	}
	return nil
}

func (k keyword) flag() (bool, error) {
	if k.v.Type != value.TypeBool {
		return false, k.refused("must be true or false, it is of type %s", k.v.Type.Name())
	}
	return k.v.IsTrue(), nil
}

func (k keyword) number() (value.Value, error) {
	if !k.v.Type.IsNumber() {
		return k.v, k.refused("must be a number, it is of type %s", k.v.Type.Name())
	}
	return k.v, nil
}

func (k keyword) positive() (value.Value, error) {
	if f, ok := k.v.AsFloat(); !ok || !(f > 0) || math.IsInf(f, 0) {
		return k.v, k.refused("must be a number larger than 0")
	}
	return k.v, nil
}

func (k keyword) count() (int64, error) {
	n, ok := k.v.AsInt64()
	if !ok || n < 0 {
		return 0, k.refused("must be a whole number, 0 or larger")
	}
	return n, nil
}

func (k keyword) pattern() (*pattern.Pattern, error) {
	text, err := k.text()
	if err != nil {
		return nil, err
	}
	return pattern.Compile(k.at, text, "")
}

// names reads a list of at least one name, each once.
func (k keyword) names() ([]string, error) {
	var out []string
	if k.v.Type != value.TypeArray || k.v.Doc().IsEmpty() {
		return nil, k.refused("must be an array of at least one text")
	}
	for _, v := range k.v.Doc().All() {
		switch {
		case v.Type != value.TypeString:
			return nil, k.refused("must hold texts only")
		case slices.Contains(out, v.Text()):
			return nil, k.refused("holds %q twice", v.Text())
		}
		out = append(out, v.Text())
	}
	return out, nil
}

func (k keyword) types() (uint32, error) {
	names := []string{k.v.Text()}
	switch k.v.Type {
	case value.TypeString:
	case value.TypeArray:
		var err error
		if names, err = k.names(); err != nil {
			return 0, err
		}
	default:
		return 0, k.refused("must be the name of a type, or an array of names")
	}
	var all uint32
	for _, name := range names {
		bits, ok := typeBits(value.String(name))
		if k.name == "type" {
			bits, ok = jsonTypeBits(name)
		}
		if !ok {
			return 0, k.refused("%q is not the name of a type here", name)
		}
		all |= bits
	}
	return all, nil
}

// jsonTypeBits reads the type names of JSON Schema; MongoDB has no "integer".
func jsonTypeBits(name string) (uint32, bool) {
	switch name {
	case "boolean":
		return 1 << value.TypeBool, true
	case "array", "number", "null", "object", "string":
		return typeBits(value.String(name))
	}
	return 0, false
}

func (k keyword) enum() ([]value.Value, error) {
	if k.v.Type != value.TypeArray || k.v.Doc().IsEmpty() {
		return nil, k.refused("must be an array of at least one value")
	}
	var out []value.Value
	for _, v := range k.v.Doc().All() {
		out = append(out, unordered(v))
	}
	slices.SortFunc(out, value.Compare)
	if len(slices.CompactFunc(slices.Clone(out), value.Equal)) < len(out) {
		return nil, k.refused("holds a value twice")
	}
	return out, nil
}

func (k keyword) schemas() ([]*schema, error) {
	if k.v.Type != value.TypeArray || k.v.Doc().IsEmpty() {
		return nil, k.refused("must be an array of at least one schema")
	}
	return k.list()
}

func (k keyword) list() ([]*schema, error) {
	var out []*schema
	for _, v := range k.v.Doc().All() {
		s, err := compileSchema(k.at+"."+strconv.Itoa(len(out)), v)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// items reads one schema for all elements, or a list of one for each.
func (k keyword) items() (all *schema, tuple []*schema, err error) {
	if k.v.Type == value.TypeArray {
		tuple, err = k.list()
		if tuple == nil {
			tuple = []*schema{}
		}
		return nil, tuple, err
	}
	all, err = compileSchema(k.at, k.v)
	return all, nil, err
}

// additional reads true (nil: anything), false or a schema.
func (k keyword) additional() (*schema, error) {
	switch {
	case k.v.Type != value.TypeBool:
		return compileSchema(k.at, k.v)
	case k.v.IsTrue():
		return nil, nil
	}
	return nothing(), nil
}

func (s *schema) addProperties(k keyword) error {
	if err := k.object(); err != nil {
		return err
	}
	if k.name == "properties" {
		s.properties = make(map[string]*schema, k.v.Doc().Len())
	}
	for name, v := range k.v.Doc().All() {
		is, err := compileSchema(k.at+"."+name, v)
		if err != nil {
			return err
		}
		if k.name == "properties" {
			s.properties[name] = is
			continue
		}
		fits, err := pattern.Compile(k.at, name, "")
		if err != nil {
			return err
		}
		s.patterns = append(s.patterns, patternProperty{fits, is})
	}
	return nil
}

func (k keyword) dependencies() (out []dependency, err error) {
	if err := k.object(); err != nil {
		return nil, err
	}
	for name, v := range k.v.Doc().All() {
		one, d := keyword{k.at + "." + name, name, v}, dependency{name: name}
		if v.Type == value.TypeArray {
			d.required, err = one.names()
		} else {
			d.is, err = compileSchema(one.at, v)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}
