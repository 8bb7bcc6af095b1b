package aggregate_test

import (
	"encoding/json"
	"errors"
	"testing"

	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// FuzzPipeline compiles and runs whatever parses: errors have a code, and results
// are sound documents.
func FuzzPipeline(f *testing.F) {
	for _, line := range valuetest.Lines(f, "testdata/pipeline.jsonl") {
		var c pipelineCase
		if err := json.Unmarshal(line, &c); err != nil {
			f.Fatal(err)
		}
		documents, err := json.Marshal(c.Documents)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(c.Pipeline), string(documents))
	}
	f.Fuzz(func(t *testing.T, pipeline, documents string) {
		d, err := value.ParseJSON([]byte(`{"p":`+pipeline+`,"d":`+documents+`}`), value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		list, err := aggregate.Parse("pipeline", d.Get("p"))
		if err != nil {
			coded(t, err)
			return
		}
		p, err := aggregate.Compile(list)
		if err != nil {
			coded(t, err)
			return
		}
		m := &memory{collections: map[string][]value.Doc{}}
		for _, v := range d.Get("d").Doc().All() {
			if v.Type == value.TypeObject {
				m.collections["c"] = append(m.collections["c"], v.Doc())
				m.collections["o"] = append(m.collections["o"], v.Doc())
			}
		}
		small := aggregate.Budget{Stage: 1 << 20, Sort: 1 << 20, Total: 2 << 20}
		if _, err := run(t, m, small, p); err != nil {
			coded(t, err)
		}
	})
}

// coded fails the test when an error has no code of its own.
func coded(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*fault.Error](err); !ok {
		t.Fatalf("an error without a code: %v", err)
	}
}
