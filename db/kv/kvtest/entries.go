package kvtest

import (
	"errors"
	"testing"

	"baas/db/kv"
)

// entryCases: get, put, delete, and that nothing handed over is aliased.
func entryCases() []testCase {
	return []testCase{
		{"MissingKeyIsNil", func(t *testing.T, s kv.Store) {
			wantMissing(t, s, "nothing")
		}},
		{"PutThenGet", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"}, entry{"b", "2"})
			wantGet(t, s, "a", "1")
			wantGet(t, s, "b", "2")
			wantMissing(t, s, "ab")
		}},
		{"PutReplaces", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"})
			put(t, s, entry{"a", "a longer value than before"})
			wantEntries(t, all(t, s), []entry{{"a", "a longer value than before"}})
		}},
		{"EmptyValueIsThere", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", ""})
			wantGet(t, s, "a", "")
			wantEntries(t, all(t, s), []entry{{"a", ""}})
		}},
		{"BinaryKeysAndValues", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"\x00", "\xff\x00"}, entry{"\xff\xff", "\x00"}, entry{"\x00\x00", ""})
			wantEntries(t, all(t, s), []entry{{"\x00", "\xff\x00"}, {"\x00\x00", ""}, {"\xff\xff", "\x00"}})
		}},
		{"Delete", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"}, entry{"b", "2"})
			commit(t, s, func(w kv.Writer) error { return w.Delete([]byte("a")) })
			wantMissing(t, s, "a")
			wantEntries(t, all(t, s), []entry{{"b", "2"}})
		}},
		{"DeleteOfMissingKeyIsNoError", func(t *testing.T, s kv.Store) {
			commit(t, s, func(w kv.Writer) error { return w.Delete([]byte("nothing")) })
		}},
		{"GetManyKeepsTheOrderOfKeys", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"}, entry{"b", "2"}, entry{"c", ""})
			check(t, s.View(t.Context(), func(r kv.Reader) error {
				got, err := r.GetMany([][]byte{[]byte("c"), []byte("x"), []byte("a"), []byte("a")})
				check(t, err)
				if len(got) != 4 || got[0] == nil || got[1] != nil || string(got[2]) != "1" || string(got[3]) != "1" {
					t.Errorf("GetMany(c x a a) = %q", got)
				}
				return nil
			}))
		}},
		{"PutCopiesKeyAndValue", testPutCopies},
	}
}

// testPutCopies overwrites what was given to Put before the commit ends.
func testPutCopies(t *testing.T, s kv.Store) {
	commit(t, s, func(w kv.Writer) error {
		key, value := []byte("key"), []byte("value")
		check(t, w.Put(key, value))
		copy(key, "xxx")
		copy(value, "xxxxx")
		return nil
	})
	wantEntries(t, all(t, s), []entry{{"key", "value"}})
}

// limitCases: the sizes that Limits names are accepted, one more is refused.
func limitCases() []testCase {
	refused := func(t *testing.T, s kv.Store, key, value []byte) {
		t.Helper()
		err := s.Commit(t.Context(), func(w kv.Writer) error { return w.Put(key, value) })
		if !errors.Is(err, kv.ErrTooLarge) {
			t.Errorf("Put of a %d byte key and %d byte value: got %v, want ErrTooLarge", len(key), len(value), err)
		}
		wantEntries(t, all(t, s), nil)
	}
	return []testCase{
		{"LargestKey", func(t *testing.T, s kv.Store) {
			key := string(filled('k', s.Limits().MaxKey))
			put(t, s, entry{key, "v"})
			wantGet(t, s, key, "v")
		}},
		{"KeyTooLarge", func(t *testing.T, s kv.Store) {
			refused(t, s, filled('k', s.Limits().MaxKey+1), nil)
		}},
		{"EmptyKey", func(t *testing.T, s kv.Store) {
			refused(t, s, nil, []byte("v"))
		}},
		{"ValueTooLarge", func(t *testing.T, s kv.Store) {
			refused(t, s, []byte("k"), make([]byte, s.Limits().MaxValue+1))
		}},
		{"TwoDocumentsOfTheLargestSizeFit", func(t *testing.T, s kv.Store) {
			// A change record holds both images of a 16 MB document.
			value := string(filled('v', 33<<20))
			put(t, s, entry{"k", value})
			if got, _ := get(t, s, "k"); got != value {
				t.Errorf("got %d bytes back, want %d", len(got), len(value))
			}
		}},
	}
}
