package db_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

func droppedLines(t *testing.T, e *db.Engine) string {
	t.Helper()
	list, err := e.Dropped(t.Context(), admin)
	must(t, err)
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%s %d docs, until +%s", d.Name, d.Count, d.Until.Sub(d.Date)))
	}
	return strings.Join(out, "; ")
}

func TestUndrop(t *testing.T) {
	t.Parallel()
	now := newClock()
	disk := dbtest.Memory()
	o := db.Options{Now: now.now, Window: commit.Window{Age: 2 * time.Hour}}
	e := disk.Open(t, o)
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	must(t, e.SetMode(t.Context(), admin, "c", rules.ReadOnly))
	insert(t, e, "c", `{"_id": 1}`, `{"_id": 2}`)
	must(t, e.DropCollection(t.Context(), admin, "c"))
	first, err := e.LastSeq(t.Context())
	must(t, err)
	now.move(time.Minute)
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	insert(t, e, "c", `{"_id": "newer"}`)
	must(t, e.DropCollection(t.Context(), admin, "c"))
	disk.Close(t)
	e = disk.Open(t, o)
	equal(t, "dropped", droppedLines(t, e), "c 1 docs, until +2h0m0s; c 2 docs, until +2h0m0s")

	info, err := e.Undrop(t.Context(), admin, db.UndropRequest{Name: "c"})
	must(t, err)
	equal(t, "the newest is back", lines(find(t, e, db.FindRequest{Collection: "c"})), `{"_id":"newer"}`)
	equal(t, "mode", info.Mode, rules.Private)
	_, err = e.Undrop(t.Context(), admin, db.UndropRequest{Name: "c", Seq: first})
	wantCode(t, err, fault.CollectionExists, "Table exist")
	info, err = e.Undrop(t.Context(), admin, db.UndropRequest{Name: "c", Seq: first, As: "old"})
	must(t, err)
	equal(t, "info", infoLines([]db.CollectionInfo{info}), "old READONLY 2 28")
	equal(t, "the older is there", lines(find(t, e, db.FindRequest{Collection: "old"})), `{"_id":1}`+"\n"+`{"_id":2}`)
	insert(t, e, "old", `{"_id": 3}`)
	equal(t, "dropped", droppedLines(t, e), "")
	_, err = e.Undrop(t.Context(), admin, db.UndropRequest{Name: "c"})
	wantCode(t, err, fault.CollectionNotExist, "no dropped collection c")
	_, err = e.Undrop(t.Context(), principals()["alice"], db.UndropRequest{Name: "c"})
	wantCode(t, err, fault.DatabaseDenied, "administrator")
	changes, err := e.Changes(t.Context(), 0, 100)
	must(t, err)
	if got := strings.Join(changeLines(changes), ", "); !strings.Contains(got, "appeared c, appeared old, added old 3") {
		t.Errorf("the log tells %s", got)
	}
}

// TestDroppedIsPurged: what is too old goes, and what is too much, the oldest
// first.
func TestDroppedIsPurged(t *testing.T) {
	t.Parallel()
	drop := func(e *db.Engine, name string, docs int) {
		must(t, e.CreateCollection(t.Context(), admin, name))
		_, err := e.Insert(t.Context(), admin, name, make([]value.Doc, docs))
		must(t, err)
		must(t, e.DropCollection(t.Context(), admin, name))
	}
	t.Run("by age", func(t *testing.T) {
		t.Parallel()
		now := newClock()
		disk := dbtest.Memory()
		e := disk.Open(t, db.Options{Now: now.now})
		drop(e, "a", 3)
		now.move(59 * time.Minute)
		drop(e, "b", 2500)
		db.Purge(t, e)
		equal(t, "young enough", droppedLines(t, e), "b 2500 docs, until +1h0m0s; a 3 docs, until +1h0m0s")
		now.move(2 * time.Minute)
		db.Purge(t, e)
		equal(t, "the old one went", droppedLines(t, e), "b 2500 docs, until +1h0m0s")
		now.move(time.Hour)
		db.Purge(t, e)
		equal(t, "both went", droppedLines(t, e), "")
		equal(t, "entries", entriesOf(t, disk.Store()), 0)
	})
	t.Run("by size", func(t *testing.T) {
		t.Parallel()
		e := dbtest.Memory().Open(t, db.Options{KeepDropped: 3000})
		for _, name := range []string{"a", "b", "c"} { // about 1,300 bytes each
			drop(e, name, 28)
		}
		db.Purge(t, e)
		equal(t, "kept", droppedLines(t, e), "c 28 docs, until +1h0m0s; b 28 docs, until +1h0m0s")
		drop(e, "large", 100)
		db.Purge(t, e)
		equal(t, "too large for all the room", droppedLines(t, e), "")
	})
}

func TestRenameCollection(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "other")
	insert(t, e, "c", `{"_id": 1}`)
	must(t, e.SetMode(t.Context(), admin, "c", rules.AdminWrite))
	must(t, e.RenameCollection(t.Context(), admin, "c", "d"))
	equal(t, "documents", lines(find(t, e, db.FindRequest{Collection: "d"})), `{"_id":1}`)
	_, err := e.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.CollectionNotExist, "c")
	infos, err := e.Collections(t.Context(), admin)
	must(t, err)
	equal(t, "collections", infoLines(infos), "d ADMINWRITE 1 14, other PRIVATE 0 0")
	changes, err := e.Changes(t.Context(), 0, 100)
	must(t, err)
	equal(t, "changes", strings.Join(changeLines(changes), ", "), "added c 1, mode set c, dropped c, appeared d")
	for _, tc := range []struct {
		p        rules.Principal
		from, to string
		code     fault.Code
		text     string
	}{
		{admin, "d", "other", fault.CollectionExists, "Table exist"},
		{admin, "none", "new", fault.CollectionNotExist, "none"},
		{admin, "d", "d", fault.InvalidParam, "already"},
		{admin, "d", "sys.d", fault.InvalidParam, "letters"},
		{admin, "sys.d", "e", fault.InvalidParam, "letters"},
		{rules.SystemPrincipal(), "sys.d", "e", fault.InvalidParam, "keep their names"},
		{principals()["alice"], "d", "e", fault.DatabaseDenied, "administrator"},
	} {
		wantCode(t, e.RenameCollection(t.Context(), tc.p, tc.from, tc.to), tc.code, tc.text)
	}
}

func TestCollectionLimit(t *testing.T) {
	t.Parallel()
	e := dbtest.Memory().Open(t, db.Options{MaxCollections: 2, AutoCreate: true})
	must(t, e.CreateCollection(t.Context(), admin, "a"))
	must(t, e.CreateCollection(t.Context(), admin, "b"))
	wantCode(t, e.CreateCollection(t.Context(), admin, "c"), fault.CollectionLimit, "max-collections")
	_, err := e.Insert(t.Context(), admin, "c", []value.Doc{nil})
	wantCode(t, err, fault.CollectionLimit, "max-collections")
	_, err = e.Insert(t.Context(), rules.SystemPrincipal(), "sys.x", []value.Doc{nil})
	must(t, err)
	must(t, e.RenameCollection(t.Context(), admin, "b", "c"))
	must(t, e.DropCollection(t.Context(), admin, "c"))
	must(t, e.CreateCollection(t.Context(), admin, "d"))
	_, err = e.Undrop(t.Context(), admin, db.UndropRequest{Name: "c"})
	wantCode(t, err, fault.CollectionLimit, "max-collections")
}

func TestStats(t *testing.T) {
	t.Parallel()
	now := newClock()
	e := dbtest.Bolt(t).Open(t, db.Options{Now: now.now})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	insert(t, e, "c", `{"_id": 1}`)
	must(t, e.CreateCollection(t.Context(), admin, "gone"))
	insert(t, e, "gone", `{"_id": 1}`)
	must(t, e.DropCollection(t.Context(), admin, "gone"))
	s, err := e.Stats(t.Context(), admin)
	must(t, err)
	if s.FileBytes == 0 || s.Log.Bytes == 0 || !s.Log.Oldest.Equal(now.now()) {
		t.Errorf("stats %+v", s)
	}
	s.FileBytes, s.Log.Bytes, s.Log.Oldest, s.Log.Window = 0, 0, time.Time{}, commit.Window{}
	equal(t, "stats", s, db.Stats{Collections: 1, Documents: 1, Bytes: 14, Dropped: 1, DroppedBytes: 14, Log: db.LogStats{Newest: 5}})
}
