package query

import (
	"math"

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
	encrypted  bool        // a binary of subtype 6
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
	case "encrypt":
		s.encrypted = true
		err = k.encryption(d)
	case "encryptMetadata":
		err = k.encryption(d)
	case "title", "description":
		_, err = k.text()
	case "$ref", "$schema", "default", "definitions", "format", "id":
		return fault.Refused(k.at, "the keyword is not supported")
	default:
		return fault.Refused(k.at, "unknown keyword of $jsonSchema")
	}
	return err
}
