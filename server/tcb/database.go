package tcb

import (
	"context"

	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/documents"
	"baas/server/wire"
)

// databaseActions lists both dialects (tcb-wire-protocol.md 6.4 and 6.5). They
// differ in names and in the encoding of documents in replies; requests are
// read in either encoding whatever the name, and replies carry the members of
// both where those do not collide.
func databaseActions() []action {
	return []action{
		{"database.addCollection", rules.Nobody, addCollection},

		{"database.insertDocument", rules.Nobody, insert},
		{"database.getDocument", rules.Nobody, find(listOfTexts)},
		{"database.modifyDocument", rules.Nobody, modify},
		{"database.modifyAndReturnDoc", rules.Nobody, modifyAndReturn},
		{"database.removeDocument", rules.Nobody, remove},
		{"database.calculateDocument", rules.Nobody, count},

		{"database.addDocument", rules.Nobody, insert},
		{"database.queryDocument", rules.Nobody, find(objects)},
		{"database.updateDocument", rules.Nobody, modify},
		{"database.deleteDocument", rules.Nobody, remove},
		{"database.countDocument", rules.Nobody, count},

		{"database.aggregateDocuments", rules.Nobody, aggregateTo(listOfTexts)},
		{"database.aggregate", rules.Nobody, aggregateTo(textOfTexts)},
	}
}

func addCollection(ctx context.Context, c *call) (answer, error) {
	name, err := c.required("collectionName")
	if err != nil {
		return answer{}, err
	}
	return answer{data: []byte("{}")}, c.env.DB.CreateCollection(ctx, c.p, name)
}

// insert takes one document or a list of them. A single one may bring its id
// beside it (old dialect).
func insert(ctx context.Context, c *call) (answer, error) {
	name, err := c.required("collectionName")
	if err != nil {
		return answer{}, err
	}
	docs, err := c.inserts()
	if err != nil {
		return answer{}, err
	}
	store, err := c.store()
	if err != nil {
		return answer{}, err
	}
	ids, err := store.Insert(ctx, c.p, name, docs)
	if err != nil {
		return answer{}, err
	}
	data := []byte(`{`)
	if len(ids) == 1 {
		data = value.AppendPlain(append(data, `"_id":`...), ids[0])
		data = append(data, ',')
	}
	data = documents.AppendIDs(append(data, `"insertedIds":`...), ids)
	return answer{data: append(data, '}')}, nil
}

func (c *call) inserts() ([]value.Doc, error) {
	raw := c.body.Raw("data")
	if raw == nil {
		return nil, fault.Invalid("data", "is required")
	}
	if raw[0] != '[' {
		d, err := documents.ParseDocument("data", raw, c.data())
		if err != nil {
			return nil, err
		}
		d, err = c.withID(d)
		return []value.Doc{d}, err
	}
	list, err := wire.ParseArray("data", raw)
	if err != nil {
		return nil, err
	}
	return documents.ParseDocuments("data", list, c.data())
}

// withID puts the member _id of the request into a document that has none.
func (c *call) withID(d value.Doc) (value.Doc, error) {
	raw := c.body.Raw("_id")
	if raw == nil || !d.Get("_id").IsMissing() {
		return d, nil
	}
	id, err := value.ParseJSONValue(raw, c.data())
	if err != nil {
		return nil, documents.Below("_id", err)
	}
	var b value.Builder
	b.Add("_id", id)
	b.AddAll(d)
	return b.Doc(), nil
}

// appendList appends a JSON array of documents.
func appendList(b []byte, docs []value.Doc, appendOne func([]byte, value.Doc) []byte) []byte {
	b = append(b, '[')
	for i, d := range docs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendOne(b, d)
	}
	return append(b, ']')
}

// listOfTexts appends documents as the new dialect sends them: a list of the
// texts of each.
func listOfTexts(b []byte, docs []value.Doc) []byte {
	var text []byte
	return appendList(b, docs, func(b []byte, d value.Doc) []byte {
		text = value.AppendCanonical(text[:0], value.FromDoc(d))
		return wire.Quote(b, text)
	})
}

// objects appends documents as the old dialect sends them.
func objects(b []byte, docs []value.Doc) []byte {
	return appendList(b, docs, func(b []byte, d value.Doc) []byte { return value.AppendPlain(b, value.FromDoc(d)) })
}

// find returns the action that encodes documents with encode.
func find(encode func([]byte, []value.Doc) []byte) func(context.Context, *call) (answer, error) {
	return func(ctx context.Context, c *call) (answer, error) {
		f, err := c.find()
		if err != nil {
			return answer{}, err
		}
		store, err := c.store()
		if err != nil {
			return answer{}, err
		}
		found, err := f.Run(ctx, store, c.p)
		if err != nil {
			return answer{}, err
		}
		data := encode([]byte(`{"list":`), found.Docs)
		if err := documents.CheckSize(c.p, len(data)); err != nil {
			return answer{}, err
		}
		data = wire.AppendInt(data, "limit", found.Limit)
		data = wire.AppendInt(data, "offset", found.Offset)
		return answer{data: append(data, '}')}, nil
	}
}

func (c *call) find() (documents.Find, error) {
	var f documents.Find
	var err error
	if f.Collection, err = c.required("collectionName"); err != nil {
		return f, err
	}
	if f.Where, err = c.document("query", c.conditions()); err != nil {
		return f, err
	}
	if f.Order, err = c.order(); err != nil {
		return f, err
	}
	if f.Projection, err = c.document("projection", c.conditions()); err != nil {
		return f, err
	}
	if f.Offset, _, err = c.body.Int("offset"); err != nil {
		return f, err
	}
	f.Limit, _, err = c.body.Int("limit")
	return f, err
}

func count(ctx context.Context, c *call) (answer, error) {
	name, err := c.required("collectionName")
	if err != nil {
		return answer{}, err
	}
	where, err := c.document("query", c.conditions())
	if err != nil {
		return answer{}, err
	}
	store, err := c.store()
	if err != nil {
		return answer{}, err
	}
	n, err := documents.Count(ctx, store, c.p, name, where)
	if err != nil {
		return answer{}, err
	}
	return answer{data: append(wire.AppendInt([]byte("{"), "total", n), '}')}, nil
}

func remove(ctx context.Context, c *call) (answer, error) {
	name, err := c.required("collectionName")
	if err != nil {
		return answer{}, err
	}
	where, err := c.document("query", c.conditions())
	if err != nil {
		return answer{}, err
	}
	multi, err := c.body.Bool("multi", false)
	if err != nil {
		return answer{}, err
	}
	store, err := c.store()
	if err != nil {
		return answer{}, err
	}
	n, err := documents.Remove(ctx, store, c.p, name, where, multi)
	if err != nil {
		return answer{}, err
	}
	return answer{data: append(wire.AppendInt([]byte("{"), "deleted", n), '}')}, nil
}

func modify(ctx context.Context, c *call) (answer, error) {
	change, err := c.change()
	if err != nil {
		return answer{}, err
	}
	if change.Merge, err = c.body.Bool("merge", true); err != nil {
		return answer{}, err
	}
	if change.Multi, err = c.body.Bool("multi", false); err != nil {
		return answer{}, err
	}
	if change.Upsert, err = c.body.Bool("upsert", false); err != nil {
		return answer{}, err
	}
	store, err := c.store()
	if err != nil {
		return answer{}, err
	}
	done, err := change.Run(ctx, store, c.p)
	if err != nil {
		return answer{}, err
	}
	data := wire.AppendInt([]byte("{"), "updated", done.Updated)
	// doc.set of the old dialect reads the first, everything else the second.
	data = value.AppendPlain(append(data, `,"upserted_id":`...), done.UpsertedID)
	data = value.AppendPlain(append(data, `,"upsert_id":`...), done.UpsertedID)
	return answer{data: append(data, '}')}, nil
}

// modifyAndReturn changes one document and answers with the new one.
func modifyAndReturn(ctx context.Context, c *call) (answer, error) {
	change, err := c.change()
	if err != nil {
		return answer{}, err
	}
	change.Merge, change.ReturnDoc = true, true
	store, err := c.store()
	if err != nil {
		return answer{}, err
	}
	done, err := change.Run(ctx, store, c.p)
	if err != nil {
		return answer{}, err
	}
	data := wire.AppendInt([]byte("{"), "updated", done.Matched)
	data = append(data, `,"doc":`...)
	if done.Doc == nil {
		return answer{data: append(data, `null}`...)}, nil
	}
	data = wire.Quote(data, value.AppendCanonical(nil, value.FromDoc(done.Doc)))
	return answer{data: append(data, '}')}, nil
}

func (c *call) change() (documents.Change, error) {
	var change documents.Change
	var err error
	if change.Collection, err = c.required("collectionName"); err != nil {
		return change, err
	}
	if change.Where, err = c.document("query", c.conditions()); err != nil {
		return change, err
	}
	if err := change.ReadData("data", c.body.Raw("data"), c.data()); err != nil {
		return change, err
	}
	change.ArrayFilters, err = documents.ParseFilters("arrayFilters", c.body.Raw("arrayFilters"), c.conditions())
	return change, err
}

// aggregateTo returns the action that writes its list with encode.
func aggregateTo(encode func([]byte, []value.Doc) []byte) func(context.Context, *call) (answer, error) {
	return func(ctx context.Context, c *call) (answer, error) {
		name, err := c.required("collectionName")
		if err != nil {
			return answer{}, err
		}
		list, err := c.body.Array("stages")
		if err != nil {
			return answer{}, err
		}
		stages, err := documents.ParseStages("stages", list, c.conditions())
		if err != nil {
			return answer{}, err
		}
		store, err := c.store()
		if err != nil {
			return answer{}, err
		}
		docs, err := documents.Aggregate{Collection: name, Stages: stages}.Run(ctx, store, c.p)
		if err != nil {
			return answer{}, err
		}
		data := encode([]byte(`{"list":`), docs)
		if err := documents.CheckSize(c.p, len(data)); err != nil {
			return answer{}, err
		}
		return answer{data: append(data, '}')}, nil
	}
}

// textOfTexts appends documents as an aggregation of the old dialect returns
// them: one text of a list of texts (tcb-wire-protocol.md 6.5).
func textOfTexts(b []byte, docs []value.Doc) []byte { return wire.Quote(b, listOfTexts(nil, docs)) }
