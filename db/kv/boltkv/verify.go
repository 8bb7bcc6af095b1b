package boltkv

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"baas/db/kv"
)

// State is what the beginning of a database file tells.
type State struct {
	// Clean says that the file was closed in order. After a crash it is not,
	// and the next Open walks the whole file.
	Clean bool
	Bytes int64 // size of the file
}

// Stat looks at a database file without opening it. Its errors are those of
// Open for a file that is missing, empty, cut off or not a database.
func Stat(path string) (State, error) {
	meta, size, err := inspect(path)
	if err != nil {
		return State{}, err
	}
	return State{Clean: meta.freelist != noFreelist, Bytes: size}, nil
}

// maxProblems is how many Verify tells.
const maxProblems = 100

// Verify reads a whole file that nobody has open for writing: the structure of
// its pages and the checksum of every value. It returns nil when all is well.
//
// Call it in a child process: on a badly damaged file bbolt may end the
// process, which no caller can prevent. Open has the same danger, after a
// crash; so a server verifies a file that was not closed in order first.
func Verify(ctx context.Context, path string) (err error) {
	if _, err := Stat(path); err != nil {
		return err
	}
	o := Options{}.withDefaults()
	db, err := openBolt(path, o, true)
	if err != nil {
		return err
	}
	s := &Store{path: path, opts: o, db: db, turn: make(chan struct{}, 1)}
	return errors.Join(s.verifyPages(), s.verifyValues(ctx), db.Close())
}

func (s *Store) verifyPages() (err error) {
	defer guard(s.path, &err)
	return s.db.View(func(tx *bbolt.Tx) error {
		var problems []error
		for problem := range tx.Check() { // read to its end, or its goroutine stays
			if len(problems) < maxProblems {
				problems = append(problems, &kv.DamagedError{Store: s.path, Detail: problem.Error()})
			}
		}
		return errors.Join(problems...)
	})
}

func (s *Store) verifyValues(ctx context.Context) error {
	return s.View(ctx, func(r kv.Reader) error {
		return r.Scan(kv.Range{}, func(_, _ []byte) error { return nil })
	})
}

// Size returns the bytes of the file on disk.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, fmt.Errorf("boltkv: %w", err)
	}
	return info.Size(), nil
}
