// Package dbtest opens documents for tests, checks them when a test ends, and
// has a plain model of what the Engine must answer.
package dbtest

import (
	"context"
	"path/filepath"
	"testing"

	"baas/db"
	"baas/db/kv"
	"baas/db/kv/boltkv"
	"baas/db/kv/memkv"
	"baas/db/value"
)

// Open opens an empty engine in memory. When the test ends, the engine is
// checked and closed.
func Open(t testing.TB) *db.Engine {
	t.Helper()
	return Memory().Open(t, db.Options{})
}

// Disk is a place for one database that survives closing it. It is not safe
// for concurrent use.
type Disk struct {
	open   func(t testing.TB) kv.Store
	store  kv.Store
	engine *db.Engine
}

// Memory returns a disk in memory.
func Memory() *Disk {
	var disk memkv.Disk
	return &Disk{open: func(t testing.TB) kv.Store {
		t.Helper()
		s, err := disk.Open()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}}
}

// Bolt returns a disk that is a bbolt file in a temporary folder.
func Bolt(t testing.TB) *Disk {
	t.Helper()
	return BoltAt(filepath.Join(t.TempDir(), "db.bolt"))
}

// BoltAt returns a disk that is the bbolt file at path, made if missing.
func BoltAt(path string) *Disk {
	return &Disk{open: func(t testing.TB) kv.Store {
		t.Helper()
		s, err := boltkv.Open(path, boltkv.Options{Create: true, Identity: "dbtest", Append: db.AppendKeys})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}}
}

// Open opens the database. When the test ends, or at Close, it is checked and
// closed.
func (d *Disk) Open(t testing.TB, o db.Options) *db.Engine {
	t.Helper()
	d.store = d.open(t)
	e, err := db.Open(t.Context(), d.store, o)
	if err != nil {
		_ = d.store.Close()
		t.Fatal(err)
	}
	d.engine = e
	t.Cleanup(func() { d.close(t, e) })
	return e
}

// Close checks and closes the database; Open may follow.
func (d *Disk) Close(t testing.TB) {
	t.Helper()
	d.close(t, d.engine)
}

// Store returns the store below the open database, to look at or to damage.
func (d *Disk) Store() kv.Store { return d.store }

func (d *Disk) close(t testing.TB, e *db.Engine) {
	t.Helper()
	if d.engine != e || e == nil {
		return // closed already
	}
	d.engine = nil
	// The test's own context has ended when a cleanup runs.
	if err := e.Check(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("the database is not sound: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing the engine: %v", err)
	}
	if err := d.store.Close(); err != nil {
		t.Errorf("closing the store: %v", err)
	}
}

// Doc reads a document from JSON, extended JSON included.
func Doc(t testing.TB, json string) value.Doc {
	t.Helper()
	d, err := value.ParseJSON([]byte(json), value.ParseOptions{})
	if err != nil {
		t.Fatalf("reading %s: %v", json, err)
	}
	return d
}

// JSON shows documents in the plain dialect, one a line.
func JSON(docs ...value.Doc) string {
	var b []byte
	for i, d := range docs {
		if i > 0 {
			b = append(b, '\n')
		}
		b = value.AppendPlain(b, value.FromDoc(d))
	}
	return string(b)
}
