package value_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

// sample holds one member of each type that has a constructor.
func sample() value.Doc {
	var b value.Builder
	b.AddString("s", "云")
	b.AddInt32("i", -7)
	b.AddInt64("l", 1<<40)
	b.AddFloat("f", 1.5)
	b.AddBool("t", true)
	b.AddTime("d", time.UnixMilli(5))
	b.AddNull("n")
	b.Object("o", func(b *value.Builder) {
		b.AddInt32("x", 1)
		b.Array("deep", func(a *value.ArrayBuilder) {
			a.AddString("one")
			a.Object(func(b *value.Builder) { b.AddBool("y", false) })
			a.Array(func(a *value.ArrayBuilder) { a.AddNull() })
		})
	})
	b.Add("oid", value.ObjectIDOf([12]byte{0xAB}))
	b.Add("bin", value.BinaryOf([]byte{1, 2}))
	b.Add("re", value.RegexOf("^x", "i"))
	b.Add("gone", value.Value{})
	return b.Doc()
}

func TestBuilderWritesWhatTheWalkerReads(t *testing.T) {
	d := sample()
	if err := value.Check(d); err != nil {
		t.Fatal(err)
	}
	const want = `{"s":"云","i":-7,"l":1099511627776,"f":1.5,"t":true,"d":{"$date":5},"n":null,` +
		`"o":{"x":1,"deep":["one",{"y":false},[null]]},"oid":"ab0000000000000000000000",` +
		`"bin":{"$binary":{"base64":"AQI=","subType":"00"}},"re":{"$regex":"^x","$options":"i"}}`
	if got := string(value.AppendPlain(nil, value.FromDoc(d))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := d.Get("s").Text(); got != "云" {
		t.Errorf("Get(s) = %q", got)
	}
	if n, ok := d.Lookup("o.x").AsInt64(); !ok || n != 1 {
		t.Errorf("Lookup(o.x) = %d, %v", n, ok)
	}
	for _, path := range []string{"gone", "o.deep.0", "o.gone", "s.x", "x", "", "o."} {
		if v := d.Lookup(path); !v.IsMissing() {
			t.Errorf("Lookup(%q) = %v, want Missing", path, v)
		}
	}
	if got := d.Lookup("o.deep").Doc().At(0).Text(); got != "one" {
		t.Errorf("At(0) = %q", got)
	}
	if v := d.Lookup("o.deep").Doc().At(3); !v.IsMissing() {
		t.Errorf("At(3) = %v, want Missing", v)
	}
	if d.Len() != 11 {
		t.Errorf("Len = %d, want 11", d.Len())
	}
}

func TestBuilderIsEmptyAfterDoc(t *testing.T) {
	var b value.Builder
	b.AddInt32("a", 1)
	first := b.Doc()
	b.AddInt32("b", 2)
	if second := b.Doc(); !first.Get("b").IsMissing() || !second.Get("a").IsMissing() {
		t.Errorf("%v %v", first, second)
	}
	if empty := b.Doc(); value.Check(empty) != nil || !empty.IsEmpty() {
		t.Errorf("empty document: %v", empty)
	}
}

func TestBuilderKeepsDocumentsSound(t *testing.T) {
	var b value.Builder
	b.AddString("a\x00b", "x\xFF")
	b.Add("r", value.RegexOf("a\x00b", "i\x00"))
	d := b.Doc()
	if err := value.Check(d); err != nil {
		t.Fatal(err)
	}
	if got := d.Get("a\uFFFDb").Text(); got != "x\uFFFD" {
		t.Errorf("got %q", got)
	}
}

func TestNilDocReadsAsEmpty(t *testing.T) {
	var d value.Doc
	if !d.Get("a").IsMissing() || d.Len() != 0 || !d.IsEmpty() {
		t.Error("a nil Doc is not empty")
	}
	if got := string(value.AppendPlain(nil, value.FromDoc(d))); got != "{}" {
		t.Errorf("got %s", got)
	}
	if got := string(value.AppendPlain(nil, value.FromArray(nil))); got != "[]" {
		t.Errorf("got %s", got)
	}
}

func TestAsInt64(t *testing.T) {
	for _, c := range []struct {
		v    value.Value
		want int64
		ok   bool
	}{
		{value.Int32(-1), -1, true},
		{value.Int64(math.MinInt64), math.MinInt64, true},
		{value.Float(3), 3, true},
		{value.Float(-1 << 63), math.MinInt64, true},
		{value.Float(1 << 63), 0, false},
		{value.Float(1.5), 0, false},
		{value.Float(math.NaN()), 0, false},
		{value.Float(math.Inf(1)), 0, false},
		{value.String("1"), 0, false},
		{value.Value{}, 0, false},
	} {
		if got, ok := c.v.AsInt64(); got != c.want || ok != c.ok {
			t.Errorf("%v: got %d, %v", c.v, got, ok)
		}
	}
}

func TestIsTrue(t *testing.T) {
	for _, v := range []value.Value{
		value.Bool(true), value.Int32(2), value.Float(0.5), value.String(""), value.FromDoc(nil), value.Float(math.NaN()),
	} {
		if !v.IsTrue() {
			t.Errorf("%s %v is false", v.Type.Name(), v.Data)
		}
	}
	for _, v := range []value.Value{
		value.Bool(false), value.Int32(0), value.Int64(0), value.Float(math.Copysign(0, -1)), value.Null(), {},
	} {
		if v.IsTrue() {
			t.Errorf("%s %v is true", v.Type.Name(), v.Data)
		}
	}
}

func TestCheckNamesTheDamage(t *testing.T) {
	elements := func(parts ...string) value.Doc {
		body := strings.Join(parts, "")
		d := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+5))
		return append(append(d, body...), 0)
	}
	for _, c := range []struct {
		name string
		doc  value.Doc
		text string
	}{
		{"nil", nil, "document: not a BSON document"},
		{"length too long", value.Doc{6, 0, 0, 0, 0}, "document: not a BSON document"},
		{"no final NUL", value.Doc{5, 0, 0, 0, 1}, "document: not a BSON document"},
		{"cut value", elements("\x10a\x00\x01\x00"), "document: damaged BSON"},
		{"key without end", elements("\x0Aabc"), "document: damaged BSON"},
		{"unknown type", elements("\x13a\x00"), "document: damaged BSON"},
		{"negative string length", elements("\x02a\x00\xFF\xFF\xFF\xFF\x00"), "document: damaged BSON"},
		{"string without NUL", elements("\x02a\x00\x01\x00\x00\x00x"), "a: the text is not UTF-8"},
		{"string not UTF-8", elements("\x02a\x00\x02\x00\x00\x00\xFF\x00"), "a: the text is not UTF-8"},
		{"key not UTF-8", elements("\x0A\xFF\x00"), "\uFFFD: the key is not UTF-8"},
		{"bool of 2", elements("\x08a\x00\x02"), "a: a bool must be 0 or 1"},
		{"inner frame", elements("\x03a\x00", "\x06\x00\x00\x00\x0A\x01"), "a: not a BSON document"},
		{"inner element", elements("\x03a\x00", string(elements("\x08b\x00\x02"))), "a.b: a bool must be 0 or 1"},
		{"key twice", elements("\x0Aa\x00", "\x0Aa\x00"), "a: the key stands twice"},
		{"inner key twice", elements("\x03o\x00", string(elements("\x0Aa\x00", "\x0Aa\x00"))), "o.a: the key stands twice"},
		{"array with a gap", elements("\x04a\x00", string(elements("\x0A1\x00"))), "a.1: array elements must be numbered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := value.Check(c.doc)
			if !fault.Is(err, fault.InvalidParam) || !strings.HasPrefix(fault.Text(err), c.text) {
				t.Fatalf("got %v, want %q", err, c.text)
			}
		})
	}
}

func TestCheckFindsADuplicateAmongMany(t *testing.T) {
	var b value.Builder
	for range 2 {
		for _, key := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
			b.AddNull(key)
		}
	}
	if err := value.Check(b.Doc()); !fault.Is(err, fault.InvalidParam) {
		t.Fatalf("got %v", err)
	}
}
