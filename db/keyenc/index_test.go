package keyenc_test

import (
	"bytes"
	"strings"
	"testing"

	"baas/db/keyenc"
	"baas/db/value"
)

func TestLengthFindsTheEnd(t *testing.T) {
	t.Parallel()
	for _, row := range ascending() {
		for _, v := range row {
			checkLength(t, keyenc.Append(nil, v), show(v))
		}
	}
	checkLength(t, keyenc.AppendEmptyArray(nil), "empty array")
}

func checkLength(t *testing.T, enc []byte, what string) {
	t.Helper()
	for _, down := range []bool{false, true} {
		b := bytes.Clone(enc)
		if down {
			keyenc.Complement(b)
		}
		for _, tail := range []string{"", "\x00", "\xff\x01", "\x30abc"} {
			if n := keyenc.Length(append(bytes.Clone(b), tail...), down); n != len(b) {
				t.Errorf("%s, descending %v, before %x: length %d, want %d", what, down, tail, n, len(b))
			}
		}
		for n := range b {
			if got := keyenc.Length(b[:n], down); got != -1 {
				t.Errorf("%s, descending %v, cut off at %d: length %d, want -1", what, down, n, got)
			}
		}
	}
}

// TestCapped: equal values have equal forms, others differ and stand in order
// unless both are cut and begin alike; a form is never the beginning of another.
func TestCapped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long", 300)
	var values []value.Value
	for _, row := range ascending() {
		values = append(values, row...)
	}
	for _, s := range []string{long[:980], long[:985], long[:996], long[:1100], long, long + "x", long + "y", "z" + long} {
		values = append(values, value.String(s))
	}
	for _, v := range values {
		for _, w := range values {
			a, cutA := keyenc.AppendCapped(nil, v)
			b, cutB := keyenc.AppendCapped(nil, w)
			if len(a) > keyenc.MaxCapped {
				t.Fatalf("a form of %d bytes", len(a))
			}
			alike := cutA && cutB && bytes.Equal(keyenc.CutPrefix(a), keyenc.CutPrefix(b))
			want, got := compare(v, w), bytes.Compare(a, b)
			if want == 0 != (got == 0) || !alike && got != want {
				t.Errorf("forms of %.40s and %.40s compare %d, want %d", show(v), show(w), got, want)
			}
			if want != 0 && bytes.HasPrefix(a, b) {
				t.Errorf("the form of %.40s begins with that of %.40s", show(v), show(w))
			}
		}
	}
}

func TestBracketHoldsItsRank(t *testing.T) {
	t.Parallel()
	for _, row := range ascending() {
		for _, v := range row {
			if v.IsMissing() {
				continue
			}
			enc := keyenc.Append(nil, v)
			if low, high := keyenc.Bracket(v.Type.Rank()); enc[0] < low || enc[0] >= high {
				t.Errorf("%s begins with %x, its bracket is %x to %x", show(v), enc[0], low, high)
			}
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a": "b", "a\xff": "b", "\x00": "\x01", "a\xff\xff": "b", "\xff": ""} {
		if got := string(keyenc.After([]byte(in))); got != want {
			t.Errorf("after %x comes %x, want %x", in, got, want)
		}
	}
}

// FuzzLength demands the end of each of two forms that follow each other, in all
// mixtures of directions, and that damaged forms do no harm.
func FuzzLength(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x01\x00\x00\x00"))
	f.Add([]byte("\x0d\x03\x02\x02a\x00\x0c\x02\x01b\x04\x02\x0a\x0a\x08\x01x\x01i"))
	f.Fuzz(func(t *testing.T, in []byte) {
		keyenc.Length(in, false)
		keyenc.Length(in, true)
		g := generator(in)
		a, b := g.value(0), g.value(0)
		for _, down := range [][2]bool{{}, {true, false}, {false, true}, {true, true}} {
			first := part(nil, a, down[0])
			both := part(bytes.Clone(first), b, down[1])
			n := keyenc.Length(both, down[0])
			if n != len(first) {
				t.Fatalf("%s has length %d, want %d: %x", show(a), n, len(first), both)
			}
			if m := keyenc.Length(both[n:], down[1]); m != len(both)-n {
				t.Fatalf("%s has length %d, want %d: %x", show(b), m, len(both)-n, both)
			}
		}
	})
}
