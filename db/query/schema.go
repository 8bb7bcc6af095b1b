package query

import (
	"math"
	"slices"
	"strconv"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

// Schema is a compiled $jsonSchema: MongoDB's subset of JSON Schema draft 4. It
// is immutable and safe for concurrent use.
//
// A keyword speaks of values of its own types only: {"maximum": 5} holds for
// every text. Paths do not walk through arrays here.
type Schema struct{ root schema }

// CompileSchema reads a schema; at names the place in errors, and may be "". A
// keyword that does not exist or is not supported, or one whose operand has the
// wrong shape, is a DatabaseFailed that names it; a document beyond the limits of
// value.Check an InvalidParam.
func CompileSchema(at string, d value.Doc) (*Schema, error) {
	if err := value.Check(d); err != nil {
		return nil, err
	}
	if at == "" {
		at = "$jsonSchema"
	}
	root, err := compileSchema(at, value.FromDoc(d).Clone())
	if err != nil {
		return nil, err
	}
	return &Schema{*root}, nil
}

// Check returns nil when d fulfils the schema, and else a DatabaseFailed that
// names the member at fault and what is asked of it, never what is stored.
// Other errors are those of [Filter.MatchWithin].
func (s *Schema) Check(m *effort.Meter, d value.Doc) error {
	v := validation{run: run{patterns: pattern.Run{Meter: m}}, explain: true}
	ok := v.holds(&s.root, value.FromDoc(d))
	if err := v.run.end(); err != nil || ok {
		return err
	}
	return v.fault()
}

func (s *Schema) holds(m *effort.Meter, d value.Value) (bool, error) {
	v := validation{run: run{patterns: pattern.Run{Meter: m}}}
	ok := v.holds(&s.root, d)
	return ok, v.run.end()
}

func jsonSchema(o operand) (node, error) {
	if o.v.Type != value.TypeObject {
		return node{}, fault.Refused(o.at, "must be an object")
	}
	root, err := compileSchema(o.at, o.v)
	if err != nil {
		return node{}, err
	}
	return node{kind: kindWhole, ask: &Schema{*root}}, nil
}

// span is the allowed range of a count.
type span struct{ least, most int64 }

func (s span) holds(n int) bool { return s.least <= int64(n) && int64(n) <= s.most }

// schema is one level of a schema; the zero one, with spans, holds for anything.
type schema struct {
	types      uint32 // bit t for type t
	typed      bool
	least      value.Value // minimum, Missing for none
	most       value.Value // maximum
	above      bool        // exclusiveMinimum
	below      bool        // exclusiveMaximum
	multipleOf value.Value
	length     span
	pattern    *pattern.Pattern
	enum       []value.Value // with members in canonical order, sorted; nil for none

	elements span
	unique   bool
	items    *schema   // of every element
	tuple    []*schema // of the first elements, instead
	more     *schema   // of the elements behind the tuple

	members      span
	required     []string
	properties   map[string]*schema
	patterns     []patternProperty
	additional   *schema // of the members that neither names
	dependencies []dependency

	allOf, anyOf, oneOf []*schema
	not                 *schema
}

// patternProperty is what a member whose name fits must fulfil.
type patternProperty struct {
	name *pattern.Pattern
	is   *schema
}

// dependency is what must hold when there is a member of that name.
type dependency struct {
	name     string
	required []string
	is       *schema // nil: only required
}

// nothing is the schema that no value fulfils.
func nothing() *schema {
	return &schema{typed: true, length: anything, elements: anything, members: anything}
}

var anything = span{0, math.MaxInt64}

func compileSchema(at string, v value.Value) (*schema, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be a schema object, it is of type %s", v.Type.Name())
	}
	s := &schema{length: anything, elements: anything, members: anything}
	d := v.Doc()
	for name, operand := range d.All() {
		if err := s.keyword(keyword{at + "." + name, name, operand}, d); err != nil {
			return nil, err
		}
	}
	if s.above && s.least.IsMissing() {
		return nil, fault.Refused(at+".exclusiveMinimum", "needs a minimum beside it")
	}
	if s.below && s.most.IsMissing() {
		return nil, fault.Refused(at+".exclusiveMaximum", "needs a maximum beside it")
	}
	return s, nil
}

// keyword is one member of a schema.
type keyword struct {
	at, name string
	v        value.Value
}

// keyword reads one keyword of d: one line adds one.
func (s *schema) keyword(k keyword, d value.Doc) (err error) {
	switch k.name {
	case "type", "bsonType":
		if k.name == "type" && !d.Get("bsonType").IsMissing() {
			return fault.Refused(k.at, "give either type or bsonType")
		}
		s.typed = true
		s.types, err = k.types()
	case "enum":
		s.enum, err = k.enum()
	case "minimum":
		s.least, err = k.number()
	case "maximum":
		s.most, err = k.number()
	case "exclusiveMinimum":
		s.above, err = k.flag()
	case "exclusiveMaximum":
		s.below, err = k.flag()
	case "multipleOf":
		s.multipleOf, err = k.positive()
	case "minLength":
		s.length.least, err = k.count()
	case "maxLength":
		s.length.most, err = k.count()
	case "pattern":
		s.pattern, err = k.pattern()
	case "minItems":
		s.elements.least, err = k.count()
	case "maxItems":
		s.elements.most, err = k.count()
	case "uniqueItems":
		s.unique, err = k.flag()
	case "items":
		s.items, s.tuple, err = k.items()
	case "additionalItems":
		s.more, err = k.additional()
	case "minProperties":
		s.members.least, err = k.count()
	case "maxProperties":
		s.members.most, err = k.count()
	case "required":
		s.required, err = k.names()
	case "properties", "patternProperties":
		err = s.addProperties(k)
	case "additionalProperties":
		s.additional, err = k.additional()
	case "dependencies":
		s.dependencies, err = k.dependencies()
	case "allOf":
		s.allOf, err = k.schemas()
	case "anyOf":
		s.anyOf, err = k.schemas()
	case "oneOf":
		s.oneOf, err = k.schemas()
	case "not":
		s.not, err = compileSchema(k.at, k.v)
	case "title", "description":
		_, err = k.text()
	case "$ref", "$schema", "default", "definitions", "format", "id":
		return fault.Refused(k.at, "the keyword is not supported")
	default:
		return fault.Refused(k.at, "unknown keyword of $jsonSchema")
	}
	return err
}

func (k keyword) refused(format string, args ...any) error {
	return fault.Refused(k.at, format, args...)
}

func (k keyword) text() (string, error) {
	if k.v.Type != value.TypeString {
		return "", k.refused("must be a text, it is of type %s", k.v.Type.Name())
	}
	return k.v.Text(), nil
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
	if k.v.Type != value.TypeObject {
		return k.refused("must be an object of schemas, it is of type %s", k.v.Type.Name())
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
	if k.v.Type != value.TypeObject {
		return nil, k.refused("must be an object, it is of type %s", k.v.Type.Name())
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
