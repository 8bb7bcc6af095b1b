package expr_test

import (
	"encoding/json"
	"testing"

	"baas/db/expr"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// evalCase is one line of testdata/eval.jsonl. Numbers in it are of the type that
// they are written in: 1 is an int32, 1.0 a double.
type evalCase struct {
	Name       string          `json:"name"`
	Source     string          `json:"source"`
	Document   json.RawMessage `json:"document"`
	Expression json.RawMessage `json:"expression"`
	Expect     json.RawMessage `json:"expect"`
	Missing    bool            `json:"missing"` // there is no value
	Error      bool            `json:"error"`
}

func evalCases(t testing.TB) []evalCase {
	t.Helper()
	var out []evalCase
	for _, line := range valuetest.Lines(t, "testdata/eval.jsonl") {
		var c evalCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if c.Name == "" || c.Source == "" {
			t.Fatalf("%s: give a name and a source", line)
		}
		out = append(out, c)
	}
	return out
}

func TestEval(t *testing.T) {
	for _, c := range evalCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			v, err := eval(t, c)
			switch {
			case c.Error && err == nil:
				t.Errorf("%s on %s: got %s, want an error", c.Expression, c.Document, text(v))
			case c.Error:
			case err != nil:
				t.Errorf("%s on %s: %v", c.Expression, c.Document, err)
			case c.Missing && !v.IsMissing():
				t.Errorf("%s on %s: got %s, want nothing", c.Expression, c.Document, text(v))
			case c.Missing:
			default:
				want := wrapped(t, c.Expect)
				if v.IsMissing() || !agree(v, want, false) {
					t.Errorf("%s on %s: got %s, want %s", c.Expression, c.Document, text(v), text(want))
				}
			}
		})
	}
}

func eval(t *testing.T, c evalCase) (value.Value, error) {
	t.Helper()
	e, err := expr.Compile("e", wrapped(t, c.Expression), expr.Options{})
	if err != nil {
		return value.Value{}, err
	}
	return e.Eval(&expr.Scope{Root: valuetest.Doc(t, string(c.Document)), Now: valuetest.Now})
}

// wrapped reads a JSON value of any type.
func wrapped(t testing.TB, text json.RawMessage) value.Value {
	t.Helper()
	return valuetest.Doc(t, `{"v":`+string(text)+`}`).Get("v")
}

func text(v value.Value) string {
	if v.IsMissing() {
		return "nothing"
	}
	return string(value.AppendCanonical(nil, v))
}
