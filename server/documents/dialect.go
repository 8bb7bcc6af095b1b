package documents

import (
	"bytes"
	"errors"
	"strings"

	"baas/db/fault"
	"baas/db/value"
	"baas/server/wire"
)

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

// ParseDocuments reads a list of documents in either dialect.
func ParseDocuments(field string, list [][]byte, o value.ParseOptions) ([]value.Doc, error) {
	if len(list) == 0 {
		return nil, fault.Invalid(field, "must hold at least one document")
	}
	docs := make([]value.Doc, len(list))
	for i, raw := range list {
		d, err := ParseDocument(field, raw, o)
		if err != nil {
			return nil, err
		}
		docs[i] = d
	}
	return docs, nil
}

// ParseFilters reads the conditions on array elements of an update, as a JSON
// list or its text; nil raw is none.
func ParseFilters(field string, raw []byte, o value.ParseOptions) ([]value.Doc, error) {
	if raw == nil {
		return nil, nil
	}
	if text, ok := wire.Unquote(raw); ok {
		raw = []byte(text)
	}
	list, err := wire.ParseArray(field, raw)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return ParseDocuments(field, list, o)
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

// AppendIDs appends document ids as a JSON array, each as it is: ids are not
// wrapped in extended JSON in any dialect.
func AppendIDs(b []byte, ids []value.Value) []byte {
	b = append(b, '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = value.AppendPlain(b, id)
	}
	return append(b, ']')
}
