package disk_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"baas/storage"
	"baas/storage/disk"
	"baas/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storagetest.Harness {
		dir := t.TempDir()
		return storagetest.Harness{Open: func(t *testing.T) storage.Driver { return open(t, dir) }}
	})
}

func open(t *testing.T, dir string) *disk.Driver {
	t.Helper()
	d, err := disk.Open(dir)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return d
}

func openForTest(t *testing.T) (*disk.Driver, string) {
	t.Helper()
	dir := t.TempDir()
	d := open(t, dir)
	t.Cleanup(func() { _ = d.Close() })
	return d, dir
}

func TestObjectIsOneFileInFoldersOfItsKey(t *testing.T) {
	t.Parallel()
	d, dir := openForTest(t)
	if _, err := d.Put(t.Context(), "3f/abc-1", strings.NewReader("hello"), 5); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "3f", "abc-1"))
	if err != nil || string(got) != "hello" {
		t.Errorf("file holds %q, %v", got, err)
	}
	left, err := os.ReadDir(filepath.Join(dir, ".tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("%d temporary files are left, %v", len(left), err)
	}
}

func TestFailedPutLeavesNoTemporaryFile(t *testing.T) {
	t.Parallel()
	d, dir := openForTest(t)
	_, err := d.Put(t.Context(), "k", bytes.NewReader(make([]byte, 100)), 200)
	if !errors.Is(err, storage.ErrSize) {
		t.Fatalf("Put: %v, want ErrSize", err)
	}
	left, err := os.ReadDir(filepath.Join(dir, ".tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("%d temporary files are left, %v", len(left), err)
	}
}

func TestTidyRemovesWhatACrashLeft(t *testing.T) {
	t.Parallel()
	d, dir := openForTest(t)
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": 48 * time.Hour, "new": time.Minute} {
		file := filepath.Join(dir, ".tmp", name)
		if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Tidy(t.Context(), now.Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(dir, ".tmp"))
	if err != nil || len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("left: %v, %v; want only the new one", left, err)
	}
}

// A key is never made of such parts; should it be, os.Root is the wall.
func TestNothingOutsideTheFolderIsReached(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	secret := filepath.Join(base, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(base, "objects")
	d := open(t, dir)
	t.Cleanup(func() { _ = d.Close() })
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(base, filepath.Join(dir, "linkdir")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../secret", "a/../../secret", secret, "link", "linkdir/secret", "..", "/"} {
		rc, _, err := d.Open(t.Context(), key, 0, -1)
		if err == nil {
			_ = rc.Close()
			t.Errorf("Open(%q) succeeded", key)
		} else if strings.Contains(err.Error(), dir) {
			t.Errorf("Open(%q): the error %q shows the folder", key, err)
		}
		if key == "link" {
			continue // a Put replaces the link itself, a Delete removes it
		}
		if _, err := d.Put(t.Context(), key, strings.NewReader("gone"), 4); err == nil {
			t.Errorf("Put(%q) succeeded", key)
		}
		if err := d.Delete(t.Context(), key); err == nil {
			t.Errorf("Delete(%q) succeeded", key)
		}
	}
	got, err := os.ReadFile(secret)
	if err != nil || string(got) != "secret" {
		t.Errorf("the file outside holds %q, %v", got, err)
	}
	if infos, err := d.List(t.Context(), "", "", 10); err != nil || len(infos) > 1 {
		t.Errorf("List = %v, %v: want no links", infos, err)
	}
}
