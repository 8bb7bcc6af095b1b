package nodelib

import (
	"io/fs"
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
//
// It belongs to one instance, but its temporary directory is the whole
// worker's. What an instance leaves open is closed with it.
type Files struct {
	code, temp root
	open       map[int]*os.File // by descriptor
	written    int64            // bytes since the directory was last measured
}

// Limits of one instance's files.
const (
	maxOpenFiles = 256
	maxTempBytes = 512 << 20
	firstFile    = 3 // the lower descriptors are the standard streams
)

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
	return &Files{code: root{dir: code}, temp: root{dir: temp}, open: make(map[int]*os.File)}
}

// Close lets go of the directories.
func (f *Files) Close() {
	for _, file := range f.open {
		_ = file.Close()
	}
	clear(f.open)
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

// forWriting is locate for a name that is to be changed.
func (f *Files) forWriting(name string) (place, error) {
	p, err := f.locate(name)
	if err == nil && !p.writable {
		return place{}, syscall.EROFS
	}
	return p, err
}

// add gives an open file its descriptor.
func (f *Files) add(file *os.File) (int, error) {
	for fd := firstFile; fd < firstFile+maxOpenFiles; fd++ {
		if _, taken := f.open[fd]; !taken {
			f.open[fd] = file
			return fd, nil
		}
	}
	_ = file.Close()
	return 0, syscall.EMFILE
}

// spend counts bytes about to be written. When they could have filled the
// temporary directory, it is measured.
func (f *Files) spend(n int) error {
	f.written += int64(n)
	if f.written <= maxTempBytes {
		return nil
	}
	root, err := f.temp.get()
	if err != nil {
		return err
	}
	used := int64(0)
	_ = fs.WalkDir(root.FS(), ".", func(_ string, d fs.DirEntry, failed error) error {
		if failed == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				used += info.Size()
			}
		}
		return nil // what fails has gone meanwhile
	})
	f.written = used + int64(n)
	if f.written > maxTempBytes {
		return syscall.ENOSPC
	}
	return nil
}
