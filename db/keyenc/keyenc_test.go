package keyenc_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"baas/db/keyenc"
	"baas/db/value"
)

// ascending lists values in BSON order; equal neighbours stand in one row.
func ascending() [][]value.Value {
	obj := func(fill func(*value.Builder)) value.Value {
		var b value.Builder
		fill(&b)
		return value.FromDoc(b.Doc())
	}
	arr := func(vs ...value.Value) value.Value {
		var a value.ArrayBuilder
		for _, v := range vs {
			a.Add(v)
		}
		return a.Value()
	}
	i, f, s := value.Int64, value.Float, value.String
	return [][]value.Value{
		{{}, value.Null()},
		{f(math.NaN())},
		{f(math.Inf(-1))},
		{f(-math.MaxFloat64)},
		{i(math.MinInt64), f(-1 << 63)},
		{i(math.MinInt64 + 1)},
		{i(-1<<53 - 1)},
		{i(-1 << 53), f(-1 << 53)},
		{i(-1<<53 + 1)},
		{f(-1.5)},
		{value.Int32(-1), i(-1), f(-1)},
		{f(-math.SmallestNonzeroFloat64)},
		{value.Int32(0), f(0), f(math.Copysign(0, -1))},
		{f(0.5)},
		{value.Int32(1), i(1), f(1)},
		{i(1<<53 - 1)},
		{i(1 << 53), f(1 << 53)},
		{i(1<<53 + 1)},
		{f(1<<53 + 2), i(1<<53 + 2)},
		{i(math.MaxInt64 - 1)},
		{i(math.MaxInt64)},
		{f(1 << 63)},
		{f(math.Inf(1))},
		{s("")},
		{s("\x00")},
		{s("\x00\x00")},
		{s("\x00a")},
		{s("\x01")},
		{s("a")},
		{s("a\x00")},
		{s("a\x00b")},
		{s("aa")},
		{s("b")},
		{s("中")},
		{s("\U0010FFFF")},
		{obj(func(*value.Builder) {})},
		{obj(func(b *value.Builder) { b.AddNull("z") })},
		{obj(func(b *value.Builder) { b.AddInt32("a", 1) }), obj(func(b *value.Builder) { b.AddFloat("a", 1) })},
		{obj(func(b *value.Builder) { b.AddInt32("a", 1); b.AddNull("a2") })},
		{obj(func(b *value.Builder) { b.AddInt32("a", 2) })},
		{obj(func(b *value.Builder) { b.AddInt32("ab", 1) })},
		{obj(func(b *value.Builder) { b.AddString("a", "") })},
		{obj(func(b *value.Builder) { b.AddBool("a", false) })},
		{obj(func(b *value.Builder) { b.AddBool("a", true) })},
		{obj(func(b *value.Builder) { b.AddBool("b", false) })},
		{arr()},
		{arr(value.Null())},
		{arr(i(1))},
		{arr(i(1), i(1))},
		{arr(i(2))},
		{arr(s("a"), s(""))},
		{arr(s("a\x00"))},
		{arr(arr())},
		{value.BinaryOf(nil)},
		{value.BinaryOf([]byte{0})},
		{value.BinaryOf([]byte{255})},
		{value.BinaryOf([]byte{0, 0})},
		{value.ObjectIDOf([12]byte{})},
		{value.ObjectIDOf([12]byte{1})},
		{value.Bool(false)},
		{value.Bool(true)},
		{value.Date(math.MinInt64)},
		{value.Date(-1)},
		{value.Date(0)},
		{value.Date(math.MaxInt64)},
		{timestamp(0)},
		{timestamp(1 << 40)},
		{value.RegexOf("", "")},
		{value.RegexOf("a", "")},
		{value.RegexOf("a", "i")},
		{value.RegexOf("ab", "")},
	}
}

func timestamp(n uint64) value.Value {
	return value.Value{Type: value.TypeTimestamp, Data: binary.LittleEndian.AppendUint64(nil, n)}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	rows := ascending()
	for i, row := range rows {
		for _, v := range row {
			for j, other := range rows {
				for _, w := range other {
					checkPair(t, v, w, cmpInt(i, j))
				}
			}
		}
	}
}

// checkPair compares the keys of two values, both ways.
func checkPair(t *testing.T, v, w value.Value, want int) {
	t.Helper()
	a, b := keyenc.Append(nil, v), keyenc.Append(nil, w)
	if got := bytes.Compare(a, b); got != want {
		t.Errorf("keys of %s and %s compare %d, want %d\n%x\n%x", show(v), show(w), got, want, a, b)
	}
	if want != 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a)) {
		t.Errorf("the key of one of %s and %s is the beginning of the other", show(v), show(w))
	}
	a, b = keyenc.AppendDescending(nil, v), keyenc.AppendDescending(nil, w)
	if got := bytes.Compare(a, b); got != -want {
		t.Errorf("descending keys of %s and %s compare %d, want %d", show(v), show(w), got, -want)
	}
}

func show(v value.Value) string { return v.Type.Name() + " " + hex.EncodeToString(v.Data) }

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestEncoding pins the format: changing it means rewriting every stored key.
func TestEncoding(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, json, want string
	}{
		{"null", `null`, "10"},
		{"int", `1`, "20bff0000000000000"},
		{"double of the same value", `1.0`, "20bff0000000000000"},
		{"negative", `-2`, "203fffffffffffffff"},
		{"beyond 2^53", `9007199254740993`, "20c3400000000000000001"},
		{"string", `"ab"`, "3061620001"},
		{"string with NUL", `"a\u0000b"`, "306100ff620001"},
		{"object", `{"a": 1}`, "40" + "206100" + "20bff0000000000000" + "00"},
		{"array", `["", true]`, "50" + "300001" + "81" + "00"},
		{"binary", `{"$binary": {"base64": "AQI=", "subType": "00"}}`, "60" + "00000002" + "00" + "0102"},
		{"objectId", `{"$oid": "0102030405060708090a0b0c"}`, "700102030405060708090a0b0c"},
		{"false", `false`, "80"},
		{"date", `{"$date": 1}`, "908000000000000001"},
		{"regex", `{"$regularExpression": {"pattern": "x", "options": "i"}}`, "a078006900"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v, err := value.ParseJSONValue([]byte(tc.json), value.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(keyenc.Append(nil, v)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	got := keyenc.AppendDescending(keyenc.Append([]byte("k"), value.Bool(true)), value.Bool(true))
	if want := "k\x81\x7e"; string(got) != want {
		t.Errorf("got %x, want %x", got, want)
	}
}

// FuzzOrder builds two pairs of values from the input and demands that the
// concatenated keys compare as the pairs do, for each mixture of directions.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x01\x00\x00\x00"))
	f.Add([]byte("\x02\x03a\x00b\x02\x02a\x00\x03\x02\x01a\x02\x01b\x04\x02\x0a\x0a"))
	f.Fuzz(func(t *testing.T, in []byte) {
		g := generator(in)
		a1, b1, a2, b2 := g.value(0), g.value(0), g.value(0), g.value(0)
		for _, down := range [][2]bool{{}, {true, false}, {false, true}, {true, true}} {
			want := directed(compare(a1, a2), down[0])
			if want == 0 {
				want = directed(compare(b1, b2), down[1])
			}
			k1 := part(part(nil, a1, down[0]), b1, down[1])
			k2 := part(part(nil, a2, down[0]), b2, down[1])
			if got := bytes.Compare(k1, k2); got != want {
				t.Fatalf("(%s, %s) and (%s, %s), descending %v: keys compare %d, want %d\n%x\n%x",
					show(a1), show(b1), show(a2), show(b2), down, got, want, k1, k2)
			}
		}
	})
}

func part(dst []byte, v value.Value, down bool) []byte {
	if down {
		return keyenc.AppendDescending(dst, v)
	}
	return keyenc.Append(dst, v)
}

func directed(c int, down bool) int {
	if down {
		return -c
	}
	return c
}

// compare is value.Compare with missing equal to null.
func compare(a, b value.Value) int {
	if a.IsMissing() {
		a = value.Null()
	}
	if b.IsMissing() {
		b = value.Null()
	}
	return value.Compare(a, b)
}

// generator makes values of its bytes; when they run out it makes nulls.
type generator []byte

func (g *generator) take(n int) []byte {
	out := make([]byte, n)
	*g = (*g)[copy(out, *g):]
	return out
}

func (g *generator) value(depth int) value.Value {
	kinds := []value.Type{
		value.TypeMissing, value.TypeDouble, value.TypeString, value.TypeBinary, value.TypeObjectID, value.TypeBool, value.TypeDate,
		value.TypeNull, value.TypeRegex, value.TypeInt32, value.TypeTimestamp, value.TypeInt64, value.TypeObject, value.TypeArray,
	}
	if depth == 3 {
		kinds = kinds[:12]
	}
	switch kind := kinds[int(g.take(1)[0])%len(kinds)]; kind {
	case value.TypeMissing, value.TypeNull:
		return value.Value{Type: kind}
	case value.TypeString:
		return value.String(g.text())
	case value.TypeBinary:
		return value.BinaryOf([]byte(g.text()))
	case value.TypeBool:
		return value.Bool(g.take(1)[0]&1 == 1)
	case value.TypeRegex:
		return value.RegexOf(g.text(), g.text())
	case value.TypeObjectID:
		return value.Value{Type: kind, Data: g.take(12)}
	case value.TypeInt32:
		return value.Value{Type: kind, Data: g.take(4)}
	case value.TypeObject:
		var b value.Builder
		for range g.take(1)[0] % 4 {
			b.Add(g.text(), g.value(depth+1))
		}
		return value.FromDoc(b.Doc())
	case value.TypeArray:
		var a value.ArrayBuilder
		for range g.take(1)[0] % 4 {
			a.Add(g.value(depth + 1))
		}
		return a.Value()
	default: // eight bytes of any kind
		return value.Value{Type: kind, Data: g.take(8)}
	}
}

func (g *generator) text() string { return string(g.take(int(g.take(1)[0] % 4))) }

func BenchmarkAppend(b *testing.B) {
	s, n := value.String("0190a0b4c1d27f3e8a5b6c7d8e9f0a1b"), value.Int64(1<<40)
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = keyenc.Append(keyenc.Append(buf[:0], s), n)
	}
}
