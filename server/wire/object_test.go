package wire_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/server/wire"
)

func TestMembersStayAsSent(t *testing.T) {
	t.Parallel()
	body := []byte(" {\"b\" : { \"y\":1 , \"x\" :[ 1.50, \"\\u00e9\" ] },\"a\":null , \"\\u0061\\u0062\":\"中\\n\" } \n")
	o, err := wire.ParseObject("body", body)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for m := range o.All() {
		got = append(got, m.Name+"="+string(m.Raw))
	}
	want := "b={ \"y\":1 , \"x\" :[ 1.50, \"\\u00e9\" ] }|a=null|ab=\"中\\n\""
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if o.Raw("a") != nil || o.Raw("B") != nil {
		t.Error("null and another case read as present")
	}
}

func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, tc := range []struct{ name, body, want string }{
		{"empty", "", "body: must be an object"},
		{"blank", " \n", "body: must be an object"},
		{"no JSON", `{"action":`, "body: is not valid JSON"},
		{"no JSON at all", `action=x`, "body: is not valid JSON"},
		{"array", `[]`, "body: must be an object"},
		{"text", `"x"`, "body: must be an object"},
		{"two values", `{} {}`, "body: something follows"},
		{"trailing comma", `{"a":1,}`, "body: is not valid JSON"},
		{"member without value", `{"a"}`, "body: is not valid JSON"},
		{"name twice", `{"action":"a","action":"b"}`, `body: the name "action" stands twice`},
		{"name twice in another spelling", `{"action":"a","\u0061ction":"b"}`, `body: the name "action" stands twice`},
		{"name twice below", `{"q":[{"a":1,"a":2}]}`, `body: the name "a" stands twice`},
		{"too deep", nested(wire.MaxDepth + 1), "body: nested deeper than 100"},
		{"far too deep", strings.Repeat("[", 1<<20), "body: nested deeper than 100"},
		{"too many values", `{"a":[` + strings.Repeat("1,", wire.MaxNodes) + `1]}`, "body: holds more than 100000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.ParseObject("body", []byte(tc.body))
			if !fault.Is(err, fault.InvalidParam) || !strings.HasPrefix(fault.Text(err), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := wire.ParseObject("body", []byte(nested(wire.MaxDepth))); err != nil {
		t.Errorf("%d levels: %v", wire.MaxDepth, err)
	}
}

func TestBracketsInTextsAreNoLevels(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(strings.Repeat("[{,\"\\", 200_000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ParseObject("body", []byte(`{"query":`+string(text)+`}`)); err != nil {
		t.Error(err)
	}
}

func TestTypedMembers(t *testing.T) {
	t.Parallel()
	o, err := wire.ParseObject("body", []byte(
		`{"s":"a\u0062","n":5,"f":5.0,"e":1e3,"half":1.5,"huge":1e300,"neg":-3,"t":true,"nul":null,"l":[1,"x"],"o":{},"lone":"\ud800x"}`))
	if err != nil {
		t.Fatal(err)
	}
	text := func(name string) (any, error) { return o.Text(name) }
	whole := func(name string) (any, error) {
		n, ok, err := o.Int(name)
		if !ok && err == nil {
			return nil, nil
		}
		return n, err
	}
	yes := func(name string) (any, error) { return o.Bool(name, true) }
	list := func(name string) (any, error) {
		l, err := o.Array(name)
		return string(bytes.Join(l, []byte("|"))), err
	}
	for _, tc := range []struct {
		name   string
		get    func(string) (any, error)
		member string
		want   any    // nil: absent
		text   string // error text
	}{
		{"text", text, "s", "ab", ""},
		{"lone surrogate", text, "lone", "\ufffdx", ""},
		{"no text", text, "none", "", ""},
		{"null text", text, "nul", "", ""},
		{"number as text", text, "n", nil, "n: must be a string"},
		{"object as text", text, "o", nil, "o: must be a string"},
		{"array as text", text, "l", nil, "l: must be a string"},
		{"int", whole, "n", int64(5), ""},
		{"whole double", whole, "f", int64(5), ""},
		{"exponent", whole, "e", int64(1000), ""},
		{"negative", whole, "neg", int64(-3), ""},
		{"no int", whole, "none", nil, ""},
		{"fraction", whole, "half", nil, "half: must be a whole number"},
		{"out of range", whole, "huge", nil, "huge: must be a whole number"},
		{"text as int", whole, "s", nil, "s: must be a whole number"},
		{"bool", yes, "t", true, ""},
		{"bool by default", yes, "none", true, ""},
		{"text as bool", yes, "s", nil, "s: must be true or false"},
		{"array", list, "l", `1|"x"`, ""},
		{"no array", list, "none", "", ""},
		{"object as array", list, "o", nil, "o: must be an array"},
	} {
		got, err := tc.get(tc.member)
		if tc.text != "" {
			if !fault.Is(err, fault.InvalidParam) || fault.Text(err)[:len(tc.text)] != tc.text {
				t.Errorf("%s: got %v, want %q", tc.name, err, tc.text)
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("%s: got %v, %v, want %v", tc.name, got, err, tc.want)
		}
	}
}

func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, `{"action":"x","data":["{\"n\":{\"$numberInt\":\"1\"}}"]}`, `{"a":"\ud800","b":[{},[]]}`,
		`{"a":1,"a":2}`, `[[[[`, `{"\u0000":null}`, "{\"a\":\"\xff\"}", `{"a":1} `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := wire.ParseObject("body", body)
		if err != nil {
			if !fault.Is(err, fault.InvalidParam) {
				t.Errorf("got %v", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what encoding/json refuses: %q", body)
		}
		n := 0
		for m := range o.All() {
			n++
			if !json.Valid(m.Raw) || !bytes.Contains(body, m.Raw) {
				t.Errorf("member %q: %q is no JSON, or not what was sent", m.Name, m.Raw)
			}
			if raw := o.Raw(m.Name); raw != nil && &raw[0] != &m.Raw[0] {
				t.Errorf("member %q is not found by its name", m.Name)
			}
		}
		var std map[string]json.RawMessage
		if err := json.Unmarshal(body, &std); err != nil || len(std) != n {
			t.Errorf("encoding/json sees %d members (%v), we %d: %q", len(std), err, n, body)
		}
	})
}
