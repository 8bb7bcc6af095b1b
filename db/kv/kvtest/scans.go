package kvtest

import (
	"errors"
	"slices"
	"testing"

	"baas/db/kv"
)

var errStopHere = errors.New("stop here")

// scanCases: ranges, both directions, limits, early ends.
func scanCases() []testCase {
	return []testCase{
		{"Ranges", testRanges},
		{"Limit", testScanLimit},
		{"StopEndsWithoutError", func(t *testing.T, s kv.Store) {
			put(t, s, numbered(5)...)
			check(t, s.View(t.Context(), func(r kv.Reader) error {
				seen := 0
				err := r.Scan(kv.Range{}, func(_, _ []byte) error {
					seen++
					return kv.ErrStop
				})
				if err != nil || seen != 1 {
					t.Errorf("err %v after %d entries, want none after 1", err, seen)
				}
				return nil
			}))
		}},
		{"ErrorOfTheFunctionComesBack", func(t *testing.T, s kv.Store) {
			put(t, s, numbered(5)...)
			check(t, s.View(t.Context(), func(r kv.Reader) error {
				err := r.Scan(kv.Range{}, func(_, _ []byte) error { return errStopHere })
				if !errors.Is(err, errStopHere) {
					t.Errorf("got %v, want the function's error", err)
				}
				return nil
			}))
		}},
		{"ReadsInsideAScan", func(t *testing.T, s kv.Store) {
			put(t, s, numbered(300)...)
			check(t, s.View(t.Context(), func(r kv.Reader) error {
				return r.Scan(kv.Range{}, func(k, v []byte) error {
					got, err := r.Get(k)
					if string(got) != string(v) {
						t.Errorf("Get(%q) inside a scan = %q, want %q", k, got, v)
					}
					return err
				})
			}))
		}},
		{"ManyEntriesBothWays", func(t *testing.T, s kv.Store) {
			want := numbered(3000)
			put(t, s, want...)
			wantEntries(t, all(t, s), want)
			slices.Reverse(want)
			check(t, s.View(t.Context(), func(r kv.Reader) error {
				got, err := scan(r, kv.Range{Reverse: true})
				wantEntries(t, got, want)
				return err
			}))
		}},
		{"EmptyStore", func(t *testing.T, s kv.Store) {
			wantEntries(t, all(t, s), nil)
		}},
	}
}

// testRanges holds the borders: keys of different first bytes, prefixes of
// one another, and bounds that are keys, lie between keys, or are absent.
func testRanges(t *testing.T, s kv.Store) {
	put(t, s, entry{"a", "1"}, entry{"a\x00", "2"}, entry{"ab", "3"}, entry{"b", "4"}, entry{"d\xff", "5"}, entry{"\xff", "6"})
	for _, tc := range []struct {
		name      string
		low, high string // "-" means no bound
		want      string // the values, in key order
	}{
		{"everything", "-", "-", "123456"},
		{"low is a key", "ab", "-", "3456"},
		{"low between keys", "aa", "-", "3456"},
		{"high is a key and is left out", "-", "b", "123"},
		{"high between keys", "-", "c", "1234"},
		{"both inside one first byte", "a\x00", "ab", "2"},
		{"across first bytes", "ab", "d\xff\x00", "345"},
		{"high is a bare first byte", "b", "d", "4"},
		{"low after the last key", "\xff\x00", "-", ""},
		{"high before the first key", "-", "a", ""},
		{"low equals high", "ab", "ab", ""},
		{"low above high", "b", "a", ""},
		{"prefix", "a", "b", "123"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := kv.Range{Low: bound(tc.low), High: bound(tc.high)}
			back := r
			back.Reverse = true
			check(t, s.View(t.Context(), func(rd kv.Reader) error {
				wantValues(t, rd, r, tc.want)
				wantValues(t, rd, back, reversed(tc.want))
				return nil
			}))
		})
	}
}

func testScanLimit(t *testing.T, s kv.Store) {
	put(t, s, entry{"a", "1"}, entry{"b", "2"}, entry{"c", "3"})
	for _, tc := range []struct {
		name string
		r    kv.Range
		want string
	}{
		{"fewer than there are", kv.Range{Limit: 2}, "12"},
		{"fewer, backwards", kv.Range{Limit: 2, Reverse: true}, "32"},
		{"exactly", kv.Range{Limit: 3}, "123"},
		{"more than there are", kv.Range{Limit: 9}, "123"},
		{"zero is no limit", kv.Range{}, "123"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			check(t, s.View(t.Context(), func(rd kv.Reader) error {
				wantValues(t, rd, tc.r, tc.want)
				return nil
			}))
		})
	}
}

// wantValues compares the values of a scan, which are one character each.
func wantValues(t *testing.T, rd kv.Reader, r kv.Range, want string) {
	t.Helper()
	entries, err := scan(rd, r)
	check(t, err)
	got := ""
	for _, e := range entries {
		got += e.value
	}
	if got != want {
		t.Errorf("scan [%q, %q) reverse %t: got values %q, want %q", r.Low, r.High, r.Reverse, got, want)
	}
}

func bound(s string) []byte {
	if s == "-" {
		return nil
	}
	return []byte(s)
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
