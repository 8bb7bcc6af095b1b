package functions

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"baas/db/fault"
)

// What a function's own files may come to, without node_modules.
const (
	maxFiles     = 10_000
	maxTreeBytes = 100 << 20
)

// digest hashes the parts of a version. Each part goes in with its name and
// length, so that no two versions run into one text.
type digest struct{ h hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) add(name string, content []byte) {
	fmt.Fprintf(d.h, "%d:%s%d:", len(name), name, len(content))
	d.h.Write(content)
}

// id is 128 bits of the hash: a version's id.
func (d digest) id() string { return hex.EncodeToString(d.h.Sum(nil)[:16]) }

// copyTree copies the function's own files, in the order of their names, and
// adds them to the digest. Links and devices are left out: a link could lead
// out of the function.
func copyTree(from, to string, d digest) error {
	count, size := 0, int64(0)
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if rel != "." && ignored(entry.Name()) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		if count++; count > maxFiles {
			return fault.Invalid("source", "the function has more than %d files beside node_modules", maxFiles)
		}
		content, err := readBounded(path, maxTreeBytes-size)
		if err != nil {
			return err
		}
		size += int64(len(content))
		d.add("file "+filepath.ToSlash(rel), content)
		return os.WriteFile(filepath.Join(to, rel), content, 0o600)
	})
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, fault.Invalid("source", "the function's files have more than %d MB beside node_modules", maxTreeBytes>>20)
	}
	return content, nil
}

// syncTree makes all that lies below dir durable, several files at a time: one
// after the other would cost milliseconds each.
func syncTree(dir string) error {
	var g errgroup.Group
	g.SetLimit(16)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			g.Go(func() error { return syncPath(path) })
		}
		return err
	})
	return errors.Join(err, g.Wait())
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
