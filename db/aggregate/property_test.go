package aggregate_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"baas/db/aggregate"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// random makes documents and pipelines of few names and values, so that they meet.
type random struct{ *rand.Rand }

func (r random) pick(list ...string) string { return list[r.IntN(len(list))] }

func (r random) value(depth int) string {
	switch n := r.IntN(12); {
	case n < 5:
		return fmt.Sprint(r.IntN(4))
	case n < 6:
		return r.pick(`1.0`, `2.5`, `{"$numberLong":"2"}`)
	case n < 8:
		return r.pick(`"x"`, `"y"`)
	case n < 9:
		return r.pick(`null`, `true`, `{"$date":1000}`)
	case depth > 2:
		return `0`
	case n < 11:
		list := make([]string, r.IntN(3))
		for i := range list {
			list[i] = r.value(depth + 1)
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	return r.object(depth + 1)
}

func (r random) object(depth int) string {
	var members []string
	for _, name := range []string{"a", "b", "c", "0"} {
		if r.IntN(2) == 0 && (name != "0" || depth > 1) {
			members = append(members, fmt.Sprintf("%q:%s", name, r.value(depth)))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (r random) docs(tb testing.TB, n int) []value.Doc {
	tb.Helper()
	out := make([]value.Doc, n)
	for i := range out {
		text := strings.Replace(r.object(0), "{", fmt.Sprintf(`{"_id":%d,`, i), 1)
		out[i] = valuetest.Doc(tb, strings.Replace(text, ",}", "}", 1))
	}
	return out
}

func (r random) path() string { return r.pick("a", "b", "c", "a.b", "b.c", "a.0", "_id") }

func (r random) condition() string {
	switch r.IntN(5) {
	case 0:
		return fmt.Sprintf(`{%q:{"$gt":%s}}`, r.path(), r.value(2))
	case 1:
		return fmt.Sprintf(`{%q:{"$exists":%v}}`, r.path(), r.IntN(2) == 0)
	case 2:
		return fmt.Sprintf(`{"$or":[{%q:%s},{%q:%s}]}`, r.path(), r.value(2), r.path(), r.value(2))
	case 3:
		return fmt.Sprintf(`{"$expr":{"$lt":["$%s",%s]}}`, r.path(), r.pick("1", "2", `"x"`))
	}
	return fmt.Sprintf(`{%q:%s}`, r.path(), r.value(2))
}

func (r random) stage() string {
	switch r.IntN(13) {
	case 0, 1, 2:
		return `{"$match":` + r.condition() + `}`
	case 3:
		return fmt.Sprintf(`{"$sort":{%q:%s,"_id":1}}`, r.pick("a", "b", "c.a"), r.pick("1", "-1"))
	case 4:
		return fmt.Sprintf(`{"$limit":%d}`, 1+r.IntN(6))
	case 5:
		return fmt.Sprintf(`{"$skip":%d}`, r.IntN(3))
	case 6:
		return fmt.Sprintf(`{"$project":{%q:1,"c":{"$type":"$%s"}}}`, r.pick("a", "b", "a.b"), r.path())
	case 7:
		return fmt.Sprintf(`{"$project":{%q:0}}`, r.pick("a", "b", "a.b"))
	case 8:
		return fmt.Sprintf(`{"$addFields":{%q:"$%s"}}`, r.pick("a", "b", "a.b", "z"), r.path())
	case 9:
		return fmt.Sprintf(`{"$unwind":{"path":"$%s","preserveNullAndEmptyArrays":%v,"includeArrayIndex":%q}}`, r.pick("a", "b", "a.b"), r.IntN(2) == 0, r.pick("i", "c"))
	case 10:
		return fmt.Sprintf(`{"$unset":%q}`, r.path())
	case 11:
		return r.lookup()
	}
	return fmt.Sprintf(`{"$group":{"_id":"$%s","n":{"$sum":1},"l":{"$push":"$_id"}}}`, r.pick("a", "b", "c"))
}

func (r random) lookup() string {
	switch r.IntN(3) {
	case 0:
		return fmt.Sprintf(`{"$lookup":{"from":"o","localField":%q,"foreignField":%q,"as":%q}}`, r.path(), r.path(), r.pick("a", "z", "z.y"))
	case 1:
		return fmt.Sprintf(`{"$lookup":{"from":"o","let":{"v":"$%s"},"pipeline":[{"$match":{"$expr":{"$eq":["$%s","$$v"]}}},{"$addFields":{"v":"$$v"}}],"as":%q}}`,
			r.path(), r.path(), r.pick("a", "z"))
	}
	return fmt.Sprintf(`{"$lookup":{"from":"o","localField":%q,"foreignField":%q,"pipeline":[%s],"as":"z"}}`,
		r.path(), r.path(), r.pick(`{"$limit":1}`, `{"$project":{"a":1}}`, `{"$match":{"a":1}}`, `{"$count":"n"}`))
}

func (r random) pipeline() string {
	list := make([]string, 1+r.IntN(5))
	for i := range list {
		list[i] = r.stage()
	}
	return "[" + strings.Join(list, ",") + "]"
}

// rounds is how many pipelines a test tries, more of them with BAAS_ROUNDS.
func rounds(t *testing.T) uint64 {
	t.Helper()
	if n, err := strconv.ParseUint(os.Getenv("BAAS_ROUNDS"), 10, 32); err == nil {
		return 800 + 40*n
	}
	return 800
}

// What optimisations make of a pipeline comes to the same.
func TestOptimisedPipelinesComeToTheSame(t *testing.T) {
	t.Parallel()
	compared := uint64(0)
	for seed := range rounds(t) {
		r := random{rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // reproducible
		m := &memory{collections: map[string][]value.Doc{"c": r.docs(t, 8), "o": r.docs(t, 6)}}
		text := r.pipeline()
		list, err := stages(t, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		plain, err := aggregate.CompilePlain(list)
		if err != nil {
			continue
		}
		want, err := run(t, m, roomy, plain)
		if err != nil {
			continue // with a $match moved in front, the document may not come to it
		}
		p, err := aggregate.Compile(list)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got, err := run(t, m, roomy, p)
		if err != nil || !slices.Equal(texts(got), texts(want)) {
			t.Fatalf("seed %d: %s\nof %s\n got %s, %v\nwant %s", seed, text, texts(m.collections["c"]), texts(got), err, texts(want))
		}
		compared++
	}
	if n := rounds(t); compared < n/2 {
		t.Errorf("only %d of %d pipelines ran", compared, n)
	}
}

// A $lookup finds the same whether the other collection is read into memory,
// searched by an index a batch at a time, or does not fit into memory.
func TestJoinsFindTheSame(t *testing.T) {
	t.Parallel()
	for seed := range rounds(t) {
		r := random{rand.New(rand.NewPCG(seed, 2))} //nolint:gosec // reproducible
		m := &memory{collections: map[string][]value.Doc{"c": r.docs(t, 5), "o": r.docs(t, 6)}}
		text := "[" + r.lookup() + "]"
		list, err := stages(t, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p, err := aggregate.Compile(list)
		if err != nil {
			continue
		}
		want, err := run(t, m, roomy, p)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		m.indexed = map[string]bool{"a": true, "b": true, "c": true, "a.b": true, "b.c": true, "a.0": true, "_id": true}
		indexed, err := run(t, m, roomy, p)
		if err != nil || !slices.Equal(texts(indexed), texts(want)) {
			t.Fatalf("seed %d: %s\nof %s and %s\nby index %s, %v\n    want %s", seed, text, texts(m.collections["c"]), texts(m.collections["o"]), texts(indexed), err, texts(want))
		}
		m.indexed = nil
		small := aggregate.Budget{Stage: 1100, Sort: 32 << 20, Total: 128 << 20}
		cramped, err := run(t, m, small, p)
		if err == nil && !slices.Equal(texts(cramped), texts(want)) {
			t.Fatalf("seed %d: %s\nof %s and %s\nwithout room %s\n        want %s", seed, text, texts(m.collections["c"]), texts(m.collections["o"]), texts(cramped), texts(want))
		}
	}
}

// The equality form of $lookup finds what the condition on the other collection
// selects.
func TestJoinsFindWhatConditionsSelect(t *testing.T) {
	t.Parallel()
	for seed := range rounds(t) {
		r := random{rand.New(rand.NewPCG(seed, 3))} //nolint:gosec // reproducible
		v := r.value(1)
		if strings.HasPrefix(v, "[") {
			continue // its elements are looked for
		}
		path := r.path()
		m := &memory{collections: map[string][]value.Doc{
			"c": {valuetest.Doc(t, `{"v":`+v+`}`)}, "o": r.docs(t, 6),
		}}
		joined := fmt.Sprintf(`[{"$lookup":{"from":"o","localField":"v","foreignField":%q,"as":"r"}},{"$unwind":"$r"},{"$replaceWith":"$r"}]`, path)
		selected := fmt.Sprintf(`[{"$limit":1},{"$unionWith":{"coll":"o","pipeline":[{"$match":{%q:{"$eq":%s}}}]}},{"$skip":1}]`, path, v)
		got, want := both(t, m, joined, selected)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s of %s in %s\n got %s\nwant %s", seed, path, v, texts(m.collections["o"]), got, want)
		}
	}
}

func both(t *testing.T, m *memory, first, second string) (a, b []string) {
	t.Helper()
	var out [2][]string
	for i, text := range []string{first, second} {
		list, err := stages(t, text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := aggregate.Compile(list)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := run(t, m, roomy, p)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out[i] = texts(docs)
	}
	return out[0], out[1]
}
