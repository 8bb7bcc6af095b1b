package aggregate_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// pipelineCase is one line of testdata/pipeline.jsonl.
type pipelineCase struct {
	Name        string
	Source      string
	Documents   []json.RawMessage
	Collections map[string][]json.RawMessage
	Pipeline    json.RawMessage
	Expect      []json.RawMessage
	Unordered   bool
	Code        fault.Code
	Error       string
}

func TestPipelines(t *testing.T) {
	t.Parallel()
	for _, line := range valuetest.Lines(t, "testdata/pipeline.jsonl") {
		var c pipelineCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			if c.Source == "" {
				t.Error("the case names no source")
			}
			got, err := c.run(t)
			if c.Code != fault.OK {
				if !fault.Is(err, c.Code) || !strings.Contains(fault.Text(err), c.Error) {
					t.Fatalf("got %v, %v, want %s with %q", texts(got), err, c.Code, c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.compare(t, texts(got))
		})
	}
}

func (c pipelineCase) run(t *testing.T) ([]value.Doc, error) {
	t.Helper()
	m := &memory{collections: map[string][]value.Doc{"c": docs(t, c.Documents)}}
	for name, list := range c.Collections {
		m.collections[name] = docs(t, list)
	}
	list, err := stages(t, string(c.Pipeline))
	if err != nil {
		return nil, err
	}
	p, err := aggregate.Compile(list)
	if err != nil {
		return nil, err
	}
	return run(t, m, roomy, p)
}

func (c pipelineCase) compare(t *testing.T, got []string) {
	t.Helper()
	want := texts(docs(t, c.Expect))
	if c.Unordered {
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func docs(t *testing.T, list []json.RawMessage) []value.Doc {
	t.Helper()
	out := make([]value.Doc, len(list))
	for i, text := range list {
		out[i] = valuetest.Doc(t, string(text))
	}
	return out
}

func texts(list []value.Doc) []string {
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = valuetest.Text(d)
	}
	return out
}
