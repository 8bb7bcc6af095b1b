package value_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"baas/db/value"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// FuzzParseJSON: no text panics; what is accepted is sound, is what MongoDB's
// own package reads, and comes back from both dialects.
func FuzzParseJSON(f *testing.F) {
	for _, line := range lines(f, "testdata/json.jsonl") {
		var c struct{ Text string }
		if err := json.Unmarshal(line, &c); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(c.Text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := value.ParseJSONValue(text, value.ParseOptions{Now: now, RegexValues: len(text)%2 == 0})
		if err != nil {
			return
		}
		var b value.Builder
		b.Add("v", v)
		d := b.Doc()
		if err := value.Check(d); err != nil {
			t.Fatalf("accepted %q, but %v", text, err)
		}
		if err := bson.Raw(d).Validate(); err != nil {
			t.Fatalf("the oracle refuses %q: %v", text, err)
		}
		if plain := value.AppendPlain(nil, v); !json.Valid(plain) {
			t.Fatalf("not JSON: %s", plain)
		}
		once := value.AppendCanonical(nil, v)
		back, err := value.ParseJSONValue(once, value.ParseOptions{Now: now})
		if err != nil {
			if bytes.Contains(once, []byte(`"$`)) {
				return // an ordinary member whose name is a wrapper's, not the first of its object
			}
			t.Fatalf("%s does not come back: %v", once, err)
		}
		if twice := value.AppendCanonical(nil, back); !bytes.Equal(once, twice) {
			t.Fatalf("%s came back as %s", once, twice)
		}
	})
}

// FuzzCheck: no bytes panic the checker or the walker, and whatever Check
// accepts the oracle accepts and reads alike.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(sample()))
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := value.Doc(raw)
		walk(d)
		d.Get("a")
		d.Lookup("o.deep.x")
		value.Compare(value.FromDoc(d), value.FromDoc(sample()))
		if value.Check(d) != nil {
			return
		}
		if err := bson.Raw(raw).Validate(); err != nil {
			t.Fatalf("the oracle refuses %x: %v", raw, err)
		}
		if !json.Valid(value.AppendCanonical(nil, value.FromDoc(d))) {
			t.Fatalf("not JSON: %x", raw)
		}
		elements, err := bson.Raw(raw).Elements()
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for key, v := range d.All() {
			want := elements[i].Value()
			if key != elements[i].Key() || byte(v.Type) != byte(want.Type) || !bytes.Equal(v.Data, want.Value) {
				t.Fatalf("element %d of %x: got %s %v, want %v", i, raw, key, v, elements[i])
			}
			i++
		}
		if i != len(elements) {
			t.Fatalf("%d elements of %x, want %d", i, raw, len(elements))
		}
	})
}

// walk visits every value of a document that may be damaged.
func walk(d value.Doc) {
	for _, v := range d.All() {
		v.Text()
		v.Regex()
		v.Binary()
		v.AsFloat()
		walk(v.Doc())
	}
}

// TestOracleAgreesOnExtendedJSON compares the canonical writer with MongoDB's.
func TestOracleAgreesOnExtendedJSON(t *testing.T) {
	for _, line := range lines(t, "testdata/json.jsonl") {
		var c struct{ Canonical string }
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if c.Canonical == "" {
			continue
		}
		var oracle bson.D
		if err := bson.UnmarshalExtJSON([]byte(c.Canonical), true, &oracle); err != nil {
			t.Errorf("the oracle refuses %s: %v", c.Canonical, err)
			continue
		}
		want, err := bson.Marshal(oracle)
		if err != nil {
			t.Fatal(err)
		}
		got, err := value.ParseJSON([]byte(c.Canonical), value.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s\n got %x\nwant %x", c.Canonical, []byte(got), want)
		}
	}
}
