package kv_test

import (
	"bytes"
	"errors"
	"testing"

	"baas/db/kv"
)

func TestPrefix(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		prefix    string
		low, high string // high "" means no upper bound
	}{
		{"plain", "ab", "ab", "ac"},
		{"last byte is ff", "a\xff", "a\xff", "b"},
		{"all ff has no upper bound", "\xff\xff", "\xff\xff", ""},
		{"empty is everything", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := kv.Prefix([]byte(tc.prefix))
			if string(r.Low) != tc.low || string(r.High) != tc.high || (tc.high == "") != (r.High == nil) {
				t.Errorf("Prefix(%q) = [%q, %q), want [%q, %q)", tc.prefix, r.Low, r.High, tc.low, tc.high)
			}
		})
	}
}

func TestCheckEntry(t *testing.T) {
	t.Parallel()
	l := kv.Limits{MaxKey: 3, MaxValue: 2}
	for _, tc := range []struct {
		name       string
		key, value int
		want       error
	}{
		{"fits", 3, 2, nil},
		{"empty value", 1, 0, nil},
		{"empty key", 0, 1, kv.ErrTooLarge},
		{"long key", 4, 0, kv.ErrTooLarge},
		{"long value", 1, 3, kv.ErrTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := l.CheckEntry(bytes.Repeat([]byte{1}, tc.key), bytes.Repeat([]byte{1}, tc.value))
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}
