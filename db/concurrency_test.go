package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/kv/memkv"
	"baas/db/value"
)

// TestConcurrentClaims lets many callers take free documents one at a time:
// each must be taken exactly once, though the searches overlap.
func TestConcurrentClaims(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]*dbtest.Disk{"memkv": dbtest.Memory(), "boltkv": dbtest.Bolt(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := disk.Open(t, db.Options{})
			db.SetViewBound(e, 5)
			must(t, e.CreateCollection(t.Context(), admin, "c"))
			const documents, callers = 120, 8
			for i := range documents {
				insert(t, e, "c", fmt.Sprintf(`{"_id": "%d", "state": "free"}`, i))
			}
			var mu sync.Mutex
			taken := map[string]int{}
			var wg sync.WaitGroup
			for caller := range callers {
				change := dbtest.Doc(t, fmt.Sprintf(`{"$set": {"state": "taken", "by": %d}}`, caller))
				wg.Go(func() {
					for {
						res, err := e.Update(t.Context(), admin, db.UpdateRequest{
							Collection: "c", Query: dbtest.Doc(t, `{"state": "free"}`), Update: change, ReturnDoc: true,
						})
						if err != nil {
							t.Error(err)
							return
						}
						if res.Matched == 0 {
							return
						}
						mu.Lock()
						taken[res.Doc.Get("_id").Text()]++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			for id, n := range taken {
				if n != 1 {
					t.Errorf("%s was taken %d times", id, n)
				}
			}
			if len(taken) != documents {
				t.Errorf("%d of %d documents were taken", len(taken), documents)
			}
		})
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	for range 5 {
		var list []value.Doc
		for range 1000 {
			list = append(list, dbtest.Doc(t, `{"n": 1}`))
		}
		_, err := e.Insert(t.Context(), admin, "c", list)
		must(t, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	q := dbtest.Doc(t, `{"n": 2}`)
	for name, call := range map[string]func(context.Context) error{
		"Find": func(ctx context.Context) error {
			_, err := e.Find(ctx, admin, db.FindRequest{Collection: "c"})
			return err
		},
		"Count":  func(ctx context.Context) error { _, err := e.Count(ctx, admin, "c", q); return err },
		"Insert": func(ctx context.Context) error { _, err := e.Insert(ctx, admin, "c", []value.Doc{nil}); return err },
		"Update": func(ctx context.Context) error {
			_, err := e.Update(ctx, admin, db.UpdateRequest{Collection: "c", Query: q, Update: dbtest.Doc(t, `{"$set": {"n": 1}}`)})
			return err
		},
		"Remove": func(ctx context.Context) error {
			_, err := e.Remove(ctx, admin, db.RemoveRequest{Collection: "c", Multi: true})
			return err
		},
	} {
		if err := call(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s under an ended context: %v, want context.Canceled", name, err)
		}
		wantCode(t, call(late), fault.ServerTimeout, "in time")
	}
	if n, err := e.Count(t.Context(), admin, "c", nil); n != 5000 || err != nil {
		t.Errorf("%d documents, %v; want 5,000", n, err)
	}
}

// interrupted is a store that does something once, after the first view under a
// context that asks for it; views of background work go on as ever.
type interrupted struct {
	kv.Store
	then func()
}

type interruptKey struct{}

// interruptOnce returns a context whose first view is followed by then.
func interruptOnce(ctx context.Context) context.Context {
	armed := new(atomic.Bool)
	armed.Store(true)
	return context.WithValue(ctx, interruptKey{}, armed)
}

func (s *interrupted) View(ctx context.Context, fn func(kv.Reader) error) error {
	err := s.Store.View(ctx, fn)
	if armed, asked := ctx.Value(interruptKey{}).(*atomic.Bool); asked && armed.CompareAndSwap(true, false) {
		s.then()
	}
	return err
}

// TestDroppedDuringAScan: a search that has begun in one collection never goes
// on in another of the same name.
func TestDroppedDuringAScan(t *testing.T) {
	t.Parallel()
	var disk memkv.Disk
	mem, err := disk.Open()
	must(t, err)
	s := &interrupted{Store: mem}
	e, err := db.Open(t.Context(), s, db.Options{})
	must(t, err)
	db.SetViewBound(e, 1)
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	insert(t, e, "c", `{"_id": 1}`, `{"_id": 2}`, `{"_id": 3}`)
	s.then = func() {
		must(t, e.DropCollection(t.Context(), admin, "c"))
		must(t, e.CreateCollection(t.Context(), admin, "c"))
		insert(t, e, "c", `{"_id": 4}`, `{"_id": 5}`, `{"_id": 6}`)
	}
	_, err = e.Find(interruptOnce(t.Context()), admin, db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.CollectionNotExist, "c")
	res, err := e.Update(interruptOnce(t.Context()), admin, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$gte": 5}}`), Update: dbtest.Doc(t, `{"$set": {"n": 1}}`)})
	if fault.CodeOf(err) != fault.CollectionNotExist {
		t.Errorf("Update = %+v, %v", res, err)
	}
	must(t, e.Close())
	must(t, mem.Close())
}

// TestOvertaken changes documents between the search of an update and its
// operation: the outcome is that of the newest state.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		multi     bool
		overtaken string // update that comes in between, on all it names
		ids       string
		want      string // the ids that got done: true
	}{
		{"nothing happens", false, `{"$set": {"x": 1}}`, `[9]`, "1"},
		{"the found one is gone", false, `{"$set": {"free": false}}`, `[1]`, "2"},
		{"all found are gone", false, `{"$set": {"free": false}}`, `[1, 2, 3]`, ""},
		{"an earlier one comes up", false, `{"$set": {"free": true}}`, `[0]`, "0"},
		{"a later one comes up", false, `{"$set": {"free": true}}`, `[4]`, "1"},
		{"many, one is gone", true, `{"$set": {"free": false}}`, `[2]`, "1 3"},
		{"many, one comes up", true, `{"$set": {"free": true}}`, `[4]`, "1 2 3 4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var disk memkv.Disk
			mem, err := disk.Open()
			must(t, err)
			s := &interrupted{Store: mem}
			e, err := db.Open(t.Context(), s, db.Options{})
			must(t, err)
			must(t, e.CreateCollection(t.Context(), admin, "c"))
			if tc.ids != `[9]` { // and once without an index
				must(t, index(t, e, "c", "free"))
			}
			insert(t, e, "c", `{"_id": 0}`, `{"_id": 1, "free": true}`, `{"_id": 2, "free": true}`, `{"_id": 3, "free": true}`, `{"_id": 4}`)
			s.then = func() {
				_, err := e.Update(t.Context(), admin, db.UpdateRequest{
					Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$in": `+tc.ids+`}}`), Update: dbtest.Doc(t, tc.overtaken), Multi: true,
				})
				must(t, err)
			}
			_, err = e.Update(interruptOnce(t.Context()), admin, db.UpdateRequest{
				Collection: "c", Query: dbtest.Doc(t, `{"free": true}`), Update: dbtest.Doc(t, `{"$set": {"done": true}}`), Multi: tc.multi,
			})
			must(t, err)
			var got []string
			for _, d := range find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"done": true}`)}) {
				got = append(got, text(d.Get("_id")))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("changed were %q, want %q", s, tc.want)
			}
			must(t, e.Check(t.Context()))
			must(t, e.Close())
			must(t, mem.Close())
		})
	}
}
