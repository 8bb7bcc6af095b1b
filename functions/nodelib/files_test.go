package nodelib

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestTemporaryFilesHaveALimit(t *testing.T) {
	temp := t.TempDir()
	f := NewFiles("", temp)
	defer f.Close()
	f.written = maxTempBytes
	if err := f.spend(10); err != nil {
		t.Fatalf("an empty directory: got %v, want room", err)
	}
	if f.written != 10 {
		t.Errorf("written after measuring: got %d, want 10", f.written)
	}
	// A file with a hole has the size without the blocks.
	large, err := os.Create(filepath.Join(temp, "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	if err := large.Truncate(maxTempBytes); err != nil {
		t.Fatal(err)
	}
	f.written = maxTempBytes
	if err := f.spend(1); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full directory: got %v, want ENOSPC", err)
	}
}

func TestOpenFilesHaveALimit(t *testing.T) {
	f := NewFiles("", t.TempDir())
	defer f.Close()
	var err error
	for range maxOpenFiles + 1 {
		file, failed := os.Open(os.DevNull)
		if failed != nil {
			t.Fatal(failed)
		}
		if _, err = f.add(file); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.EMFILE) || len(f.open) != maxOpenFiles {
		t.Errorf("got %v with %d files, want EMFILE with %d", err, len(f.open), maxOpenFiles)
	}
}

func TestFilesCannotBeLeft(t *testing.T) {
	outside, code, temp := t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{code, temp} {
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
	}
	f := NewFiles(code, temp)
	defer f.Close()
	for _, name := range []string{"/var/user/link/secret", "/tmp/link/secret", "link/secret"} {
		p, err := f.locate(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b, err := p.root.ReadFile(p.name); err == nil {
			t.Errorf("%s: read %q, want a refusal", name, b)
		}
	}
	for _, name := range []string{"/etc/passwd", "/var/user/../../etc/passwd", "../../etc/passwd", "/var/username", "/", "/tmpfile", "a\x00b"} {
		if p, err := f.locate(name); err == nil {
			t.Errorf("%q: got %+v, want an error", name, p)
		}
	}
	for _, name := range []string{"/var/user/x", "x", "/var/user"} {
		if _, err := f.forWriting(name); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s for writing: got %v, want EROFS", name, err)
		}
	}
}
