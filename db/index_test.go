package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/value"
)

// index makes an index and waits for it; the keys are written "a -b".
func index(t *testing.T, e *db.Engine, coll, keys string, change ...func(*db.IndexSpec)) error {
	t.Helper()
	s := spec(keys)
	for _, f := range change {
		f(&s)
	}
	if err := e.CreateIndex(t.Context(), admin, coll, s); err != nil {
		return err
	}
	return e.WaitIndex(t.Context(), admin, coll, s.DefaultName())
}

func spec(keys string) (s db.IndexSpec) {
	for key := range strings.FieldsSeq(keys) {
		path, down := strings.CutPrefix(key, "-")
		k := db.IndexKey{Path: path}
		if down {
			k.Kind = plan.Desc
		}
		s.Keys = append(s.Keys, k)
	}
	return s
}

func unique(s *db.IndexSpec) { s.Unique = true }
func sparse(s *db.IndexSpec) { s.Sparse = true }

func indexLines(t *testing.T, e *db.Engine, coll string) string {
	t.Helper()
	infos, err := e.Indexes(t.Context(), admin, coll)
	must(t, err)
	var out []string
	for _, x := range infos {
		out = append(out, fmt.Sprintf("%s %s %d", x.Name, x.State, x.Entries))
	}
	return strings.Join(out, ", ")
}

func TestIndexesAreListed(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id": 1, "tags": ["a", "b", "a"]}`, `{"_id": 2, "_openid": "x"}`)
	must(t, index(t, e, "c", "tags"))
	must(t, index(t, e, "c", "tags -n", sparse))
	equal(t, "indexes", indexLines(t, e, "c"), "_id_ ready 2, _openid_1 ready 1, tags_1 ready 3, tags_1_n_-1 ready 2")
	must(t, index(t, e, "c", "tags")) // the same again
	must(t, e.DropIndex(t.Context(), admin, "c", "tags_1"))
	equal(t, "indexes", indexLines(t, e, "c"), "_id_ ready 2, _openid_1 ready 1, tags_1_n_-1 ready 2")
	wantCode(t, e.DropIndex(t.Context(), admin, "c", "tags_1"), fault.DatabaseFailed, "IndexNotFound")
	wantCode(t, e.DropIndex(t.Context(), admin, "c", "_id_"), fault.DatabaseFailed, "IndexNotFound")
	wantCode(t, e.WaitIndex(t.Context(), admin, "c", "tags_1"), fault.DatabaseFailed, "IndexNotFound")
}

func TestIndexesAreRefused(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	must(t, index(t, e, "c", "a"))
	long := db.IndexSpec{Keys: make([]db.IndexKey, plan.MaxKeys+1)}
	for i := range long.Keys {
		long.Keys[i].Path = fmt.Sprintf("f%d", i)
	}
	for _, tc := range []struct {
		name string
		spec db.IndexSpec
		code fault.Code
		text string
	}{
		{"no keys", db.IndexSpec{}, fault.InvalidParam, "indexName"},
		{"too many keys", long, fault.InvalidParam, "1 to 32 keys"},
		{"empty part", spec("a..b"), fault.InvalidParam, "not the path"},
		{"operator", spec("$a"), fault.InvalidParam, "not the path"},
		{"twice", spec("b b"), fault.InvalidParam, "stands twice"},
		{"_id", spec("_id"), fault.DatabaseFailed, "always there"},
		{"same keys", db.IndexSpec{Name: "other", Keys: spec("a").Keys}, fault.DatabaseFailed, "same keys"},
		{"same name", db.IndexSpec{Name: "a_1", Keys: spec("b").Keys}, fault.DatabaseFailed, "another index of the name a_1"},
		{"TTL on two", db.IndexSpec{Keys: spec("b c").Keys, ExpireAfter: time.Second}, fault.InvalidParam, "expireAfterSeconds"},
		{"TTL below zero", db.IndexSpec{Keys: spec("b").Keys, ExpireAfter: -time.Second}, fault.InvalidParam, "expireAfterSeconds"},
	} {
		err := e.CreateIndex(t.Context(), admin, "c", tc.spec)
		if fault.CodeOf(err) != tc.code || !strings.Contains(fmt.Sprint(err), tc.text) {
			t.Errorf("%s: %v; want %s with %q", tc.name, err, tc.code, tc.text)
		}
	}
	alice := principals()["alice"]
	wantCode(t, e.CreateIndex(t.Context(), alice, "c", spec("z")), fault.DatabaseDenied, "administrator")
	wantCode(t, e.DropIndex(t.Context(), alice, "c", "a_1"), fault.DatabaseDenied, "administrator")
	_, err := e.Indexes(t.Context(), alice, "c")
	wantCode(t, err, fault.DatabaseDenied, "administrator")
	wantCode(t, e.CreateIndex(t.Context(), admin, "none", spec("a")), fault.CollectionNotExist, "none")
	for i := range db.MaxIndexes - 2 { // a_1 and _openid_1 are there
		must(t, index(t, e, "c", fmt.Sprintf("x%d", i)))
	}
	wantCode(t, index(t, e, "c", "one.more"), fault.DatabaseFailed, "at most 20 indexes")
}

// TestUnique: what a unique index admits, wherever the second document comes
// from.
func TestUnique(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, keys string
		change     func(*db.IndexSpec)
		first      string
		second     string
		taken      bool
	}{
		{"same value", "a", unique, `{"a": 1}`, `{"a": 1.0}`, true},
		{"other value", "a", unique, `{"a": 1}`, `{"a": 2}`, false},
		{"missing is null", "a", unique, `{"a": null}`, `{"b": 1}`, true},
		{"sparse forgives missing", "a", func(s *db.IndexSpec) { unique(s); sparse(s) }, `{"b": 1}`, `{"b": 2}`, false},
		{"sparse does not forgive null", "a", func(s *db.IndexSpec) { unique(s); sparse(s) }, `{"a": null}`, `{"a": null}`, true},
		{"compound, one differs", "a b", unique, `{"a": 1, "b": 1}`, `{"a": 1, "b": 2}`, false},
		{"compound, both the same", "a -b", unique, `{"a": 1, "b": 1}`, `{"b": 1, "a": 1}`, true},
		{"an element", "a", unique, `{"a": [1, 2]}`, `{"a": [2, 3]}`, true},
		{"twice in one document", "a", unique, `{"a": [1, 1]}`, `{"a": [2, 2]}`, false},
		{"elements together", "a.b a.c", unique, `{"a": [{"b": 1, "c": 1}, {"b": 2, "c": 2}]}`, `{"a": [{"b": 1, "c": 2}]}`, false},
		{"positions", "a.0", unique, `{"a": [1, 5]}`, `{"a": [2, 5]}`, false},
		{"same position", "a.0", unique, `{"a": [1, 5]}`, `{"a": [1, 6]}`, true},
		{"long values", "a", unique, `{"a": "` + strings.Repeat("x", 2000) + `"}`, `{"a": "` + strings.Repeat("x", 2000) + `y"}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := openWith(t, "c", "later")
			must(t, index(t, e, "c", tc.keys, tc.change))
			insert(t, e, "c", tc.first)
			check := func(what string, err error) {
				t.Helper()
				if tc.taken {
					wantCode(t, err, fault.DuplicateWrite, "E11000 duplicate key error")
					if !errors.Is(err, db.ErrDuplicate) {
						t.Errorf("%s: the error does not wrap ErrDuplicate", what)
					}
				} else if err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			_, err := e.Insert(t.Context(), admin, "c", []value.Doc{dbtest.Doc(t, tc.second)})
			check("insert", err)
			_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$ne": 0}}`), Multi: true})
			must(t, err)
			insert(t, e, "c", tc.first, `{"_id": "x", "a": 77, "b": 77}`)
			_, err = e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": "x"}`), Update: dbtest.Doc(t, tc.second), Replace: true})
			check("replace", err)
			insert(t, e, "later", tc.first, tc.second)
			err = index(t, e, "later", tc.keys, tc.change)
			if tc.taken {
				wantCode(t, err, fault.DatabaseFailed, "E11000 duplicate key error")
			} else {
				must(t, err)
			}
		})
	}
}

func TestParallelArraysAreRefused(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	must(t, index(t, e, "c", "a b"))
	insert(t, e, "c", `{"a": [1, 2], "b": 1}`, `{"a": 1, "b": [1, 2]}`)
	for doc, text := range map[string]string{
		`{"a": [1], "b": [2]}`: "cannot index parallel arrays: a and b",
	} {
		_, err := e.Insert(t.Context(), admin, "c", []value.Doc{dbtest.Doc(t, doc)})
		wantCode(t, err, fault.DatabaseFailed, text)
	}
	equal(t, "entries", indexLines(t, e, "c"), "_id_ ready 2, _openid_1 ready 0, a_1_b_1 ready 4")
}

// TestFailedBuild: the reason stays, the name is free for another try.
func TestFailedBuild(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id": 1, "a": "secret"}`, `{"_id": 2, "a": "secret"}`)
	err := index(t, e, "c", "a", unique)
	wantCode(t, err, fault.DatabaseFailed, "index: a_1")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error quotes a document: %v", err)
	}
	equal(t, "indexes", indexLines(t, e, "c"), "_id_ ready 2, _openid_1 ready 0, a_1 failed 0")
	equal(t, "found", len(find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"a": "secret"}`)})), 2)
	_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": 2}`)})
	must(t, err)
	must(t, index(t, e, "c", "a", unique))
	equal(t, "indexes", indexLines(t, e, "c"), "_id_ ready 1, _openid_1 ready 0, a_1 ready 1")
}

// TestBuildAmongWrites builds an index over some thousand documents while
// writers go on, with a restart in the middle.
func TestBuildAmongWrites(t *testing.T) {
	t.Parallel()
	disk := dbtest.Bolt(t)
	e := disk.Open(t, db.Options{})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	const batches = 12
	for batch := range batches {
		var docs []value.Doc
		for i := range 500 {
			docs = append(docs, dbtest.Doc(t, fmt.Sprintf(`{"_id": %d, "n": %d, "tags": [%d, %d]}`, batch*500+i, i%7, i%5, i%3)))
		}
		_, err := e.Insert(t.Context(), admin, "c", docs)
		must(t, err)
	}
	must(t, e.CreateIndex(t.Context(), admin, "c", spec("n -tags")))
	write := func(i int) {
		_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, fmt.Sprintf(`{"_id": %d}`, i*37%(batches*500))), Update: dbtest.Doc(t, `{"$inc": {"n": 1}, "$push": {"tags": 9}}`)})
		must(t, err)
		_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: dbtest.Doc(t, fmt.Sprintf(`{"_id": %d}`, i*53%(batches*500)))})
		must(t, err)
		insert(t, e, "c", fmt.Sprintf(`{"n": %d}`, i%7))
	}
	for i := range 20 {
		write(i)
	}
	disk.Close(t) // checks what is built so far
	e = disk.Open(t, db.Options{})
	for i := range 20 {
		write(100 + i)
	}
	must(t, e.WaitIndex(t.Context(), admin, "c", "n_1_tags_-1"))
	q := dbtest.Doc(t, `{"n": 3}`)
	n, err := e.Count(t.Context(), admin, "c", q)
	must(t, err)
	found := find(t, e, db.FindRequest{Collection: "c", Query: q})
	scanned := find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"$nor": [{"n": {"$ne": 3}}]}`)})
	if int(n) != len(found) || dbtest.JSON(found...) != dbtest.JSON(scanned...) {
		t.Errorf("%d counted, %d found, %d scanned", n, len(found), len(scanned))
	}
}

// TestExpire: documents go when their time is up, in the change log like any
// other removal.
func TestExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := dbtest.Memory().Open(t, db.Options{})
		must(t, e.CreateCollection(t.Context(), admin, "c"))
		must(t, e.CreateCollection(t.Context(), admin, "down"))
		must(t, index(t, e, "c", "at", func(s *db.IndexSpec) { s.ExpireAfter = 10 * time.Minute }))
		must(t, index(t, e, "down", "-at", func(s *db.IndexSpec) { s.ExpireAfter = 10 * time.Minute }))
		now := time.Now().UnixMilli()
		minute := time.Minute.Milliseconds()
		for _, coll := range []string{"c", "down"} {
			insert(t, e, coll,
				fmt.Sprintf(`{"_id": "old", "at": {"$date": %d}}`, now-20*minute),
				fmt.Sprintf(`{"_id": "soon", "at": {"$date": %d}}`, now-7*minute),
				fmt.Sprintf(`{"_id": "array", "at": [{"$date": %d}, {"$date": %d}]}`, now, now-20*minute),
				fmt.Sprintf(`{"_id": "future", "at": {"$date": %d}}`, now+60*minute),
				`{"_id": "number", "at": 1}`, `{"_id": "none"}`)
		}
		left := func() string {
			var ids []string
			for _, coll := range []string{"c", "down"} {
				for _, d := range find(t, e, db.FindRequest{Collection: coll}) {
					ids = append(ids, text(d.Get("_id")))
				}
			}
			return strings.Join(ids, " ")
		}
		before, err := e.LastSeq(t.Context())
		must(t, err)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		equal(t, "left", left(), "soon future number none soon future number none")
		changes, err := e.Changes(t.Context(), before, 100)
		must(t, err)
		equal(t, "changes", strings.Join(changeLines(changes), ", "), "removed c old, removed c array, removed down old, removed down array")
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		equal(t, "left", left(), "future number none future number none")
	})
}

// TestDroppedIndexIsPurged: neither a dropped index nor those of a dropped
// collection leave entries behind.
func TestDroppedIndexIsPurged(t *testing.T) {
	t.Parallel()
	e := dbtest.Memory().Open(t, db.Options{KeepDropped: -1})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	must(t, index(t, e, "c", "a"))
	must(t, index(t, e, "c", "b"))
	insert(t, e, "c", `{"a": 1}`, `{"b": 1}`)
	must(t, e.DropIndex(t.Context(), admin, "c", "a_1"))
	must(t, e.DropCollection(t.Context(), admin, "c"))
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	equal(t, "indexes", indexLines(t, e, "c"), "_id_ ready 0, _openid_1 ready 0")
	awaitNoEntries(t, e)
}

func awaitNoEntries(t *testing.T, e *db.Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for db.IndexEntries(ctx, e) > 0 {
		if ctx.Err() != nil {
			t.Fatal("entries of dropped indexes are still there")
		}
		insert(t, e, "c", `{}`) // an operation like any other, behind the purger's
	}
}
