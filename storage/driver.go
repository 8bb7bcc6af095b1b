// Package storage keeps an env's files: ids, metadata, rights, temporary
// URLs. The bytes themselves are a Driver's.
package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotExist is what a Driver returns, wrapped with the key, for an object
// that is not there. The Service gives it its public code, once.
var ErrNotExist = errors.New("object does not exist")

// Driver stores immutable objects under opaque keys.
//
// The Service guarantees that a key is written at most once, is made of
// [a-z0-9/_-], is no longer than 512 bytes, and that no segment is empty.
// A Driver is safe for concurrent use.
type Driver interface {
	// Put stores all of r under key. The object is visible, and durable, only
	// once Put has returned nil; a failed or cancelled Put leaves nothing to
	// be seen. size is the length of r, or -1 when it is not known.
	Put(ctx context.Context, key string, r io.Reader, size int64) (Info, error)

	// Open returns the bytes [offset, offset+length) of the object; length
	// -1 means to the end. The caller closes the reader.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)

	// Stat returns an object's description.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes an object. A missing object is not an error.
	Delete(ctx context.Context, key string) error

	// List returns at most limit objects whose key starts with prefix and is
	// greater than after, in key order.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)

	// Close releases the driver. Running calls end with an error.
	Close() error
}

// Info describes one object.
type Info struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}
