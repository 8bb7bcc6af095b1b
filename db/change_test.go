package db_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// TestFollowing takes a snapshot while writers work and adds the changes that
// the log tells: that must be what is there in the end.
func TestFollowing(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "other")
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 60 {
				q := dbtest.Doc(t, fmt.Sprintf(`{"_id": %d}`, (i*7+w)%25))
				var err error
				if i%5 == 4 {
					_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: q})
				} else {
					_, err = e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: q, Update: dbtest.Doc(t, `{"$inc": {"n": 1}}`), Upsert: true})
				}
				if err == nil {
					_, err = e.Insert(t.Context(), admin, "other", []value.Doc{nil})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	bell, stop := e.Listen()
	defer stop()
	<-bell
	docs, seq, err := e.Snapshot(t.Context(), admin, db.FindRequest{Collection: "c"})
	must(t, err)
	wg.Wait()
	last, err := e.LastSeq(t.Context())
	must(t, err)
	for seq < last {
		changes, err := e.Changes(t.Context(), seq, 10)
		must(t, err)
		if len(changes) == 0 {
			t.Fatalf("no changes after %d, though the newest operation is %d", seq, last)
		}
		for _, c := range changes {
			if c.Collection == "c" {
				docs = apply(t, docs, c)
			}
			seq = c.Seq
		}
	}
	if got, want := dbtest.JSON(docs...), dbtest.JSON(find(t, e, db.FindRequest{Collection: "c"})...); got != want {
		t.Errorf("snapshot and log give\n%s\nthere is\n%s", got, want)
	}
}

func TestChangesDoNotSplitAnOperation(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id": 1}`, `{"_id": 2}`, `{"_id": 3}`)
	insert(t, e, "c", `{"_id": 4}`)
	insert(t, e, "c", `{"_id": 5}`)
	for _, tc := range []struct {
		limit int
		want  string
	}{
		{0, "1 2 3"}, {1, "1 2 3"}, {3, "1 2 3"}, {4, "1 2 3 4"}, {9, "1 2 3 4 5"},
	} {
		changes, err := e.Changes(t.Context(), 0, tc.limit)
		must(t, err)
		var ids []string
		for _, c := range changes {
			ids = append(ids, text(c.ID))
		}
		if got := strings.Join(ids, " "); got != tc.want {
			t.Errorf("limit %d: ids %s, want %s", tc.limit, got, tc.want)
		}
		if changes[0].Seq != changes[2].Seq {
			t.Errorf("one call has the numbers %d and %d", changes[0].Seq, changes[2].Seq)
		}
	}
	c, err := e.Changes(t.Context(), 0, 1)
	must(t, err)
	if c[0].Before != nil || lines([]value.Doc{c[0].After}) != `{"_id":1}` {
		t.Errorf("an added document: before %s, after %s", c[0].Before, c[0].After)
	}
}

func TestTrimmedLog(t *testing.T) {
	t.Parallel()
	e := dbtest.Memory().Open(t, db.Options{Window: commit.Window{Parts: 5}})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	for range 20 {
		insert(t, e, "c", `{}`)
	}
	if _, err := e.Changes(t.Context(), 1, 10); !errors.Is(err, db.ErrLogTrimmed) {
		t.Errorf("got %v, want ErrLogTrimmed", err)
	}
	last, err := e.LastSeq(t.Context())
	must(t, err)
	if _, err := e.Changes(t.Context(), last+1, 10); !errors.Is(err, db.ErrLogTrimmed) {
		t.Errorf("a number from another history: %v, want ErrLogTrimmed", err)
	}
	if changes, err := e.Changes(t.Context(), last-2, 10); err != nil || len(changes) != 2 {
		t.Errorf("%d changes, %v; want the last two", len(changes), err)
	}
}

func TestReaderNarrows(t *testing.T) {
	t.Parallel()
	e := openWith(t, "priv", "shut")
	must(t, e.SetMode(t.Context(), admin, "shut", rules.AdminOnly))
	alice, bob := principals()["alice"], principals()["bob"]
	docs := []value.Doc{dbtest.Doc(t, `{"_openid": "alice"}`), dbtest.Doc(t, `{"_openid": "bob"}`), dbtest.Doc(t, `{}`)}
	seen := func(p rules.Principal) (got []bool) {
		a, err := e.Reader(t.Context(), p, "priv")
		must(t, err)
		for _, d := range docs {
			ok, err := a.Filter.Match(d)
			must(t, err)
			got = append(got, ok)
		}
		return got
	}
	equal(t, "alice", seen(alice), []bool{true, false, false})
	equal(t, "bob", seen(bob), []bool{false, true, false})
	equal(t, "admin", seen(admin), []bool{true, true, true})
	_, err := e.Reader(t.Context(), alice, "shut")
	wantCode(t, err, fault.DatabaseDenied, "ADMINONLY")
	_, err = e.Reader(t.Context(), alice, "none")
	wantCode(t, err, fault.CollectionNotExist, "none")
}

// TestCollectionChangesAreTold: who follows a collection must hear when it
// goes, and when what he may see of it changes.
func TestCollectionChangesAreTold(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id": 1}`)
	must(t, e.SetMode(t.Context(), admin, "c", rules.AdminOnly))
	must(t, e.DropCollection(t.Context(), admin, "c"))
	changes, err := e.Changes(t.Context(), 0, 100)
	must(t, err)
	equal(t, "changes", strings.Join(changeLines(changes), ", "), "added c 1, mode set c, dropped c")
}

// TestChangesNameTheirActor: who, by which key or function, for which request.
func TestChangesNameTheirActor(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	alice := rules.Principal{Role: rules.User, UID: "u1", OpenID: "alice", LoginType: rules.WeChatOpen, Session: "login-session"}
	long := strings.Repeat("x", 300)
	for name, tc := range map[string]struct {
		by   rules.Principal
		want db.Actor
	}{
		"user":     {alice, db.Actor{Role: rules.User, UID: "u1", OpenID: "alice"}},
		"function": {alice.AsFunction().Through("pay", "req-9"), db.Actor{Role: rules.Admin, UID: "u1", OpenID: "alice", Function: "pay", Request: "req-9"}},
		"key":      {rules.Principal{Role: rules.Admin, Session: "key:AKID1"}, db.Actor{Role: rules.Admin, Login: "key:AKID1"}},
		"console":  {rules.Principal{Role: rules.Admin, Session: "console:root"}, db.Actor{Role: rules.Admin, Login: "console:root"}},
		"long":     {rules.Principal{Role: rules.Admin, Function: long}, db.Actor{Role: rules.Admin, Function: long[:255]}},
	} {
		before, err := e.LastSeq(t.Context())
		must(t, err)
		_, err = e.Insert(t.Context(), tc.by, "c", []value.Doc{nil})
		must(t, err)
		changes, err := e.Changes(t.Context(), before, 1)
		must(t, err)
		equal(t, name, changes[0].Actor, tc.want)
	}
}
