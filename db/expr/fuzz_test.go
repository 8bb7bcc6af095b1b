package expr_test

import (
	"strings"
	"testing"

	"baas/db/expr"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// FuzzEval: no expression on any document panics, results are sound documents
// within the limits, the same twice, and need no other members than Fields says.
func FuzzEval(f *testing.F) {
	for _, c := range evalCases(f) {
		f.Add([]byte(c.Expression), []byte(c.Document))
	}
	f.Fuzz(func(t *testing.T, expression, document []byte) {
		v, err := value.ParseJSONValue(expression, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		d, err := value.ParseJSON(document, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		e, err := expr.Compile("e", v, expr.Options{})
		if err != nil {
			return
		}
		s := &expr.Scope{Root: d, Now: valuetest.Now}
		once, err := e.Eval(s)
		if err != nil {
			return
		}
		sound(t, expression, once)
		s.Root = only(d, e.Fields())
		again, err := e.Eval(s)
		if err != nil {
			t.Fatalf("%s on %s: %v with the members %q alone", expression, document, err, e.Fields())
		}
		if !value.Equal(once, again) && !contains(expression, "$rand") {
			t.Fatalf("%s on %s: %s, then %s", expression, document, text(once), text(again))
		}
	})
}

// FuzzAccumulate: no accumulator panics, and its result is sound.
func FuzzAccumulate(f *testing.F) {
	for _, text := range []string{
		`{"$sum":"$a"}`, `{"$avg":"$a"}`, `{"$push":"$a"}`, `{"$addToSet":"$a"}`, `{"$min":"$a"}`, `{"$stdDevPop":"$a"}`,
		`{"$mergeObjects":"$a"}`, `{"$topN":{"n":2,"sortBy":{"a":1},"output":"$b"}}`, `{"$lastN":{"n":2,"input":"$a"}}`,
	} {
		f.Add([]byte(text), []byte(`{"a":1,"b":{"c":[1,"x",null]}}`), []byte(`{"a":[1,2.5]}`))
	}
	f.Fuzz(func(t *testing.T, accumulator, first, second []byte) {
		v, err := value.ParseJSONValue(accumulator, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		a, err := expr.CompileAccumulator("a", v, expr.Options{})
		if err != nil {
			return
		}
		state := a.New()
		s := &expr.Scope{Now: valuetest.Now}
		for _, text := range [][]byte{first, second, first} {
			d, err := value.ParseJSON(text, value.ParseOptions{Now: valuetest.Now})
			if err != nil {
				return
			}
			s.Next(d)
			if state.Add(s) != nil {
				return
			}
		}
		sound(t, accumulator, state.Result())
	})
}

// FuzzEvalRaw: bytes that never saw the parser do not panic either.
func FuzzEvalRaw(f *testing.F) {
	f.Add([]byte(valuetest.Doc(f, `{"$concat":["$a.b",{"$toLower":"X"}]}`)), []byte(valuetest.Doc(f, `{"a":{"b":"c"}}`)))
	f.Fuzz(func(_ *testing.T, expression, document []byte) {
		e, err := expr.Compile("e", value.Value{Type: value.TypeObject, Data: expression}, expr.Options{})
		if err != nil {
			return
		}
		_, _ = e.Eval(&expr.Scope{Root: document}) // either outcome will do
	})
}

// sound checks a result as if it came from outside.
func sound(t *testing.T, expression []byte, v value.Value) {
	t.Helper()
	var b value.Builder
	if v.Type == value.TypeObject {
		b.AddAll(v.Doc())
	} else {
		b.Add("v", v)
	}
	if err := value.Check(b.Doc()); err != nil && !contains([]byte(err.Error()), "nested deeper", "more than 100000 values", "the limit is") {
		t.Fatalf("%s: %s: %v", expression, text(v), err)
	}
}

// only returns d with the named members alone; nil names all of them.
func only(d value.Doc, names []string) value.Doc {
	if names == nil {
		return d
	}
	var b value.Builder
	for name, v := range d.All() {
		for _, want := range names {
			if name == want {
				b.Add(name, v)
			}
		}
	}
	return b.Doc()
}

func contains(text []byte, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(string(text), part) {
			return true
		}
	}
	return false
}
