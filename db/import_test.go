package db_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/value"
)

func importDocs(t *testing.T, e *db.Engine, q db.ImportRequest, texts ...string) string {
	t.Helper()
	q.Collection = "c"
	for _, text := range texts {
		q.Docs = append(q.Docs, dbtest.Doc(t, text))
	}
	res, err := e.Import(t.Context(), admin, q)
	must(t, err)
	out := []string{fmt.Sprint(res.Inserted, " ", res.Updated, " ", res.Unchanged)}
	for _, n := range slices.Sorted(maps.Keys(res.Refused)) {
		out = append(out, fmt.Sprintf("%d %s", n, fault.CodeOf(res.Refused[n])))
	}
	return strings.Join(out, ", ")
}

func TestImport(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	must(t, e.SetValidator(t.Context(), admin, "c", dbtest.Doc(t, `{"properties": {"n": {"bsonType": "int"}}}`)))
	insert(t, e, "c", `{"_id": 1, "n": 1}`)
	equal(t, "insert", importDocs(t, e, db.ImportRequest{},
		`{"_id": 0}`, `{"_id": 1}`, `{"_id": 2, "n": "x"}`, `{"_id": []}`, `{"_id": 3}`, `{"_id": 3}`, `{"n": 5}`),
		"3 0 0, 1 DATABASE_DUPLICATE_WRITE, 2 DATABASE_REQUEST_FAILED, 3 INVALID_PARAM, 5 DATABASE_DUPLICATE_WRITE")
	equal(t, "upsert", importDocs(t, e, db.ImportRequest{Upsert: true},
		`{"_id": 0}`, `{"_id": 1, "n": 2}`, `{"_id": 4}`, `{"_id": 4, "x": true}`, `{"_id": 0, "n": "x"}`),
		"1 2 1, 4 DATABASE_REQUEST_FAILED")
	equal(t, "stop", importDocs(t, e, db.ImportRequest{StopOnError: true},
		`{"_id": 10}`, `{"_id": 11}`, `{"_id": 1}`, `{"_id": 12}`, `{"_id": []}`),
		"2 0 0, 2 DATABASE_DUPLICATE_WRITE")
	docs := find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$type": "number"}}`)})
	equal(t, "documents", strings.ReplaceAll(lines(docs), "\n", " "),
		`{"_id":1,"n":2} {"_id":0} {"_id":3} {"_id":4,"x":true} {"_id":10} {"_id":11}`)

	_, err := e.Import(t.Context(), admin, db.ImportRequest{Collection: "none", Docs: []value.Doc{nil}})
	wantCode(t, err, fault.CollectionNotExist, "none")
	_, err = e.Import(t.Context(), principals()["alice"], db.ImportRequest{Collection: "c", Docs: []value.Doc{nil}})
	wantCode(t, err, fault.DatabaseDenied, "administrator")
}
