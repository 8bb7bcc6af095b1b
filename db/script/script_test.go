package script_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/db/script"
	"baas/db/value"
)

var now = time.UnixMilli(1_700_000_000_000)

// scriptCase is one line of testdata/scripts.jsonl: a script and what it must
// read as, or a part of the error's text. want holds the operation's members
// that are not empty, documents as canonical extended JSON.
type scriptCase struct {
	Name, Script, Source string
	Want                 json.RawMessage
	Error                string
}

func readCases(t testing.TB) (list []scriptCase) {
	t.Helper()
	f, err := os.Open("testdata/scripts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c scriptCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		list = append(list, c)
	}
	return list
}

// show renders an operation as the cases write it: numbers plain, because the
// type of a number in a script is that of its digits.
func show(op script.Operation) string {
	var b value.Builder
	b.AddString("kind", string(op.Kind))
	b.AddString("collection", op.Collection)
	doc := func(name string, d value.Doc) {
		if d != nil {
			b.Add(name, value.FromDoc(d))
		}
	}
	if op.Single {
		b.AddBool("single", true)
	}
	doc("query", op.Query)
	doc("sort", op.Sort)
	doc("projection", op.Projection)
	if op.Skip != 0 {
		b.Add("skip", value.Int(op.Skip))
	}
	if op.Limit != 0 {
		b.Add("limit", value.Int(op.Limit))
	}
	if op.Docs != nil {
		b.Array("docs", func(a *value.ArrayBuilder) {
			for _, d := range op.Docs {
				a.Add(value.FromDoc(d))
			}
		})
	}
	doc("change", op.Change)
	if op.Multi {
		b.AddBool("multi", true)
	}
	if op.Stages != nil {
		b.Array("stages", func(a *value.ArrayBuilder) {
			for _, s := range op.Stages {
				a.Object(func(b *value.Builder) { b.Add(s.Name, s.Arg) })
			}
		})
	}
	return string(value.AppendCanonical(nil, value.FromDoc(b.Doc())))
}

func TestScripts(t *testing.T) {
	t.Parallel()
	cases := readCases(t)
	if len(cases) < 100 {
		t.Errorf("%d cases, want 100 or more", len(cases))
	}
	seen := map[string]bool{}
	for _, tc := range cases {
		if tc.Source == "" || seen[tc.Name] {
			t.Errorf("case %q: no source, or the name is taken", tc.Name)
		}
		seen[tc.Name] = true
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			op, err := script.Parse(tc.Script, script.Options{Now: now})
			if tc.Error != "" {
				if !fault.Is(err, fault.ScriptInvalid) || !strings.Contains(err.Error(), tc.Error) {
					t.Fatalf("got %s, %v\nwant an error with %q", show(op), err, tc.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := value.ParseJSON(tc.Want, value.ParseOptions{RegexValues: true})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := show(op), string(value.AppendCanonical(nil, value.FromDoc(want))); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestBounds: a hostile script ends soon, with an error.
func TestBounds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"bytes":             strings.Repeat(" ", script.MaxBytes+1),
		"arrays":            "db.collection('a').add({data: {a: " + strings.Repeat("[", 200_000),
		"objects":           "db.collection('a').add({data: " + strings.Repeat("{a:", 100_000),
		"calls":             "db" + strings.Repeat("()", 100_000),
		"members":           "db" + strings.Repeat(".a", 100_000),
		"parentheses":       strings.Repeat("(", 100_000),
		"patterns":          "const " + strings.Repeat("{a:", 100_000),
		"values":            "db.collection('a').add({data: {a: [" + strings.Repeat("0,", 200_000) + "]}})",
		"declarations":      strings.Repeat("const a={};", 40_000),
		"shared, doubled":   "const a0 = [1,1]; " + doubled(60) + "db.collection('a').add({data: {a: a60}})",
		"nested conditions": "const c0 = _.gt(1); " + nested(500) + "db.collection('a').where({a: c500}).get()",
	} {
		began := time.Now()
		if _, err := script.Parse(text, script.Options{}); !fault.Is(err, fault.ScriptInvalid) {
			t.Errorf("%s: got %v, want ScriptInvalid", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

// doubled declares arrays that hold the one before twice.
func doubled(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("const a" + itoa(i+1) + " = [a" + itoa(i) + ", a" + itoa(i) + "]; ")
	}
	return b.String()
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("const c" + itoa(i+1) + " = _.not(c" + itoa(i) + "); ")
	}
	return b.String()
}

func itoa(n int) string { return string(value.AppendPlain(nil, value.Int(int64(n)))) }

// FuzzParse: whatever the text, the parser ends, and what it reads are sound
// documents.
func FuzzParse(f *testing.F) {
	for _, tc := range readCases(f) {
		f.Add(tc.Script)
	}
	f.Fuzz(func(t *testing.T, text string) {
		op, err := script.Parse(text, script.Options{Now: now})
		if err != nil {
			if !fault.Is(err, fault.ScriptInvalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		for _, d := range append([]value.Doc{op.Query, op.Sort, op.Projection, op.Change}, op.Docs...) {
			if d == nil {
				continue
			}
			if err := value.Check(d); err != nil && len(text) < 10_000 {
				t.Fatalf("%q reads as an unsound document: %v", text, err)
			}
		}
	})
}
