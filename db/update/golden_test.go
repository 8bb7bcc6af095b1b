package update_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"baas/db/aggregate"
	"baas/db/query"
	"baas/db/update"
	"baas/db/value"
	"baas/db/value/valuetest"
)

func TestGoldenUpdates(t *testing.T) {
	valuetest.RunGolden(t, "update.jsonl", "testdata/golden-known.jsonl", judgeUpdate)
}

func judgeUpdate(c valuetest.Case) (string, error) {
	got, changed, err := applyGolden(c)
	switch {
	case c.Expect.Error != "" && err == nil:
		return fmt.Sprintf("got %s, want the error %q", valuetest.Text(got), c.Expect.Error), nil
	case c.Expect.Error != "":
		return "", err
	case err != nil:
		return fmt.Sprintf("got the error %v, want %s", err, c.Expect.Result), err
	}
	want, err := valuetest.GoldenDoc(c.Expect.Result)
	if err != nil {
		return err.Error(), nil
	}
	if valuetest.Text(got) != valuetest.Text(want) {
		return fmt.Sprintf("\n got %s\nwant %s", valuetest.Text(got), valuetest.Text(want)), nil
	}
	if c.Expect.Unchanged && changed {
		return "changed, want a no-op", nil
	}
	if err := value.Check(got); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

// applyGolden runs one case: an empty document is an upsert.
func applyGolden(c valuetest.Case) (value.Doc, bool, error) {
	d, err := valuetest.GoldenDoc(c.Document)
	if err != nil {
		return nil, false, err
	}
	spec, pipeline, err := goldenSpec(c.Spec)
	if err != nil {
		return nil, false, err
	}
	condition, err := valuetest.GoldenDoc(c.Query)
	if err != nil {
		return nil, false, err
	}
	if d.IsEmpty() {
		return upsertGolden(c, condition, spec, pipeline)
	}
	if pipeline != nil {
		return pipeline.Apply(run, d)
	}
	if !update.IsOperators(spec) {
		return update.Replace(d, spec)
	}
	filters, err := valuetest.GoldenDocs(c.Filters)
	if err != nil {
		return nil, false, err
	}
	p, err := update.Compile(spec, filters...)
	if err != nil {
		return nil, false, err
	}
	f, err := query.Compile(condition)
	if err != nil {
		return nil, false, err
	}
	r := run
	if r.Position, _, err = f.Locate(nil, d); err != nil {
		return nil, false, err
	}
	return p.Apply(r, d)
}

// goldenSpec reads an update, or compiles one that is a list of stages.
func goldenSpec(text json.RawMessage) (value.Doc, *update.Program, error) {
	if !strings.HasPrefix(string(text), "[") {
		spec, err := valuetest.GoldenDoc(text)
		return spec, nil, err
	}
	wrapped, err := valuetest.GoldenDoc([]byte(`{"stages":` + string(text) + `}`))
	if err != nil {
		return nil, nil, err
	}
	stages, err := aggregate.Parse("stages", wrapped.Get("stages"))
	if err != nil {
		return nil, nil, err
	}
	pipeline, err := update.CompilePipeline(stages)
	return nil, pipeline, err
}

func upsertGolden(c valuetest.Case, condition, spec value.Doc, pipeline *update.Program) (value.Doc, bool, error) {
	if pipeline == nil && !update.IsOperators(spec) {
		f, err := query.Compile(condition)
		if err != nil {
			return nil, false, err
		}
		var b value.Builder
		for _, e := range f.Equalities() {
			if e.Path == "_id" {
				b.Add("_id", e.Value)
			}
		}
		return update.Replace(b.Doc(), spec)
	}
	seed, err := update.Seed(condition)
	if err != nil {
		return nil, false, err
	}
	filters, err := valuetest.GoldenDocs(c.Filters)
	if err != nil {
		return nil, false, err
	}
	p := pipeline
	if p == nil {
		if p, err = update.Compile(spec, filters...); err != nil {
			return nil, false, err
		}
	}
	out, err := p.ApplyInsert(run, seed)
	return out, true, err
}
