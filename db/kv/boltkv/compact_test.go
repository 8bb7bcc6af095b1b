package boltkv_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"baas/db/kv"
	"baas/db/kv/boltkv"
)

func TestCompact(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.bolt")
	s := open(t, path)
	const n = 2000
	key := func(i int) []byte { return fmt.Appendf(nil, "d%06d", i) }
	err := s.Commit(t.Context(), func(w kv.Writer) error {
		for i := range n {
			if err := w.Put(key(i), []byte(strings.Repeat("v", 1000))); err != nil {
				return err
			}
		}
		return w.Put([]byte("other"), nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Commit(t.Context(), func(w kv.Writer) error {
		for i := range n - 100 {
			if err := w.Delete(key(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions
	o.LockTimeout = time.Millisecond
	if _, _, err := boltkv.Compact(t.Context(), path, o); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("an open store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".compact", []byte("leftover"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after, err := boltkv.Compact(t.Context(), path, testOptions)
	if err != nil || after == 0 || after > before/3 {
		t.Fatalf("from %d to %d bytes, %v", before, after, err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != after || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if state, err := boltkv.Stat(path); err != nil || !state.Clean {
		t.Errorf("state %+v, %v; want a file that was closed in order", state, err)
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the fresh file is still there: %v", err)
	}
	s = open(t, path)
	left := 0
	err = s.View(t.Context(), func(r kv.Reader) error {
		return r.Scan(kv.Range{}, func(_, _ []byte) error { left++; return nil })
	})
	if err != nil || left != 101 {
		t.Errorf("%d entries, %v; want 101", left, err)
	}
	if v := ""; get(t, s, "other", v) != nil {
		t.Error("an empty value is gone")
	}
}

// TestCompactRefuses: what is damaged or somebody else's stays as it is.
func TestCompactRefuses(t *testing.T) {
	t.Parallel()
	path := damagedStore(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = boltkv.Compact(t.Context(), path, testOptions)
	if _, ok := errors.AsType[*kv.DamagedError](err); !ok {
		t.Errorf("a damaged value: %v", err)
	}
	if _, _, err := boltkv.Compact(t.Context(), path, boltkv.Options{Identity: "other"}); err == nil || !strings.Contains(err.Error(), "belongs to") {
		t.Errorf("another identity: %v", err)
	}
	if now, _ := os.ReadFile(path); string(now) != string(content) {
		t.Error("the file was changed")
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a leftover: %v", err)
	}
}
