package sdkjs_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"baas/db/aggregate"
	"baas/db/query"
	"baas/db/update"
	"baas/db/value"
)

// vector is one case of test/vectors: what the SDK sends for a piece of code.
type vector struct {
	Name     string          `json:"name"`
	Later    string          `json:"later"` // what the server does not know yet
	Plain    json.RawMessage `json:"plain"`
	Extended json.RawMessage `json:"extended"`
}

func vectors(t *testing.T, file string) []vector {
	t.Helper()
	raw, err := os.ReadFile("test/vectors/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all.Cases
}

func parse(t *testing.T, text []byte) value.Doc {
	t.Helper()
	doc, err := value.ParseJSON(text, value.ParseOptions{Now: time.UnixMilli(1_000_000)})
	if err != nil {
		t.Fatalf("the server cannot read %s: %v", text, err)
	}
	return doc
}

// TestServerReadsConditions holds what the SDK sends against what the server
// compiles. A case marked later must fail: when it no longer does, the mark goes.
func TestServerReadsConditions(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t, "query.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			_, err := query.Compile(parse(t, v.Plain))
			if (err != nil) != (v.Later != "") {
				t.Errorf("Compile(%s) = %v, marked later: %q", v.Plain, err, v.Later)
			}
		})
	}
}

// TestServerReadsAggregations: the one stage that the server knows and never
// runs is $out.
func TestServerReadsAggregations(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t, "aggregate.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			list, err := value.ParseJSONValue(v.Plain, value.ParseOptions{Now: time.UnixMilli(1_000_000)})
			if err != nil {
				t.Fatal(err)
			}
			stages, err := aggregate.Parse("pipeline", list)
			if err == nil {
				_, err = aggregate.Compile(stages)
			}
			if (err != nil) != (v.Later != "") {
				t.Errorf("Compile(%s) = %v, marked later: %q", v.Plain, err, v.Later)
			}
		})
	}
}

func TestServerReadsUpdates(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t, "update.json") {
		if string(v.Plain) == "{}" {
			continue // the SDK does not send it
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			_, err := update.Compile(parse(t, v.Plain))
			if (err != nil) != (v.Later != "") {
				t.Errorf("Compile(%s) = %v, marked later: %q", v.Plain, err, v.Later)
			}
		})
	}
}

// TestDialectsMeanTheSame proves that both wire forms of a value are one value.
func TestDialectsMeanTheSame(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t, "value.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			plain, extended := value.FromDoc(parse(t, v.Plain)), value.FromDoc(parse(t, v.Extended))
			if !value.Equal(plain, extended) {
				t.Errorf("%s and %s differ", v.Plain, v.Extended)
			}
		})
	}
}
