// Package boltkv is the embedded driver of db/kv: one bbolt file per store.
//
// Dangers, and what stands against them (threats.md section 1, facts 2 to 4):
//   - bbolt has no checksum of data. Every value here carries one over its key
//     and bytes, verified on each read; damage is a kv.DamagedError.
//   - bbolt makes a new database of an empty file and dies on a cut-off one.
//     Open refuses both, and compares the identity stored in the file.
//   - After a failed sync bbolt goes on. Here the first failed commit is the
//     last: the store answers kv.ErrOutcomeUnknown from then on.
//   - A held reader stalls the writer when the file has to be mapped anew, so
//     a large stretch of address space is reserved at once. It costs nothing
//     until it is used, but a process limit on address space must allow it.
package boltkv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"baas/db/kv"
)

// limits: bbolt's own key limit, and room for a change record that holds both
// images of the largest document.
var limits = kv.Limits{MaxKey: 32 << 10, MaxValue: 64 << 20}

// Defaults of Options.
const (
	defaultLockTimeout = 2 * time.Second
	defaultMapBytes    = 16 << 30
	// appendFill is how full a page of an append-only key range gets; half,
	// bbolt's default, suits keys that arrive in any order.
	appendFill = 0.9
)

// Options say how Open treats the file.
type Options struct {
	// Create makes the file when there is none. Without it a missing file is
	// an error: where data is expected, nothing is made anew in silence.
	Create bool

	// Identity says whose data the file holds, such as an environment's id
	// and generation. It is stored at creation and compared at each opening.
	// Required.
	Identity string

	// Append lists the first bytes of keys that mostly arrive in ascending
	// order; their pages are filled further.
	Append string

	// LockTimeout is how long to wait for another process to let go of the
	// file. Zero means 2 s.
	LockTimeout time.Duration

	// MapBytes is the address space to reserve. Zero means 16 GiB, or none
	// on Windows, where a reservation would grow the file.
	MapBytes int

	// Log gets one line when the store stops, and one at opening when a meta
	// page is damaged. Nil discards them.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	if o.MapBytes == 0 && runtime.GOOS != "windows" {
		o.MapBytes = defaultMapBytes
	}
	return o
}

// Store is a kv.Store in one bbolt file.
type Store struct {
	path string
	opts Options
	db   *bbolt.DB
	turn chan struct{} // holds the one running commit

	closed atomic.Bool
	failed atomic.Pointer[error] // the sticky error, once there is one
}

// Open opens the store at path. The error for a missing file wraps
// fs.ErrNotExist; for an empty, cut-off or foreign file, or one that another
// process holds, it says what to do.
func Open(path string, o Options) (*Store, error) {
	if o.Identity == "" {
		return nil, errors.New("boltkv: Options.Identity is empty: say whose data the file holds")
	}
	o = o.withDefaults()
	if o.Create {
		if err := createMissing(path, o); err != nil {
			return nil, err
		}
	}
	meta, _, err := inspect(path)
	if err != nil {
		return nil, err
	}
	if meta.valid < 2 {
		o.Log.Warn("one of two meta pages is damaged: the last commit before the crash may be missing", "store", path)
	}
	db, err := openBolt(path, o, false)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, opts: o, db: db, turn: make(chan struct{}, 1)}
	if err := s.checkIdentity(); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// openBolt opens the file with the options of db-engine.md section 3.
func openBolt(path string, o Options, readOnly bool) (db *bbolt.DB, err error) {
	defer guard(path, &err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         o.LockTimeout,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: o.MapBytes,
		NoStatistics:    true,
		ReadOnly:        readOnly,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("boltkv: %s is in use by another process (waited %s); stop that one first, or ask it", path, o.LockTimeout)
	}
	if err != nil {
		return nil, fmt.Errorf("boltkv: open %s: %w", path, err)
	}
	return db, nil
}

// Limits implements kv.Store.
func (s *Store) Limits() kv.Limits { return limits }

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) error {
	if s.closed.Load() {
		return kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A fault in mapped memory becomes a panic that guard can catch.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := s.db.Begin(false)
	if err != nil {
		return s.beginError(err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(&reader{ctx: ctx, store: s, tx: tx})
}

// Commit implements kv.Store.
func (s *Store) Commit(ctx context.Context, fn func(kv.Writer) error) error {
	if s.closed.Load() {
		return kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	if err := s.Failed(); err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := s.db.Begin(true)
	if err != nil {
		return s.beginError(err)
	}
	committed := false
	defer func() {
		if !committed {
			_ = tx.Rollback()
		}
	}()
	if err := fn(&writer{reader{ctx: ctx, store: s, tx: tx}}); err != nil {
		return err
	}
	committed = true // successful or not, bbolt has ended the transaction
	if err := s.seal(tx); err != nil {
		return s.fail(err)
	}
	return nil
}

// seal makes the transaction durable.
func (s *Store) seal(tx *bbolt.Tx) (err error) {
	defer guard(s.path, &err)
	return tx.Commit()
}

// fail makes err, the failure of a sync, the store's last word.
func (s *Store) fail(err error) error {
	sticky := fmt.Errorf("%w: a commit to %s failed (%w); the store takes no more writes until it is reopened", kv.ErrOutcomeUnknown, s.path, err)
	s.failed.Store(&sticky)
	s.opts.Log.Error("store stopped: a commit failed and its outcome is unknown", "store", s.path, "error", err)
	return sticky
}

// Failed returns the error that every Commit gets since one failed, or nil.
func (s *Store) Failed() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *Store) beginError(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return kv.ErrClosed
	}
	return fmt.Errorf("boltkv: begin on %s: %w", s.path, err)
}

// Close implements kv.Store. It writes the list of free pages, which running
// commits leave out, so that the next Open need not walk the file: 16 ms
// instead of seconds. Closing twice is allowed.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.closed.Swap(true) {
		return nil
	}
	var err error
	if s.Failed() == nil {
		s.db.NoFreelistSync = false
		if err = s.syncFreelist(); err != nil {
			err = fmt.Errorf("boltkv: close %s: %w", s.path, err)
		}
	}
	return errors.Join(err, s.db.Close())
}

func (s *Store) syncFreelist() (err error) {
	defer guard(s.path, &err)
	return s.db.Update(func(*bbolt.Tx) error { return nil })
}

// guard turns a panic inside bbolt, which is how it meets a damaged file,
// into an error. Nothing but bbolt runs under it.
func guard(path string, err *error) {
	if p := recover(); p != nil {
		*err = &kv.DamagedError{Store: path, Detail: fmt.Sprint(p)}
	}
}
