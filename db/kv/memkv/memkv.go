// Package memkv is the in-memory driver of db/kv: for tests and for the
// reference side of comparisons. It keeps every promise of kv.Store except
// that nothing outlives the process.
//
// Danger: all data is on the heap, and a View that is held keeps the tree of
// its snapshot alive.
package memkv

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"baas/db/kv"
)

// limits are those of boltkv, so that what fits here fits there.
var limits = kv.Limits{MaxKey: 32 << 10, MaxValue: 64 << 20}

// Disk holds what a store leaves behind when it is closed, as a file does.
// The zero Disk is empty and ready. It is safe for concurrent use.
type Disk struct {
	mu   sync.Mutex
	root *node
	open bool
}

// Open opens the store on d. One store at a time may be open on a Disk.
func (d *Disk) Open() (*Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open {
		return nil, errors.New("memkv: the disk is in use by another store; close that one first")
	}
	d.open = true
	return &Store{disk: d, root: d.root, turn: make(chan struct{}, 1)}, nil
}

// Store is a kv.Store in memory.
type Store struct {
	disk *Disk
	turn chan struct{} // holds the one running commit

	life   sync.RWMutex // read-held by every view and commit, so that Close waits
	closed bool         // guarded by life

	mu   sync.Mutex // guards root
	root *node
}

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return kv.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fn(&tx{ctx: ctx, root: s.snapshot()})
}

// Commit implements kv.Store.
func (s *Store) Commit(ctx context.Context, fn func(kv.Writer) error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
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
	t := &tx{ctx: ctx, root: s.snapshot()}
	if err := fn(t); err != nil {
		return err
	}
	s.mu.Lock()
	s.root = t.root
	s.mu.Unlock()
	return nil
}

// Limits implements kv.Store.
func (s *Store) Limits() kv.Limits { return limits }

// Close implements kv.Store. Closing twice is allowed.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	s.disk.root, s.disk.open = s.root, false
	return nil
}

func (s *Store) snapshot() *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root
}

// tx is one view or commit: a root of its own.
type tx struct {
	ctx  context.Context
	root *node
}

func (t *tx) Get(key []byte) ([]byte, error) { return find(t.root, key), nil }

func (t *tx) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = find(t.root, key)
	}
	return values, nil
}

// ctxEvery is how many entries a scan passes between looks at its context.
const ctxEvery = 256

func (t *tx) Scan(r kv.Range, fn func(key, value []byte) error) error {
	seen := 0
	err := walk(t.root, r, func(n *node) error {
		if seen%ctxEvery == 0 {
			if err := t.ctx.Err(); err != nil {
				return err
			}
		}
		seen++
		if err := fn(n.key, n.value); err != nil {
			return err
		}
		if seen == r.Limit {
			return kv.ErrStop
		}
		return nil
	})
	if errors.Is(err, kv.ErrStop) {
		return nil
	}
	return err
}

func (t *tx) Put(key, value []byte) error {
	if err := limits.CheckEntry(key, value); err != nil {
		return err
	}
	// Appended to an empty slice: the value of a stored key is never nil.
	t.root = insert(t.root, bytes.Clone(key), append([]byte{}, value...))
	return nil
}

func (t *tx) Delete(key []byte) error {
	if find(t.root, key) != nil {
		t.root = remove(t.root, key)
	}
	return nil
}
