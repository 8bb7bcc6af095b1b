package db_test

import (
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/value"
)

// TestTransactionAggregate: pipelines and what they join see the snapshot and
// the transaction's own writes, and the transaction rests on what they read.
func TestTransactionAggregate(t *testing.T) {
	t.Parallel()
	e := openWith(t, "orders", "users")
	ctx := t.Context()
	insert(t, e, "users", `{"_id": "u1", "name": "A"}`, `{"_id": "u2", "name": "B"}`)
	insert(t, e, "orders", `{"_id": 1, "user": "u1", "n": 1}`, `{"_id": 2, "user": "u2", "n": 2}`)
	tr := begin(t, e, admin)
	set := func(d documents, coll, q, change string) {
		t.Helper()
		_, err := d.Update(ctx, admin, db.UpdateRequest{Collection: coll, Query: dbtest.Doc(t, q), Update: dbtest.Doc(t, change)})
		must(t, err)
	}
	set(tr, "orders", `{"_id": 2}`, `{"$set": {"n": 20}}`)
	set(e, "orders", `{"_id": 1}`, `{"$set": {"n": 100}}`)
	set(e, "users", `{"_id": "u1"}`, `{"$set": {"name": "Z"}}`)
	insert(t, e, "orders", `{"_id": 3, "n": 1000}`)
	for _, tc := range []struct{ stages, want string }{
		{`[{"$group": {"_id": null, "sum": {"$sum": "$n"}}}]`, `[{"_id":null,"sum":21}]`},
		{
			`[{"$lookup": {"from": "users", "localField": "user", "foreignField": "_id", "as": "u"}}, {"$project": {"u.name": 1}}]`,
			`[{"_id":1,"u":[{"name":"A"}]},{"_id":2,"u":[{"name":"B"}]}]`,
		},
		{`[{"$sort": {"n": -1}}, {"$limit": 1}]`, `[{"_id":2,"user":"u2","n":20}]`},
		{`[{"$match": {"n": 1}}]`, `[{"_id":1,"user":"u1","n":1}]`},
	} {
		docs, err := tr.Aggregate(ctx, admin, db.AggregateRequest{Collection: "orders", Stages: pipeline(t, tc.stages)})
		must(t, err)
		var list value.ArrayBuilder
		for _, d := range docs {
			list.Add(value.FromDoc(d))
		}
		equal(t, tc.stages, string(value.AppendPlain(nil, list.Value())), tc.want)
	}
	_, err := tr.Aggregate(ctx, admin, db.AggregateRequest{Collection: "none"})
	wantCode(t, err, fault.CollectionNotExist, "none")
	wantCode(t, tr.Commit(ctx), fault.TransactionConflict, "Transaction is conflict")
}
