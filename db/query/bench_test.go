package query_test

import (
	"os"
	"testing"

	"baas/db/query"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// BenchmarkMatch is a filter on three members, one nested and one last, on a
// document of about 1 KB (db-engine.md 2: 0.22 µs).
func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct{ name, query string }{
		{"three members", `{"status":"active","author.level":{"$gte":10},"room":"r-42"}`},
		{"array and range", `{"tags":"公园","score":{"$gt":50,"$lt":90}}`},
		{"array of objects", `{"items.qty":10}`},
		{"literal pattern", `{"remark":{"$regex":"客服"}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := kilobyte(b)
			f, err := query.Compile(valuetest.Doc(b, c.query))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := f.Match(d); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkSortCompare(b *testing.B) {
	d := kilobyte(b)
	s, err := query.CompileSort(valuetest.Doc(b, `{"status":1,"updatedAt":-1}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Compare(d, d)
	}
}

func BenchmarkProject(b *testing.B) {
	d := kilobyte(b)
	p, err := query.CompileProjection(valuetest.Doc(b, `{"title":1,"author.name":1,"items.qty":1}`), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Apply(d); err != nil {
			b.Fatal(err)
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
