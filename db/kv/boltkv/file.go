package boltkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// createMissing makes the database at path when nothing is there. It is built
// beside its place and renamed, so that a crash never leaves half a database
// where a whole one is expected.
func createMissing(path string, o Options) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err // there, or not to be known
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("boltkv: create %s: %w", path, err)
	}
	db, err := openBolt(fresh, o, false)
	if err != nil {
		return err
	}
	db.NoFreelistSync = false
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(identityKey), []byte(o.Identity))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("boltkv: create %s: %w", path, err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("boltkv: create %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename inside dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("boltkv: sync directory: %w", err)
	}
	// Some systems cannot sync a directory; the data itself is synced.
	_ = d.Sync()
	return d.Close()
}

// checkIdentity compares the identity in the file with the expected one.
func (s *Store) checkIdentity() (err error) {
	defer guard(s.path, &err)
	return s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(metaBucket))
		if b == nil || b.Get([]byte(identityKey)) == nil {
			return fmt.Errorf("boltkv: %s is a bbolt file but not a baas database; move it away", s.path)
		}
		if got := string(b.Get([]byte(identityKey))); got != s.opts.Identity {
			return fmt.Errorf("boltkv: %s belongs to %q, expected was %q; a file was moved or a backup put in the wrong place", s.path, got, s.opts.Identity)
		}
		return nil
	})
}

// bbolt's meta page: a 16 byte page header, then magic, version, page size,
// flags (4 bytes each), root page, root sequence, freelist page, number of
// pages, transaction and checksum (8 bytes each), in the machine's order.
const (
	metaHeader  = 16
	metaBytes   = 64
	metaSummed  = 56 // what the FNV-1a checksum covers
	metaMagic   = 0xED0CDAED
	metaVersion = 2

	noFreelist = 1<<64 - 1 // the freelist page of a file that was not closed in order
)

type metaPage struct {
	pageSize, freelist, pages, txid uint64
	valid                           int // how many of the file's two are
}

// readMeta reads the meta page at offset; ok is false when it is damaged.
func readMeta(f *os.File, offset int64) (m metaPage, ok bool) {
	var b [metaBytes]byte
	if _, err := f.ReadAt(b[:], offset+metaHeader); err != nil {
		return m, false
	}
	order := binary.NativeEndian
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSummed])
	if order.Uint32(b[0:]) != metaMagic || order.Uint32(b[4:]) != metaVersion || order.Uint64(b[metaSummed:]) != sum.Sum64() {
		return m, false
	}
	return metaPage{
		pageSize: uint64(order.Uint32(b[8:])),
		freelist: order.Uint64(b[32:]),
		pages:    order.Uint64(b[40:]),
		txid:     order.Uint64(b[48:]),
		valid:    1,
	}, true
}

// inspect refuses a file on which bbolt would start anew or die: missing,
// empty, without a valid meta page, or shorter than its meta page says. It
// may run while another process writes: the file grows before the meta page
// tells, and a meta page that is being written is passed over.
func inspect(path string) (meta metaPage, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return meta, 0, fmt.Errorf("boltkv: the database is not where it is expected: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return meta, 0, fmt.Errorf("boltkv: %w", err)
	}
	size = info.Size()
	if size == 0 {
		return meta, 0, fmt.Errorf("boltkv: %s is empty where a database is expected; restore a backup", path)
	}
	meta = newestMeta(f)
	if meta.valid == 0 {
		return meta, 0, fmt.Errorf("boltkv: %s is not a bbolt file, or its beginning is damaged; restore a backup", path)
	}
	if want := meta.pages * meta.pageSize; uint64(size) < want {
		return meta, 0, fmt.Errorf("boltkv: %s is cut off: %d bytes, its last commit needs %d; restore a backup", path, size, want)
	}
	return meta, size, nil
}

// newestMeta returns the valid meta page of the highest transaction. The
// second page lies one page size in, which only a valid first one tells; else
// every size bbolt knows is tried.
func newestMeta(f *os.File) metaPage {
	first, ok := readMeta(f, 0)
	if ok {
		second, ok := readMeta(f, int64(first.pageSize))
		if !ok {
			return first
		}
		if second.txid > first.txid {
			first = second
		}
		first.valid = 2
		return first
	}
	for size := int64(1 << 10); size <= 16<<20; size *= 2 {
		if m, ok := readMeta(f, size); ok && int64(m.pageSize) == size {
			return m
		}
	}
	return metaPage{}
}
