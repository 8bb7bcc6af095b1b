package kvtest

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"baas/db/kv"
)

var errRefused = errors.New("refused")

// commitCases: all or nothing, own writes are read, one at a time.
func commitCases() []testCase {
	return []testCase{
		{"ReadsItsOwnWrites", testOwnWrites},
		{"ReverseScanOverAnEmptiedStore", func(t *testing.T, s kv.Store) {
			entries := numbered(2000)
			put(t, s, entries...)
			commit(t, s, func(w kv.Writer) error {
				for _, e := range entries {
					check(t, w.Delete([]byte(e.key)))
				}
				for _, rg := range []kv.Range{{Reverse: true}, {Reverse: true, High: []byte("k001000")}, {}} {
					got, err := scan(w, rg)
					check(t, err)
					wantEntries(t, got, nil)
				}
				return nil
			})
			wantEntries(t, all(t, s), nil)
		}},
		{"FailureLeavesNothing", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"}, entry{"b", "2"})
			err := s.Commit(t.Context(), func(w kv.Writer) error {
				check(t, w.Put([]byte("a"), []byte("changed")))
				check(t, w.Put([]byte("new"), []byte("x")))
				check(t, w.Delete([]byte("b")))
				return errRefused
			})
			if !errors.Is(err, errRefused) {
				t.Errorf("Commit returned %v, want the function's error", err)
			}
			wantEntries(t, all(t, s), []entry{{"a", "1"}, {"b", "2"}})
		}},
		{"PanicLeavesNothingAndPassesThrough", func(t *testing.T, s kv.Store) {
			func() {
				defer func() {
					if p := recover(); p != "boom" {
						t.Errorf("recovered %v, want boom", p)
					}
				}()
				_ = s.Commit(t.Context(), func(w kv.Writer) error {
					check(t, w.Put([]byte("a"), []byte("1")))
					panic("boom")
				})
			}()
			wantEntries(t, all(t, s), nil)
			put(t, s, entry{"b", "2"}) // the store is still usable
			wantEntries(t, all(t, s), []entry{{"b", "2"}})
		}},
		{"EmptyCommit", func(t *testing.T, s kv.Store) {
			commit(t, s, func(kv.Writer) error { return nil })
			wantEntries(t, all(t, s), nil)
		}},
		{"SerialUnderConcurrency", testSerial},
	}
}

func testOwnWrites(t *testing.T, s kv.Store) {
	put(t, s, numbered(500)...)
	commit(t, s, func(w kv.Writer) error {
		check(t, w.Put([]byte("k000001"), []byte("changed")))
		check(t, w.Put([]byte("new"), []byte("x")))
		for i := 2; i < 400; i++ { // enough to empty whole pages
			check(t, w.Delete([]byte(numbered(500)[i].key)))
		}
		v, err := w.Get([]byte("k000001"))
		if string(v) != "changed" || err != nil {
			t.Errorf("Get of an own write = %q, %v", v, err)
		}
		if v, err = w.Get([]byte("k000002")); v != nil || err != nil {
			t.Errorf("Get of an own delete = %q, %v", v, err)
		}
		got, err := scan(w, kv.Range{Limit: 3})
		check(t, err)
		wantEntries(t, got, []entry{{"k000000", "v0"}, {"k000001", "changed"}, {"k000400", "v400"}})
		got, err = scan(w, kv.Range{Reverse: true, Limit: 2})
		check(t, err)
		wantEntries(t, got, []entry{{"new", "x"}, {"k000499", "v499"}})
		got, err = scan(w, kv.Range{High: []byte("k000400"), Reverse: true})
		check(t, err)
		wantEntries(t, got, []entry{{"k000001", "changed"}, {"k000000", "v0"}})
		return nil
	})
}

// testSerial increments one counter from many goroutines: any two commits
// that overlapped would lose an increment.
func testSerial(t *testing.T, s kv.Store) {
	const writers, each = 8, 20
	key := []byte("counter")
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := s.Commit(t.Context(), func(w kv.Writer) error {
					v, err := w.Get(key)
					if err != nil {
						return err
					}
					var n uint64
					if v != nil {
						n = binary.BigEndian.Uint64(v)
					}
					return w.Put(key, binary.BigEndian.AppendUint64(nil, n+1))
				})
				if err != nil {
					t.Errorf("Commit: %v", err)
				}
			}
		})
	}
	wg.Wait()
	v, _ := get(t, s, "counter")
	if n := binary.BigEndian.Uint64([]byte(v)); n != writers*each {
		t.Errorf("counter is %d after %d commits", n, writers*each)
	}
}

// isolationCases: a view is a snapshot.
func isolationCases() []testCase {
	return []testCase{
		{"ViewKeepsItsSnapshot", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"}, entry{"b", "2"})
			viewDuring(t, s, func(r kv.Reader) {
				got, err := scan(r, kv.Range{})
				check(t, err)
				wantEntries(t, got, []entry{{"a", "1"}, {"b", "2"}})
			}, func() {
				commit(t, s, func(w kv.Writer) error {
					check(t, w.Put([]byte("a"), []byte("changed")))
					check(t, w.Delete([]byte("b")))
					return w.Put([]byte("c"), []byte("3"))
				})
			})
			wantEntries(t, all(t, s), []entry{{"a", "changed"}, {"c", "3"}})
		}},
		{"ViewDoesNotStallManyCommits", func(t *testing.T, s kv.Store) {
			// Large enough to make a file grow several times under the view.
			value := string(filled('v', 256<<10))
			viewDuring(t, s, func(r kv.Reader) {
				got, err := scan(r, kv.Range{})
				check(t, err)
				wantEntries(t, got, nil)
			}, func() {
				for _, e := range numbered(40) {
					put(t, s, entry{e.key, value})
				}
			})
		}},
		{"UncommittedIsNotSeen", func(t *testing.T, s kv.Store) {
			put(t, s, entry{"a", "1"})
			commit(t, s, func(w kv.Writer) error {
				check(t, w.Put([]byte("a"), []byte("2")))
				seen := make(chan struct{})
				go func() {
					defer close(seen)
					wantGet(t, s, "a", "1")
				}()
				<-seen
				return nil
			})
			wantGet(t, s, "a", "2")
		}},
	}
}

// viewDuring opens a view, lets commits happen while it is open, and looks
// before and after them.
func viewDuring(t *testing.T, s kv.Store, look func(kv.Reader), commits func()) {
	t.Helper()
	opened, resume, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.View(t.Context(), func(r kv.Reader) error {
			look(r)
			close(opened)
			<-resume
			look(r)
			return nil
		})
	}()
	<-opened
	commits()
	close(resume)
	check(t, <-done)
}

// contextCases: an ended context starts nothing and ends waiting and scans.
func contextCases() []testCase {
	return []testCase{
		{"EndedContextStartsNothing", func(t *testing.T, s kv.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			ran := false
			if err := s.View(ctx, func(kv.Reader) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("View: %v, want context.Canceled", err)
			}
			err := s.Commit(ctx, func(w kv.Writer) error { ran = true; return w.Put([]byte("a"), nil) })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Commit: %v, want context.Canceled", err)
			}
			if ran {
				t.Error("a function was run under an ended context")
			}
			wantEntries(t, all(t, s), nil)
		}},
		{"WaitingForATurnEnds", func(t *testing.T, s kv.Store) {
			commit(t, s, func(w kv.Writer) error {
				ctx, cancel := context.WithCancel(t.Context())
				got := make(chan error, 1)
				go func() {
					got <- s.Commit(ctx, func(w kv.Writer) error { return w.Put([]byte("late"), nil) })
				}()
				cancel()
				if err := <-got; !errors.Is(err, context.Canceled) {
					t.Errorf("waiting Commit: %v, want context.Canceled", err)
				}
				return w.Put([]byte("a"), []byte("1"))
			})
			wantEntries(t, all(t, s), []entry{{"a", "1"}})
		}},
		{"ScanEnds", func(t *testing.T, s kv.Store) {
			put(t, s, numbered(2000)...)
			ctx, cancel := context.WithCancel(t.Context())
			seen := 0
			err := s.View(ctx, func(r kv.Reader) error {
				return r.Scan(kv.Range{}, func(_, _ []byte) error {
					seen++
					cancel()
					return nil
				})
			})
			if !errors.Is(err, context.Canceled) || seen == 2000 {
				t.Errorf("scan passed %d entries and returned %v, want context.Canceled early", seen, err)
			}
		}},
	}
}
