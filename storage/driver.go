// Package storage keeps an env's files: ids, metadata, rights, temporary
// URLs. The bytes themselves are a Driver's.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ErrNotExist is what a Driver returns, wrapped with the key, for an object
// that is not there. The Service gives it its public code, once.
var ErrNotExist = errors.New("object does not exist")

// ErrClosed is what the calls of a closed Driver return.
var ErrClosed = errors.New("storage is closed")

// ErrKey is what a Driver returns, wrapped with the key, when ValidKey does not
// hold.
var ErrKey = errors.New("not a valid key")

// ErrSize is what Put returns, wrapped, when the bytes it was given are fewer
// or more than the size it was told.
var ErrSize = errors.New("size differs from the one announced")

// Driver stores immutable objects under opaque keys.
//
// The Service guarantees that a key satisfies ValidKey, is written at most once
// and is not another key followed by a slash and more. Offsets are not negative
// and limits are positive.
//
// A Driver is safe for concurrent use. Its errors name the key they are about,
// and hold neither secrets nor the path of a folder on the server.
type Driver interface {
	// Put stores all of r under key. The object is visible, and durable, only
	// once Put has returned nil; a failed or cancelled Put leaves nothing to
	// be seen. size is the length of r, or -1 when it is not known; when r
	// turns out to hold another number of bytes the error is ErrSize. The
	// memory used does not grow with the size. Put reads r until ctx ends: an
	// r that can block must itself end with ctx.
	Put(ctx context.Context, key string, r io.Reader, size int64) (Info, error)

	// Open returns the bytes [offset, offset+length) of the object; length
	// -1 means to the end. A range that reaches past the end is cut there.
	// Info is that of the whole object. ctx governs the reader too. The caller
	// closes the reader.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)

	// Stat returns an object's description.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes an object. A missing object is not an error.
	Delete(ctx context.Context, key string) error

	// List returns at most limit objects whose key starts with prefix and is
	// greater than after, in the order of the keys' bytes.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)

	// Tidy removes what Puts that began before the given time, and were cut
	// off by a crash, have left behind where List does not see it.
	Tidy(ctx context.Context, before time.Time) error

	// Close waits for running calls, which end with an error soon, then
	// releases the driver. Calls made later return ErrClosed.
	Close() error
}

// Info describes one object.
type Info struct {
	Key      string
	Size     int64     // bytes
	Modified time.Time // by the clock of the store
}

// ValidKey reports whether key is fit for a Driver: made of [a-z0-9/_-], at
// most 512 bytes, no segment between slashes empty or longer than 128 bytes. A
// Driver refuses other keys: they could mean something to what is below it.
func ValidKey(key string) bool {
	if len(key) > 512 {
		return false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || len(segment) > 128 || strings.ContainsFunc(segment, notInKeys) {
			return false
		}
	}
	return true
}

func notInKeys(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-'
}

// Exactly returns a reader that passes r on and fails with ErrSize when r ends
// before size bytes or goes on after them. It tells before it hands out the
// last byte, so a consumer that stops at size is told as well. A size of -1
// passes anything.
func Exactly(r io.Reader, size int64) io.Reader {
	if size < 0 {
		return r
	}
	return &exactReader{r: r, size: size}
}

type exactReader struct {
	r    io.Reader
	size int64
	read int64
	err  error // what the next Read returns
}

func (x *exactReader) Read(p []byte) (int, error) {
	if x.err != nil {
		return 0, x.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	left := x.size - x.read
	n, err := 0, error(nil)
	if left > 0 {
		n, err = x.r.Read(p[:min(int64(len(p)), left)])
		x.read += int64(n)
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		x.err = err
	case x.read < x.size && err != nil:
		x.err = fmt.Errorf("%w: %d bytes instead of %d", ErrSize, x.read, x.size)
	case x.read == x.size:
		return x.finish(n)
	}
	return n, x.err
}

// finish looks for the byte that must not be there.
func (x *exactReader) finish(n int) (int, error) {
	var probe [1]byte
	extra, err := io.ReadFull(x.r, probe[:])
	switch {
	case extra > 0:
		x.err = fmt.Errorf("%w: more than %d bytes", ErrSize, x.size)
		return 0, x.err
	case err == io.EOF:
		x.err = io.EOF
		return n, nil
	default:
		x.err = err
		return 0, x.err
	}
}
