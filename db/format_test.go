package db_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/kv"
	"baas/db/rules"
)

// formatFile holds every key and value of a small database of format 1, in
// hexadecimal. A later format keeps it and still opens it.
const formatFile = "testdata/format-1.txt"

// buildFormat makes the database of formatFile.
func buildFormat(t *testing.T) (*dbtest.Disk, *db.Engine) {
	t.Helper()
	disk := dbtest.Memory()
	ids := 0
	e := disk.Open(t, db.Options{
		Now:   func() time.Time { return time.UnixMilli(1_700_000_000_000) },
		NewID: func() string { ids++; return fmt.Sprintf("%032x", ids) },
	})
	must(t, e.CreateCollection(t.Context(), admin, "todos"))
	must(t, e.SetMode(t.Context(), admin, "todos", rules.ReadOnly))
	insert(t, e, "todos", `{"title": "first", "n": 1}`, `{"_id": "two", "n": 2.5}`, `{"_id": 3}`)
	_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "todos", Query: dbtest.Doc(t, `{"_id": "two"}`), Update: dbtest.Doc(t, `{"$inc": {"n": 1}}`)})
	must(t, err)
	_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "todos", Query: dbtest.Doc(t, `{"_id": 3}`)})
	must(t, err)
	_, err = e.Update(t.Context(), rules.SystemPrincipal(), db.UpdateRequest{
		Collection: "sys.keys", Query: dbtest.Doc(t, `{"_id": "k"}`), Update: dbtest.Doc(t, `{"v": true}`), Replace: true, Upsert: true,
	})
	must(t, err)
	return disk, e
}

// TestFormat fails when what is written differs from what format 1 is. If that
// is meant, the format gets a new version, and this file a new golden file
// beside the old one.
func TestFormat(t *testing.T) {
	t.Parallel()
	disk, _ := buildFormat(t)
	var b strings.Builder
	must(t, disk.Store().View(t.Context(), func(r kv.Reader) error {
		return r.Scan(kv.Range{}, func(k, v []byte) error {
			fmt.Fprintf(&b, "%x %x\n", k, v)
			return nil
		})
	}))
	want, err := os.ReadFile(formatFile)
	must(t, err)
	if b.String() != string(want) {
		t.Errorf("the store holds\n%s\nformat 1 is\n%s", b.String(), want)
	}
}

// TestOldFormatOpens opens the stored database and reads it.
func TestOldFormatOpens(t *testing.T) {
	t.Parallel()
	disk := dbtest.Memory()
	disk.Open(t, db.Options{})
	f, err := os.Open(formatFile)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	must(t, disk.Store().Commit(t.Context(), func(w kv.Writer) error {
		for lines := bufio.NewScanner(f); lines.Scan(); {
			key, val, _ := strings.Cut(lines.Text(), " ")
			k, err := hex.DecodeString(key)
			must(t, err)
			v, err := hex.DecodeString(val)
			must(t, err)
			must(t, w.Put(k, v))
		}
		return nil
	}))
	disk.Close(t) // checks it
	e := disk.Open(t, db.Options{})
	got := find(t, e, db.FindRequest{Collection: "todos"})
	equal(t, "documents", lines(got), `{"_id":"00000000000000000000000000000001","title":"first","n":1}`+"\n"+`{"_id":"two","n":3.5}`)
	infos, err := e.Collections(t.Context(), rules.SystemPrincipal())
	must(t, err)
	equal(t, "collections", fmt.Sprint(infos), "[{sys.keys ADMINONLY 1 20} {todos READONLY 2 100}]")
	changes, err := e.Changes(t.Context(), 0, 100)
	must(t, err)
	equal(t, "changes", strings.Join(changeLines(changes), ", "),
		"mode set todos, added todos 00000000000000000000000000000001, added todos two, added todos 3, updated todos two, removed todos 3")
}
