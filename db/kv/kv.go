// Package kv is the ordered key-value store below the engine: snapshot reads
// and one atomic, durable batch per commit. Documents, index entries,
// metadata and the change log are all keys.
//
// Danger first: the slices that a Reader hands out are valid only until the
// function that received the Reader returns, and must not be written to. Copy
// what you keep. No View may outlive the request that opened it: an open read
// transaction makes a bbolt file grow.
package kv

import (
	"context"
	"errors"
)

// ErrStop ends a Scan early without an error.
var ErrStop = errors.New("kv: stop scan")

// ErrConflict means that the store asks for the commit function to be run
// again. Commit retries by itself; a caller sees it only when ctx has ended.
var ErrConflict = errors.New("kv: conflict")

// Store is one ordered key space. It is safe for concurrent use.
type Store interface {
	// View runs fn on a snapshot: no commit that ends while fn runs is seen.
	// fn must not block on the network and must not call the Store.
	View(ctx context.Context, fn func(Reader) error) error

	// Commit runs fn and makes its writes durable in one atomic step before
	// it returns nil. Commits are serial. When fn fails nothing is written
	// and its error is returned. fn may be run more than once.
	Commit(ctx context.Context, fn func(Writer) error) error

	// Limits says what the store can hold.
	Limits() Limits

	// Close waits for running views and commits, then releases the store.
	Close() error
}

// Reader reads one snapshot.
type Reader interface {
	// Get returns the value of key, or nil when there is none.
	Get(key []byte) ([]byte, error)
	// GetMany returns the values in the order of keys, nil for a missing one.
	GetMany(keys [][]byte) ([][]byte, error)
	// Scan calls fn for each entry of the range in key order (or the reverse)
	// until fn returns an error. ErrStop ends the scan with nil.
	Scan(r Range, fn func(key, value []byte) error) error
}

// Writer reads its own writes over the newest committed state.
type Writer interface {
	Reader
	// Put sets key. The store copies key and value.
	Put(key, value []byte) error
	// Delete removes key; a missing key is not an error.
	Delete(key []byte) error
}

// Range is a half-open range of keys. A nil High means no upper bound.
type Range struct {
	Low, High []byte // Low ≤ key < High
	Reverse   bool
	Limit     int // 0 means no limit
}

// Limits are the sizes, in bytes, that a store accepts.
type Limits struct {
	MaxKey, MaxValue int
}

// Prefix returns the range of all keys that start with p.
func Prefix(p []byte) Range {
	high := append([]byte(nil), p...)
	for i := len(high) - 1; i >= 0; i-- {
		if high[i] < 0xff {
			high[i]++
			return Range{Low: p, High: high[:i+1]}
		}
	}
	return Range{Low: p}
}
