package boltkv_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"baas/db/kv"
)

// breakWrites makes every later write to the file at path fail: the open
// descriptor is replaced by one that can only read.
func breakWrites(t *testing.T, path string) {
	t.Helper()
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = readOnly.Close() }()
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	replaced := 0
	for _, l := range links {
		var fd int
		for _, c := range l.Name() {
			fd = fd*10 + int(c-'0')
		}
		target, err := os.Readlink(filepath.Join("/proc/self/fd", l.Name()))
		if err != nil || target != path || fd == int(readOnly.Fd()) {
			continue
		}
		if err := unix.Dup3(int(readOnly.Fd()), fd, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		replaced++
	}
	if replaced != 1 {
		t.Fatalf("the database has %d descriptors, expected 1", replaced)
	}
}

// TestFirstFailedCommitIsTheLast: after a failed sync nobody knows what is on
// the disk, so the store takes no more writes and says so; reads go on.
func TestFirstFailedCommitIsTheLast(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.bolt")
	s := open(t, path)
	put := func(key string) error {
		return s.Commit(t.Context(), func(w kv.Writer) error { return w.Put([]byte(key), []byte("v")) })
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}
	if err := s.Failed(); err != nil {
		t.Fatalf("failed before anything did: %v", err)
	}
	breakWrites(t, path)
	first := put("lost")
	if !errors.Is(first, kv.ErrOutcomeUnknown) || !strings.Contains(first.Error(), path) {
		t.Errorf("the failed commit returned %v, want ErrOutcomeUnknown and the store's name", first)
	}
	ran := false
	second := s.Commit(t.Context(), func(kv.Writer) error { ran = true; return nil })
	if !errors.Is(second, kv.ErrOutcomeUnknown) || ran {
		t.Errorf("the next commit ran: %t, and returned %v", ran, second)
	}
	if !errors.Is(s.Failed(), kv.ErrOutcomeUnknown) {
		t.Errorf("Failed() = %v", s.Failed())
	}
	if err := get(t, s, "before", "v"); err != nil {
		t.Errorf("reading after the failure: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	s = open(t, path)
	if err := get(t, s, "before", "v"); err != nil {
		t.Errorf("reading after opening again: %v", err)
	}
	if err := put("after"); err != nil {
		t.Errorf("writing after opening again: %v", err)
	}
}
