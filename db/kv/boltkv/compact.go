package boltkv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// compactTx is how many bytes one transaction of a compaction writes.
const compactTx = 64 << 20

// Compact writes the store at path into a fresh file without the free pages and
// puts it in the old one's place. It returns the sizes of both. The new file is
// read back whole first; when anything fails, or the process ends, the old file
// stays as it was. Identity must be the store's own. Nobody may have the store
// open. Codes and errors are those of Open and Verify.
func Compact(ctx context.Context, path string, o Options) (before, after int64, err error) {
	s, err := Open(path, Options{Identity: o.Identity, LockTimeout: o.LockTimeout, MapBytes: o.MapBytes, Log: o.Log})
	if err != nil {
		return 0, 0, err
	}
	fresh := path + ".compact"
	before, err = s.Size()
	if err == nil {
		err = s.copyTo(ctx, fresh)
	}
	// The lock is held until the new file is in place: nobody writes to the old
	// one any more.
	if err == nil {
		after, err = replace(fresh, path)
	}
	if err != nil {
		_ = os.Remove(fresh) // a leftover is removed by the next compaction as well
	}
	return before, after, errors.Join(err, s.db.Close())
}

// copyTo copies the store into a fresh file and verifies that.
func (s *Store) copyTo(ctx context.Context, fresh string) error {
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("boltkv: compact %s: %w", s.path, err)
	}
	if err := s.verifyValues(ctx); err != nil {
		return err
	}
	dst, err := openBolt(fresh, s.opts, false)
	if err != nil {
		return err
	}
	dst.NoSync, dst.NoFreelistSync, dst.AllocSize = true, false, 256<<10
	err = s.copyPages(dst)
	err = errors.Join(err, dst.Sync(), dst.Close())
	if err != nil {
		return fmt.Errorf("boltkv: compact %s: %w", s.path, err)
	}
	return Verify(ctx, fresh)
}

func (s *Store) copyPages(dst *bbolt.DB) (err error) {
	defer guard(s.path, &err)
	return bbolt.Compact(dst, s.db, compactTx)
}

// replace puts the fresh file in the place of path and returns its size.
func replace(fresh, path string) (int64, error) {
	info, err := os.Stat(fresh)
	if err != nil {
		return 0, fmt.Errorf("boltkv: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return 0, fmt.Errorf("boltkv: compact %s: %w", path, err)
	}
	return info.Size(), syncDir(filepath.Dir(path))
}
