package db_test

import (
	"testing"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// pipeline reads stages, or fails the test.
func pipeline(t testing.TB, text string) []aggregate.Stage {
	t.Helper()
	stages, err := aggregate.Parse("pipeline", dbtest.Doc(t, `{"p":`+text+`}`).Get("p"))
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

func aggregated(t *testing.T, e *db.Engine, p rules.Principal, coll, stages string) string {
	t.Helper()
	got, err := e.Aggregate(t.Context(), p, db.AggregateRequest{Collection: coll, Stages: pipeline(t, stages)})
	must(t, err)
	var list value.ArrayBuilder
	for _, d := range got {
		list.Add(value.FromDoc(d))
	}
	return string(value.AppendPlain(nil, list.Value()))
}

func wantAggregated(t *testing.T, e *db.Engine, p rules.Principal, coll, stages, want string) {
	t.Helper()
	if got := aggregated(t, e, p, coll, stages); got != want {
		t.Errorf("%s\n got %s\nwant %s", stages, got, want)
	}
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":"a","n":1,"l":[1,2]}`, `{"_id":"b","n":3,"l":[5]}`, `{"_id":"c","n":2}`)
	db.SetViewBound(e, 1)
	wantAggregated(t, e, admin, "c", `[{"$match":{"n":{"$gt":1}}},{"$sort":{"n":1}},{"$limit":1}]`, `[{"_id":"c","n":2}]`)
	wantAggregated(t, e, admin, "c", `[{"$unwind":"$l"},{"$match":{"_id":"a"}},{"$count":"n"}]`, `[{"n":2}]`)
	wantAggregated(t, e, admin, "c", `[{"$match":{"_id":{"$in":["a","b"]}}},{"$count":"n"}]`, `[{"n":2}]`)

	got, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Limit: 2})
	must(t, err)
	if len(got) != 2 {
		t.Errorf("%d documents, want the 2 of the limit", len(got))
	}
	_, err = e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "none"})
	wantCode(t, err, fault.CollectionNotExist, "none")
	_, err = e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Limit: -1})
	wantCode(t, err, fault.InvalidParam, "limit")
}
