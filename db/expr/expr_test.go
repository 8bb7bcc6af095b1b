package expr_test

import (
	"errors"
	"slices"
	"testing"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// compile reads the expression e of {"e": …}.
func compile(t testing.TB, text string, vars ...string) *expr.Expr {
	t.Helper()
	e, err := expr.Compile("e", valuetest.Doc(t, text).Get("e"), expr.Options{Vars: vars})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func TestOperatorsThatDoNotExistAreNamed(t *testing.T) {
	for _, tc := range []struct{ name, text, field string }{
		{"top", `{"e":{"$nope":1}}`, "e.$nope"},
		{"operand", `{"e":{"$add":[1,{"$nope":1}]}}`, "e.$add.1.$nope"},
		{"member", `{"e":{"a":{"$function":1}}}`, "e.a.$function"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := expr.Compile("e", valuetest.Doc(t, tc.text).Get("e"), expr.Options{})
			coded, ok := errors.AsType[*fault.Error](err)
			if !ok || coded.Code != fault.DatabaseOperator || coded.Field != tc.field {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVariablesComeFromTheScope(t *testing.T) {
	e := compile(t, `{"e":{"$add":["$a","$$x.b","$$y"]}}`, "x", "y")
	s := &expr.Scope{
		Root: valuetest.Doc(t, `{"a":1}`),
		Vars: []value.Value{value.FromDoc(valuetest.Doc(t, `{"b":10}`)), value.Int32(100)},
	}
	if v, err := e.Eval(s); err != nil || !value.Equal(v, value.Int32(111)) {
		t.Errorf("got %v, %v", v, err)
	}
}

func equalNames(a, b []string) bool {
	return (a == nil) == (b == nil) && slices.Equal(a, b)
}

func TestExpressionsTellWhatTheyAre(t *testing.T) {
	for _, tc := range []struct {
		text     string
		fields   []string
		path     string
		constant string
	}{
		{`{"e":"$a.b"}`, []string{"a"}, "a.b", ""},
		{`{"e":"$$ROOT.a"}`, []string{"a"}, "", ""},
		{`{"e":"$$ROOT"}`, nil, "", ""},
		{`{"e":"$$CURRENT.a"}`, []string{"a"}, "a", ""},
		{`{"e":{"$add":["$a","$b.c","$a"]}}`, []string{"a", "b"}, "", ""},
		{`{"e":{"$map":{"input":"$a","in":"$$this.b"}}}`, []string{"a"}, "", ""},
		{`{"e":{"$getField":"a.b"}}`, nil, "", ""},
		{`{"e":{"$add":[1,{"$multiply":[2,3]}]}}`, []string{}, "", "7"},
		{`{"e":{"x":[1,{"$literal":"$a"}]}}`, []string{}, "", `{"x":[1,"$a"]}`},
		{`{"e":"$$NOW"}`, []string{}, "", ""},
		{`{"e":{"$rand":{}}}`, []string{}, "", ""},
	} {
		e := compile(t, tc.text)
		if got := e.Fields(); !equalNames(got, tc.fields) {
			t.Errorf("%s: fields %v, want %v", tc.text, got, tc.fields)
		}
		if got, ok := e.Path(); got != tc.path || ok != (tc.path != "") {
			t.Errorf("%s: path %q, want %q", tc.text, got, tc.path)
		}
		v, ok := e.Constant()
		if ok != (tc.constant != "") || ok && !value.Equal(v, wrapped(t, []byte(tc.constant))) {
			t.Errorf("%s: constant %s, want %s", tc.text, text(v), tc.constant)
		}
	}
}

func TestRandIsBetweenZeroAndOneAndNew(t *testing.T) {
	e := compile(t, `{"e":{"$rand":{}}}`)
	seen := map[float64]bool{}
	for range 20 {
		v, err := e.Eval(&expr.Scope{})
		f, ok := v.AsFloat()
		if err != nil || !ok || f < 0 || f >= 1 {
			t.Fatalf("got %s, %v", text(v), err)
		}
		seen[f] = true
	}
	if len(seen) < 10 {
		t.Errorf("%d numbers of 20", len(seen))
	}
}

func TestTextScoreComesFromTheScope(t *testing.T) {
	e := compile(t, `{"e":{"$meta":"textScore"}}`)
	if v, err := e.Eval(&expr.Scope{TextScore: value.Float(1.5)}); err != nil || !value.Equal(v, value.Float(1.5)) {
		t.Errorf("got %s, %v", text(v), err)
	}
}

func TestCurrentIsAnotherDocumentWhenSet(t *testing.T) {
	e := compile(t, `{"e":["$a","$$CURRENT.a","$$ROOT.a"]}`)
	s := &expr.Scope{Root: valuetest.Doc(t, `{"a":1}`), Current: value.FromDoc(valuetest.Doc(t, `{"a":2}`))}
	if v, err := e.Eval(s); err != nil || !value.Equal(v, wrapped(t, []byte(`[2,2,1]`))) {
		t.Errorf("got %s, %v", text(v), err)
	}
}

// Results stay as they are while the same Scope evaluates more, until Next.
func TestResultsLastUntilTheNextDocument(t *testing.T) {
	e := compile(t, `{"e":{"$add":["$a",{"$size":"$list"}]}}`)
	s := &expr.Scope{Root: valuetest.Doc(t, `{"a":1,"list":[1,2]}`)}
	var all []value.Value
	for range 5_000 {
		v, err := e.Eval(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	for _, v := range all {
		if !value.Equal(v, value.Int32(3)) {
			t.Fatalf("got %s", text(v))
		}
	}
}

func TestReadingAndComparingDoesNotAllocate(t *testing.T) {
	s := &expr.Scope{}
	d := valuetest.Doc(t, `{"a":1,"b":{"c":2.5},"s":"active"}`)
	for _, text := range []string{
		`{"e":"$b.c"}`,
		`{"e":{"$and":[{"$gt":["$b.c",1]},{"$eq":["$s","active"]}]}}`,
		`{"e":{"$cond":[{"$lt":["$a",5]},{"$multiply":["$a","$b.c"]},0]}}`,
		`{"e":{"$in":["$s",["done","active"]]}}`,
	} {
		e := compile(t, text)
		s.Next(d)
		if _, err := e.Eval(s); err != nil {
			t.Fatal(err)
		}
		n := testing.AllocsPerRun(100, func() {
			s.Next(d)
			if _, err := e.Eval(s); err != nil {
				t.Error(err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}
