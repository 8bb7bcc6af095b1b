// Package kvtest is the conformance suite of db/kv: what a driver must do
// before the engine may stand on it. A driver's own test calls Run with a
// maker of harnesses, one fresh harness per case.
package kvtest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"baas/db/kv"
)

// Harness opens stores over one place that starts out empty.
type Harness struct {
	// Open opens the store; a later call, made after the store was closed,
	// sees what earlier ones committed. It fails the test on an error.
	Open func(t *testing.T) kv.Store
}

// group is a set of cases about one promise of the interface.
type group struct {
	name  string
	cases []testCase
}

type testCase struct {
	name string
	run  func(t *testing.T, s kv.Store)
}

// Run checks every promise of kv.Store. Each case gets its own harness.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	for _, g := range []group{
		{"Entries", entryCases()},
		{"Scan", scanCases()},
		{"Limits", limitCases()},
		{"Commit", commitCases()},
		{"Isolation", isolationCases()},
		{"Context", contextCases()},
	} {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, tc := range g.cases {
				t.Run(tc.name, func(t *testing.T) {
					t.Parallel()
					s := newHarness(t).Open(t)
					t.Cleanup(func() { check(t, s.Close()) })
					tc.run(t, s)
				})
			}
		})
	}
	t.Run("Life", func(t *testing.T) {
		t.Parallel()
		runLife(t, newHarness)
	})
	t.Run("Model", func(t *testing.T) {
		t.Parallel()
		runModel(t, newHarness(t))
	})
}

// entry is one key and its value, as text for readable failures.
type entry struct{ key, value string }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func commit(t *testing.T, s kv.Store, fn func(w kv.Writer) error) {
	t.Helper()
	check(t, s.Commit(t.Context(), fn))
}

// put commits the entries in one batch.
func put(t *testing.T, s kv.Store, entries ...entry) {
	t.Helper()
	commit(t, s, func(w kv.Writer) error {
		for _, e := range entries {
			if err := w.Put([]byte(e.key), []byte(e.value)); err != nil {
				return err
			}
		}
		return nil
	})
}

// scan returns the entries of a range as a reader shows them.
func scan(r kv.Reader, rg kv.Range) ([]entry, error) {
	var got []entry
	err := r.Scan(rg, func(k, v []byte) error {
		got = append(got, entry{string(k), string(v)})
		return nil
	})
	return got, err
}

// all returns every entry of the store.
func all(t *testing.T, s kv.Store) []entry {
	t.Helper()
	var got []entry
	check(t, s.View(t.Context(), func(r kv.Reader) (err error) {
		got, err = scan(r, kv.Range{})
		return err
	}))
	return got
}

func wantEntries(t *testing.T, got, want []entry) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("entries:\n got %v\nwant %v", got, want)
	}
}

// get returns the value of key and whether it is there.
func get(t *testing.T, s kv.Store, key string) (value string, ok bool) {
	t.Helper()
	check(t, s.View(t.Context(), func(r kv.Reader) error {
		v, err := r.Get([]byte(key))
		value, ok = string(v), v != nil
		return err
	}))
	return value, ok
}

func wantGet(t *testing.T, s kv.Store, key, want string) {
	t.Helper()
	if got, ok := get(t, s, key); !ok || got != want {
		t.Errorf("Get(%q) = %q, there: %t; want %q", key, got, ok, want)
	}
}

func wantMissing(t *testing.T, s kv.Store, key string) {
	t.Helper()
	if got, ok := get(t, s, key); ok {
		t.Errorf("Get(%q) = %q, want nothing", key, got)
	}
}

// numbered returns n entries in key order.
func numbered(n int) []entry {
	entries := make([]entry, n)
	for i := range entries {
		entries[i] = entry{fmt.Sprintf("k%06d", i), fmt.Sprintf("v%d", i)}
	}
	return entries
}

func filled(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }
