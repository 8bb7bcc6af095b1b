package value_test

import (
	"encoding/json"
	"math"
	"testing"

	"baas/db/value"
)

// ladder lists values in strictly rising BSON order.
func ladder(t *testing.T) []value.Value {
	t.Helper()
	out := []value.Value{{}}
	for _, text := range []string{
		`null`,
		`{"$numberDouble":"NaN"}`, `{"$numberDouble":"-Infinity"}`, `-1e300`, `-9223372036854775808`, `-2`,
		`-1.5`, `{"$numberDouble":"-1"}`, `0`, `5e-324`, `1`, `1.5`, `{"$numberLong":"2"}`, `2147483648`,
		`9007199254740992`, `9007199254740993`, `9223372036854774784.0`, `9223372036854775807`, `9223372036854775808`,
		`{"$numberDouble":"Infinity"}`,
		`""`, `"\u0000"`, `"A"`, `"a"`, `"aa"`, `"b"`, `"云"`,
		`{}`, `{"a":1}`, `{"a":1,"b":1}`, `{"a":2}`, `{"b":1}`, `{"a":"x"}`, `{"a":{}}`,
		`[]`, `[1]`, `[1,1]`, `[2]`, `["a"]`, `[[]]`,
		`{"$binary":{"base64":"","subType":"00"}}`, `{"$binary":{"base64":"/w==","subType":"00"}}`,
		`{"$binary":{"base64":"AA==","subType":"01"}}`, `{"$binary":{"base64":"AAA=","subType":"00"}}`,
		`{"$oid":"000000000000000000000000"}`, `{"$oid":"ff0000000000000000000000"}`,
		`false`, `true`,
		`{"$date":-1}`, `{"$date":0}`, `{"$date":1}`,
		`{"$timestamp":{"t":1,"i":2}}`, `{"$timestamp":{"t":2,"i":1}}`, `{"$timestamp":{"t":4294967295,"i":1}}`,
		`{"$regularExpression":{"pattern":"a","options":""}}`, `{"$regularExpression":{"pattern":"a","options":"i"}}`,
		`{"$regularExpression":{"pattern":"b","options":""}}`,
	} {
		v, err := value.ParseJSONValue([]byte(text), value.ParseOptions{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out = append(out, v)
	}
	return out
}

func TestCompareIsTheLadder(t *testing.T) {
	all := ladder(t)
	for i, a := range all {
		for j, b := range all {
			want := 0
			if i < j {
				want = -1
			}
			if i > j {
				want = +1
			}
			if got := value.Compare(a, b); got != want {
				t.Errorf("Compare(%s, %s) = %d, want %d", show(a), show(b), got, want)
			}
			if got := value.Equal(a, b); got != (i == j) {
				t.Errorf("Equal(%s, %s) = %v", show(a), show(b), got)
			}
		}
	}
}

func TestNumbersCompareByValue(t *testing.T) {
	for _, same := range [][]value.Value{
		{value.Int32(1), value.Int64(1), value.Float(1)},
		{value.Int32(0), value.Int64(0), value.Float(0), value.Float(math.Copysign(0, -1))},
		{value.Float(math.NaN()), value.Float(math.Float64frombits(0xFFF8000000000001))},
		{value.Int64(1 << 60), value.Float(1 << 60)},
	} {
		for _, a := range same {
			for _, b := range same {
				if value.Compare(a, b) != 0 || !value.Equal(a, b) {
					t.Errorf("%s and %s differ", show(a), show(b))
				}
				left, right := nested(a), nested(b)
				if !value.Equal(left, right) {
					t.Errorf("%s and %s differ", show(left), show(right))
				}
			}
		}
	}
}

func nested(v value.Value) value.Value {
	var b value.Builder
	b.Array("a", func(a *value.ArrayBuilder) { a.Add(v) })
	return value.FromDoc(b.Doc())
}

func show(v value.Value) string {
	if v.IsMissing() {
		return "missing"
	}
	return string(value.AppendCanonical(nil, v))
}

func TestShowIsJSON(t *testing.T) {
	for _, v := range ladder(t) {
		for _, text := range [][]byte{value.AppendCanonical(nil, v), value.AppendPlain(nil, v)} {
			if !json.Valid(text) {
				t.Errorf("not JSON: %s", text)
			}
		}
	}
}
