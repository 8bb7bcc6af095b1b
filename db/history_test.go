package db_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// clock is a clock that a test moves, while background work reads it.
type clock struct{ millis atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.millis.Store(1_700_000_000_000)
	return c
}

func (c *clock) now() time.Time       { return time.UnixMilli(c.millis.Load()).UTC() }
func (c *clock) move(d time.Duration) { c.millis.Add(d.Milliseconds()) }

func versionLines(h db.History) string {
	var out []string
	for _, v := range h.Versions {
		line := fmt.Sprintf("%d %s", v.Seq, map[db.ChangeKind]string{db.Added: "added", db.Updated: "updated", db.Replaced: "replaced", db.Removed: "removed"}[v.Kind])
		for _, f := range v.Updated {
			line += " " + f.Path + "=" + string(value.AppendPlain(nil, f.Value))
		}
		for _, name := range v.Removed {
			line += " -" + name
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}

func write(t *testing.T, e *db.Engine, p rules.Principal, query, change string) {
	t.Helper()
	_, err := e.Update(t.Context(), p, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, query), Update: dbtest.Doc(t, change), Multi: true})
	must(t, err)
}

func TestHistory(t *testing.T) {
	t.Parallel()
	now := newClock()
	e := dbtest.Memory().Open(t, db.Options{Now: now.now})
	must(t, e.CreateCollection(t.Context(), admin, "c")) // 1
	insert(t, e, "c", `{"_id": "a", "n": 1, "in": {"x": 1, "y": 2}}`, `{"_id": "b"}`)
	now.move(time.Minute)
	user := rules.Principal{Role: rules.User, UID: "u", OpenID: "alice"}
	write(t, e, user.AsFunction().Through("pay", "r1"), `{}`, `{"$inc": {"n": 1}, "$unset": {"in.y": ""}}`)
	must(t, e.RenameCollection(t.Context(), admin, "c", "d"))
	_, err := e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "d", Query: dbtest.Doc(t, `{"_id": "a"}`)})
	must(t, err)
	a := value.String("a")
	const all = `5 removed; 3 updated n=2 -in.y; 2 added _id="a" n=1 in={"x":1,"y":2}`
	for _, tc := range []struct {
		name string
		q    db.HistoryRequest
		want string
		more bool
	}{
		{"of a removed document, through a rename", db.HistoryRequest{Collection: "d", ID: a}, all, false},
		{"the newest", db.HistoryRequest{Collection: "d", ID: a, Limit: 1}, "5 removed", true},
		{"the next page", db.HistoryRequest{Collection: "d", ID: a, Limit: 1, Before: 5}, "3 updated n=2 -in.y", true},
		{"before all", db.HistoryRequest{Collection: "d", ID: a, Before: 1}, "", false},
		{"of another document", db.HistoryRequest{Collection: "d", ID: value.String("b")}, `3 updated n=1; 2 added _id="b"`, false},
		{"of none", db.HistoryRequest{Collection: "d", ID: value.String("z")}, "", false},
	} {
		h, err := e.History(t.Context(), admin, tc.q)
		must(t, err)
		if got := versionLines(h); got != tc.want || h.More != tc.more {
			t.Errorf("%s: got %s, more %t; want %s", tc.name, got, h.More, tc.want)
		}
	}
	h, err := e.History(t.Context(), admin, db.HistoryRequest{Collection: "d", ID: a, Images: true})
	must(t, err)
	v := h.Versions[1]
	equal(t, "actor", v.Actor, db.Actor{Role: rules.Admin, UID: "u", OpenID: "alice", Function: "pay", Request: "r1"})
	equal(t, "date", v.Date, now.now())
	equal(t, "images", lines([]value.Doc{v.Before, v.After}), `{"_id":"a","n":1,"in":{"x":1,"y":2}}`+"\n"+`{"_id":"a","n":2,"in":{"x":1}}`)

	must(t, e.DropCollection(t.Context(), admin, "d"))
	h, err = e.History(t.Context(), admin, db.HistoryRequest{Collection: "d", ID: a})
	must(t, err)
	equal(t, "in a dropped collection", versionLines(h), all)
	_, err = e.History(t.Context(), admin, db.HistoryRequest{Collection: "none", ID: a})
	wantCode(t, err, fault.CollectionNotExist, "none")
	_, err = e.History(t.Context(), user, db.HistoryRequest{Collection: "d", ID: a})
	wantCode(t, err, fault.DatabaseDenied, "administrator")
	_, err = e.History(t.Context(), rules.SystemPrincipal(), db.HistoryRequest{Collection: "sys.users", ID: a})
	wantCode(t, err, fault.InvalidParam, "no history")
}

// TestUndoModel makes random changes, remembers the documents after each, and
// demands that an undo to any of them, of one document or of all, gives these.
func TestUndoModel(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	now := newClock()
	e := dbtest.Memory().Open(t, db.Options{Now: now.now})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	states := map[uint64]string{}
	dates := map[uint64]time.Time{}
	state := func() string {
		docs := find(t, e, db.FindRequest{Collection: "c"})
		list := strings.Split(lines(docs), "\n")
		slices.Sort(list) // a document that is added again stands at the end
		return strings.Join(list, "\n")
	}
	remember := func() uint64 {
		seq, err := e.LastSeq(t.Context())
		must(t, err)
		states[seq], dates[seq] = state(), now.now()
		now.move(time.Second)
		return seq
	}
	var known []uint64
	for range 120 {
		id := fmt.Sprintf(`{"_id": %d}`, rng.IntN(9))
		switch rng.IntN(5) {
		case 0:
			_, err := e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: dbtest.Doc(t, id)})
			must(t, err)
		case 1:
			write(t, e, admin, `{}`, `{"$inc": {"all": 1}}`)
		case 2:
			_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, id), Update: dbtest.Doc(t, fmt.Sprintf(`{"r": %d}`, rng.IntN(99))), Replace: true, Upsert: true})
			must(t, err)
		default:
			_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, id), Update: dbtest.Doc(t, `{"$inc": {"n": 1}}`), Upsert: true})
			must(t, err)
		}
		known = append(known, remember())
		if rng.IntN(4) > 0 {
			continue
		}
		to := known[rng.IntN(len(known))]
		q := db.UndoRequest{Collection: "c", To: to}
		if rng.IntN(2) == 0 {
			q = db.UndoRequest{Collection: "c", At: dates[to]}
		}
		if rng.IntN(2) == 0 {
			undoOne(t, e, q, states[to], rng.IntN(9))
			known = append(known, remember())
			continue
		}
		_, err := e.Undo(t.Context(), admin, q)
		must(t, err)
		if got := state(); got != states[to] {
			t.Fatalf("after an undo to %d there is\n%s\nwant\n%s", to, got, states[to])
		}
		known = append(known, remember())
	}
}

// undoOne restores one document and demands that it is the one of that state.
func undoOne(t *testing.T, e *db.Engine, q db.UndoRequest, state string, id int) {
	t.Helper()
	q.ID = value.Int(int64(id))
	_, err := e.Undo(t.Context(), admin, q)
	must(t, err)
	want := ""
	for line := range strings.SplitSeq(state, "\n") {
		if strings.HasPrefix(line, fmt.Sprintf(`{"_id":%d`, id)) {
			want = line
		}
	}
	got := lines(find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, fmt.Sprintf(`{"_id": %d}`, id))}))
	if got != want {
		t.Fatalf("document %d is %s, it was %s", id, got, want)
	}
}

// TestUndoOfMany restores more documents than fit into one step, from a log
// that is read in several views.
func TestUndoOfMany(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "other")
	for i := range 4 {
		var list []string
		for j := range 250 {
			list = append(list, fmt.Sprintf(`{"_id": %d, "n": 1}`, i*250+j))
		}
		insert(t, e, "c", list...)
	}
	insert(t, e, "other", `{"_id": 1}`)
	to, err := e.LastSeq(t.Context())
	must(t, err)
	write(t, e, admin, `{}`, `{"$set": {"n": 2}}`)
	insert(t, e, "c", `{"_id": "new"}`)
	_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$lt": 10}}`), Multi: true})
	must(t, err)
	_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "other", Multi: true})
	must(t, err)
	res, err := e.Undo(t.Context(), admin, db.UndoRequest{Collection: "c", To: to})
	must(t, err)
	equal(t, "result", res, db.UndoResult{To: to, Changed: 990, Added: 10, Removed: 1})
	n, err := e.Count(t.Context(), admin, "c", dbtest.Doc(t, `{"n": 1}`))
	must(t, err)
	equal(t, "restored", n, 1000)
	n, err = e.Count(t.Context(), admin, "other", nil)
	must(t, err)
	equal(t, "others", n, 0)
	res, err = e.Undo(t.Context(), admin, db.UndoRequest{Collection: "c", To: to})
	must(t, err)
	equal(t, "again", res, db.UndoResult{To: to})
}

// TestUndoOfExchangedValues: two documents that have exchanged the values of a
// unique index get their own back.
func TestUndoOfExchangedValues(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	must(t, e.CreateIndex(t.Context(), admin, "c", db.IndexSpec{Keys: []db.IndexKey{{Path: "mail"}}, Unique: true}))
	insert(t, e, "c", `{"_id": 1, "mail": "a"}`, `{"_id": 2, "mail": "b"}`)
	to, err := e.LastSeq(t.Context())
	must(t, err)
	for _, step := range [][2]string{{"1", "x"}, {"2", "a"}, {"1", "b"}} {
		write(t, e, admin, `{"_id": `+step[0]+`}`, `{"$set": {"mail": "`+step[1]+`"}}`)
	}
	insert(t, e, "c", `{"_id": 3, "mail": "c"}`)
	_, err = e.Undo(t.Context(), admin, db.UndoRequest{Collection: "c", To: to})
	must(t, err)
	equal(t, "documents", lines(find(t, e, db.FindRequest{Collection: "c"})), `{"_id":1,"mail":"a"}`+"\n"+`{"_id":2,"mail":"b"}`)
	equal(t, "by index", lines(find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"mail": "b"}`)})), `{"_id":2,"mail":"b"}`)
}

func TestUndoRefuses(t *testing.T) {
	t.Parallel()
	now := newClock()
	e := dbtest.Memory().Open(t, db.Options{Now: now.now, Window: commit.Window{Parts: 5}})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	for range 20 {
		now.move(time.Second)
		insert(t, e, "c", `{}`)
	}
	for name, tc := range map[string]struct {
		p    rules.Principal
		q    db.UndoRequest
		code fault.Code
		text string
	}{
		"too old":          {admin, db.UndoRequest{Collection: "c", To: 2}, fault.InvalidParam, "history-age"},
		"too long ago":     {admin, db.UndoRequest{Collection: "c", At: now.now().Add(-15 * time.Second)}, fault.InvalidParam, "history-age"},
		"not yet":          {admin, db.UndoRequest{Collection: "c", To: 99}, fault.InvalidParam, "the newest operation has the number 21"},
		"user":             {rules.Principal{Role: rules.User, UID: "u"}, db.UndoRequest{Collection: "c", To: 20}, fault.DatabaseDenied, "administrator"},
		"no collection":    {admin, db.UndoRequest{Collection: "none", To: 20}, fault.CollectionNotExist, "none"},
		"the server's own": {rules.SystemPrincipal(), db.UndoRequest{Collection: "sys.x", To: 20}, fault.CollectionNotExist, "sys.x"},
	} {
		_, err := e.Undo(t.Context(), tc.p, tc.q)
		wantCode(t, err, tc.code, tc.text)
		if name == "too old" && !errors.Is(err, db.ErrLogTrimmed) {
			t.Errorf("%v does not wrap ErrLogTrimmed", err)
		}
	}
	res, err := e.Undo(t.Context(), admin, db.UndoRequest{Collection: "c", At: now.now().Add(-time.Second)})
	must(t, err)
	equal(t, "the last one back", res, db.UndoResult{To: 20, Removed: 1})
}
