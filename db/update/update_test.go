package update_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/query"
	"baas/db/update"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// language holds the cases that other programs run too; its README describes
// them.
const language = "../testdata/language/"

// cases reads a file of cases.
func cases[T any](t testing.TB, path string) []T {
	t.Helper()
	var out []T
	for _, line := range valuetest.Lines(t, path) {
		var c T
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, c)
	}
	return out
}

// run is what a program in the tests knows besides the document.
var run = update.Run{Now: valuetest.Now, Position: -1}

type updateCase struct {
	Name         string
	Document     json.RawMessage
	Query        json.RawMessage
	Update       json.RawMessage
	ArrayFilters json.RawMessage
	Upsert       bool
	Expect       json.RawMessage
	Unchanged    bool
	Code         fault.Code
	Error        string
}

func TestUpdate(t *testing.T) {
	for _, c := range cases[updateCase](t, language+"update.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			got, changed, err := c.apply(t)
			if c.Code != fault.OK {
				refused(t, err, c.Code, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Unchanged {
				c.Expect = c.Document
			}
			equal(t, got, c.Expect)
			if changed == c.Unchanged {
				t.Errorf("changed = %v", changed)
			}
		})
	}
}

func (c updateCase) apply(t *testing.T) (out value.Doc, changed bool, err error) {
	t.Helper()
	p, err := c.compile(t)
	switch {
	case err != nil || c.Document == nil && !c.Upsert:
		return nil, false, err
	case c.Upsert:
		seed, err := update.Seed(valuetest.Doc(t, string(c.Query)))
		if err != nil {
			return nil, false, err
		}
		out, err = p.ApplyInsert(run, seed)
		return out, true, err
	}
	before := valuetest.Doc(t, string(c.Document))
	kept := slices.Clone(before)
	out, changed, err = p.Apply(c.found(t, before), before)
	if !slices.Equal(kept, before) {
		t.Error("the document was written to")
	}
	return out, changed, err
}

// found is a run that knows which element the case's condition found.
func (c updateCase) found(t *testing.T, d value.Doc) update.Run {
	t.Helper()
	r := run
	if c.Query == nil {
		return r
	}
	f, err := query.Compile(valuetest.Doc(t, string(c.Query)))
	if err != nil {
		t.Fatal(err)
	}
	var ok bool
	if r.Position, ok, err = f.Locate(nil, d); err != nil || !ok {
		t.Fatalf("the condition selects the document: %v, %v", ok, err)
	}
	return r
}

func (c updateCase) compile(t *testing.T) (*update.Program, error) {
	t.Helper()
	wrapped := valuetest.Doc(t, `{"update":`+string(c.Update)+`,"filters":`+string(orNone(c.ArrayFilters))+`}`)
	u := wrapped.Get("update")
	if u.Type == value.TypeArray {
		stages, err := aggregate.Parse("update", u)
		if err != nil {
			t.Fatal(err)
		}
		return update.CompilePipeline(stages)
	}
	var filters []value.Doc
	for _, v := range wrapped.Get("filters").Doc().All() {
		filters = append(filters, v.Doc())
	}
	return update.Compile(u.Doc(), filters...)
}

func orNone(list json.RawMessage) json.RawMessage {
	if list == nil {
		return json.RawMessage("[]")
	}
	return list
}

// refused checks code and text of an error that names what is at fault.
func refused(t *testing.T, err error, code fault.Code, text string) {
	t.Helper()
	if !fault.Is(err, code) || !strings.Contains(fault.Text(err), text) {
		t.Fatalf("got %v, want %s with %q", err, code, text)
	}
	if e, ok := errors.AsType[*fault.Error](err); !ok || e.Field == "" {
		t.Errorf("%v names no field", err)
	}
	if strings.Contains(fault.Text(err), "secret") {
		t.Errorf("the text shows what is stored: %v", err)
	}
}

func equal(t *testing.T, got value.Doc, text json.RawMessage) {
	t.Helper()
	if err := value.Check(got); err != nil {
		t.Error(err)
	}
	if want := valuetest.Doc(t, string(text)); valuetest.Text(got) != valuetest.Text(want) {
		t.Errorf("\n got %s\nwant %s", valuetest.Text(got), valuetest.Text(want))
	}
}

func TestSeedRefusesABadCondition(t *testing.T) {
	_, err := update.Seed(valuetest.Doc(t, `{"a":{"$foo":1}}`))
	refused(t, err, fault.DatabaseOperator, "a.$foo")
}

func TestReplace(t *testing.T) {
	type replaceCase struct {
		Name, Error                 string
		Before, Replacement, Expect json.RawMessage
		Changed                     bool
	}
	for _, c := range cases[replaceCase](t, "testdata/replace.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			got, changed, err := update.Replace(valuetest.Doc(t, string(c.Before)), valuetest.Doc(t, string(c.Replacement)))
			if c.Error != "" {
				refused(t, err, fault.DatabaseFailed, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, c.Expect)
			if changed != c.Changed {
				t.Errorf("changed = %v", changed)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	type diffCase struct {
		Name                   string
		Before, After, Updated json.RawMessage
		Removed                []string
	}
	for _, c := range cases[diffCase](t, "testdata/diff.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			updated, removed := update.Diff(valuetest.Doc(t, string(c.Before)), valuetest.Doc(t, string(c.After)))
			var b value.Builder
			for _, f := range updated {
				b.Add(f.Path, f.Value)
			}
			equal(t, b.Doc(), c.Updated)
			if !slices.Equal(removed, c.Removed) {
				t.Errorf("removed %v, want %v", removed, c.Removed)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	p, err := update.Compile(valuetest.Doc(t, `{"$set":{"a.b":1,"_openid":2},"$rename":{"c":"_id.x"},"$pull":{"d":{"e":1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Paths(), []string{"a.b", "_openid", "c", "_id.x", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIsOperators(t *testing.T) {
	for text, want := range map[string]bool{`{}`: false, `{"a":1}`: false, `{"$set":{}}`: true, `{"a":1,"$set":{}}`: false} {
		if got := update.IsOperators(valuetest.Doc(t, text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestCompileKeepsNoHoldOnItsInput(t *testing.T) {
	d := valuetest.Doc(t, `{"$set":{"a":"value"},"$pull":{"b":{"c":"value"}}}`)
	p, err := update.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	clear(d)
	got, _, err := p.Apply(run, valuetest.Doc(t, `{"_id":1,"b":[{"c":"value"},{"c":"other"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, json.RawMessage(`{"_id":1,"b":[{"c":"other"}],"a":"value"}`))
}

// TestResultIsLimited: a document cannot grow past the limits by updates.
func TestResultIsLimited(t *testing.T) {
	deep := strings.Repeat("a.", 60)
	p, err := update.Compile(valuetest.Doc(t, `{"$set":{"`+deep+`x":`+strings.Repeat("[", 60)+strings.Repeat("]", 60)+`}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = p.Apply(run, valuetest.Doc(t, `{"_id":1}`))
	if !fault.Is(err, fault.InvalidParam) || !strings.Contains(fault.Text(err), "nested deeper than 100 levels") {
		t.Errorf("got %v", err)
	}
}

// TestManyPathsAreOnePass: thousands of paths on a large document must not copy
// it once for each.
func TestManyPathsAreOnePass(t *testing.T) {
	var spec, doc strings.Builder
	spec.WriteString(`{"$set":{"k0":1`)
	doc.WriteString(`{"k0":0`)
	for i := 1; i < 20_000; i++ {
		key := fmt.Sprintf(`,"k%d":`, i)
		spec.WriteString(key + "1")
		doc.WriteString(key + "0")
	}
	p, err := update.Compile(valuetest.Doc(t, spec.String()+"}}"))
	if err != nil {
		t.Fatal(err)
	}
	d := valuetest.Doc(t, doc.String()+"}")
	out, changed, err := p.Apply(run, d)
	if err != nil || !changed || out.Len() != d.Len() {
		t.Fatalf("%d members, changed %v, %v", out.Len(), changed, err)
	}
	for key, v := range out.All() {
		if n, _ := v.AsInt64(); n != 1 {
			t.Fatalf("%s was not set", key)
		}
	}
}
