package value_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

// now is what server dates in the case files resolve against.
var now = time.UnixMilli(1700000000000)

func lines(t testing.TB, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		out = append(out, bytes.Clone(s.Bytes()))
	}
	return out
}

func TestJSON(t *testing.T) {
	for _, line := range lines(t, "testdata/json.jsonl") {
		var c struct {
			Name, Text, Canonical, Plain, Error string
			RegexValues                         bool
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			o := value.ParseOptions{Now: now, RegexValues: c.RegexValues}
			d, err := value.ParseJSON([]byte(c.Text), o)
			if c.Error != "" {
				if !fault.Is(err, fault.InvalidParam) || !strings.Contains(fault.Text(err), c.Error) {
					t.Fatalf("got %v, want an InvalidParam with %q", err, c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := value.Check(d); err != nil {
				t.Errorf("Check: %v", err)
			}
			if got := string(value.AppendCanonical(nil, value.FromDoc(d))); got != c.Canonical {
				t.Errorf("canonical\n got %s\nwant %s", got, c.Canonical)
			}
			if got := string(value.AppendPlain(nil, value.FromDoc(d))); got != c.Plain {
				t.Errorf("plain\n got %s\nwant %s", got, c.Plain)
			}
			again, err := value.ParseJSON([]byte(c.Canonical), o)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(value.AppendCanonical(nil, value.FromDoc(again))); got != c.Canonical {
				t.Errorf("canonical read back\n got %s\nwant %s", got, c.Canonical)
			}
		})
	}
}

func TestServerDateNeedsAClock(t *testing.T) {
	_, err := value.ParseJSON([]byte(`{"a":{"$date":{"offset":0}}}`), value.ParseOptions{})
	if !fault.Is(err, fault.InvalidParam) {
		t.Fatalf("got %v, want InvalidParam", err)
	}
}

func TestParseJSONValueTakesAnyType(t *testing.T) {
	for text, want := range map[string]string{
		`3`:                      `{"$numberInt":"3"}`,
		`"$r"`:                   `"$r"`,
		`null`:                   `null`,
		`[true]`:                 `[true]`,
		`{"$date":7}`:            `{"$date":{"$numberLong":"7"}}`,
		` {"$group" : {"a":1}} `: `{"$group":{"a":{"$numberInt":"1"}}}`,
	} {
		v, err := value.ParseJSONValue([]byte(text), value.ParseOptions{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(value.AppendCanonical(nil, v)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	nest := func(levels int, open, end string) string {
		return `{"a":` + strings.Repeat(open, levels-1) + strings.Repeat(end, levels-1) + `}`
	}
	for _, c := range []struct {
		name, text, fails string
	}{
		{"100 levels of arrays", nest(100, "[", "]"), ""},
		{"101 levels of arrays", nest(101, "[", "]"), "nested deeper than 100 levels"},
		{"100 levels of objects", `{"a":` + strings.Repeat(`{"a":`, 99) + `1` + strings.Repeat(`}`, 99) + `}`, ""},
		{"101 levels of objects", `{"a":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 100) + `}`, "nested deeper than 100 levels"},
		{"empty object on level 101", `{"a":` + strings.Repeat(`{"a":`, 99) + `{}` + strings.Repeat(`}`, 99) + `}`, "nested deeper than 100 levels"},
		{"date on the last level", `{"a":` + strings.Repeat(`[`, 99) + `{"$date":{"$numberLong":"1"}}` + strings.Repeat(`]`, 99) + `}`, ""},
		{"a million levels", nest(1_000_000, "[", "]"), "nested deeper than 100 levels"},
		{"a million wrappers", `{"a":` + strings.Repeat(`{"$date":`, 1_000_000), "nested in each other"},
		{"100,000 values", `{"a":[` + strings.Repeat("1,", 99_998) + `1]}`, ""},
		{"100,001 values", `{"a":[` + strings.Repeat("1,", 99_999) + `1]}`, "more than 100000 values"},
		{"16 MB", `{"a":"` + strings.Repeat("x", 16<<20) + `"}`, "larger than 16777216 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := value.ParseJSON([]byte(c.text), value.ParseOptions{})
			if c.fails == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := value.Check(d); err != nil {
					t.Fatal("Check disagrees: ", err)
				}
				return
			}
			if !fault.Is(err, fault.InvalidParam) || !strings.Contains(fault.Text(err), c.fails) {
				t.Fatalf("got %.200v, want an InvalidParam with %q", err, c.fails)
			}
		})
	}
}

func TestErrorNamesThePathOfADeepMember(t *testing.T) {
	_, err := value.ParseJSON([]byte(`{"list":[{"ok":1},{"when":{"$date":"x"}}]}`), value.ParseOptions{})
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Field != "list.1.when.$date" {
		t.Fatalf("got %v", err)
	}
}
