package tcb

import (
	"context"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/documents"
	"baas/server/wire"
)

// transactionActions lists what begins and ends transactions, and the old
// dialect's operations in them (tcb-wire-protocol.md 6.7). Those of the new
// dialect are the ordinary ones with a transactionId; both sorts may be mixed.
func transactionActions() []action {
	return []action{
		{"database.startTransaction", rules.Nobody, startTransaction},
		{"database.commitTransaction", rules.Nobody, endTransaction((*db.Transaction).Commit)},
		{"database.abortTransaction", rules.Nobody, endTransaction((*db.Transaction).Abort)},

		{"database.getInTransaction", rules.Nobody, getInTransaction},
		{"database.insertDocInTransaction", rules.Nobody, insertInTransaction},
		{"database.updateDocInTransaction", rules.Nobody, updateInTransaction},
		{"database.deleteDocInTransaction", rules.Nobody, deleteInTransaction},
	}
}

func startTransaction(ctx context.Context, c *call) (answer, error) {
	id, err := c.env.DB.Begin(ctx, c.p)
	if err != nil {
		return answer{}, err
	}
	return answer{top: wire.AppendText(nil, "transactionId", id)}, nil
}

func endTransaction(end func(*db.Transaction, context.Context) error) func(context.Context, *call) (answer, error) {
	return func(ctx context.Context, c *call) (answer, error) {
		id, err := c.required("transactionId")
		if err != nil {
			return answer{}, err
		}
		t, err := c.env.DB.Transaction(c.p, id)
		if err != nil {
			return answer{}, err
		}
		return answer{}, end(t, ctx)
	}
}

// store returns where the call reads and writes: the transaction that its
// transactionId names, or the engine.
func (c *call) store() (documents.Store, error) {
	id, err := c.body.Text("transactionId")
	if err != nil {
		return nil, err
	}
	return documents.Within(c.env.DB, c.p, id)
}

// transaction returns the transaction that an action of the old dialect needs.
func (c *call) transaction() (documents.Store, error) {
	if _, err := c.required("transactionId"); err != nil {
		return nil, err
	}
	return c.store()
}

// target reads which documents an action of the old dialect means: its query,
// or its _id, the older form. one reports whether that is a single document by
// its id.
func (c *call) target() (where value.Doc, one bool, err error) {
	if raw := c.body.Raw("_id"); raw != nil {
		id, err := value.ParseJSONValue(raw, c.conditions())
		if err != nil {
			return nil, false, documents.Below("_id", err)
		}
		var b value.Builder
		b.Add("_id", id)
		return b.Doc(), true, nil
	}
	if where, err = c.document("query", c.conditions()); err != nil {
		return nil, false, err
	}
	return where, namesOne(where), nil
}

// namesOne reports whether a condition is {"_id": id} or {"_id": {"$eq": id}}.
func namesOne(where value.Doc) bool {
	id := where.Get("_id")
	if id.IsMissing() || where.Len() != 1 {
		return false
	}
	return id.Type != value.TypeObject || id.Doc().Len() == 1 && !id.Doc().Get("$eq").IsMissing()
}

// getInTransaction answers the text of a document or of null, and for any other
// condition than one on the id the text of a list. The SDK counts by the same
// action: without a limit, the number of all matches stands beside the list.
func getInTransaction(ctx context.Context, c *call) (answer, error) {
	store, err := c.transaction()
	if err != nil {
		return answer{}, err
	}
	f, err := c.find()
	if err != nil {
		return answer{}, err
	}
	where, one, err := c.target()
	if err != nil {
		return answer{}, err
	}
	f.Where = where
	found, err := f.Run(ctx, store, c.p)
	if err != nil {
		return answer{}, err
	}
	text := []byte("null")
	var top []byte
	switch {
	case !one:
		text = appendList(nil, found.Docs, func(b []byte, d value.Doc) []byte { return value.AppendCanonical(b, value.FromDoc(d)) })
		if top, err = c.pageOf(ctx, store, f, found); err != nil {
			return answer{}, err
		}
	case len(found.Docs) > 0:
		text = value.AppendCanonical(nil, value.FromDoc(found.Docs[0]))
	}
	if err := documents.CheckSize(c.p, len(text)); err != nil {
		return answer{}, err
	}
	return answer{data: wire.Quote(nil, text), top: top}, nil
}

// pageOf writes what stands beside a list.
func (c *call) pageOf(ctx context.Context, store documents.Store, f documents.Find, found documents.Found) ([]byte, error) {
	top := wire.AppendInt(wire.AppendInt(nil, "limit", found.Limit), "offset", found.Offset)
	if f.Limit != 0 {
		return top, nil
	}
	n, err := documents.Count(ctx, store, c.p, f.Collection, f.Where)
	return wire.AppendInt(top, "total", n), err
}

func insertInTransaction(ctx context.Context, c *call) (answer, error) {
	store, err := c.transaction()
	if err != nil {
		return answer{}, err
	}
	name, err := c.required("collectionName")
	if err != nil {
		return answer{}, err
	}
	docs, err := c.inserts()
	if err != nil {
		return answer{}, err
	}
	ids, err := store.Insert(ctx, c.p, name, docs)
	if err != nil {
		return answer{}, err
	}
	top := appendNumberText(appendNumberText(nil, "inserted", int64(len(ids))), "ok", 1)
	if len(ids) == 1 {
		top = value.AppendPlain(wire.AppendName(top, "_id"), ids[0])
	}
	return answer{top: top}, nil
}

// updateInTransaction replaces or makes a document with upsert, as doc.set
// sends it, and changes what matches otherwise.
func updateInTransaction(ctx context.Context, c *call) (answer, error) {
	store, err := c.transaction()
	if err != nil {
		return answer{}, err
	}
	change, err := c.change()
	if err != nil {
		return answer{}, err
	}
	where, one, err := c.target()
	if err != nil {
		return answer{}, err
	}
	if change.Upsert, err = c.body.Bool("upsert", false); err != nil {
		return answer{}, err
	}
	change.Where, change.Merge, change.Multi = where, !change.Upsert, !one
	done, err := change.Run(ctx, store, c.p)
	if err != nil {
		return answer{}, err
	}
	top := appendNumberText(nil, "updated", done.Updated)
	if !done.UpsertedID.IsMissing() {
		list := value.AppendPlain([]byte(`[{"_id":`), done.UpsertedID)
		top = wire.AppendText(top, "upserted", string(append(list, `}]`...)))
	}
	return answer{top: top}, nil
}

func deleteInTransaction(ctx context.Context, c *call) (answer, error) {
	store, err := c.transaction()
	if err != nil {
		return answer{}, err
	}
	name, err := c.required("collectionName")
	if err != nil {
		return answer{}, err
	}
	where, one, err := c.target()
	if err != nil {
		return answer{}, err
	}
	if where == nil {
		return answer{}, fault.Invalid("query", "is required; send {} for every document")
	}
	n, err := documents.Remove(ctx, store, c.p, name, where, !one)
	if err != nil {
		return answer{}, err
	}
	return answer{top: appendNumberText(nil, "deleted", n)}, nil
}

// appendNumberText appends a member whose value is the text of a number in
// extended JSON.
func appendNumberText(b []byte, name string, n int64) []byte {
	return wire.Quote(wire.AppendName(b, name), value.AppendCanonical(nil, value.Int(n)))
}
