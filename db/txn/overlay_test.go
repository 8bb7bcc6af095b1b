package txn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"baas/db/query"
	"baas/db/txn"
	"baas/db/value"
)

// doc makes {n: n}.
func doc(n int) value.Doc {
	var b value.Builder
	b.AddInt32("n", int32(n))
	return b.Doc()
}

func show(list []*txn.Entry) string {
	var out []string
	for _, e := range list {
		switch {
		case e.New():
			out = append(out, fmt.Sprintf("new%d %s", e.At-txn.NewPlaces, e.Key))
		case e.After == nil:
			out = append(out, fmt.Sprintf("gone %s", e.Key))
		default:
			n, _ := e.After.Get("n").AsInt64()
			out = append(out, fmt.Sprintf("%s=%d", e.Key, n))
		}
	}
	return strings.Join(out, ", ")
}

func made(key string, n int) txn.Write { return txn.Write{At: txn.NewPlaces, Key: key, After: doc(n)} }

func changed(at uint64, key string, from, to int) txn.Write {
	return txn.Write{At: at, Key: key, Before: doc(from), After: doc(to)}
}

func removed(at uint64, key string, from int) txn.Write {
	return txn.Write{At: at, Key: key, Before: doc(from)}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		writes  []txn.Write
		places  string // by place
		commits string // to commit
	}{
		{"nothing", nil, "", ""},
		{"new ones come last", []txn.Write{made("x", 1), changed(7, "a", 1, 2), made("y", 1)}, "a=2, new1 x, new2 y", "a=2, new1 x, new2 y"},
		{"removals go first", []txn.Write{changed(1, "a", 1, 2), removed(9, "b", 1)}, "a=2, gone b", "gone b, a=2"},
		{"changes go in the order of the last ones", []txn.Write{changed(1, "a", 1, 2), changed(2, "b", 1, 2), changed(1, "a", 1, 3)}, "a=3, b=2", "b=2, a=3"},
		{"what comes to nothing is left out", []txn.Write{changed(1, "a", 1, 2), changed(1, "a", 1, 1)}, "a=1", ""},
		{"changed and removed", []txn.Write{changed(1, "a", 1, 2), removed(1, "a", 1)}, "gone a", "gone a"},
		{"made and removed", []txn.Write{made("x", 1), removed(txn.NewPlaces+1, "x", 0)}, "new1 x", ""},
		{"removed and made", []txn.Write{removed(1, "a", 1), made("a", 2)}, "gone a, new1 a", "gone a, new1 a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var o txn.Overlay
			for _, w := range tc.writes {
				if w.At > txn.NewPlaces {
					w.Before = nil
				}
				if err := o.Apply(1, []txn.Write{w}); err != nil {
					t.Fatal(err)
				}
			}
			var all []*txn.Entry
			for e := range o.Entries(1) {
				all = append(all, e)
			}
			if got := show(all); got != tc.places {
				t.Errorf("entries %q, want %q", got, tc.places)
			}
			if got := show(o.ToCommit(1)); got != tc.commits {
				t.Errorf("to commit %q, want %q", got, tc.commits)
			}
			if len(o.ToCommit(2)) != 0 || o.ByKey(2, "a") != nil {
				t.Error("another collection has entries")
			}
		})
	}
}

func TestOverlayByKey(t *testing.T) {
	t.Parallel()
	var o txn.Overlay
	apply := func(w txn.Write) {
		t.Helper()
		if err := o.Apply(1, []txn.Write{w}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(state string) {
		t.Helper()
		got := "unknown"
		if e := o.ByKey(1, "a"); e != nil {
			if got = "free"; e.After != nil {
				got = "taken"
			}
		}
		if got != state {
			t.Errorf("the id is %s, want %s", got, state)
		}
	}
	want("unknown")
	apply(removed(1, "a", 1))
	want("free")
	apply(made("a", 2))
	want("taken")
	apply(txn.Write{At: txn.NewPlaces + 1, Key: "a"})
	want("free")
	apply(made("a", 3))
	want("taken")
}

func TestOverlayLimits(t *testing.T) {
	t.Parallel()
	o := txn.Overlay{Limits: txn.Limits{Writes: 2, Bytes: 4 * len(doc(0))}}
	ok := func(want bool, writes ...txn.Write) {
		t.Helper()
		before := o.Bytes()
		err := o.Apply(1, writes)
		if (err == nil) != want {
			t.Errorf("%v, want ok %v", err, want)
		}
		if limit, is := errors.AsType[*txn.LimitError](err); err != nil && (!is || limit.Most == 0 || o.Bytes() != before) {
			t.Errorf("%#v, %d bytes after %d", err, o.Bytes(), before)
		}
	}
	ok(false, made("a", 1), made("b", 1), made("c", 1))
	ok(true, made("a", 1), made("b", 1))
	ok(false, made("c", 1))
	ok(true, txn.Write{At: txn.NewPlaces + 1, Key: "a", After: doc(2)})
	var long value.Builder
	long.AddString("s", strings.Repeat("x", 100))
	ok(false, txn.Write{At: txn.NewPlaces + 1, Key: "a", After: long.Doc()})
	if o.Bytes() != 2*len(doc(0)) {
		t.Errorf("%d bytes", o.Bytes())
	}
}

func TestPast(t *testing.T) {
	t.Parallel()
	var p txn.Past
	p.Note(1, "a", doc(1)) // changed
	p.Note(1, "a", doc(2)) // changed again
	p.Note(2, "b", nil)    // made
	p.Note(2, "b", doc(9)) // and removed
	p.Note(3, "c", doc(3)) // removed
	p.Note(4, "c", nil)    // and made anew
	got := map[uint64]int64{}
	for at, d := range p.Docs() {
		got[at], _ = d.Get("n").AsInt64()
	}
	if fmt.Sprint(got) != "map[1:1 3:3]" {
		t.Errorf("the past is %v", got)
	}
	for key, want := range map[string]uint64{"a": 1, "c": 3} {
		if at, _, ok := p.ByKey(key); !ok || at != want {
			t.Errorf("%s was at %d, %v", key, at, ok)
		}
	}
	if _, _, ok := p.ByKey("b"); ok || !p.Knows(2) || p.Knows(5) || p.Bytes() != 2*len(doc(1)) {
		t.Errorf("b was there: %v; %d bytes", ok, p.Bytes())
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	var r txn.Reads
	r.Key(1, "a")
	r.Search(2, query.Equal("n", value.Int32(1)), 10)
	for _, tc := range []struct {
		name          string
		coll          uint32
		at            uint64
		key           string
		before, after value.Doc
		want          bool
	}{
		{"its id", 1, 1, "a", nil, doc(1), true},
		{"another id", 1, 1, "b", nil, doc(1), false},
		{"it matched", 2, 1, "x", doc(1), doc(2), true},
		{"it matches now", 2, 1, "x", doc(2), doc(1), true},
		{"it is made and matches", 2, 10, "x", nil, doc(1), true},
		{"it is gone and matched", 2, 1, "x", doc(1), nil, true},
		{"it never matched", 2, 1, "x", doc(2), doc(3), false},
		{"it is behind what was looked at", 2, 11, "x", nil, doc(1), false},
		{"another collection", 3, 1, "a", doc(1), nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := r.Concerns(nil, tc.coll, tc.at, tc.key, tc.before, tc.after)
			if err != nil || got != tc.want {
				t.Errorf("%v, %v; want %v", got, err, tc.want)
			}
		})
	}
	if !r.Touched(2) || r.Touched(3) {
		t.Error("touched are not the collections that were read")
	}
}

// TestManyReads: a transaction that searches very often counts as having read
// everything.
func TestManyReads(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		most int
		read func(r *txn.Reads, n int)
	}{
		"conditions": {256, func(r *txn.Reads, n int) { r.Search(1, query.Equal("n", value.Int32(int32(n))), 10) }},
		"ids":        {100_000, func(r *txn.Reads, n int) { r.Key(1, fmt.Sprint(n)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r txn.Reads
			for n := range tc.most {
				tc.read(&r, n)
			}
			if c, err := r.Concerns(nil, 1, 1, "x", nil, doc(-1)); c || err != nil {
				t.Errorf("%v, %v before the last one", c, err)
			}
			for n := range 2 {
				tc.read(&r, n+tc.most)
				r.Key(1, "y")
				r.Search(1, query.Equal("n", value.Int32(-2)), 10)
				if c, err := r.Concerns(nil, 1, 1000, "x", nil, doc(-1)); !c || err != nil {
					t.Errorf("%v, %v after the last one", c, err)
				}
			}
		})
	}
}
