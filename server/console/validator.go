package console

import (
	"encoding/json"

	"baas/db/value"
)

func validator(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	schema, err := e.DB.Validator(in.r.Context(), in.principal(), name)
	if err != nil {
		return nil, err
	}
	return schemaView(schema), nil
}

func schemaView(schema value.Doc) map[string]any {
	if schema == nil {
		return map[string]any{"schema": nil}
	}
	return map[string]any{"schema": json.RawMessage(value.AppendReadable(nil, value.FromDoc(schema)))}
}

// schema reads the member schema of a body; nil for null, and when it is absent.
func (in *call) schema() (value.Doc, error) {
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	raw := body.Raw("schema")
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	return value.ParseJSON(raw, value.ParseOptions{})
}

// setValidator takes {schema}; null lifts the rule.
func setValidator(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	schema, err := in.schema()
	if err != nil {
		return nil, err
	}
	return schemaView(schema), e.DB.SetValidator(in.r.Context(), in.principal(), name, schema)
}

// violationView is a document that the schema does not admit.
type violationView struct {
	ID   json.RawMessage `json:"id"`
	Path string          `json:"path"`
	Text string          `json:"text"`
}

// checkDocuments holds the documents that are there against {schema}, or the
// collection's own.
func checkDocuments(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	schema, err := in.schema()
	if err != nil {
		return nil, err
	}
	found, err := e.DB.CheckDocuments(in.r.Context(), in.principal(), name, schema)
	if err != nil {
		return nil, err
	}
	first := []violationView{}
	for _, v := range found.First {
		first = append(first, violationView{strictJSON(v.ID), v.Path, v.Text})
	}
	return map[string]any{"documents": found.Documents, "failed": found.Failed, "first": first}, nil
}
