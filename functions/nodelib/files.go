package nodelib

import (
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
)

// What user code sees: its own files, which it may only read, and a directory
// of its worker's.
const (
	codeDir = "/var/user"
	tempDir = "/tmp"
)

// Files is the part of the disk that user code may reach. Names cannot leave
// the two directories, not by "..", not by a link (os.Root).
type Files struct {
	code, temp root
}

// root is one directory, opened when first used.
type root struct {
	dir  string
	once sync.Once
	open *os.Root
	err  error
}

// NewFiles makes the view of two directories of the disk. Either may be empty
// and is then missing in the view.
func NewFiles(code, temp string) *Files {
	return &Files{code: root{dir: code}, temp: root{dir: temp}}
}

// Close lets go of the directories.
func (f *Files) Close() {
	for _, r := range []*root{&f.code, &f.temp} {
		r.once.Do(func() {})
		if r.open != nil {
			_ = r.open.Close()
		}
	}
}

func (r *root) get() (*os.Root, error) {
	r.once.Do(func() {
		if r.dir == "" {
			r.err = syscall.ENOENT
			return
		}
		r.open, r.err = os.OpenRoot(r.dir)
	})
	if r.open == nil && r.err == nil {
		r.err = syscall.ENOENT
	}
	return r.open, r.err
}

// place is where a name of user code's leads.
type place struct {
	root     *os.Root
	name     string // below root, "." for itself
	writable bool
}

// locate resolves a name, relative ones below the function's own directory.
func (f *Files) locate(name string) (place, error) {
	if strings.ContainsRune(name, 0) {
		return place{}, syscall.EINVAL
	}
	if !path.IsAbs(name) {
		name = path.Join(codeDir, name)
	}
	name = path.Clean(name)
	for _, in := range []struct {
		prefix   string
		root     *root
		writable bool
	}{{codeDir, &f.code, false}, {tempDir, &f.temp, true}} {
		rest, ok := strings.CutPrefix(name, in.prefix)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		open, err := in.root.get()
		if err != nil {
			return place{}, syscall.ENOENT
		}
		if rest = strings.TrimPrefix(rest, "/"); rest == "" {
			rest = "."
		}
		return place{root: open, name: rest, writable: in.writable}, nil
	}
	return place{}, syscall.ENOENT
}
