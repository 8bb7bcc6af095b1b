package boltkv_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"baas/db/kv"
	"baas/db/kv/boltkv"
	"baas/db/kv/kvtest"
)

var testOptions = boltkv.Options{Create: true, Identity: "test", Append: "d"}

func open(t *testing.T, path string) *boltkv.Store {
	t.Helper()
	s, err := boltkv.Open(path, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(t *testing.T) kvtest.Harness {
		path := filepath.Join(t.TempDir(), "db.bolt")
		return kvtest.Harness{Open: func(t *testing.T) kv.Store { return open(t, path) }}
	})
}

// store makes a closed database with one entry "name" = value.
func store(t *testing.T, value string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "db.bolt")
	s := open(t, path)
	for range 2 { // both meta pages are of our making
		if err := s.Commit(t.Context(), func(w kv.Writer) error { return w.Put([]byte("name"), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRefusedFiles holds what is never opened, nor silently made anew.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	expect := boltkv.Options{Identity: "test"}
	create := boltkv.Options{Identity: "test", Create: true}
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		opts    boltkv.Options
		want    string // part of the error's text
	}{
		{"missing", func(*testing.T, string) {}, expect, "no such file"},
		{"empty", func(t *testing.T, path string) { write(t, path, nil) }, expect, "is empty where a database is expected"},
		{"empty, create", func(t *testing.T, path string) { write(t, path, nil) }, create, "is empty where a database is expected"},
		{"not bbolt", func(t *testing.T, path string) { write(t, path, []byte(strings.Repeat("text ", 10000))) }, expect, "not a bbolt file"},
		{"cut off", func(t *testing.T, path string) { cut(t, path, 3*os.Getpagesize()) }, expect, "is cut off"},
		{"cut off inside the meta pages", func(t *testing.T, path string) { cut(t, path, 40) }, expect, "not a bbolt file"},
		{"foreign bbolt file", foreign, expect, "not a baas database"},
		{"other identity", func(t *testing.T, path string) { cut(t, path, -1) }, boltkv.Options{Identity: "other"}, `belongs to "test", expected was "other"`},
		{"no identity given", func(*testing.T, string) {}, boltkv.Options{Create: true}, "Identity is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "env.bolt")
			tc.prepare(t, path)
			before, _ := os.ReadFile(path)
			s, err := boltkv.Open(path, tc.opts)
			if err == nil {
				_ = s.Close()
				t.Fatal("the file was opened")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %q, want a text with %q", err, tc.want)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the refused file was changed")
			}
		})
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// cut puts the first n bytes of a good database at path; -1 means all.
func cut(t *testing.T, path string, n int) {
	t.Helper()
	content, err := os.ReadFile(store(t, strings.Repeat("v", 100<<10)))
	if err != nil {
		t.Fatal(err)
	}
	if n < 0 {
		n = len(content)
	}
	write(t, path, content[:n])
}

func foreign(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMissingFileIsNotExist(t *testing.T) {
	t.Parallel()
	_, err := boltkv.Open(filepath.Join(t.TempDir(), "db.bolt"), boltkv.Options{Identity: "test"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

// TestLeftoverOfACrashedCreation: what a crash left beside the place of the
// database does not stand in the way.
func TestLeftoverOfACrashedCreation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.bolt")
	write(t, path+".new", []byte("half a database"))
	open(t, path)
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the leftover is still there: %v", err)
	}
}

func TestDamagedMetaPageFallsBack(t *testing.T) {
	t.Parallel()
	for page := range 2 {
		path := store(t, "value")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		clear(content[page*os.Getpagesize():][:os.Getpagesize()])
		write(t, path, content)
		s := open(t, path)
		if err := get(t, s, "name", "value"); err != nil {
			t.Errorf("meta page %d zeroed: %v", page, err)
		}
	}
}

// damagedStore makes a closed database with a letter changed in its one value.
func damagedStore(t *testing.T) (path string) {
	t.Helper()
	const value = "a value that is easy to find in the file"
	path = store(t, value)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := strings.ReplaceAll(string(content), value, strings.Replace(value, "easy", "eazy", 1))
	if damaged == string(content) {
		t.Fatal("the value is not in the file")
	}
	write(t, path, []byte(damaged))
	return path
}

func TestFlippedBitIsNoticed(t *testing.T) {
	t.Parallel()
	path := damagedStore(t)
	s := open(t, path)
	scanAll := func() error {
		return s.View(t.Context(), func(r kv.Reader) error {
			return r.Scan(kv.Range{}, func(_, _ []byte) error { return nil })
		})
	}
	for name, err := range map[string]error{"Get": get(t, s, "name", ""), "Scan": scanAll()} {
		damage, ok := errors.AsType[*kv.DamagedError](err)
		if !ok || damage.Store != path {
			t.Errorf("%s of a damaged value: got %v, want a DamagedError for %s", name, err, path)
		}
	}
}

func get(t *testing.T, s kv.Store, key, want string) error {
	t.Helper()
	return s.View(t.Context(), func(r kv.Reader) error {
		v, err := r.Get([]byte(key))
		if err == nil && string(v) != want {
			t.Errorf("Get(%q) = %q, want %q", key, v, want)
		}
		return err
	})
}

// TestShrunkUnderneath: a file that somebody cuts off while it is mapped is a
// memory fault, which must not end the process.
func TestShrunkUnderneath(t *testing.T) {
	t.Parallel()
	path := store(t, strings.Repeat("v", 1<<20))
	s := open(t, path)
	if err := os.Truncate(path, int64(4*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	err := s.View(t.Context(), func(r kv.Reader) error {
		return r.Scan(kv.Range{}, func(_, _ []byte) error { return nil })
	})
	if _, ok := errors.AsType[*kv.DamagedError](err); !ok {
		t.Errorf("got %v, want a DamagedError", err)
	}
}

func TestLockedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.bolt")
	open(t, path)
	o := testOptions
	o.LockTimeout = time.Millisecond
	_, err := boltkv.Open(path, o)
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v, want a text that says who is in the way", err)
	}
}

func TestSizeIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.bolt")
	s := open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Size(); got != info.Size() || err != nil {
		t.Errorf("Size = %d, %v; the file has %d", got, err, info.Size())
	}
}

func TestStatTellsAnOrderlyClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.bolt")
	s := open(t, path)
	put := func() {
		if err := s.Commit(t.Context(), func(w kv.Writer) error { return w.Put([]byte("k"), []byte("v")) }); err != nil {
			t.Fatal(err)
		}
	}
	wantClean := func(want bool) {
		t.Helper()
		state, err := boltkv.Stat(path)
		if err != nil || state.Clean != want {
			t.Errorf("Stat = %+v, %v; want clean %t", state, err, want)
		}
		if size, err := s.Size(); state.Bytes != size && err == nil {
			t.Errorf("Stat says %d bytes, Size %d", state.Bytes, size)
		}
	}
	put()
	wantClean(false) // as a crash would leave it
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantClean(true)
	if _, err := boltkv.Stat(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of a missing file: %v", err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	sound := store(t, strings.Repeat("v", 100<<10))
	if err := boltkv.Verify(t.Context(), sound); err != nil {
		t.Errorf("a sound file: %v", err)
	}
	// A page of the tree is overwritten with one that the list of free pages
	// does not know.
	content, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	torn := sound + ".torn"
	page := os.Getpagesize()
	copy(content[2*page:], content[3*page:4*page])
	write(t, torn, content)
	for name, path := range map[string]string{"flipped bit": damagedStore(t), "page out of place": torn} {
		if _, ok := errors.AsType[*kv.DamagedError](boltkv.Verify(t.Context(), path)); !ok {
			t.Errorf("%s: nothing was found", name)
		}
	}
	if err := boltkv.Verify(t.Context(), sound+"x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
