package gateway

import (
	"context"

	"baas/db/fault"
	"baas/db/value"
	"baas/server/documents"
	"baas/server/wire"
)

// defaultLimit is how many documents a caller gets who does not say
// (tcb-wire-protocol.md 10). The SDK always says.
const defaultLimit = 20

func addCollection(ctx context.Context, in *request) ([]byte, error) {
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	name, err := body.Text("collectionName")
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, fault.Invalid("collectionName", "is required")
	}
	return []byte("{}"), in.env.DB.CreateCollection(ctx, in.p, name)
}

// find answers a list of documents, or with count=true their number.
func find(ctx context.Context, in *request) ([]byte, error) {
	store, err := in.store(in.query.Get("transactionId"))
	if err != nil {
		return nil, err
	}
	where, err := in.queryDocument("query")
	if err != nil {
		return nil, err
	}
	if in.query.Get("count") == "true" {
		n, err := documents.Count(ctx, store, in.p, in.param("collection"), where)
		return append(wire.AppendInt([]byte("{"), "total", n), '}'), err
	}
	f := documents.Find{Collection: in.param("collection"), Where: where, Default: defaultLimit}
	if f.Projection, err = in.queryDocument("projection"); err != nil {
		return nil, err
	}
	if text := in.query.Get("order"); text != "" {
		if f.Order, err = documents.ParseOrder("order", []byte(text)); err != nil {
			return nil, err
		}
	}
	if f.Offset, err = in.queryInt("offset"); err != nil {
		return nil, err
	}
	if f.Limit, err = in.queryInt("limit"); err != nil {
		return nil, err
	}
	found, err := f.Run(ctx, store, in.p)
	if err != nil {
		return nil, err
	}
	out := wire.AppendInt([]byte("{"), "offset", found.Offset)
	out = wire.AppendInt(out, "limit", found.Limit)
	out = append(list(out, found.Docs), '}')
	return out, documents.CheckSize(in.p, len(out))
}

// list appends the member with the documents.
func list(out []byte, docs []value.Doc) []byte {
	out = append(wire.AppendName(out, "list"), '[')
	for i, d := range docs {
		if i > 0 {
			out = append(out, ',')
		}
		out = value.AppendCanonical(out, value.FromDoc(d))
	}
	return append(out, ']')
}

// aggregate answers what a pipeline makes of the collection.
func aggregate(ctx context.Context, in *request) ([]byte, error) {
	body, store, err := in.asked()
	if err != nil {
		return nil, err
	}
	stages, err := documents.ParsePipeline("pipeline", body.Raw("pipeline"), in.conditions())
	if err != nil {
		return nil, err
	}
	docs, err := documents.Aggregate{Collection: in.param("collection"), Stages: stages}.Run(ctx, store, in.p)
	if err != nil {
		return nil, err
	}
	out := append(list([]byte("{"), docs), '}')
	return out, documents.CheckSize(in.p, len(out))
}

func insert(ctx context.Context, in *request) ([]byte, error) {
	body, store, err := in.asked()
	if err != nil {
		return nil, err
	}
	texts, err := body.Array("data")
	if err != nil {
		return nil, err
	}
	docs, err := documents.ParseDocuments("data", texts, in.data())
	if err != nil {
		return nil, err
	}
	ids, err := store.Insert(ctx, in.p, in.param("collection"), docs)
	if err != nil {
		return nil, err
	}
	return append(documents.AppendIDs([]byte(`{"insertedIds":`), ids), '}'), nil
}

func update(ctx context.Context, in *request) ([]byte, error) {
	body, store, err := in.asked()
	if err != nil {
		return nil, err
	}
	c, err := in.change(body)
	if err != nil {
		return nil, err
	}
	if c.Where, err = in.document(body, "query", in.conditions()); err != nil {
		return nil, err
	}
	if c.Multi, err = body.Bool("multi", false); err != nil {
		return nil, err
	}
	done, err := c.Run(ctx, store, in.p)
	if err != nil {
		return nil, err
	}
	return append(changed(done), '}'), nil
}

// change reads what updates of many and of one have in common. Without
// replaceMode a plain document is merged, as the public API says; the SDK's
// doc.set sends it that way and merges too.
func (in *request) change(body wire.Object) (documents.Change, error) {
	c := documents.Change{Collection: in.param("collection")}
	if err := c.ReadData("data", body.Raw("data"), in.data()); err != nil {
		return c, err
	}
	var err error
	if c.ArrayFilters, err = documents.ParseFilters("arrayFilters", body.Raw("arrayFilters"), in.conditions()); err != nil {
		return c, err
	}
	replace, err := body.Bool("replaceMode", false)
	if err != nil {
		return c, err
	}
	c.Merge = !replace
	c.Upsert, err = body.Bool("upsert", false)
	return c, err
}

// changed begins the reply to an update. The docs name the id of a new
// document upsert_id, the SDK reads upserted_id.
func changed(done documents.Changed) []byte {
	out := wire.AppendInt([]byte("{"), "updated", done.Updated)
	out = wire.AppendInt(out, "matched", done.Matched)
	out = value.AppendPlain(wire.AppendName(out, "upsert_id"), done.UpsertedID)
	return value.AppendPlain(wire.AppendName(out, "upserted_id"), done.UpsertedID)
}

// remove demands a condition: an empty one would empty the collection.
func remove(ctx context.Context, in *request) ([]byte, error) {
	body, store, err := in.asked()
	if err != nil {
		return nil, err
	}
	where, err := in.document(body, "query", in.conditions())
	if err != nil {
		return nil, err
	}
	if where.IsEmpty() {
		return nil, fault.Invalid("query", "must hold at least one condition")
	}
	multi, err := body.Bool("multi", false)
	if err != nil {
		return nil, err
	}
	n, err := documents.Remove(ctx, store, in.p, in.param("collection"), where, multi)
	return deleted(n), err
}

func deleted(n int64) []byte { return append(wire.AppendInt([]byte("{"), "deleted", n), '}') }

// asked takes a body apart and finds the store that it is meant for.
func (in *request) asked() (wire.Object, documents.Store, error) {
	body, err := in.object()
	if err != nil {
		return body, nil, err
	}
	id, err := body.Text("transactionId")
	if err != nil {
		return body, nil, err
	}
	store, err := in.store(id)
	return body, store, err
}

func (in *request) conditions() value.ParseOptions { return value.ParseOptions{Now: in.now} }

func (in *request) data() value.ParseOptions {
	return value.ParseOptions{Now: in.now, RegexValues: true}
}

func (in *request) document(body wire.Object, name string, o value.ParseOptions) (value.Doc, error) {
	raw := body.Raw(name)
	if raw == nil {
		return nil, nil
	}
	return documents.ParseDocument(name, raw, o)
}

// queryDocument reads a document whose text stands in the query string.
func (in *request) queryDocument(name string) (value.Doc, error) {
	text := in.query.Get(name)
	if text == "" {
		return nil, nil
	}
	return documents.ParseDocument(name, []byte(text), in.conditions())
}

func (in *request) queryInt(name string) (int64, error) {
	text := in.query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, ok := wire.ParseInt(text)
	if !ok {
		return 0, fault.Invalid(name, "must be a whole number")
	}
	return n, nil
}
