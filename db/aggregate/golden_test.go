package aggregate_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"baas/db/aggregate"
	"baas/db/value"
	"baas/db/value/valuetest"
)

func TestGoldenPipelines(t *testing.T) {
	t.Parallel()
	valuetest.RunGolden(t, "pipeline.jsonl", "testdata/golden-known.jsonl", func(c valuetest.Case) (string, error) {
		return judge(t, c)
	})
}

func judge(t *testing.T, c valuetest.Case) (string, error) {
	got, err := runGolden(t, c)
	switch {
	case c.Expect.Error != "" && err == nil:
		return fmt.Sprintf("got %v, want the error %q", texts(got), c.Expect.Error), nil
	case c.Expect.Error != "":
		return "", err
	case err != nil:
		return fmt.Sprintf("got the error %v, want %.300s", err, c.Expect.Result), err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(c.Expect.Result, &list); err != nil {
		return err.Error(), nil
	}
	want, err := goldenDocs(list)
	if err != nil {
		return err.Error(), nil
	}
	if n := len(want); insertsLate(c.Source) && n < len(got) {
		got = got[:n]
	}
	if !alike(got, want, c.Expect.Unordered) {
		return fmt.Sprintf("\n got %s\nwant %s", strings.Join(texts(got), "\n     "), strings.Join(texts(want), "\n     ")), nil
	}
	return "", nil
}

// insertsLate reports whether a source inserted some of the documents of its cases
// after it had run them.
func insertsLate(source string) bool {
	return source == "bson_aggregation_stage_project_tests.out" || source == "feature_counters.out"
}

// runGolden runs a case. The variables of the command are those of a $lookup
// around it here.
func runGolden(t *testing.T, c valuetest.Case) ([]value.Doc, error) {
	t.Helper()
	own, text := "c", string(c.Spec)
	if len(c.Variables) > 0 {
		own, text = "documents", letAround(t, c.Variables, text)
	}
	list, err := stages(t, text)
	if err != nil {
		return nil, err
	}
	p, err := aggregate.Compile(list)
	if err != nil {
		return nil, err
	}
	m := &memory{collections: map[string][]value.Doc{"c": {valuetest.Doc(t, `{}`)}}}
	for name, list := range c.Collections {
		if m.collections[name], err = goldenDocs(list); err != nil {
			return nil, err
		}
	}
	if m.collections[own], err = goldenDocs(c.Documents); err != nil {
		return nil, err
	}
	return run(t, m, roomy, p)
}

// letAround returns a pipeline that runs another one over the collection
// "documents" with variables, each of which may use those before it.
func letAround(t *testing.T, variables json.RawMessage, pipeline string) string {
	t.Helper()
	from := "documents"
	members := slices.Collect(maps.Keys(maps.Collect(valuetest.Doc(t, string(variables)).All())))
	slices.SortFunc(members, func(a, b string) int {
		return strings.Index(string(variables), `"`+b+`"`) - strings.Index(string(variables), `"`+a+`"`)
	})
	for _, name := range members { // the last first
		v := value.AppendCanonical(nil, valuetest.Doc(t, string(variables)).Get(name))
		pipeline = fmt.Sprintf(`[{"$lookup":{"from":%q,"as":"result","let":{%q:%s},"pipeline":%s}},{"$unwind":"$result"},{"$replaceWith":"$result"}]`,
			from, name, v, pipeline)
		from = "c"
	}
	return pipeline
}

func goldenDocs(list []json.RawMessage) ([]value.Doc, error) {
	out := make([]value.Doc, len(list))
	for i, text := range list {
		var err error
		if out[i], err = valuetest.GoldenDoc(text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// alike compares two results: doubles with a tolerance, lists of documents
// perhaps in any order.
func alike(got, want []value.Doc, unordered bool) bool {
	if len(got) != len(want) {
		return false
	}
	if !unordered {
		return slices.EqualFunc(got, want, func(a, b value.Doc) bool { return same(value.FromDoc(a), value.FromDoc(b)) })
	}
	rest := slices.Clone(want)
	for _, g := range got {
		i := slices.IndexFunc(rest, func(w value.Doc) bool { return same(value.FromDoc(g), value.FromDoc(w)) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

func same(a, b value.Value) bool {
	if a.Type != b.Type {
		return false
	}
	switch a.Type {
	case value.TypeDouble:
		x, _ := a.AsFloat()
		y, _ := b.AsFloat()
		return x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-12*math.Max(math.Abs(x), math.Abs(y))
	case value.TypeObject, value.TypeArray:
		ca, cb := a.Doc().Cursor(), b.Doc().Cursor()
		for {
			ka, va, okA := ca.Next()
			kb, vb, okB := cb.Next()
			if !okA || !okB {
				return okA == okB
			}
			if string(ka) != string(kb) || !same(va, vb) {
				return false
			}
		}
	}
	return value.Equal(a, b)
}
