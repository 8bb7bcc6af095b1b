package wire

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"baas/db/fault"
)

// Limits of one body.
const (
	MaxDepth = 100     // levels of objects and arrays, the body itself included
	MaxNodes = 100_000 // members and elements, all levels together
)

// Member is one member of an object.
type Member struct {
	Name string
	Raw  []byte // the value's JSON text exactly as sent; aliases the body
}

// Object is a JSON object whose members have not been decoded. The zero Object
// is empty. It aliases the text it was parsed from and is safe for concurrent
// reading.
type Object struct {
	members []Member
	index   map[string]int
}

// ParseObject takes a JSON object apart. It refuses text that is not JSON, a
// name that stands twice in any object, and what passes the limits, with
// INVALID_PARAM naming field. Texts that are no Unicode (lone surrogates, as
// JavaScript can produce) are let through.
func ParseObject(field string, text []byte) (Object, error) {
	if err := check(field, text); err != nil {
		return Object{}, err
	}
	dec := newDecoder(text)
	if dec.PeekKind() != '{' {
		return Object{}, notA(field, "an object", dec, text)
	}
	o := Object{index: map[string]int{}}
	if _, err := dec.ReadToken(); err != nil {
		return Object{}, syntax(field, err)
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return Object{}, syntax(field, err)
		}
		key := name.String()
		raw, err := readRaw(dec, text)
		if err != nil {
			return Object{}, syntax(field, err)
		}
		o.index[key] = len(o.members)
		o.members = append(o.members, Member{key, raw})
	}
	return o, finish(field, dec)
}

// ParseArray takes a JSON array apart into the texts of its elements, under
// the rules of ParseObject.
func ParseArray(field string, text []byte) ([][]byte, error) {
	if err := check(field, text); err != nil {
		return nil, err
	}
	dec := newDecoder(text)
	if dec.PeekKind() != '[' {
		return nil, notA(field, "an array", dec, text)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, syntax(field, err)
	}
	var list [][]byte
	for dec.PeekKind() != ']' {
		raw, err := readRaw(dec, text)
		if err != nil {
			return nil, syntax(field, err)
		}
		list = append(list, raw)
	}
	return list, finish(field, dec)
}

// check enforces the limits by a scan that does not recurse and allocates
// nothing, before any parser sees the text. Text that is not JSON may pass.
func check(field string, text []byte) error {
	depth, nodes := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringLen(text[i+1:])
		case '{', '[':
			if depth++; depth > MaxDepth {
				return fault.Invalid(field, "nested deeper than %d levels", MaxDepth)
			}
			nodes++
		case '}', ']':
			depth--
		case ',':
			nodes++
		}
		if nodes > MaxNodes {
			return fault.Invalid(field, "holds more than %d values", MaxNodes)
		}
	}
	return nil
}

// stringLen returns the length of a JSON string's rest, its closing quote
// included.
func stringLen(rest []byte) int {
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(rest)
}

func newDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true))
}

// readRaw returns the next value's text as a slice of text itself.
func readRaw(dec *jsontext.Decoder, text []byte) ([]byte, error) {
	v, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(dec.InputOffset())
	return text[end-len(v) : end : end], nil
}

// finish reads the closing bracket and demands the end of the text.
func finish(field string, dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return syntax(field, err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return fault.Invalid(field, "something follows the JSON value; send one value")
	}
	return nil
}

func notA(field, want string, dec *jsontext.Decoder, text []byte) error {
	if _, err := dec.ReadValue(); err != nil && len(bytes.TrimSpace(text)) > 0 {
		return syntax(field, err)
	}
	return fault.Invalid(field, "must be %s in JSON", want)
}

// syntax makes the error for text that is not JSON. It says where, not what
// stands there.
func syntax(field string, err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return fault.Invalid(field, "the name %q stands twice in one object", e.JSONPointer.LastToken())
		}
	}
	at := int64(0)
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = e.ByteOffset
	}
	return fault.Invalid(field, "is not valid JSON near byte %d", at)
}

// All yields the members in the order in which they were sent.
func (o Object) All() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for _, m := range o.members {
			if !yield(m) {
				return
			}
		}
	}
}

// Raw returns the text of a member's value; nil when it is absent or null.
func (o Object) Raw(name string) []byte {
	i, ok := o.index[name]
	if !ok || o.members[i].Raw[0] == 'n' {
		return nil
	}
	return o.members[i].Raw
}

// Text returns a member that must be a string; empty when it is absent or null.
func (o Object) Text(name string) (string, error) {
	raw := o.Raw(name)
	if raw == nil {
		return "", nil
	}
	text, ok := Unquote(raw)
	if !ok {
		return "", fault.Invalid(name, "must be a string")
	}
	return text, nil
}

// Bool returns a member that must be true or false; absent or null reads as
// otherwise.
func (o Object) Bool(name string, otherwise bool) (bool, error) {
	switch raw := o.Raw(name); {
	case raw == nil:
		return otherwise, nil
	case raw[0] == 't':
		return true, nil
	case raw[0] == 'f':
		return false, nil
	}
	return false, fault.Invalid(name, "must be true or false")
}

// Int returns a member that must be a whole number; ok is false when it is
// absent or null.
func (o Object) Int(name string) (n int64, ok bool, err error) {
	raw := o.Raw(name)
	if raw == nil {
		return 0, false, nil
	}
	n, ok = ParseInt(string(raw))
	if !ok {
		return 0, false, fault.Invalid(name, "must be a whole number")
	}
	return n, true, nil
}

// Array returns the element texts of a member that must be an array; nil when
// it is absent or null.
func (o Object) Array(name string) ([][]byte, error) {
	raw := o.Raw(name)
	if raw == nil {
		return nil, nil
	}
	return ParseArray(name, raw)
}

// Unquote decodes a JSON string; ok is false when raw is another kind of value.
func Unquote(raw []byte) (text string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	out, _ := jsontext.AppendUnquote(nil, raw) // replaces what is no Unicode
	return string(out), true
}

// ParseInt reads a whole number as JSON or a query string spells it ("5",
// "5.0", "1e3").
func ParseInt(text string) (n int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// CheckCount refuses a list that is empty or holds more than most entries, with
// INVALID_PARAM naming field.
func CheckCount(field string, n, most int) error {
	if n < 1 || n > most {
		return fault.Invalid(field, "must be a list of 1 to %d entries, it holds %d", most, n)
	}
	return nil
}
