package documents_test

import (
	"strconv"
	"strings"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/documents"
)

var (
	admin = rules.Principal{Role: rules.Admin}
	user  = rules.Principal{Role: rules.User, UID: "u"}
)

// doc reads a document; the empty text is no document at all.
func doc(t *testing.T, text string) value.Doc {
	t.Helper()
	if text == "" {
		return nil
	}
	return dbtest.Doc(t, text)
}

// fill opens an engine with one collection of documents.
func fill(t *testing.T, docs ...value.Doc) *db.Engine {
	t.Helper()
	e := dbtest.Open(t)
	if err := e.CreateCollection(t.Context(), admin, "c"); err != nil {
		t.Fatal(err)
	}
	if err := e.SetMode(t.Context(), admin, "c", rules.ReadOnly); err != nil {
		t.Fatal(err)
	}
	if len(docs) > 0 {
		if _, err := e.Insert(t.Context(), admin, "c", docs); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func TestLimits(t *testing.T) {
	t.Parallel()
	docs := make([]value.Doc, documents.MaxLimit+5)
	for i := range docs {
		docs[i] = dbtest.Doc(t, `{"_id":`+strconv.Itoa(i)+`}`)
	}
	e := fill(t, docs...)
	for _, tc := range []struct {
		name string
		p    rules.Principal
		find documents.Find
		want int
	}{
		{"a user's default", user, documents.Find{}, documents.UserLimit},
		{"an admin's default", admin, documents.Find{}, documents.AdminLimit},
		{"a door's default", admin, documents.Find{Default: 7}, 7},
		{"a user's wish", user, documents.Find{Limit: 100}, 100},
		{"more than the most", user, documents.Find{Limit: 5000}, documents.MaxLimit},
		{"more than the most, for an admin", admin, documents.Find{Limit: 5000}, documents.MaxLimit},
		{"the rest", admin, documents.Find{Limit: 50, Offset: 1000}, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.find.Collection = "c"
			found, err := tc.find.Run(t.Context(), e, tc.p)
			if err != nil || len(found.Docs) != tc.want || found.Offset != tc.find.Offset {
				t.Errorf("got %d documents from %d, %v; want %d", len(found.Docs), found.Offset, err, tc.want)
			}
		})
	}
	for _, f := range []documents.Find{{Limit: -1}, {Offset: -1}} {
		f.Collection = "c"
		if _, err := f.Run(t.Context(), e, admin); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%+v: got %v", f, err)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name             string
		change           documents.Change
		where, data      string
		matched, updated int64
		upserted, after  string // after: all documents
		code             fault.Code
		text             string
	}{
		{
			name: "operators", change: documents.Change{Merge: true}, where: `{"_id":1}`, data: `{"$inc":{"n":1}}`,
			matched: 1, updated: 1, after: `{"_id":1,"n":2,"k":"v"}`,
		},
		{
			name: "a plain document is merged", change: documents.Change{Merge: true}, where: `{"_id":1}`, data: `{"n":5}`,
			matched: 1, updated: 1, after: `{"_id":1,"n":5,"k":"v"}`,
		},
		{
			name: "the same values", change: documents.Change{Merge: true}, where: `{"_id":1}`, data: `{"n":1}`,
			matched: 1, updated: 0, after: `{"_id":1,"n":1,"k":"v"}`,
		},
		{
			name: "nothing", change: documents.Change{Merge: true}, where: `{"_id":1}`, data: `{}`,
			matched: 1, updated: 0, after: `{"_id":1,"n":1,"k":"v"}`,
		},
		{
			name: "a plain document replaces", change: documents.Change{}, where: `{"_id":1}`, data: `{"n":5}`,
			matched: 1, updated: 1, after: `{"_id":1,"n":5}`,
		},
		{
			name: "by the same", change: documents.Change{Upsert: true}, where: `{"_id":1}`, data: `{"n":1,"k":"v"}`,
			matched: 1, updated: 1, after: `{"_id":1,"n":1,"k":"v"}`,
		},
		{
			name: "set makes", change: documents.Change{Upsert: true}, where: `{"_id":2}`, data: `{"n":5}`,
			upserted: `2`, after: `{"_id":1,"n":1,"k":"v"} {"_id":2,"n":5}`,
		},
		{
			name: "merge makes", change: documents.Change{Merge: true, Upsert: true}, where: `{"_id":2}`, data: `{}`,
			upserted: `2`, after: `{"_id":1,"n":1,"k":"v"} {"_id":2}`,
		},
		{
			name: "no match", change: documents.Change{Merge: true}, where: `{"_id":2}`, data: `{"n":5}`,
			after: `{"_id":1,"n":1,"k":"v"}`,
		},
		{name: "no condition", change: documents.Change{Merge: true}, data: `{"n":5}`, code: fault.InvalidParam, text: "query: is required"},
		{name: "no data", change: documents.Change{Merge: true}, where: `{}`, code: fault.InvalidParam, text: "data: is required"},
		{name: "a mixture", change: documents.Change{Merge: true}, where: `{}`, data: `{"$set":{"a":1},"b":1}`, code: fault.InvalidParam, text: "data: mixes"},
		{name: "operators that replace", change: documents.Change{}, where: `{}`, data: `{"$set":{"a":1}}`, code: fault.DatabaseFailed, text: "update operator complicit"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := fill(t, dbtest.Doc(t, `{"_id":1,"n":1,"k":"v"}`))
			c := tc.change
			c.Collection, c.Where, c.Data = "c", doc(t, tc.where), doc(t, tc.data)
			done, err := c.Run(t.Context(), e, admin)
			if tc.code != "" {
				if !fault.Is(err, tc.code) || !strings.Contains(fault.Text(err), tc.text) {
					t.Errorf("got %v, want %s %q", err, tc.code, tc.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			upserted := ""
			if !done.UpsertedID.IsMissing() {
				upserted = string(value.AppendPlain(nil, done.UpsertedID))
			}
			if done.Matched != tc.matched || done.Updated != tc.updated || upserted != tc.upserted {
				t.Errorf("matched %d, updated %d, upserted %q; want %d, %d, %q",
					done.Matched, done.Updated, upserted, tc.matched, tc.updated, tc.upserted)
			}
			found, err := e.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
			if err != nil {
				t.Fatal(err)
			}
			var after []string
			for _, d := range found {
				after = append(after, string(value.AppendPlain(nil, value.FromDoc(d))))
			}
			if got := strings.Join(after, " "); got != tc.after {
				t.Errorf("documents: got %s, want %s", got, tc.after)
			}
		})
	}
}

func TestRemovalNeedsACondition(t *testing.T) {
	t.Parallel()
	e := fill(t, dbtest.Doc(t, `{"_id":1}`), dbtest.Doc(t, `{"_id":2}`))
	if _, err := documents.Remove(t.Context(), e, admin, "c", nil, true); !fault.Is(err, fault.InvalidParam) {
		t.Errorf("without a condition: got %v", err)
	}
	for _, tc := range []struct {
		multi bool
		want  int64
	}{{false, 1}, {true, 1}, {true, 0}} {
		if n, err := documents.Remove(t.Context(), e, admin, "c", dbtest.Doc(t, `{}`), tc.multi); n != tc.want || err != nil {
			t.Errorf("multi=%t: removed %d, %v; want %d", tc.multi, n, err, tc.want)
		}
	}
}

func TestCheckSize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		p    rules.Principal
		n    int
		code fault.Code
	}{
		{user, documents.UserResultBytes, fault.OK},
		{user, documents.UserResultBytes + 1, fault.ResultTooLarge},
		{admin, documents.UserResultBytes + 1, fault.OK},
	} {
		if err := documents.CheckSize(tc.p, tc.n); fault.CodeOf(err) != tc.code {
			t.Errorf("role %d, %d bytes: got %v, want %q", tc.p.Role, tc.n, err, tc.code)
		}
	}
}
