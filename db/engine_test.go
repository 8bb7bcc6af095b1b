package db_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

var admin = rules.Principal{Role: rules.Admin}

func openWith(t *testing.T, collections ...string) *db.Engine {
	t.Helper()
	e := dbtest.Open(t)
	for _, name := range collections {
		must(t, e.CreateCollection(t.Context(), admin, name))
	}
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func insert(t *testing.T, e *db.Engine, coll string, json ...string) {
	t.Helper()
	var list []value.Doc
	for _, text := range json {
		list = append(list, dbtest.Doc(t, text))
	}
	_, err := e.Insert(t.Context(), admin, coll, list)
	must(t, err)
}

func find(t *testing.T, e *db.Engine, q db.FindRequest) []value.Doc {
	t.Helper()
	got, err := e.Find(t.Context(), admin, q)
	must(t, err)
	return got
}

func wantCode(t *testing.T, err error, code fault.Code, text string) {
	t.Helper()
	if fault.CodeOf(err) != code || !strings.Contains(fault.Text(err), text) {
		t.Errorf("got %v, want %s with a text that contains %q", err, code, text)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	next := db.NewIDSource(func() time.Time { return now })
	var ids []string
	for i := range 200_000 {
		switch {
		case i%1000 == 0:
			now = now.Add(time.Millisecond)
		case i%7777 == 0:
			now = now.Add(-time.Hour) // a clock that is set back
		}
		ids = append(ids, next())
	}
	if !slices.IsSorted(ids) {
		t.Error("ids do not ascend")
	}
	if n := len(slices.Compact(slices.Clone(ids))); n != len(ids) {
		t.Errorf("%d of %d ids are the same", len(ids)-n, len(ids))
	}
	if !regexp.MustCompile(`^018bcfe56801[0-9a-f]{20}$`).MatchString(ids[0]) {
		t.Errorf("id %q: want 32 lower-case hex digits, 12 of time first", ids[0])
	}
	// The same clock and counter in another process give other ids.
	other := db.NewIDSource(func() time.Time { return time.UnixMilli(1_700_000_000_001) })
	if id := other(); id == ids[0] || id[:16] != ids[0][:16] {
		t.Errorf("ids of two sources: %s and %s", id, ids[0])
	}
}

func TestResultBounds(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	db.SetResultBounds(e, 10_000, 5_000)
	text := strings.Repeat("x", 1000)
	for i := range 9 {
		insert(t, e, "c", fmt.Sprintf(`{"_id": %d, "text": "%s"}`, i, text))
	}
	for _, tc := range []struct {
		name string
		q    db.FindRequest
		n    int // documents, or -1 for too many
	}{
		{"all", db.FindRequest{}, 9},
		{"all, sorted", db.FindRequest{Sort: dbtest.Doc(t, `{"text": -1}`)}, -1},
		{"sorted page", db.FindRequest{Sort: dbtest.Doc(t, `{"text": -1}`), Limit: 4}, 4},
		{"sorted page of too many", db.FindRequest{Sort: dbtest.Doc(t, `{"text": -1}`), Limit: 5}, -1},
		{"sorted page far on", db.FindRequest{Sort: dbtest.Doc(t, `{"text": -1}`), Skip: 4, Limit: 1}, -1},
		{"sorted, narrow condition", db.FindRequest{Sort: dbtest.Doc(t, `{"text": -1}`), Query: dbtest.Doc(t, `{"_id": {"$gt": 4}}`)}, 4},
	} {
		tc.q.Collection = "c"
		got, err := e.Find(t.Context(), admin, tc.q)
		if tc.n < 0 {
			wantCode(t, err, fault.ResultTooLarge, "narrower condition")
		} else if err != nil || len(got) != tc.n {
			t.Errorf("%s: %d documents, %v; want %d", tc.name, len(got), err, tc.n)
		}
	}
	insert(t, e, "c", `{"text": "`+text+`"}`)
	_, err := e.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.ResultTooLarge, "smaller limit")
}

// TestDocumentSize: 16 MB is the limit, the server's fields included, at every
// way in.
func TestDocumentSize(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	doc := func(size int) value.Doc { // size bytes with an _id of one letter
		var b value.Builder
		b.AddString("_id", "i")
		frame := b.Doc()
		b.AddString("_id", "i")
		b.AddString("t", strings.Repeat("x", size-len(frame)-len("\x02t\x00\x00\x00\x00\x00\x00")))
		return b.Doc()
	}
	_, err := e.Insert(t.Context(), admin, "c", []value.Doc{doc(value.MaxBytes)})
	must(t, err)
	if got := find(t, e, db.FindRequest{Collection: "c"}); len(got) != 1 || len(got[0]) != value.MaxBytes {
		t.Errorf("%d documents came back", len(got))
	}
	_, err = e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Update: dbtest.Doc(t, `{"$set": {"n": 1}}`)})
	wantCode(t, err, fault.InvalidParam, "")
	must(t, e.DropCollection(t.Context(), admin, "c"))
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	_, err = e.Insert(t.Context(), admin, "c", []value.Doc{doc(value.MaxBytes + 1)})
	wantCode(t, err, fault.InvalidParam, "")
	_, err = e.Insert(t.Context(), principals()["alice"], "c", []value.Doc{doc(value.MaxBytes)})
	wantCode(t, err, fault.InvalidParam, "allowed are")
	if n, err := e.Count(t.Context(), admin, "c", nil); n != 0 || err != nil {
		t.Errorf("%d documents, %v; want none", n, err)
	}
}

// TestDepthAfterUpdate: two sound documents can make one that is too deep.
func TestDepthAfterUpdate(t *testing.T) {
	t.Parallel()
	nested := func(levels int) string {
		return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
	}
	path := strings.TrimSuffix(strings.Repeat("a.", 60), ".")
	for name, change := range map[string]string{
		"$set":  fmt.Sprintf(`{"$set": {"%s": %s}}`, path, nested(60)),
		"$push": fmt.Sprintf(`{"$push": {"%s": %s}}`, path+".b", nested(60)),
	} {
		e := openWith(t, "c")
		insert(t, e, "c", nested(59)[:len(nested(59))-1]+`, "_id": 1}`)
		insert(t, e, "c", strings.Replace(nested(60), "1", `{"b": []}`, 1))
		_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Update: dbtest.Doc(t, change), Multi: true})
		if err == nil {
			t.Errorf("%s made a document that is too deep", name)
		}
	}
}
