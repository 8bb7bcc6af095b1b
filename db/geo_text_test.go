package db_test

import (
	"fmt"
	"strings"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/value"
)

func buildIndex(t *testing.T, e *db.Engine, coll string, keys ...db.IndexKey) error {
	t.Helper()
	spec := db.IndexSpec{Keys: keys}
	if err := e.CreateIndex(t.Context(), admin, coll, spec); err != nil {
		return err
	}
	return e.WaitIndex(t.Context(), admin, coll, spec.DefaultName())
}

func sphere(path string) db.IndexKey { return db.IndexKey{Path: path, Kind: plan.Sphere2D} }
func words(path string) db.IndexKey  { return db.IndexKey{Path: path, Kind: plan.Text} }

func ids(t *testing.T, e *db.Engine, coll, condition, sort string) string {
	t.Helper()
	q := db.FindRequest{Collection: coll, Query: dbtest.Doc(t, condition), Projection: dbtest.Doc(t, `{"_id":1}`)}
	if sort != "" {
		q.Sort = dbtest.Doc(t, sort)
	}
	var out []string
	for _, d := range find(t, e, q) {
		n, _ := d.Get("_id").AsInt64()
		out = append(out, fmt.Sprint(n))
	}
	return strings.Join(out, " ")
}

func TestNear(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":1,"l":[0,3]}`, `{"_id":2,"l":[0,1]}`, `{"_id":3,"l":[0,2]}`, `{"_id":4}`)
	near := `{"l":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":[0,0]}}}}`
	for _, state := range []string{"without an index", "with one"} {
		if state == "with one" {
			must(t, buildIndex(t, e, "c", sphere("l")))
		}
		t.Run(state, func(t *testing.T) {
			equal(t, "nearest first", ids(t, e, "c", near, ""), "2 3 1")
			equal(t, "another order", ids(t, e, "c", near, `{"_id":-1}`), "3 2 1")
			_, err := e.Count(t.Context(), admin, "c", dbtest.Doc(t, near))
			wantCode(t, err, fault.DatabaseFailed, "not allowed in this context")
			tr := begin(t, e, admin)
			docs, err := tr.Find(t.Context(), admin, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, near), Limit: 2})
			must(t, err)
			equal(t, "in a transaction", dbtest.JSON(docs...), `{"_id":2,"l":[0,1]}`+"\n"+`{"_id":3,"l":[0,2]}`)
			must(t, tr.Abort(t.Context()))
		})
	}
}

// Explain advises the index that a search around a place lacks, and shows it used.
func TestExplainNear(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	for i := range 300 {
		insert(t, e, "c", fmt.Sprintf(`{"_id":%d,"shop":%d,"l":[0,%v]}`, i, i%2, float64(i)/10))
	}
	q := db.FindRequest{Collection: "c", Limit: 3, Query: dbtest.Doc(t, `{"shop":1,"l":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":[0,0]}}}}`)}
	x, err := e.Explain(t.Context(), admin, q)
	must(t, err)
	if x.Advice == nil || x.Sort != "memory" {
		t.Fatalf("no advice, sort %s", x.Sort)
	}
	equal(t, "advice", x.Advice.Name, "shop_1_l_2dsphere")
	must(t, buildIndex(t, e, "c", x.Advice.Keys...))
	x, err = e.Explain(t.Context(), admin, q)
	must(t, err)
	equal(t, "stage", x.Plan.Inputs[0].Stage, "GEO_NEAR_2DSPHERE")
	equal(t, "index", strings.Join(x.Index, " "), "shop_1_l_2dsphere")
	equal(t, "order", x.Sort, "index")
	if x.Advice != nil || x.DocsExamined > 60 {
		t.Errorf("looked at %d documents, advice %v", x.DocsExamined, x.Advice)
	}
}

func TestNearUpdatesWhatIsNear(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":1,"l":[0,3]}`, `{"_id":2,"l":[0,1]}`)
	must(t, buildIndex(t, e, "c", sphere("l")))
	q := db.UpdateRequest{
		Collection: "c", Multi: true, Update: dbtest.Doc(t, `{"$set":{"l":[50,50]}}`),
		Query: dbtest.Doc(t, `{"l":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":[0,0]},"$maxDistance":200000}}}`),
	}
	r, err := e.Update(t.Context(), admin, q)
	must(t, err)
	equal(t, "updated", r.Updated, int64(1))
	equal(t, "where it is now", ids(t, e, "c", `{"l":{"$geoWithin":{"$centerSphere":[[50,50],0.01]}}}`, ""), "2")
}

// $geoNear without key takes the path of the only 2dsphere index.
func TestGeoNearFindsItsIndex(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":1,"l":[0,3],"m":[0,0]}`, `{"_id":2,"l":[0,1],"m":[0,5]}`)
	ask := func() (string, error) {
		docs, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Stages: pipeline(t,
			`[{"$geoNear":{"near":{"type":"Point","coordinates":[0,0]},"spherical":true,"distanceField":"d"}},{"$project":{"_id":1}}]`)})
		return dbtest.JSON(docs...), err
	}
	_, err := ask()
	wantCode(t, err, fault.DatabaseFailed, "unable to find index for $geoNear query")
	must(t, buildIndex(t, e, "c", sphere("l")))
	got, err := ask()
	must(t, err)
	equal(t, "nearest first", got, `{"_id":2}`+"\n"+`{"_id":1}`)
	must(t, buildIndex(t, e, "c", sphere("m")))
	_, err = ask()
	wantCode(t, err, fault.DatabaseFailed, "more than one 2dsphere index")
}

func TestGeoIndexRefusesWhatIsNoPlace(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "old")
	must(t, buildIndex(t, e, "c", sphere("at.l")))
	_, err := e.Insert(t.Context(), admin, "c", []value.Doc{dbtest.Doc(t, `{"_id":1,"at":{"l":[200,0]}}`)})
	wantCode(t, err, fault.DatabaseFailed, "Can't extract geo keys: at.l: longitude/latitude is out of bounds")
	insert(t, e, "c", `{"_id":2}`, `{"_id":3,"at":{"l":null}}`, `{"_id":4,"at":[{"l":[1,1]},{"l":[2,2]}]}`)
	equal(t, "found", ids(t, e, "c", `{"at.l":{"$geoIntersects":{"$geometry":{"type":"Point","coordinates":[2,2]}}}}`, ""), "4")
	insert(t, e, "old", `{"_id":1,"l":"here"}`)
	wantCode(t, buildIndex(t, e, "old", sphere("l")), fault.DatabaseFailed, "could not be built: Can't extract geo keys")
}

func TestText(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":1,"title":"Coffee Shop","body":"Just coffee","n":2}`, `{"_id":2,"title":"Java Hut","body":"Coffee and cakes","n":1}`,
		`{"_id":3,"title":"中文全文检索","n":3}`, `{"_id":4,"title":"Java Shopping","body":"Indonesian goods","n":1}`)
	coffee := `{"$text":{"$search":"coffee"}}`
	_, err := e.Find(t.Context(), admin, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, coffee)})
	wantCode(t, err, fault.DatabaseFailed, "text index required for $text query")
	must(t, buildIndex(t, e, "c", words("title"), words("body")))
	wantCode(t, buildIndex(t, e, "c", words("n")), fault.DatabaseFailed, "only one text index per collection allowed")

	equal(t, "natural order", ids(t, e, "c", coffee, ""), "1 2")
	equal(t, "by score", ids(t, e, "c", `{"$text":{"$search":"java coffee shop"}}`, `{"score":{"$meta":"textScore"}}`), "1 2 4")
	equal(t, "Chinese", ids(t, e, "c", `{"$text":{"$search":"检索"}}`, ""), "3")
	equal(t, "beside another condition", ids(t, e, "c", `{"$text":{"$search":"java"},"n":{"$lt":2}}`, `{"_id":-1}`), "4 2")
	got := find(t, e, db.FindRequest{
		Collection: "c", Query: dbtest.Doc(t, `{"$text":{"$search":"shop"}}`),
		Projection: dbtest.Doc(t, `{"score":{"$meta":"textScore"}}`),
	})
	equal(t, "score shown", got[0].Get("score").Data, dbtest.Doc(t, `{"a":0.75}`).Get("a").Data)
	n, err := e.Count(t.Context(), admin, "c", dbtest.Doc(t, coffee))
	must(t, err)
	equal(t, "count", n, int64(2))

	r, err := e.Update(t.Context(), admin, db.UpdateRequest{
		Collection: "c", Query: dbtest.Doc(t, coffee), Multi: true, Update: dbtest.Doc(t, `{"$set":{"body":"tea"}}`),
	})
	must(t, err)
	equal(t, "updated", r.Updated, int64(2))
	equal(t, "what is left", ids(t, e, "c", coffee, ""), "1")
	docs, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Stages: pipeline(t,
		`[{"$match":{"$text":{"$search":"tea shop"}}},{"$sort":{"score":{"$meta":"textScore"}}},{"$project":{"n":1}}]`)})
	must(t, err)
	equal(t, "pipeline", dbtest.JSON(docs...), `{"_id":1,"n":2}`+"\n"+`{"_id":2,"n":1}`)
	x, err := e.Export(admin, db.ExportRequest{Collection: "c", Query: dbtest.Doc(t, coffee), Projection: dbtest.Doc(t, `{"s":{"$meta":"textScore"}}`)})
	must(t, err)
	docs, err = x.Next(t.Context())
	must(t, err)
	equal(t, "export", dbtest.JSON(docs...), `{"_id":1,"title":"Coffee Shop","body":"tea","n":2,"s":0.75}`)
	_, err = e.Find(t.Context(), admin, db.FindRequest{Collection: "c", Sort: dbtest.Doc(t, `{"s":{"$meta":"textScore"}}`)})
	wantCode(t, err, fault.DatabaseFailed, "query requires text score metadata")
}

// A document of more words than a text index holds is refused, and says why.
func TestTextIndexRefusesTooManyWords(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	must(t, buildIndex(t, e, "c", words("t")))
	var b strings.Builder
	for i := range 20_001 {
		fmt.Fprintf(&b, "w%d ", i)
	}
	_, err := e.Insert(t.Context(), admin, "c", []value.Doc{dbtest.Doc(t, `{"_id":1,"t":"`+b.String()+`"}`)})
	wantCode(t, err, fault.DatabaseFailed, "at most 20000 different words")
}
