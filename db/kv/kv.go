// Package kv is the ordered key-value store below the engine: snapshot reads
// and one atomic, durable batch per commit. Documents, index entries,
// metadata and the change log are all keys.
//
// Danger first: the slices that a Reader hands out are valid only until the
// function that received the Reader returns, and must not be written to. Copy
// what you keep. No View may outlive the request that opened it: an open read
// transaction makes a bbolt file grow. A function given to Scan must not write
// to the Writer that is being scanned.
package kv

import (
	"context"
	"errors"
	"fmt"
)

// The errors a Store returns, wrapped with what it was doing.
var (
	// ErrStop ends a Scan early without an error.
	ErrStop = errors.New("kv: stop scan")

	// ErrConflict means that the store asks for the commit function to be run
	// again. Commit retries by itself; a caller sees it only when ctx has ended.
	ErrConflict = errors.New("kv: conflict")

	// ErrClosed is the answer of a store after Close.
	ErrClosed = errors.New("kv: store is closed")

	// ErrTooLarge refuses an empty key, and a key or value above Limits.
	ErrTooLarge = errors.New("kv: key or value outside the store's limits")

	// ErrOutcomeUnknown means that the store failed while it made a commit
	// durable: the writes may be there after a restart or not. It is sticky:
	// every later Commit fails with it, because a retried sync may report
	// success for pages the operating system has dropped (threats.md section
	// 1, fact 4). Reads go on.
	ErrOutcomeUnknown = errors.New("kv: outcome unknown")
)

// DamagedError reports stored bytes that are not what was written. Its text
// is for the log of the operator, never for a caller.
type DamagedError struct {
	Store  string // which store: its file name or address
	Detail string
}

// Error names the store and the damage.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("kv: store %s is damaged: %s; restore a backup or run the database check", e.Store, e.Detail)
}

// Store is one ordered key space. Keys are 1 to Limits().MaxKey bytes. It is
// safe for concurrent use.
type Store interface {
	// View runs fn on a snapshot: no commit that ends while fn runs is seen.
	// fn must not block on the network and must not call the Store. When ctx
	// has ended before fn starts, its error is returned and fn is not run.
	View(ctx context.Context, fn func(Reader) error) error

	// Commit runs fn and makes its writes durable in one atomic step before
	// it returns nil. Commits are serial; waiting for one's turn ends with
	// ctx. When fn fails nothing is written and its error is returned
	// unchanged, and a panic of fn passes through after the same. fn may be
	// run more than once.
	Commit(ctx context.Context, fn func(Writer) error) error

	// Limits says what the store can hold.
	Limits() Limits

	// Close waits for running views and commits, then releases the store.
	Close() error
}

// Reader reads one snapshot.
type Reader interface {
	// Get returns the value of key, or nil when there is none. The value of
	// a key that is there is never nil, though it may be empty.
	Get(key []byte) ([]byte, error)
	// GetMany returns the values in the order of keys, nil for a missing one.
	GetMany(keys [][]byte) ([][]byte, error)
	// Scan calls fn for each entry of the range in key order (or the reverse)
	// until fn returns an error. ErrStop ends the scan with nil. A scan ends
	// with the context's error soon after the context has ended.
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

// CheckEntry returns ErrTooLarge when l does not admit the key or the value.
func (l Limits) CheckEntry(key, value []byte) error {
	if len(key) == 0 || len(key) > l.MaxKey {
		return fmt.Errorf("%w: key of %d bytes, allowed are 1 to %d", ErrTooLarge, len(key), l.MaxKey)
	}
	if len(value) > l.MaxValue {
		return fmt.Errorf("%w: value of %d bytes, allowed are %d", ErrTooLarge, len(value), l.MaxValue)
	}
	return nil
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
