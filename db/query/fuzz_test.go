package query_test

import (
	"testing"

	"baas/db/query"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// FuzzMatch: no condition and no document panics, and the verdict is the same
// twice and the opposite under $nor.
func FuzzMatch(f *testing.F) {
	for _, c := range cases[selectCase](f, language+"match.jsonl") {
		if len(c.Documents) > 0 {
			f.Add([]byte(c.Query), []byte(c.Documents[len(c.Documents)/2]))
		}
	}
	f.Fuzz(func(t *testing.T, condition, document []byte) {
		q, err := value.ParseJSON(condition, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		filter, err := query.Compile(q)
		if err != nil {
			return
		}
		d, err := value.ParseJSON(document, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		filter.Equalities()
		once, err := filter.Match(d)
		if err != nil {
			return
		}
		if again, err := filter.Match(d); err != nil || again != once {
			t.Fatalf("%s on %s: %v, then %v, %v", condition, document, once, again, err)
		}
		var b value.Builder
		b.Array("$nor", func(a *value.ArrayBuilder) { a.Add(value.FromDoc(q)) })
		negated, err := query.Compile(b.Doc())
		if err != nil {
			return // one level deeper than the limit
		}
		if opposite, err := negated.Match(d); err != nil || opposite == once {
			t.Fatalf("%s on %s: %v, and under $nor %v, %v", condition, document, once, opposite, err)
		}
	})
}

// FuzzMatchRaw: bytes that never saw the parser do not panic either.
func FuzzMatchRaw(f *testing.F) {
	f.Add([]byte(valuetest.Doc(f, `{"a":{"$gt":1}}`)), []byte(valuetest.Doc(f, `{"a":[1,{"b":2}]}`)))
	f.Fuzz(func(t *testing.T, condition, document []byte) {
		filter, err := query.Compile(condition)
		if err != nil {
			return
		}
		if _, err := filter.Match(document); err != nil {
			return
		}
	})
}

// FuzzProject: a projection of a sound document is sound.
func FuzzProject(f *testing.F) {
	f.Add([]byte(`{"a.b":1,"c":{"$slice":[1,2]}}`), []byte(`{"_id":1,"a":[{"b":1}],"c":[1,2]}`))
	f.Fuzz(func(t *testing.T, spec, document []byte) {
		s, err := value.ParseJSON(spec, value.ParseOptions{})
		if err != nil {
			return
		}
		d, err := value.ParseJSON(document, value.ParseOptions{})
		if err != nil {
			return
		}
		if order, err := query.CompileSort(s); err == nil && order.Compare(d, d) != 0 {
			t.Fatalf("%s: %s differs from itself", spec, document)
		}
		p, err := query.CompileProjection(s, nil)
		if err != nil {
			return
		}
		out, err := p.Apply(d)
		if err != nil {
			return
		}
		if err := value.Check(out); err != nil {
			t.Fatalf("%s of %s: %v", spec, document, err)
		}
	})
}

// FuzzSchema: a document that a schema is checked with fails or not as it is
// selected by it, and the error names no value.
func FuzzSchema(f *testing.F) {
	for _, c := range cases[selectCase](f, language+"match.jsonl") {
		d, err := value.ParseJSON(c.Query, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			continue
		}
		if s := d.Get("$jsonSchema"); s.Type == value.TypeObject {
			f.Add(value.AppendCanonical(nil, s), []byte(`{"_id":1,"name":"secret","tags":[1,"x",{"y":2}],"age":5}`))
		}
	}
	f.Fuzz(func(t *testing.T, schema, document []byte) {
		text, err := value.ParseJSON(schema, value.ParseOptions{})
		if err != nil {
			return
		}
		s, err := query.CompileSchema("", text)
		if err != nil {
			return
		}
		d, err := value.ParseJSON(document, value.ParseOptions{})
		if err != nil {
			return
		}
		var b value.Builder
		b.Add("$jsonSchema", value.FromDoc(text))
		f, err := query.Compile(b.Doc())
		if err != nil {
			return // one level deeper than the limit
		}
		selected, err := f.Match(d)
		if err != nil {
			return
		}
		if err := s.Check(nil, d); (err == nil) != selected {
			t.Fatalf("%s on %s: selected %v, checked %v", schema, document, selected, err)
		}
	})
}
