// Package storagetest is the conformance suite of storage.Driver. What it
// checks is the contract in the comments of that interface, from a caller's
// side; a new driver is done when Run passes.
package storagetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"testing"

	"baas/storage"
)

// Harness opens drivers over one place that starts out empty.
type Harness struct {
	// Open returns a new driver. Every call sees what earlier ones stored. The
	// suite closes what it opens.
	Open func(t *testing.T) storage.Driver
	// Large is the size in bytes of the object that is streamed to see that
	// memory stays constant; it should be a multiple of what the driver
	// buffers. 0 means 128 MiB.
	Large int64
}

// Run runs every group, each on a fresh Harness.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	for _, group := range []struct {
		name string
		fn   func(*testing.T, Harness)
	}{
		{"PutThenOpen", testPutThenOpen},
		{"UnknownSize", testUnknownSize},
		{"WrongSize", testWrongSize},
		{"Ranges", testRanges},
		{"BadKeysAreRefused", testBadKeys},
		{"MissingKeyNamesTheKey", testMissingKey},
		{"CancelledPutLeavesNothing", testCancelledPut},
		{"FailedPutLeavesNothing", testFailedPut},
		{"SecondPutNeverMixes", testSecondPut},
		{"ListOrder", testListOrder},
		{"ListPages", testListPages},
		{"DeleteIsIdempotent", testDelete},
		{"OpenReaderSurvivesDelete", testReadDeleted},
		{"ConcurrentUse", testConcurrentUse},
		{"LargeObjectInConstantMemory", testLarge},
		{"TidyKeepsObjects", testTidy},
		{"Closed", testClosed},
		{"CloseEndsRunningPut", testCloseEndsPut},
		{"CloseEndsOpenReader", testCloseEndsReader},
	} {
		t.Run(group.name, func(t *testing.T) { group.fn(t, newHarness(t)) })
	}
}

// open opens a driver and closes it when the test ends.
func (h Harness) open(t *testing.T) storage.Driver {
	t.Helper()
	d := h.Open(t)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// content returns n reproducible bytes that do not compress.
func content(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(seedOf(seed)).Read(b)
	return b
}

func seedOf(n uint64) (seed [32]byte) {
	for i := range 8 {
		seed[i] = byte(n >> (8 * i))
	}
	return seed
}

// mustPut stores data under key and checks the description it gets.
func mustPut(t *testing.T, d storage.Driver, key string, data []byte) storage.Info {
	t.Helper()
	info, err := d.Put(t.Context(), key, onlyReader{bytes.NewReader(data)}, int64(len(data)))
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	if info.Key != key || info.Size != int64(len(data)) || info.Modified.IsZero() {
		t.Fatalf("Put(%q) = %+v, want key %q, %d bytes and a time", key, info, key, len(data))
	}
	return info
}

// mustRead returns a range of an object.
func mustRead(t *testing.T, d storage.Driver, key string, offset, length int64) ([]byte, storage.Info) {
	t.Helper()
	rc, info, err := d.Open(t.Context(), key, offset, length)
	if err != nil {
		t.Fatalf("Open(%q, %d, %d): %v", key, offset, length, err)
	}
	b, err := io.ReadAll(rc)
	if cerr := rc.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		t.Fatalf("reading %q: %v", key, err)
	}
	return b, info
}

// wantBytes compares contents by size and digest, which keeps failures short.
func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got %d bytes %s, want %d bytes %s", what, len(got), digest(got), len(want), digest(want))
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// onlyReader hides Seek and ReadAt: drivers get streams from the network.
type onlyReader struct{ io.Reader }
