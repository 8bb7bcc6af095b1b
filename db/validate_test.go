package db_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

const personSchema = `{
	"required": ["name"],
	"properties": {
		"name": {"bsonType": "string"},
		"age": {"bsonType": "int", "minimum": 0},
		"home": {"bsonType": "object", "required": ["city"], "properties": {"zip": {"bsonType": "string"}}},
		"tags": {"bsonType": "array", "items": {"bsonType": "string"}}
	}
}`

// TestValidator: every way of writing a document is held to the schema, the
// error names the path, and what is there already stays.
func TestValidator(t *testing.T) {
	t.Parallel()
	disk := dbtest.Memory()
	e := disk.Open(t, db.Options{})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	insert(t, e, "c", `{"_id": "old"}`)
	must(t, e.SetValidator(t.Context(), admin, "c", dbtest.Doc(t, personSchema)))
	disk.Close(t)
	e = disk.Open(t, db.Options{})
	insert(t, e, "c", `{"_id": "good", "name": "x", "age": 3}`)
	add := func(text string) error {
		_, err := e.Insert(t.Context(), admin, "c", []value.Doc{dbtest.Doc(t, text)})
		return err
	}
	update := func(q db.UpdateRequest) error {
		q.Collection = "c"
		_, err := e.Update(t.Context(), admin, q)
		return err
	}
	for name, tc := range map[string]struct {
		err  error
		path string
	}{
		"insert, missing":   {add(`{"age": 1}`), "name"},
		"insert, type":      {add(`{"name": 1}`), "name"},
		"insert, nested":    {add(`{"name": "x", "home": {"city": "y", "zip": 5}}`), "home.zip"},
		"insert, in nested": {add(`{"name": "x", "home": {}}`), "home.city"},
		"insert, element":   {add(`{"name": "x", "tags": ["a", 1]}`), "tags.1"},
		"update":            {update(db.UpdateRequest{Query: dbtest.Doc(t, `{"_id": "good"}`), Update: dbtest.Doc(t, `{"$inc": {"age": -9}}`)}), "age"},
		"update of the old": {update(db.UpdateRequest{Query: dbtest.Doc(t, `{"_id": "old"}`), Update: dbtest.Doc(t, `{"$set": {"x": 1}}`)}), "name"},
		"replace":           {update(db.UpdateRequest{Query: dbtest.Doc(t, `{"_id": "good"}`), Update: dbtest.Doc(t, `{"n": 1}`), Replace: true}), "name"},
		"upsert":            {update(db.UpdateRequest{Query: dbtest.Doc(t, `{"_id": "new"}`), Update: dbtest.Doc(t, `{"$set": {"age": 1}}`), Upsert: true}), "name"},
	} {
		wantCode(t, tc.err, fault.DatabaseFailed, tc.path+": Document failed validation")
		if f, ok := errors.AsType[*fault.Error](tc.err); ok && f.Field != tc.path {
			t.Errorf("%s: the error names %s, want %s", name, f.Field, tc.path)
		}
	}
	must(t, update(db.UpdateRequest{Query: dbtest.Doc(t, `{"_id": "good"}`), Update: dbtest.Doc(t, `{"$set": {"home": {"city": "y"}}}`)}))
	equal(t, "documents", lines(find(t, e, db.FindRequest{Collection: "c"})), `{"_id":"old"}`+"\n"+`{"_id":"good","name":"x","age":3,"home":{"city":"y"}}`)

	found, err := e.CheckDocuments(t.Context(), admin, "c", nil)
	must(t, err)
	equal(t, "documents looked at", found.Documents, 2)
	equal(t, "failing", found.Failed, 1)
	equal(t, "the first", fmt.Sprint(found.First[0].ID.Text(), " ", found.First[0].Path), "old name")
	infos, err := e.Collections(t.Context(), admin)
	must(t, err)
	equal(t, "validated", infos[0].Validated, true)

	must(t, e.RenameCollection(t.Context(), admin, "c", "d"))
	_, err = e.Insert(t.Context(), admin, "d", []value.Doc{nil})
	wantCode(t, err, fault.DatabaseFailed, "name: ")
	must(t, e.SetValidator(t.Context(), admin, "d", nil))
	insert(t, e, "d", `{"_id": "free"}`)
	schema, err := e.Validator(t.Context(), admin, "d")
	must(t, err)
	equal(t, "lifted", schema == nil, true)
}

func TestValidatorRefuses(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	good := dbtest.Doc(t, `{"required": ["a"]}`)
	wantCode(t, e.SetValidator(t.Context(), admin, "none", good), fault.CollectionNotExist, "none")
	wantCode(t, e.SetValidator(t.Context(), admin, "c", dbtest.Doc(t, `{"required": 1}`)), fault.DatabaseFailed, "required")
	wantCode(t, e.SetValidator(t.Context(), principals()["alice"], "c", good), fault.DatabaseDenied, "administrator")
	wantCode(t, e.SetValidator(t.Context(), rules.SystemPrincipal(), "sys.c", good), fault.InvalidParam, "no validator")
	_, err := e.CheckDocuments(t.Context(), admin, "c", nil)
	wantCode(t, err, fault.InvalidParam, "no validator")
	// A validator of a dropped collection comes back with it, and is of no
	// other.
	must(t, e.SetValidator(t.Context(), admin, "c", good))
	must(t, e.DropCollection(t.Context(), admin, "c"))
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	insert(t, e, "c", `{}`)
	_, err = e.Undrop(t.Context(), admin, db.UndropRequest{Name: "c", As: "d"})
	must(t, err)
	_, err = e.Insert(t.Context(), admin, "d", []value.Doc{nil})
	wantCode(t, err, fault.DatabaseFailed, "a: ")
}

// exportAll reads a collection piece by piece.
func exportAll(t *testing.T, e *db.Engine, p rules.Principal, q db.ExportRequest) (docs []value.Doc) {
	t.Helper()
	x, err := e.Export(p, q)
	must(t, err)
	for {
		piece, err := x.Next(t.Context())
		must(t, err)
		if len(piece) == 0 {
			return docs
		}
		docs = append(docs, piece...)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	const n = 2500
	for i := range 5 {
		var list []string
		for j := range n / 5 {
			list = append(list, fmt.Sprintf(`{"_id": %d, "even": %t, "t": %q}`, i*n/5+j, j%2 == 0, strings.Repeat("x", 1000)))
		}
		insert(t, e, "c", list...)
	}
	all := exportAll(t, e, admin, db.ExportRequest{Collection: "c"})
	equal(t, "all", lines(all), lines(find(t, e, db.FindRequest{Collection: "c"})))
	some := exportAll(t, e, admin, db.ExportRequest{Collection: "c", Query: dbtest.Doc(t, `{"even": true, "_id": {"$lt": 4}}`), Projection: dbtest.Doc(t, `{"even": 1}`)})
	equal(t, "some", lines(some), `{"_id":0,"even":true}`+"\n"+`{"_id":2,"even":true}`)

	// Stopped after the first piece and gone on with from its mark, while
	// documents come and go.
	x, err := e.Export(admin, db.ExportRequest{Collection: "c"})
	must(t, err)
	first, err := x.Next(t.Context())
	must(t, err)
	insert(t, e, "c", `{"_id": "late"}`)
	_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: dbtest.Doc(t, fmt.Sprintf(`{"_id": {"$in": [0, %d]}}`, n-1)), Multi: true})
	must(t, err)
	rest := exportAll(t, e, admin, db.ExportRequest{Collection: "c", After: x.Mark()})
	equal(t, "documents", len(first)+len(rest), n-1)
	equal(t, "the last", text(rest[len(rest)-1].Get("_id")), fmt.Sprint(n-2))

	_, err = e.Export(admin, db.ExportRequest{Collection: "c", After: "nonsense"})
	wantCode(t, err, fault.InvalidParam, "after: ")
	must(t, e.DropCollection(t.Context(), admin, "c"))
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	x, err = e.Export(admin, db.ExportRequest{Collection: "c", After: x.Mark()})
	must(t, err)
	_, err = x.Next(t.Context())
	wantCode(t, err, fault.CollectionNotExist, "c")
}
