package tcb

import (
	"bytes"
	"errors"
	"strings"

	"baas/db/fault"
	"baas/db/value"
	"baas/server/wire"
)

// required returns a string member that must be there and not be empty.
func (c *call) required(name string) (string, error) {
	text, err := c.body.Text(name)
	if err == nil && text == "" {
		err = fault.Invalid(name, "is required")
	}
	return text, err
}

// conditions reads documents as conditions, data as what is to be stored: the
// old dialect's regular expressions are operators in the one and values in the
// other.
func (c *call) conditions() value.ParseOptions { return value.ParseOptions{Now: c.now} }

func (c *call) data() value.ParseOptions {
	return value.ParseOptions{Now: c.now, RegexValues: true}
}

// document returns a member that holds a document: an object, or a string with
// its text (the new dialect). Nil when it is absent or null.
func (c *call) document(name string, o value.ParseOptions) (value.Doc, error) {
	raw := c.body.Raw(name)
	if raw == nil {
		return nil, nil
	}
	return ParseDocument(name, raw, o)
}

// ParseDocument reads a document in either dialect: a JSON object, or a JSON
// string that holds the text of one. Errors name the field and the path in it.
func ParseDocument(field string, raw []byte, o value.ParseOptions) (value.Doc, error) {
	if text, ok := wire.Unquote(raw); ok {
		raw = []byte(text)
	}
	d, err := value.ParseJSON(raw, o)
	return d, Below(field, err)
}

// Below moves the field that an error names below another: "a.b: …" in the
// document of the member query becomes "query.a.b: …".
func Below(field string, err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	moved := *e
	moved.Field = field
	text, named := strings.CutPrefix(e.Msg, e.Field+": ")
	if named && e.Field != "JSON" {
		moved.Field = field + "." + e.Field
	}
	moved.Msg = moved.Field + ": " + text
	return &moved
}

// order returns the sort order. The new dialect sends the text of an object
// {"field": -1} whose key order counts, the old one a list of {field,
// direction} (tcb-wire-protocol.md 6.4, 6.5).
func (c *call) order() (value.Doc, error) {
	raw := c.body.Raw("order")
	if raw == nil {
		return nil, nil
	}
	return ParseOrder("order", raw)
}

// ParseOrder reads a sort order in any of its forms: {"field": 1|-1} or
// [{"field","direction":"asc"|"desc"}], as JSON or as its text. Code:
// InvalidParam naming the field.
func ParseOrder(field string, raw []byte) (value.Doc, error) {
	if text, ok := wire.Unquote(raw); ok {
		raw = []byte(text)
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '[' {
		d, err := value.ParseJSON(raw, value.ParseOptions{})
		return d, Below(field, err)
	}
	list, err := wire.ParseArray(field, raw)
	if err != nil {
		return nil, err
	}
	var b value.Builder
	for _, item := range list {
		o, err := wire.ParseObject(field, item)
		if err != nil {
			return nil, err
		}
		name, err := o.Text("field")
		if err != nil || name == "" {
			return nil, fault.Invalid(field+".field", "must be the name of a field")
		}
		direction, err := o.Text("direction")
		if err != nil || direction != "asc" && direction != "desc" {
			return nil, fault.Invalid(field+".direction", "must be asc or desc")
		}
		sign := int32(1)
		if direction == "desc" {
			sign = -1
		}
		b.AddInt32(name, sign)
	}
	return b.Doc(), nil
}
