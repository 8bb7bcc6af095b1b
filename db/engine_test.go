package db_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/kv/memkv"
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
		{"all, sorted", db.FindRequest{Sort: dbtest.Doc(t, `{"_id": -1}`)}, -1},
		{"sorted page", db.FindRequest{Sort: dbtest.Doc(t, `{"_id": -1}`), Limit: 4}, 4},
		{"sorted page of too many", db.FindRequest{Sort: dbtest.Doc(t, `{"_id": -1}`), Limit: 5}, -1},
		{"sorted page far on", db.FindRequest{Sort: dbtest.Doc(t, `{"_id": -1}`), Skip: 4, Limit: 1}, -1},
		{"sorted, narrow condition", db.FindRequest{Sort: dbtest.Doc(t, `{"_id": -1}`), Query: dbtest.Doc(t, `{"_id": {"$gt": 4}}`)}, 4},
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

// failing is a store whose commits fail with an error, when it has one.
type failing struct {
	kv.Store
	err atomic.Pointer[error]
}

func (f *failing) Commit(ctx context.Context, fn func(kv.Writer) error) error {
	if err := f.err.Load(); err != nil {
		return fmt.Errorf("disk /secret/path: %w", *err)
	}
	return f.Store.Commit(ctx, fn)
}

func TestStoreErrorsGetCodes(t *testing.T) {
	t.Parallel()
	var disk memkv.Disk
	mem, err := disk.Open()
	must(t, err)
	s := &failing{Store: mem}
	e, err := db.Open(t.Context(), s, db.Options{})
	must(t, err)
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	for text, cause := range map[string]error{"outcome unknown": kv.ErrOutcomeUnknown, "too much at once": commit.ErrTooBig} {
		s.err.Store(&cause)
		_, err = e.Insert(t.Context(), admin, "c", []value.Doc{nil})
		wantCode(t, err, fault.DatabaseFailed, text)
		if strings.Contains(fault.Text(err), "secret") {
			t.Errorf("the text tells too much: %s", fault.Text(err))
		}
	}
	s.err.Store(nil)
	must(t, e.Close())
	_, err = e.Insert(t.Context(), admin, "c", []value.Doc{nil})
	wantCode(t, err, fault.ServerTimeout, "stopping")
	must(t, mem.Close())
	_, err = e.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.ServerTimeout, "stopping")
}

func TestFormatIsChecked(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]string{"newer": "\x00\x00\x00\x02", "malformed": "x"} {
		disk := dbtest.Memory()
		disk.Open(t, db.Options{})
		store := disk.Store()
		must(t, store.Commit(t.Context(), func(w kv.Writer) error { return w.Put([]byte("mformat"), []byte(format)) }))
		if _, err := db.Open(t.Context(), store, db.Options{}); err == nil || !strings.Contains(err.Error(), "format") {
			t.Errorf("%s: got %v, want a text about the format", name, err)
		}
	}
}

// entriesOf counts the documents and index entries of all collections.
func entriesOf(t *testing.T, s kv.Store) (n int) {
	t.Helper()
	must(t, s.View(t.Context(), func(r kv.Reader) error {
		for _, prefix := range "dpx" {
			if err := r.Scan(kv.Prefix([]byte{byte(prefix)}), func(_, _ []byte) error { n++; return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

// TestPurge: what a dropped collection leaves is removed in the background, by
// the next process if need be.
func TestPurge(t *testing.T) {
	t.Parallel()
	waitEmpty := func(e *db.Engine, s kv.Store) {
		bell, stop := e.Listen()
		defer stop()
		for entriesOf(t, s) > 0 {
			<-bell
		}
	}
	disk := dbtest.Memory()
	e := disk.Open(t, db.Options{})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	for range 3 {
		_, err := e.Insert(t.Context(), admin, "c", make([]value.Doc, 1000))
		must(t, err)
	}
	must(t, e.DropCollection(t.Context(), admin, "c"))
	waitEmpty(e, disk.Store())

	// As a process leaves it that ends right after the drop.
	must(t, disk.Store().Commit(t.Context(), func(w kv.Writer) error {
		coll := binary.BigEndian.AppendUint32(nil, 77)
		for i := range uint64(5) {
			must(t, w.Put(binary.BigEndian.AppendUint64(append([]byte("d"), coll...), i), make([]byte, 20)))
		}
		return w.Put(append([]byte("x"), coll...), nil)
	}))
	disk.Close(t)
	e = disk.Open(t, db.Options{})
	waitEmpty(e, disk.Store())
}

func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	docOf := func(n byte) []byte { return []byte{'d', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, n} }
	for name, tc := range map[string]struct {
		damage func(w kv.Writer) error
		want   string
	}{
		"sound":              {func(kv.Writer) error { return nil }, ""},
		"document lost":      {func(w kv.Writer) error { return w.Delete(docOf(0)) }, "leads to no document"},
		"index entry lost":   {func(w kv.Writer) error { return w.Delete([]byte("p\x00\x00\x00\x01\x30b\x00\x01")) }, "does not lead to the document"},
		"index entry astray": {func(w kv.Writer) error { return w.Put([]byte("p\x00\x00\x00\x01\x30b\x00\x01"), docOf(0)[5:]) }, "or another"},
		"index entry extra":  {func(w kv.Writer) error { return w.Put([]byte("p\x00\x00\x00\x01\x30z\x00\x01"), docOf(0)[5:]) }, "index entries"},
		"document broken":    {func(w kv.Writer) error { return w.Put(docOf(1), append(make([]byte, 8), "text"...)) }, "document at 1"},
		"document too short": {func(w kv.Writer) error { return w.Put(docOf(1), nil) }, "too short"},
		"document extra":     {func(w kv.Writer) error { return w.Put(docOf(9), append(make([]byte, 8), 5, 0, 0, 0, 0)) }, "next one is to go to 2"},
		"stray collection": {func(w kv.Writer) error {
			return w.Put([]byte("d\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00"), nil)
		}, "belongs to no collection"},
		"short key":         {func(w kv.Writer) error { return w.Put([]byte("d"), nil) }, "belongs to no collection"},
		"log entry lost":    {func(w kv.Writer) error { return w.Delete([]byte("l\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00")) }, "the log has"},
		"catalog too short": {func(w kv.Writer) error { return w.Put([]byte("cc"), []byte("x")) }, "too short"},
		"there and dropped": {func(w kv.Writer) error { return w.Put([]byte("x\x00\x00\x00\x01"), nil) }, "marked as dropped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var disk memkv.Disk
			store, err := disk.Open()
			must(t, err)
			e, err := db.Open(t.Context(), store, db.Options{})
			must(t, err)
			must(t, e.CreateCollection(t.Context(), admin, "c"))
			insert(t, e, "c", `{"_id": "a"}`, `{"_id": "b"}`)
			must(t, store.Commit(t.Context(), tc.damage))
			err = e.Check(t.Context())
			if tc.want == "" {
				must(t, err)
			} else if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Check says %v, want a text with %q", err, tc.want)
			}
			must(t, e.Close())
			must(t, store.Close())
		})
	}
}

// interrupted is a store that does something once, after its first view.
type interrupted struct {
	kv.Store
	armed bool
	then  func()
}

func (s *interrupted) View(ctx context.Context, fn func(kv.Reader) error) error {
	err := s.Store.View(ctx, fn)
	if s.armed {
		s.armed = false
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
	s.armed = true
	_, err = e.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.CollectionNotExist, "c")
	s.armed = true
	res, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$gte": 5}}`), Update: dbtest.Doc(t, `{"$set": {"n": 1}}`)})
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
			insert(t, e, "c", `{"_id": 0}`, `{"_id": 1, "free": true}`, `{"_id": 2, "free": true}`, `{"_id": 3, "free": true}`, `{"_id": 4}`)
			s.then = func() {
				_, err := e.Update(t.Context(), admin, db.UpdateRequest{
					Collection: "c", Query: dbtest.Doc(t, `{"_id": {"$in": `+tc.ids+`}}`), Update: dbtest.Doc(t, tc.overtaken), Multi: true,
				})
				must(t, err)
			}
			s.armed = true
			_, err = e.Update(t.Context(), admin, db.UpdateRequest{
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
