package expr_test

import (
	"os"
	"testing"

	"baas/db/expr"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// BenchmarkEval evaluates one expression on a document of about 1 KB, as a
// pipeline does: one Scope for all documents.
func BenchmarkEval(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"constant", `{"e":{"$literal":1}}`},
		{"path", `{"e":"$score"}`},
		{"nested path", `{"e":"$author.address.city"}`},
		{"path through an array", `{"e":"$items.qty"}`},
		{"comparison", `{"e":{"$and":[{"$gt":["$score",50]},{"$eq":["$status","active"]}]}}`},
		{"arithmetic", `{"e":{"$multiply":["$score",{"$add":["$priority",1]}]}}`},
		{"sum of an array", `{"e":{"$sum":"$items.price"}}`},
		{"map", `{"e":{"$map":{"input":"$items","as":"i","in":{"$multiply":["$$i.qty","$$i.price"]}}}}`},
		{"text", `{"e":{"$concat":["$title","-","$room"]}}`},
		{"day in a zone", `{"e":{"$dateToString":{"date":"$createdAt","format":"%Y-%m-%d","timezone":"Asia/Shanghai"}}}`},
		{"object", `{"e":{"a":"$status","b":"$priority"}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := kilobyte(b)
			e := compile(b, c.text)
			s := &expr.Scope{}
			b.ReportAllocs()
			for b.Loop() {
				s.Next(d)
				if _, err := e.Eval(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGroup is what $group does with each document of about 1 KB for
// {_id: "$status", n: {$sum: 1}, sum: {$sum: "$views"}, avg: {$avg: "$score"}}
// but the look-up of the group.
func BenchmarkGroup(b *testing.B) {
	d := kilobyte(b)
	id := compile(b, `{"e":"$status"}`)
	var states []expr.State
	for _, text := range []string{`{"a":{"$sum":1}}`, `{"a":{"$sum":"$views"}}`, `{"a":{"$avg":"$score"}}`} {
		a, err := expr.CompileAccumulator("a", valuetest.Doc(b, text).Get("a"), expr.Options{})
		if err != nil {
			b.Fatal(err)
		}
		states = append(states, a.New())
	}
	s := &expr.Scope{}
	b.ReportAllocs()
	for b.Loop() {
		s.Next(d)
		if _, err := id.Eval(s); err != nil {
			b.Fatal(err)
		}
		for _, state := range states {
			if err := state.Add(s); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func kilobyte(b *testing.B) value.Doc {
	b.Helper()
	text, err := os.ReadFile("../value/testdata/kilobyte.json")
	if err != nil {
		b.Fatal(err)
	}
	return valuetest.Doc(b, string(text))
}
