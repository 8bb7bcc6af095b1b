package console

import (
	"encoding/json"

	"baas/db"
	"baas/db/fault"
	"baas/db/value"
)

const (
	defaultPage = 20
	maxPage     = 100      // documents in one reply
	maxPageSize = 16 << 20 // bytes of them
)

// documents answers one page of a collection in canonical EJSON. query and
// sort are EJSON objects in the query string.
func documents(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	req := db.FindRequest{}
	if req.Collection, err = in.param("collection"); err != nil {
		return nil, err
	}
	if req.Query, err = c.document(in, "query"); err != nil {
		return nil, err
	}
	if req.Sort, err = c.document(in, "sort"); err != nil {
		return nil, err
	}
	if req.Skip, err = in.number("skip", 0, 0, 1<<31); err != nil {
		return nil, err
	}
	if req.Limit, err = in.number("limit", defaultPage, 1, maxPage); err != nil {
		return nil, err
	}
	docs, err := e.DB.Find(in.r.Context(), in.principal(), req)
	if err != nil {
		return nil, err
	}
	list, size := []json.RawMessage{}, 0
	for _, d := range docs {
		if size += len(d); size > maxPageSize {
			return nil, fault.New(fault.ResultTooLarge, "limit: these documents are too large to show together; ask for fewer")
		}
		list = append(list, value.AppendCanonical(nil, value.FromDoc(d)))
	}
	return map[string]any{"list": list}, nil
}

// document reads an EJSON object of the query string; nil when it is absent.
func (c *Console) document(in *call, name string) (value.Doc, error) {
	text := in.r.URL.Query().Get(name)
	if text == "" {
		return nil, nil
	}
	return value.ParseJSON([]byte(text), value.ParseOptions{Now: c.o.Now()})
}
