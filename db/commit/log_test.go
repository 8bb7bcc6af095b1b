package commit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"baas/db/commit"
	"baas/db/kv"
)

// records returns the log after a number as "seq:record"; long records are
// shown by their first ten characters.
func records(t *testing.T, s kv.Store, after uint64) []string {
	t.Helper()
	got, err := readLog(t, s, after)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func readLog(t *testing.T, s kv.Store, after uint64) (got []string, err error) {
	t.Helper()
	err = s.View(t.Context(), func(r kv.Reader) error {
		if err := commit.CheckLog(r); err != nil {
			t.Error(err)
		}
		return commit.ReadLog(r, after, func(seq uint64, record []byte) error {
			got = append(got, fmt.Sprintf("%d:%.10s", seq, record))
			return nil
		})
	})
	return got, err
}

// logs is an operation that logs the records.
func logs(records ...string) func(*commit.Tx) error {
	return func(tx *commit.Tx) error {
		for _, r := range records {
			if err := tx.Log([]byte(r)); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	long := strings.Repeat("l", 200<<10) // two of these do not fit into one entry
	do(t, c, logs("a", "", "b"))
	do(t, c, put("unlogged", "1"))
	do(t, c, logs(long, "s", long, long))
	for _, tc := range []struct {
		after uint64
		want  []string
	}{
		{0, []string{"1:a", "1:", "1:b", "3:llllllllll", "3:s", "3:llllllllll", "3:llllllllll"}},
		{1, []string{"3:llllllllll", "3:s", "3:llllllllll", "3:llllllllll"}},
		{2, []string{"3:llllllllll", "3:s", "3:llllllllll", "3:llllllllll"}},
		{3, nil},
	} {
		if got := records(t, g, tc.after); !slices.Equal(got, tc.want) {
			t.Errorf("after %d: got %v, want %v", tc.after, got, tc.want)
		}
	}
	if _, err := readLog(t, g, 4); !errors.Is(err, commit.ErrTrimmed) {
		t.Errorf("reading after a number that was never given: %v, want ErrTrimmed", err)
	}
	err := g.View(t.Context(), func(r kv.Reader) error {
		return commit.ReadLog(r, 0, func(uint64, []byte) error { return kv.ErrStop })
	})
	if err != nil {
		t.Errorf("a stopped read returned %v", err)
	}
}

// TestWindow: the log is trimmed by entries, bytes and age, whole operations
// at a time, and a reader who is too late is told.
func TestWindow(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		window  commit.Window
		step    time.Duration // between operations
		records []string      // what each operation logs
		kept    int           // operations kept at the end
	}{
		{"entries", commit.Window{Parts: 20}, 0, []string{"r"}, 20},
		{"bytes", commit.Window{Bytes: 100_000}, 0, []string{strings.Repeat("r", 10_000)}, 9},
		{"age", commit.Window{Age: time.Minute}, 5 * time.Second, []string{"r"}, 13},
		{"operations are not split", commit.Window{Parts: 5}, 0, []string{strings.Repeat("r", 300<<10), "s"}, 2},
		{"an operation above the window", commit.Window{Bytes: 100}, 0, []string{strings.Repeat("r", 300)}, 0},
		{"wide enough", commit.Window{}, 0, []string{"r"}, 60},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t)
			now := time.UnixMilli(1_000_000)
			c := start(t, g, commit.Options{Window: tc.window, Now: func() time.Time { return now }})
			const operations = 60
			for range operations {
				now = now.Add(tc.step)
				do(t, c, logs(tc.records...))
			}
			// A sixteenth of slack keeps the work of trimming small.
			first := firstSeq(t, g)
			kept := operations + 1 - first
			if slack := tc.kept / 16; kept < tc.kept || kept > tc.kept+slack+1 {
				t.Errorf("%d operations are kept, want %d and at most %d more", kept, tc.kept, slack+1)
			}
			if got := records(t, g, uint64(first-1)); len(got) != kept*len(tc.records) {
				t.Errorf("%d records of %d operations", len(got), kept)
			}
			if first > 1 {
				if _, err := readLog(t, g, uint64(first-2)); !errors.Is(err, commit.ErrTrimmed) {
					t.Errorf("reading from before the window: %v, want ErrTrimmed", err)
				}
			}
		})
	}
}

// firstSeq is the number of the oldest operation still in the log.
func firstSeq(t *testing.T, s kv.Store) int {
	t.Helper()
	for after := range uint64(100) {
		if _, err := readLog(t, s, after); err == nil {
			return int(after) + 1
		}
	}
	t.Fatal("no part of the log can be read")
	return 0
}

func TestCheckLogFindsDamage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		damage func(w kv.Writer) error
	}{
		{"entry lost", func(w kv.Writer) error {
			return w.Delete([]byte("l\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"))
		}},
		{"entry from the future", func(w kv.Writer) error {
			return w.Put([]byte("l\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00"), make([]byte, 8))
		}},
		{"malformed key", func(w kv.Writer) error { return w.Put([]byte("lx"), make([]byte, 8)) }},
		{"malformed state", func(w kv.Writer) error { return w.Put([]byte(commit.StateKey), []byte("x")) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t)
			c := start(t, g, commit.Options{})
			do(t, c, logs("a"))
			do(t, c, logs("b"))
			if err := g.Store.Commit(t.Context(), tc.damage); err != nil {
				t.Fatal(err)
			}
			if err := g.View(t.Context(), commit.CheckLog); err == nil {
				t.Error("nothing was found")
			}
		})
	}
}

// TestReadRecords reads stretches of the log both ways.
func TestReadRecords(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{Now: func() time.Time { return time.UnixMilli(7) }})
	long := strings.Repeat("l", 200<<10) // two of these do not fit into one entry
	do(t, c, logs("a", "b"))
	do(t, c, logs("c", long, long, "d"))
	do(t, c, logs("e"))
	for name, tc := range map[string]struct {
		q    commit.LogRange
		want string
	}{
		"all":            {commit.LogRange{}, "1:a 1:b 2:c 2:l 2:l 2:d 3:e"},
		"newest first":   {commit.LogRange{Newest: true}, "3:e 2:d 2:l 2:l 2:c 1:b 1:a"},
		"the middle":     {commit.LogRange{After: 1, Upto: 2}, "2:c 2:l 2:l 2:d"},
		"middle, newest": {commit.LogRange{After: 1, Upto: 2, Newest: true}, "2:d 2:l 2:l 2:c"},
		"nothing":        {commit.LogRange{After: 3}, ""},
	} {
		var got []string
		err := g.View(t.Context(), func(r kv.Reader) error {
			return commit.ReadRecords(r, tc.q, func(rec commit.Record) error {
				if rec.Date != 7 {
					t.Errorf("%s: date %d", name, rec.Date)
				}
				got = append(got, fmt.Sprintf("%d:%.1s", rec.Seq, rec.Data))
				return nil
			})
		})
		if text := strings.Join(got, " "); err != nil || text != tc.want {
			t.Errorf("%s: got %s, %v; want %s", name, text, err, tc.want)
		}
	}
	err := g.View(t.Context(), func(r kv.Reader) error {
		e, err := commit.LogExtent(r)
		if e.Newest != 3 || e.Trimmed != 0 || e.Parts != 4 || e.Oldest != 7 || e.Bytes < 400<<10 {
			t.Errorf("extent %+v", e)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
