package storage_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/storage"
	"baas/storage/disk"
)

// sweep runs one and checks what it says.
func (w *world) sweep(t *testing.T, want storage.Swept) {
	t.Helper()
	got, err := w.Sweep(t.Context())
	if err != nil || got != want {
		t.Errorf("Sweep = %+v, %v; want %+v", got, err, want)
	}
}

func TestSweepKeepsWhatIsUsedAndWhatIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep(t, storage.Swept{}) // the first one is of another kind
	w.write(t, alice, "kept", "kept")
	w.write(t, alice, "overwritten", "1")
	w.write(t, alice, "overwritten", "22")
	w.write(t, alice, "deleted", "333")
	if _, err := w.Delete(t.Context(), alice, []string{id("deleted")}); err != nil {
		t.Fatal(err)
	}
	w.sweep(t, storage.Swept{Objects: 4, Unused: 2})
	w.clock.Advance(59 * time.Minute)
	w.write(t, alice, "overwritten", "4444") // unused from now on: "22"
	w.sweep(t, storage.Swept{Objects: 5, Unused: 3})
	w.clock.Advance(time.Minute)
	w.sweep(t, storage.Swept{Objects: 5, Unused: 3, Removed: 2, Bytes: 4})
	w.clock.Advance(59 * time.Minute)
	w.sweep(t, storage.Swept{Objects: 3, Unused: 1, Removed: 1, Bytes: 2})
	w.clock.Advance(100 * time.Hour)
	w.sweep(t, storage.Swept{Objects: 2})
	if got := w.content(t, "kept") + w.content(t, "overwritten"); got != "kept4444" {
		t.Errorf("contents %q", got)
	}
}

func TestFirstSweepGoesByAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.at.Store(time.Now().UnixNano()) // the objects' ages are real
	for range 3 {
		w.write(t, alice, "a", "x")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	w.sweep(t, storage.Swept{Objects: 3, Unused: 2}) // younger than the grace time
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	w.clock.Advance(2 * time.Hour)
	w.sweep(t, storage.Swept{Objects: 3, Unused: 2, Removed: 2, Bytes: 2})
}

func TestSweepLeavesForeignObjectsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"notes", "ab/short", "backup/2026-01-01"} {
		if _, err := w.driver.Put(t.Context(), key, strings.NewReader("x"), 1); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.at.Store(time.Now().Add(1000 * time.Hour).UnixNano())
	w.sweep(t, storage.Swept{Objects: 3})
}

func TestSweepTidiesTheDriver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leftover := w.dir + "/.tmp/half"
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.clock.at.Store(time.Now().UnixNano())
	w.sweep(t, storage.Swept{})
	if _, err := os.Stat(leftover); err != nil {
		t.Errorf("a young leftover is gone: %v", err)
	}
	w.clock.Advance(25 * time.Hour)
	w.sweep(t, storage.Swept{})
	if _, err := os.Stat(leftover); !os.IsNotExist(err) {
		t.Errorf("an old leftover is still there: %v", err)
	}
}

// A sweep that fails half way forgets nothing that it has seen.
func TestSweepThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweep(t, storage.Swept{})
	w.write(t, alice, "a", "1")
	w.write(t, alice, "a", "2")
	w.sweep(t, storage.Swept{Objects: 2, Unused: 1})
	if _, err := w.Sweep(expired(t)); err == nil {
		t.Error("a sweep without a database succeeded")
	}
	w.clock.Advance(time.Hour)
	w.sweep(t, storage.Swept{Objects: 2, Unused: 1, Removed: 1, Bytes: 1})
}

// listed reports each List call.
type listed struct {
	storage.Driver
	calls chan struct{}
}

func (l *listed) List(ctx context.Context, prefix, after string, limit int) ([]storage.Info, error) {
	l.calls <- struct{}{}
	return l.Driver.List(ctx, prefix, after, limit)
}

func TestBackgroundSweeps(t *testing.T) {
	t.Parallel()
	dir, engine := t.TempDir(), dbtest.Open(t)
	synctest.Test(t, func(t *testing.T) {
		s, calls := openListed(t, dir, engine)
		start := time.Now()
		for _, want := range []time.Duration{0, 15 * time.Minute, 30 * time.Minute} {
			<-calls
			if got := time.Since(start); got != want {
				t.Errorf("a sweep after %v, want %v", got, want)
			}
		}
		if err := s.Close(); err != nil { // waits for the sweeper
			t.Errorf("Close: %v", err)
		}
		if _, err := s.Stat(t.Context(), admin, id("a")); !fault.Is(err, fault.FileNotExist) {
			t.Errorf("Stat after Close: %v", err)
		}
	})
}

func openListed(t *testing.T, dir string, engine *db.Engine) (*storage.Service, <-chan struct{}) {
	t.Helper()
	d, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &listed{d, make(chan struct{})}
	return storage.New(storage.Options{Env: "dev", Bucket: "b", Driver: l, DB: engine, Key: make([]byte, 32)}), l.calls
}
