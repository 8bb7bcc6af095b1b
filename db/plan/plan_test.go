package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"baas/db/plan"
	"baas/db/query"
	"baas/db/value"
)

// index reads "a -b unique sparse multikey=a".
func index(t *testing.T, text string) *plan.Index {
	t.Helper()
	var s plan.IndexSpec
	multikey := ""
	for _, word := range strings.Fields(text) {
		path, down := strings.CutPrefix(word, "-")
		switch {
		case word == "unique":
			s.Unique = true
		case word == "sparse":
			s.Sparse = true
		case strings.HasPrefix(word, "multikey="):
			multikey = strings.TrimPrefix(word, "multikey=")
		case down:
			s.Keys = append(s.Keys, plan.IndexKey{Path: path, Kind: plan.Desc})
		default:
			s.Keys = append(s.Keys, plan.IndexKey{Path: path})
		}
	}
	x, err := plan.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range s.Keys {
		if k.Path == multikey {
			x.Multikey |= 1 << i
		}
	}
	return x
}

func parse(t *testing.T, text string) value.Doc {
	t.Helper()
	if text == "" {
		return nil
	}
	d, err := value.ParseJSON([]byte(text), value.ParseOptions{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func show(n plan.Node) string {
	var in []string
	for _, i := range n.Inputs {
		in = append(in, show(i))
	}
	s := n.Stage
	if n.Stage == "IXSCAN" {
		s = n.Index
		if n.Backwards {
			s += " backwards"
		}
		if len(n.Bounds) > 0 {
			s += " " + strings.Join(n.Bounds, ", ")
		}
		if len(n.Checks) > 0 {
			s += " checks " + strings.Join(n.Checks, ", ")
		}
	}
	if len(in) > 0 {
		s += "(" + strings.Join(in, "; ") + ")"
	}
	return s
}

// planCase is one line of testdata/choose.jsonl: the plans, the best first.
type planCase struct {
	Name    string          `json:"name"`
	Indexes []string        `json:"indexes"`
	Query   json.RawMessage `json:"query"`
	Sort    json.RawMessage `json:"sort"`
	Plans   []string        `json:"plans"`
	Source  string          `json:"source"`
}

func TestChoose(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/choose.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var c planCase
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var xs []*plan.Index
			for _, x := range c.Indexes {
				xs = append(xs, index(t, x))
			}
			f, err := query.Compile(parse(t, string(c.Query)))
			if err != nil {
				t.Fatal(err)
			}
			s, err := query.CompileSort(parse(t, string(c.Sort)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range plan.Choose(plan.Query{Filter: f, Needs: f.Needs(), Sort: s.Keys()}, xs) {
				one := []string{"unordered", "natural", "sorted"}[p.Order]
				if p.Exact {
					one += " exact"
				}
				n := p.Node(false, false)
				if n.Stage == "FETCH" {
					n = n.Inputs[0]
				}
				got = append(got, one+": "+show(n))
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.Plans) {
				t.Errorf("got  %q\nwant %q", got, c.Plans)
			}
			if c.Source == "" {
				t.Error("the case names no source")
			}
		})
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, index, doc string
		entries          int
		multikey         uint32
		err              string
	}{
		{"plain", "a", `{"a": 1}`, 1, 0, ""},
		{"missing counts as null", "a", `{}`, 1, 0, ""},
		{"sparse, missing", "a sparse", `{}`, 0, 0, ""},
		{"sparse, null", "a sparse", `{"a": null}`, 1, 0, ""},
		{"sparse, one of two", "a b sparse", `{"b": 1}`, 1, 0, ""},
		{"elements, each once", "a", `{"a": [1, 2, 1.0]}`, 2, 1, ""},
		{"empty array", "a", `{"a": []}`, 1, 1, ""},
		{"through objects in an array", "a.b", `{"a": [{"b": 1}, {"b": [2, 3]}, {"c": 1}, 4]}`, 4, 1, ""},
		{"array in array stays whole", "a", `{"a": [[1, 2], [3]]}`, 2, 1, ""},
		{"compound with one array", "a b", `{"a": [1, 2], "b": 3}`, 2, 1, ""},
		{"the same array for two keys", "a.b a.c", `{"a": [{"b": 1, "c": 2}, {"b": 3}]}`, 2, 3, ""},
		{"a position", "a.1", `{"a": [5, 6]}`, 1, 1, ""},
		{"a position beyond the end", "a.7", `{"a": [5, 6]}`, 1, 1, ""},
		{"a number as a name", "a.1", `{"a": {"1": 5}}`, 1, 0, ""},
		{"two positions", "a.0 a.1", `{"a": [5, 6]}`, 1, 3, ""},
		{"parallel arrays", "a b", `{"a": [1], "b": [2]}`, 0, 0, "parallel arrays: a and b"},
		{"ambiguous", "a.0", `{"a": [{"0": 1}]}`, 0, 0, "a.0 is ambiguous"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var e plan.Entries
			err := index(t, tc.index).Entries(parse(t, tc.doc), &e)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || len(e.Keys) != tc.entries || e.Multikey != tc.multikey {
				t.Errorf("%d entries, multikey %b, %v; want %d, %b", len(e.Keys), e.Multikey, err, tc.entries, tc.multikey)
			}
		})
	}
}
