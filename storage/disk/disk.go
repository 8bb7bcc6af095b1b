// Package disk is a storage.Driver over one folder of the local file system.
//
// An object is one file; the segments of its key are folders. A Put writes a
// temporary file in the same folder tree, syncs it, renames it and syncs the
// folder that now names it, so a crash leaves a whole object or none.
//
// Dangers: all access goes through os.Root, never through a joined path; a
// symbolic link that leads out of the folder is not followed. Two processes
// may read one folder together, but Tidy of one would remove the unfinished
// Puts of the other.
package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
	"time"

	"baas/storage"
	"baas/storage/internal/gate"
)

// tempDir holds unfinished Puts. No key can name it: keys have no dot.
const tempDir = ".tmp"

// Driver keeps objects below one folder.
type Driver struct {
	root *os.Root
	gate gate.Gate

	mu      sync.Mutex      // guards durable
	durable map[string]bool // folders whose own name is known to be on disk
}

var _ storage.Driver = (*Driver)(nil)

// Open returns a driver over dir, which is made when it is missing. The text
// of its errors may hold dir: it is meant for whoever starts the server.
func Open(dir string) (*Driver, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("objects folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("objects folder: %w", err)
	}
	if err := root.Mkdir(tempDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		_ = root.Close()
		return nil, fmt.Errorf("objects folder: %w", err)
	}
	return &Driver{root: root, durable: map[string]bool{".": true}}, nil
}

// Close implements storage.Driver.
func (d *Driver) Close() error {
	d.gate.Close()
	return d.root.Close()
}

// Put implements storage.Driver.
func (d *Driver) Put(ctx context.Context, key string, r io.Reader, size int64) (storage.Info, error) {
	if !storage.ValidKey(key) {
		return storage.Info{}, failed("put", key, storage.ErrKey)
	}
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return storage.Info{}, failed("put", key, err)
	}
	defer leave()

	temp := path.Join(tempDir, rand.Text())
	info, err := d.write(ctx, temp, storage.Exactly(r, size))
	if err == nil {
		err = d.publish(ctx, temp, key)
	}
	if err != nil {
		_ = d.root.Remove(temp)
		return storage.Info{}, failed("put", key, err)
	}
	info.Key = key
	return info, nil
}

// write fills a new temporary file and brings its bytes to the disk.
func (d *Driver) write(ctx context.Context, temp string, r io.Reader) (info storage.Info, err error) {
	f, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return storage.Info{}, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := io.Copy(f, gate.Reader(ctx, r)); err != nil {
		return storage.Info{}, err
	}
	if err := f.Sync(); err != nil {
		return storage.Info{}, err
	}
	st, err := f.Stat()
	if err != nil {
		return storage.Info{}, err
	}
	return storage.Info{Size: st.Size(), Modified: st.ModTime()}, nil
}

// publish gives a written file its name and brings the name to the disk.
func (d *Driver) publish(ctx context.Context, temp, key string) error {
	dir := path.Dir(key)
	if err := d.makeDurable(dir); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := d.root.Rename(temp, key); err != nil {
		return err
	}
	if err := d.syncDir(dir); err != nil {
		_ = d.root.Remove(key)
		return err
	}
	return nil
}

// makeDurable makes a folder and those above it, and brings their names to
// the disk. A folder that another call has just made is not trusted before its
// name has been synced too: the file put into it must not vanish with it.
func (d *Driver) makeDurable(dir string) error {
	d.mu.Lock()
	known := d.durable[dir]
	d.mu.Unlock()
	if known {
		return nil
	}
	parent := path.Dir(dir)
	if err := d.makeDurable(parent); err != nil {
		return err
	}
	if err := d.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := d.syncDir(parent); err != nil {
		return err
	}
	d.mu.Lock()
	d.durable[dir] = true
	d.mu.Unlock()
	return nil
}

// Open implements storage.Driver.
func (d *Driver) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	ctx, end, err := d.gate.Follow(ctx)
	if err != nil {
		return nil, storage.Info{}, failed("open", key, err)
	}
	f, info, err := d.openFile(key)
	if err != nil {
		end()
		return nil, storage.Info{}, failed("open", key, err)
	}
	if length < 0 {
		length = max(info.Size-offset, 0)
	}
	section := io.NewSectionReader(f, offset, length)
	return &objectReader{gate.Reader(ctx, section), f, end}, info, nil
}

// Stat implements storage.Driver.
func (d *Driver) Stat(ctx context.Context, key string) (storage.Info, error) {
	_, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return storage.Info{}, failed("stat", key, err)
	}
	defer leave()
	f, info, err := d.openFile(key)
	if err != nil {
		return storage.Info{}, failed("stat", key, err)
	}
	return info, f.Close()
}

// openFile opens an object; a folder is none.
func (d *Driver) openFile(key string) (*os.File, storage.Info, error) {
	if !storage.ValidKey(key) {
		return nil, storage.Info{}, storage.ErrKey
	}
	f, err := d.root.Open(key)
	if missing(err) {
		err = storage.ErrNotExist
	}
	if err != nil {
		return nil, storage.Info{}, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = storage.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, storage.Info{}, err
	}
	return f, storage.Info{Key: key, Size: st.Size(), Modified: st.ModTime()}, nil
}

// Delete implements storage.Driver. It does not sync the folder: an object
// that a crash brings back is one nobody refers to.
func (d *Driver) Delete(ctx context.Context, key string) error {
	if !storage.ValidKey(key) {
		return failed("delete", key, storage.ErrKey)
	}
	_, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return failed("delete", key, err)
	}
	defer leave()
	if err := d.root.Remove(key); err != nil && !missing(err) {
		return failed("delete", key, err)
	}
	return nil
}

// Tidy implements storage.Driver. A temporary file's age is that of its last
// write.
func (d *Driver) Tidy(ctx context.Context, before time.Time) error {
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return fmt.Errorf("disk: tidy: %w", err)
	}
	defer leave()
	entries, err := d.readDir(tempDir)
	if err != nil {
		return fmt.Errorf("disk: tidy: %w", plain(err))
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return fmt.Errorf("disk: tidy: %w", context.Cause(ctx))
		}
		st, err := e.Info()
		if err != nil || !st.ModTime().Before(before) {
			continue // finished, or still being written
		}
		err = d.root.Remove(path.Join(tempDir, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("disk: tidy: %w", plain(err))
		}
	}
	return nil
}

// readDir returns the entries of a folder in no particular order.
func (d *Driver) readDir(dir string) ([]os.DirEntry, error) {
	f, err := d.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return f.ReadDir(-1)
}

// missing reports whether err says that there is no such file; a file where
// the key has a folder means the same.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// failed wraps an error with the key it is about.
func failed(what, key string, err error) error {
	return fmt.Errorf("disk: %s %s: %w", what, key, plain(err))
}

// plain takes the path out of a file system error.
func plain(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}
