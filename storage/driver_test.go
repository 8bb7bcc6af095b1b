package storage_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"baas/storage"
)

func TestExactly(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tc := range []struct {
		name string
		r    io.Reader
		size int64
		want string
		err  error
	}{
		{"exact", strings.NewReader("abc"), 3, "abc", nil},
		{"exact, with EOF beside the last byte", iotest.DataErrReader(strings.NewReader("abc")), 3, "abc", nil},
		{"exact, byte by byte", iotest.OneByteReader(strings.NewReader("abc")), 3, "abc", nil},
		{"empty", strings.NewReader(""), 0, "", nil},
		{"unknown", strings.NewReader("abc"), -1, "abc", nil},
		{"short", strings.NewReader("ab"), 3, "ab", storage.ErrSize},
		{"short, with EOF beside the last byte", iotest.DataErrReader(strings.NewReader("ab")), 3, "ab", storage.ErrSize},
		{"long", strings.NewReader("abcd"), 3, "", storage.ErrSize},
		{"long, byte by byte", iotest.OneByteReader(strings.NewReader("abcd")), 3, "ab", storage.ErrSize},
		{"not empty", strings.NewReader("a"), 0, "", storage.ErrSize},
		{"broken", io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)), 3, "ab", broken},
		{"broken behind the last byte", io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), 3, "", broken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := io.ReadAll(storage.Exactly(tc.r, tc.size))
			if string(got) != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestExactlyTellsAConsumerThatStopsAtSize(t *testing.T) {
	t.Parallel()
	r := storage.Exactly(bytes.NewReader(make([]byte, 11)), 10)
	if _, err := io.CopyN(io.Discard, r, 10); !errors.Is(err, storage.ErrSize) {
		t.Errorf("taking 10 of 11 bytes: %v, want ErrSize", err)
	}
}
