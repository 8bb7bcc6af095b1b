package tcb

import (
	"baas/db/fault"
	"baas/db/value"
	"baas/server/documents"
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
	return documents.ParseDocument(name, raw, o)
}

// order returns the sort order. The new dialect sends the text of an object
// {"field": -1} whose key order counts, the old one a list of {field,
// direction} (tcb-wire-protocol.md 6.4, 6.5).
func (c *call) order() (value.Doc, error) {
	raw := c.body.Raw("order")
	if raw == nil {
		return nil, nil
	}
	return documents.ParseOrder("order", raw)
}
