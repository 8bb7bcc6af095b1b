package aggregate_test

import (
	"encoding/json"
	"fmt"
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

// Stages and documents of very many members take time that grows with their
// number, not with its square.
func TestWideStages(t *testing.T) {
	t.Parallel()
	const wide = 20_000
	var spec, document strings.Builder
	for i := range wide {
		fmt.Fprintf(&spec, `,"m%d.x":"$a"`, i)
		fmt.Fprintf(&document, `,"m%d":1`, i)
	}
	m := &memory{collections: map[string][]value.Doc{"c": {valuetest.Doc(t, `{"a":1`+document.String()+`}`)}}}
	for _, name := range []string{"$project", "$addFields"} {
		list, err := stages(t, fmt.Sprintf(`[{%q:{"b":"$a"%s}},{"$match":{"m19999.x":1,"b":1}},{"$count":"n"}]`, name, spec.String()))
		if err != nil {
			t.Fatal(err)
		}
		p, err := aggregate.Compile(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := run(t, m, roomy, p)
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", name, texts(got), err)
		}
	}
}

// What a request cannot carry is refused when it is compiled.
func TestCompileBounds(t *testing.T) {
	t.Parallel()
	nested := `[]`
	for range 21 {
		nested = `[{"$lookup":{"from":"c","as":"r","pipeline":` + nested + `}}]`
	}
	var vars []string
	for i := range 201 {
		vars = append(vars, fmt.Sprintf(`"v%d":1`, i))
	}
	for _, c := range []struct{ name, pipeline, text string }{
		{"stages", `[` + strings.Repeat(`{"$limit":1},`, 1000) + `{"$limit":1}]`, "more than 1000 stages"},
		{"nesting", nested, "nest deeper than 20"},
		{"variables", `[{"$lookup":{"from":"c","as":"r","pipeline":[],"let":{` + strings.Join(vars, ",") + `}}}]`, "more than 200 variables"},
	} {
		list, err := stages(t, c.pipeline)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = aggregate.Compile(list); !fault.Is(err, fault.InvalidParam) || !strings.Contains(fault.Text(err), c.text) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.text)
		}
	}
	list, err := stages(t, `[`+strings.Repeat(`{"$addFields":{"x":1}},{"$match":{"y":1}},`, 499)+`{"$count":"n"}]`)
	if err != nil {
		t.Fatal(err)
	}
	p, err := aggregate.Compile(list)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{collections: map[string][]value.Doc{"c": {valuetest.Doc(t, `{"y":1}`)}}}
	if got, err := run(t, m, roomy, p); err != nil || len(got) != 1 {
		t.Errorf("many stages: %v, %v", texts(got), err)
	}
}
