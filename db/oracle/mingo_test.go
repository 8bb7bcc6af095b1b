package oracle_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/dbtest"
	"baas/db/rules"
	"baas/db/value"
)

// rounds is how many sets of documents are tried, each with 20 questions of
// every kind. BAAS_ORACLE_ROUNDS sets another number.
func rounds(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("BAAS_ORACLE_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal("BAAS_ORACLE_ROUNDS: ", err)
		}
		return n
	}
	return 25
}

const questions = 20

var admin = rules.Principal{Role: rules.Admin}

// TestAgreesWithMingo asks the engine and mingo the same random questions.
func TestAgreesWithMingo(t *testing.T) {
	t.Parallel()
	b := openBridge(t)
	asked, known := 0, map[string]int{}
	for seed := range uint64(rounds(t)) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		documents := g.documents(12)
		for range questions {
			for _, r := range []request{
				{Kind: "find", Query: []byte(g.condition(2))},
				{Kind: "aggregate", Pipeline: []byte(g.pipeline())},
				{Kind: "update", Query: []byte(g.condition(1)), Update: []byte(g.update())},
			} {
				r.Documents = []byte(documents)
				theirs, ok := b.ask(r)
				if !ok {
					continue
				}
				asked++
				ours, err := answer(t, r)
				if difference := compare(t, ours, err, theirs); difference != "" {
					if why := explained(r, err, theirs); why != "" {
						known[why]++
						continue
					}
					t.Errorf("seed %d\n%s\nquery    %s\npipeline %s\nupdate   %s\ndocuments %s\n%s",
						seed, r.Kind, r.Query, r.Pipeline, r.Update, r.Documents, difference)
				}
			}
		}
	}
	if b.silent > asked/100 {
		t.Errorf("mingo left %d of %d questions without an answer", b.silent, asked+b.silent)
	}
	t.Logf("%d questions, %d without an answer of mingo, known differences: %v", asked, b.silent, known)
}

// answer is what the engine says.
func answer(t *testing.T, r request) ([]value.Doc, error) {
	t.Helper()
	e := dbtest.Open(t)
	ctx := t.Context()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(e.CreateCollection(ctx, admin, "c"))
	all, err := value.ParseJSONValue(r.Documents, value.ParseOptions{})
	must(err)
	var docs []value.Doc
	for _, v := range all.Doc().All() {
		docs = append(docs, v.Doc())
	}
	_, err = e.Insert(ctx, admin, "c", docs)
	must(err)
	switch r.Kind {
	case "find":
		return e.Find(ctx, admin, db.FindRequest{Collection: "c", Query: read(t, r.Query), Projection: read(t, []byte(`{"_id":1}`))})
	case "aggregate":
		v, err := value.ParseJSONValue(r.Pipeline, value.ParseOptions{})
		must(err)
		stages, err := aggregate.Parse("pipeline", v)
		must(err)
		return e.Aggregate(ctx, admin, db.AggregateRequest{Collection: "c", Stages: stages})
	}
	if _, err = e.Update(ctx, admin, db.UpdateRequest{Collection: "c", Query: read(t, r.Query), Update: read(t, r.Update), Multi: true}); err != nil {
		return nil, err
	}
	return e.Find(ctx, admin, db.FindRequest{Collection: "c"})
}

func read(t *testing.T, text []byte) value.Doc {
	t.Helper()
	return dbtest.Doc(t, string(text))
}

// compare describes how two answers differ, as multisets of documents whose
// members may stand in any order: mingo does not keep it.
func compare(t *testing.T, ours []value.Doc, err error, theirs reply) string {
	t.Helper()
	if err != nil || theirs.Error != "" {
		if err != nil && theirs.Error != "" {
			return ""
		}
		return fmt.Sprintf("ours fails with %v, mingo with %q", err, theirs.Error)
	}
	var a, b []string
	for _, d := range ours {
		a = append(a, normal(t, value.AppendPlain(nil, value.FromDoc(d))))
	}
	var docs []json.RawMessage
	if err := json.Unmarshal(theirs.Result, &docs); err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		b = append(b, normal(t, d))
	}
	slices.Sort(a)
	slices.Sort(b)
	if slices.Equal(a, b) {
		return ""
	}
	return fmt.Sprintf("ours  %v\nmingo %v", a, b)
}

// normal is JSON with its members sorted and its numbers rounded to 12 digits.
func normal(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	write(&out, v)
	return out.String()
}

func write(out *bytes.Buffer, v any) {
	switch v := v.(type) {
	case float64:
		if v == 0 {
			v = math.Abs(v)
		}
		out.WriteString(strconv.FormatFloat(v, 'g', 12, 64))
	case []any:
		out.WriteByte('[')
		for _, e := range v {
			write(out, e)
			out.WriteByte(' ')
		}
		out.WriteByte(']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, cmp.Compare)
		out.WriteByte('{')
		for _, k := range keys {
			fmt.Fprintf(out, "%q:", k)
			write(out, v[k])
			out.WriteByte(' ')
		}
		out.WriteByte('}')
	default:
		fmt.Fprintf(out, "%#v", v)
	}
}
