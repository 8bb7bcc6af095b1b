package db_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/kv/memkv"
	"baas/db/value"
)

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
	for name, format := range map[string]string{"newer": "\x00\x00\x00\x7f", "malformed": "x"} {
		disk := dbtest.Memory()
		disk.Open(t, db.Options{})
		store := disk.Store()
		right := ""
		put := func(format string) {
			must(t, store.Commit(t.Context(), func(w kv.Writer) error {
				b, err := w.Get([]byte("mformat"))
				right = string(b)
				return errors.Join(err, w.Put([]byte("mformat"), []byte(format)))
			}))
		}
		put(format)
		if _, err := db.Open(t.Context(), store, db.Options{}); err == nil || !strings.Contains(err.Error(), "format") {
			t.Errorf("%s: got %v, want a text about the format", name, err)
		}
		put(right) // the database is checked when the test ends
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
	e := disk.Open(t, db.Options{KeepDropped: -1})
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
