package db

import (
	"bytes"
	"context"

	"baas/db/effort"
	"baas/db/kv"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/update"
	"baas/db/value"
)

// Insert is Engine.Insert into what the transaction sees. An id that is taken
// in the snapshot is a DuplicateWrite at once; one that others have taken since
// is a conflict, at once or at Commit. Values of a unique index are compared at
// Commit.
func (t *Transaction) Insert(ctx context.Context, p rules.Principal, coll string, docs []value.Doc) ([]value.Value, error) {
	fresh, ids, err := t.e.prepareAll(p, docs)
	if err != nil {
		return nil, err
	}
	err = t.operate(ctx, p, func() error {
		g, err := t.enter(ctx, p, coll, rules.Create, nil)
		if err != nil {
			return err
		}
		return t.insert(ctx, g, fresh, ids)
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// insert notes new documents.
func (t *transaction) insert(ctx context.Context, g grant, docs []value.Doc, ids []value.Value) error {
	writes := make([]txn.Write, len(docs))
	given := map[string]struct{}{}
	valid := t.validation(ctx, g)
	for i, d := range docs {
		key := keyOf(ids[i])
		if _, twice := given[key]; twice {
			return duplicateID(g.coll.name, ids[i])
		}
		given[key] = struct{}{}
		if err := valid(d); err != nil {
			return err
		}
		if err := t.free(ctx, g, ids[i], key); err != nil {
			return err
		}
		writes[i] = txn.Write{At: txn.NewPlaces, Key: key, After: d}
	}
	return t.write(g, writes)
}

// validation returns the check of what is written to a collection. The commit
// checks it once more.
func (t *transaction) validation(ctx context.Context, g grant) func(value.Doc) error {
	v, m := t.e.validators.of(g.coll.id), effort.New(ctx, t.e.bounds.searching)
	return func(d value.Doc) error { return v.check(m, d) }
}

// free fails when an id is taken.
func (t *transaction) free(ctx context.Context, g grant, id value.Value, key string) error {
	if e := t.own.ByKey(g.coll.id, key); e != nil {
		if e.After != nil {
			return duplicateID(g.coll.name, id)
		}
		return nil
	}
	var now, then, unsure bool
	err := t.e.view(ctx, func(r kv.Reader) error {
		b, err := r.Get(idKey(g.coll.id, id))
		if err != nil {
			return err
		}
		now = b != nil
		_, sure, err := t.storedByID(r, g.coll.id, id)
		then, unsure = now && sure, !sure
		return err
	})
	if err != nil {
		return err
	}
	if unsure { // written to since the snapshot: was it there?
		past, err := t.pastOf(ctx, g.coll.id)
		if err != nil {
			return err
		}
		_, _, then = past.ByKey(key)
	}
	switch {
	case then:
		t.reads.Key(g.coll.id, key) // the caller learns that it is there
		return duplicateID(g.coll.name, id)
	case now:
		t.use(g.coll.id, key)
		return transactionConflict()
	}
	return nil
}

// write takes the writes of one operation.
func (t *transaction) write(g grant, writes []txn.Write) error {
	cost := t.own.Cost(g.coll.id, writes)
	if err := t.e.transactions.hold(t, cost); err != nil {
		return err
	}
	if err := t.own.Apply(g.coll.id, writes); err != nil {
		_ = t.e.transactions.hold(t, -cost) // fails only when it is over
		return err
	}
	return nil
}

// targets returns the documents that a write is for. One that others have
// changed since the snapshot, or that it is another transaction's turn to
// write, is a conflict.
func (t *transaction) targets(ctx context.Context, p rules.Principal, g grant, op rules.Operation, s *search, multi bool) ([]sight, error) {
	l := looking{op: op, search: s}
	if !multi {
		l.first = 1
	}
	list, err := t.gather(ctx, p, g, l)
	if err != nil {
		return nil, err
	}
	if err := t.count(len(list)); err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.own != nil {
			continue
		}
		key := keyOf(s.doc.Get(fieldID))
		t.use(g.coll.id, key)
		if s.stale || t.e.intents.Taken(&t.intents, txn.Key{Coll: g.coll.id, ID: key}) {
			return nil, transactionConflict()
		}
	}
	return list, nil
}

// Update is Engine.Update on what the transaction sees.
func (t *Transaction) Update(ctx context.Context, p rules.Principal, q UpdateRequest) (UpdateResult, error) {
	c, err := compileUpdate(p, q)
	if err != nil {
		return UpdateResult{}, err
	}
	var res UpdateResult
	err = t.operate(ctx, p, func() error {
		g, err := t.enter(ctx, p, q.Collection, rules.Update, c.search.ids)
		if err != nil {
			return err
		}
		list, err := t.targets(ctx, p, g, rules.Update, c.search, q.Multi)
		if err != nil {
			return err
		}
		if len(list) == 0 && q.Upsert {
			return t.upsert(ctx, p, c, &res)
		}
		writes, err := t.changes(ctx, p, g, c, list, &res)
		if err != nil {
			return err
		}
		return t.write(g, writes)
	})
	if err != nil {
		return UpdateResult{}, err
	}
	return res, nil
}

// changes works out what an update makes of documents.
func (t *transaction) changes(ctx context.Context, p rules.Principal, g grant, c compiledUpdate, list []sight, res *UpdateResult) ([]txn.Write, error) {
	run, valid := t.run(ctx), t.validation(ctx, g)
	var writes []txn.Write
	for _, s := range list {
		res.Matched++
		after, err := c.changed(run, p, s.doc)
		if err != nil {
			return nil, err
		}
		if c.ReturnDoc {
			res.Doc = bytes.Clone(after)
		}
		if bytes.Equal(s.doc, after) {
			continue
		}
		if err := valid(after); err != nil {
			return nil, err
		}
		res.Updated++
		writes = append(writes, txn.Write{
			At: s.at, Key: keyOf(s.doc.Get(fieldID)), Before: s.before(), After: bytes.Clone(after), Replaced: c.Replace,
		})
	}
	return writes, nil
}

// run is what an update program needs to know besides the document.
func (t *transaction) run(ctx context.Context) update.Run {
	return update.Run{Meter: effort.New(ctx, t.e.bounds.searching), Now: t.e.opts.Now(), Position: -1}
}

// upsert notes the document of an update that nothing matched.
func (t *transaction) upsert(ctx context.Context, p rules.Principal, c compiledUpdate, res *UpdateResult) error {
	g, err := t.admit(ctx, p, c.Collection, rules.Create)
	if err != nil {
		return err
	}
	d, id, err := t.e.upserted(t.run(ctx), p, c)
	if err != nil {
		return err
	}
	res.UpsertedID = id
	if c.ReturnDoc {
		res.Doc = bytes.Clone(d)
	}
	return t.insert(ctx, g, []value.Doc{d}, []value.Value{id})
}

// Remove is Engine.Remove on what the transaction sees.
func (t *Transaction) Remove(ctx context.Context, p rules.Principal, q RemoveRequest) (int64, error) {
	s, err := compileSearch(p, q.Query)
	if err != nil {
		return 0, err
	}
	var n int64
	err = t.operate(ctx, p, func() error {
		g, err := t.enter(ctx, p, q.Collection, rules.Delete, s.ids)
		if err != nil {
			return err
		}
		list, err := t.targets(ctx, p, g, rules.Delete, s, q.Multi)
		if err != nil {
			return err
		}
		writes := make([]txn.Write, len(list))
		for i, s := range list {
			writes[i] = txn.Write{At: s.at, Key: keyOf(s.doc.Get(fieldID)), Before: s.before()}
		}
		n = int64(len(list))
		return t.write(g, writes)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
