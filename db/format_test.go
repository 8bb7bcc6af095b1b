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
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// formatFile holds every key and value of a small database of the format of
// today, in hexadecimal. A later format keeps it beside its own and still opens
// it.
const formatFile = "testdata/format-2.txt"

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
	must(t, e.CreateIndex(t.Context(), admin, "todos", db.IndexSpec{Keys: []db.IndexKey{{Path: "title"}}, Unique: true, Sparse: true}))
	must(t, e.CreateIndex(t.Context(), admin, "todos", db.IndexSpec{Name: "by n", Keys: []db.IndexKey{{Path: "n", Kind: plan.Desc}, {Path: "_openid"}}}))
	insert(t, e, "todos", `{"title": "first", "n": 1}`, `{"_id": "two", "n": 2.5}`, `{"_id": 3}`)
	_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "todos", Query: dbtest.Doc(t, `{"_id": "two"}`), Update: dbtest.Doc(t, `{"$inc": {"n": 1}}`)})
	must(t, err)
	_, err = e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "todos", Query: dbtest.Doc(t, `{"_id": 3}`)})
	must(t, err)
	_, err = e.Update(t.Context(), rules.SystemPrincipal(), db.UpdateRequest{
		Collection: "sys.keys", Query: dbtest.Doc(t, `{"_id": "k"}`), Update: dbtest.Doc(t, `{"v": true}`), Replace: true, Upsert: true,
	})
	must(t, err)
	alice := rules.Principal{Role: rules.User, UID: "u", OpenID: "alice", LoginType: rules.WeChatOpen}
	_, err = e.Insert(t.Context(), alice.AsFunction().Through("todos", "request-1"), "todos", []value.Doc{dbtest.Doc(t, `{"_id": "four"}`)})
	must(t, err)
	return disk, e
}

// TestFormat fails when what is written differs from what the format is. If
// that is meant, the format gets a new version once this one was released, and
// this file a new golden file beside the old one. BAAS_GOLDEN=write writes it.
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
	if os.Getenv("BAAS_GOLDEN") == "write" {
		must(t, os.WriteFile(formatFile, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(formatFile)
	must(t, err)
	if b.String() != string(want) {
		t.Errorf("the store holds\n%s\nthe format is\n%s", b.String(), want)
	}
}

// TestStoredFormatsOpen opens the stored databases and reads them.
func TestStoredFormatsOpen(t *testing.T) {
	t.Parallel()
	for file, tc := range map[string]struct{ collections, docs, changes string }{
		"testdata/format-1.txt": {"sys.keys ADMINONLY 1 20, todos READONLY 2 100", "", ""},
		formatFile:              {"sys.keys ADMINONLY 1 20, todos READONLY 3 119", "\n" + `{"_id":"four"}`, ", added todos four"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			e := openFormatFile(t, file)
			got := find(t, e, db.FindRequest{Collection: "todos"})
			equal(t, "documents", lines(got), `{"_id":"00000000000000000000000000000001","title":"first","n":1}`+"\n"+`{"_id":"two","n":3.5}`+tc.docs)
			infos, err := e.Collections(t.Context(), rules.SystemPrincipal())
			must(t, err)
			equal(t, "collections", infoLines(infos), tc.collections)
			changes, err := e.Changes(t.Context(), 0, 100)
			must(t, err)
			equal(t, "changes", strings.Join(changeLines(changes), ", "),
				"mode set todos, added todos 00000000000000000000000000000001, added todos two, added todos 3, updated todos two, removed todos 3"+tc.changes)
		})
	}
}

func infoLines(infos []db.CollectionInfo) string {
	var b []string
	for _, i := range infos {
		b = append(b, fmt.Sprint(i.Name, " ", i.Mode, " ", i.Count, " ", i.Bytes))
	}
	return strings.Join(b, ", ")
}

// openFormatFile opens a database that holds what the file says.
func openFormatFile(t *testing.T, file string) *db.Engine {
	t.Helper()
	disk := dbtest.Memory()
	disk.Open(t, db.Options{})
	f, err := os.Open(file)
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
	return disk.Open(t, db.Options{})
}
