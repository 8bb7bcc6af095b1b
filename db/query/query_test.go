package query_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/query"
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

type selectCase struct {
	Name      string
	Documents []json.RawMessage
	Query     json.RawMessage
	Expect    []json.Number // ids
	Code      fault.Code
	Error     string
}

func TestMatch(t *testing.T) {
	for _, c := range cases[selectCase](t, language+"match.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			got, err := matching(t, c)
			if c.Code != fault.OK {
				refused(t, err, c.Code, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.Expect) {
				t.Errorf("got %v, want %v", got, c.Expect)
			}
		})
	}
}

// matching returns the ids of the documents that a case's condition selects.
func matching(t *testing.T, c selectCase) (ids []string, err error) {
	f, err := query.Compile(valuetest.Doc(t, string(c.Query)))
	if err != nil {
		return nil, err
	}
	for _, text := range c.Documents {
		d := valuetest.Doc(t, string(text))
		ok, err := f.Match(d)
		if err != nil {
			return nil, err
		}
		if ok {
			ids = append(ids, string(value.AppendPlain(nil, d.Get("_id"))))
		}
	}
	return ids, nil
}

// refused checks code and text of an error that names what is at fault.
func refused(t *testing.T, err error, code fault.Code, text string) {
	t.Helper()
	if !fault.Is(err, code) || !strings.Contains(fault.Text(err), text) {
		t.Fatalf("got %v, want %s with %q", err, code, text)
	}
}

func TestSort(t *testing.T) {
	type sortCase struct {
		Name      string
		Documents []json.RawMessage
		Sort      json.RawMessage
		Expect    []any // an array stands for documents that are equal
		Code      fault.Code
		Error     string
	}
	for _, c := range cases[sortCase](t, language+"sort.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			s, err := query.CompileSort(valuetest.Doc(t, string(c.Sort)))
			if c.Code != fault.OK {
				refused(t, err, c.Code, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var docs []value.Doc
			for _, d := range c.Documents {
				docs = append(docs, valuetest.Doc(t, string(d)))
			}
			slices.Reverse(docs) // so that an order kept by chance does not pass
			slices.SortStableFunc(docs, s.Compare)
			var want []any
			for _, group := range c.Expect {
				ids, ok := group.([]any)
				if !ok {
					ids = []any{group}
				}
				slices.Reverse(ids)
				want = append(want, ids...)
			}
			for i, d := range docs {
				if n, _ := d.Get("_id").AsInt64(); float64(n) != want[i] {
					t.Errorf("place %d: got %s, want _id %v", i, valuetest.Text(d), want[i])
				}
			}
		})
	}
}

type projectCase struct {
	Name       string
	Document   json.RawMessage
	Query      json.RawMessage
	Projection json.RawMessage
	Expect     json.RawMessage
	Code       fault.Code
	Error      string
}

func TestProjection(t *testing.T) {
	for _, c := range cases[projectCase](t, language+"projection.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			got, err := projected(t, c)
			if c.Code != fault.OK {
				refused(t, err, c.Code, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := value.Check(got); err != nil {
				t.Error(err)
			}
			if want := valuetest.Doc(t, string(c.Expect)); valuetest.Text(got) != valuetest.Text(want) {
				t.Errorf("\n got %s\nwant %s", valuetest.Text(got), valuetest.Text(want))
			}
		})
	}
}

func projected(t *testing.T, c projectCase) (value.Doc, error) {
	f := query.All()
	if c.Query != nil {
		f = compile(t, string(c.Query))
	}
	p, err := query.CompileProjection(valuetest.Doc(t, string(c.Projection)), f)
	if err != nil || c.Document == nil {
		return nil, err
	}
	return p.Apply(valuetest.Doc(t, string(c.Document)))
}

// TestManyPathsAreOnePass: thousands of paths on a large document must not be
// compared each with each.
func TestManyPathsAreOnePass(t *testing.T) {
	var keep, compute, doc strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&keep, `,"k%d":1`, i)
		fmt.Fprintf(&compute, `,"k%d.x":"v"`, i)
		fmt.Fprintf(&doc, `,"k%d":{"y":%d}`, i, i)
	}
	d := valuetest.Doc(t, `{"_id":1`+doc.String()+`}`)
	for _, spec := range []string{keep.String(), compute.String()} {
		p, err := query.CompileProjection(valuetest.Doc(t, "{"+spec[1:]+"}"), nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		out, err := p.Apply(d)
		if took := time.Since(start); err != nil || out.Len() != d.Len() || took > 10*time.Second {
			t.Fatalf("%d members after %v, %v", out.Len(), took, err)
		}
	}
}

// TestCostlyProjectionEnds: each of thousands of expressions looks through a
// large document, which the request pays for.
func TestCostlyProjectionEnds(t *testing.T) {
	var compute, doc strings.Builder
	for i := range 2_000 {
		fmt.Fprintf(&compute, `,"x%d":"$a"`, i)
		fmt.Fprintf(&doc, `,"k%d":{"y":%d}`, i, i)
	}
	p, err := query.CompileProjection(valuetest.Doc(t, "{"+compute.String()[1:]+"}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := valuetest.Doc(t, `{"_id":1`+doc.String()+`}`)
	if _, err = p.ApplyWithin(effort.New(t.Context(), effort.Limits{Steps: 50_000}), d); !fault.Is(err, fault.DatabaseFailed) {
		t.Errorf("got %v", err)
	}
}

func TestEqualities(t *testing.T) {
	f, err := query.Compile(valuetest.Doc(t, `{
		"_id":"x", "a.b":{"$eq":1}, "n":{"$gt":1}, "r":{"$regularExpression":{"pattern":"x","options":""}},
		"$and":[{"c":2},{"$and":[{"d":{"$in":[3]}}]}], "$or":[{"e":4},{"f":5}], "g":{"$in":[6,null]}, "h":{"$in":[7,8]},
		"i":{"$not":{"$eq":9}}, "$nor":[{"j":10}], "k":null}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range f.Equalities() {
		got = append(got, e.Path+"="+string(value.AppendPlain(nil, e.Value)))
	}
	want := []string{`_id="x"`, "a.b=1", "c=2", "d=3", "k=null"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBuiltFilters(t *testing.T) {
	mine := valuetest.Doc(t, `{"_openid":"me","done":true}`)
	theirs := valuetest.Doc(t, `{"_openid":"you","done":true}`)
	done, err := query.Compile(valuetest.Doc(t, `{"done":true}`))
	if err != nil {
		t.Fatal(err)
	}
	owner := query.Equal("_openid", value.String("me"))
	for _, c := range []struct {
		name         string
		f            *query.Filter
		mine, theirs bool
	}{
		{"all", query.All(), true, true},
		{"and of none", query.And(), true, true},
		{"equal", owner, true, false},
		{"and", query.And(done, owner), true, false},
		{"and with all", query.And(query.All(), owner, query.All()), true, false},
	} {
		if got, err := c.f.Match(mine); err != nil || got != c.mine {
			t.Errorf("%s, mine: %v, %v", c.name, got, err)
		}
		if got, err := c.f.Match(theirs); err != nil || got != c.theirs {
			t.Errorf("%s, theirs: %v, %v", c.name, got, err)
		}
	}
	if got := query.And(done, owner).Equalities(); len(got) != 2 {
		t.Errorf("equalities of an and: %v", got)
	}
}

func TestCompileKeepsNoHoldOnItsInput(t *testing.T) {
	d := valuetest.Doc(t, `{"a":"value"}`)
	f, err := query.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	target := slices.Clone(d)
	clear(d)
	if ok, err := f.Match(target); err != nil || !ok {
		t.Errorf("got %v, %v", ok, err)
	}
}

func TestNothingCompilesToEverything(t *testing.T) {
	d := valuetest.Doc(t, `{"_id":1}`)
	f, err := query.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := f.Match(d); err != nil || !ok {
		t.Errorf("filter: %v, %v", ok, err)
	}
	s, err := query.CompileSort(nil)
	if err != nil || s.Compare(d, d) != 0 || len(s.Keys()) != 0 {
		t.Errorf("sort: %v, %v", s, err)
	}
	p, err := query.CompileProjection(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Apply(d); err != nil || valuetest.Text(got) != valuetest.Text(d) {
		t.Errorf("projection: %s, %v", got, err)
	}
}

func TestDamagedConditionIsRefused(t *testing.T) {
	for _, d := range []value.Doc{{1}, {5, 0, 0, 0, 1}, []byte("\x0c\x00\x00\x00\x10a\x00\x01\x00\x00\x00\x00\x00")} {
		if _, err := query.Compile(d); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%x: %v", []byte(d), err)
		}
		if _, err := query.CompileSort(d); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%x as a sort: %v", []byte(d), err)
		}
		if _, err := query.CompileProjection(d, nil); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%x as a projection: %v", []byte(d), err)
		}
	}
}

// TestHostilePatternsEnd: patterns that make a backtracking engine run for
// years come back with an error (threats.md, ReDoS).
func TestHostilePatternsEnd(t *testing.T) {
	text := strings.Repeat("a", 40) + "!"
	for _, pattern := range []string{`^(a+)+$`, `^(a|aa)+$`, `(.*)*x\1`, `^(([a-z])+.)+[A-Z]([a-z])+$`} {
		f, err := query.Compile(valuetest.Doc(t, `{"a":{"$regex":`+quoted(pattern)+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		ok, err := f.Match(valuetest.Doc(t, `{"a":"`+text+`"}`))
		if ok || err != nil && !fault.Is(err, fault.DatabaseFailed) {
			t.Errorf("%s: %v, %v", pattern, ok, err)
		}
	}
}

// TestTimeoutIsAnErrorNotAVerdict: even under a negation.
func TestTimeoutIsAnErrorNotAVerdict(t *testing.T) {
	f, err := query.Compile(valuetest.Doc(t, `{"a":{"$not":{"$regex":"^(a|aa)+\\d$"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	ok, err := f.Match(valuetest.Doc(t, `{"a":"`+strings.Repeat("a", 60)+`!"}`))
	if ok || !fault.Is(err, fault.DatabaseFailed) {
		t.Errorf("got %v, %v", ok, err)
	}
	if strings.Contains(err.Error(), "aaa") {
		t.Errorf("the error, which is logged, quotes the document: %v", err)
	}
}

// TestMatchesOnOneDocumentShareABudget: each match is just fast enough, but
// there are thousands of them.
func TestMatchesOnOneDocumentShareABudget(t *testing.T) {
	f, err := query.Compile(valuetest.Doc(t, `{"a":{"$regex":"^(a|aa)+\\d$"}}`))
	if err != nil {
		t.Fatal(err)
	}
	text := `"` + strings.Repeat("a", 22) + `!"`
	_, err = f.Match(valuetest.Doc(t, `{"a":[`+strings.Repeat(text+",", 20_000)+text+`]}`))
	if !fault.Is(err, fault.DatabaseFailed) {
		t.Errorf("got %v", err)
	}
}

// TestCostlyConditionEnds: many $elemMatch over a large array are quadratic.
func TestCostlyConditionEnds(t *testing.T) {
	one := `{"a":{"$elemMatch":{"x":1}}}`
	f, err := query.Compile(valuetest.Doc(t, `{"$or":[`+strings.Repeat(one+",", 9_000)+one+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := valuetest.Doc(t, `{"a":[`+strings.Repeat(`{},`, 9_000)+`{}]}`)
	if _, err := f.Match(d); !fault.Is(err, fault.DatabaseFailed) {
		t.Errorf("got %v", err)
	}
}

// TestNumericPathsDoNotDouble: a document in which each part of the path is
// both a key and a position.
func TestNumericPathsDoNotDouble(t *testing.T) {
	d := `{"a":` + strings.Repeat(`[{"0":`, 45) + `1` + strings.Repeat(`}]`, 45) + `}`
	f, err := query.Compile(valuetest.Doc(t, `{"a.0.0.0.0.0.0.0.0.0.0.b":5}`))
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := f.Match(valuetest.Doc(t, d)); ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

func quoted(s string) string {
	return string(value.AppendPlain(nil, value.String(s)))
}
