package aggregate_test

import (
	"fmt"
	"strings"
	"testing"

	"baas/db/aggregate"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// kilobytes returns documents of about 1 KB, as db-engine.md has them.
func kilobytes(n int) []value.Doc {
	docs := make([]value.Doc, n)
	for i := range docs {
		var b value.Builder
		b.AddString("_id", fmt.Sprintf("%032x", i))
		b.AddString("owner", fmt.Sprintf("user-%d", i%1000))
		b.AddString("status", []string{"new", "open", "done"}[i%3])
		b.AddFloat("price", float64(i%97)*1.25)
		b.AddInt32("n", int32(i))
		b.Array("tags", func(a *value.ArrayBuilder) { a.AddString("red"); a.AddString("weekend") })
		b.Object("address", func(b *value.Builder) { b.AddString("city", "广州"); b.AddInt32("zip", 510000) })
		b.AddString("text", strings.Repeat("lorem ipsum dolor ", 42))
		docs[i] = b.Doc()
	}
	return docs
}

// stream is a Store that lends the same documents again and again without a copy.
type stream struct {
	docs    []value.Doc
	times   int
	foreign []value.Doc
}

func (s *stream) Read(in aggregate.Input, f *aggregate.Feed) error {
	docs, times := s.docs, s.times
	if in.Joined {
		docs, times = s.foreign, 1
	}
	for range times {
		for _, d := range docs {
			if err := f.Push(d); err != nil {
				return err
			}
			if f.Full() {
				if err := f.Drain(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *stream) Indexed(_, _ string) bool       { return false }
func (s *stream) GeoPath(string) (string, error) { return "", nil }

// BenchmarkPipeline measures documents of 1 KB through a pipeline; an iteration
// is one document. The bar for $group is 1 µs.
func BenchmarkPipeline(b *testing.B) {
	docs := kilobytes(3000)
	for _, c := range []struct{ name, pipeline string }{
		{"group count sum avg", `[{"$group":{"_id":"$status","n":{"$sum":1},"s":{"$sum":"$price"},"a":{"$avg":"$price"}}}]`},
		{"group by 1000 owners", `[{"$group":{"_id":"$owner","n":{"$sum":1},"s":{"$sum":"$price"},"a":{"$avg":"$price"}}}]`},
		{"match and group", `[{"$skip":0},{"$match":{"status":"open"}},{"$group":{"_id":null,"s":{"$sum":"$price"}}}]`},
		{"sort and limit", `[{"$skip":0},{"$sort":{"price":-1}},{"$limit":20}]`},
		{"project", `[{"$project":{"owner":1,"total":{"$multiply":["$price",2]}}},{"$match":{"total":-1}}]`},
		{"addFields", `[{"$addFields":{"total":{"$multiply":["$price",2]}}},{"$match":{"total":-1}}]`},
		{"unwind", `[{"$unwind":"$tags"},{"$match":{"tags":"none"}}]`},
		{"lookup 1000", `[{"$lookup":{"from":"users","localField":"owner","foreignField":"name","as":"u"}},{"$match":{"u.x":1}}]`},
		{"lookup by pipeline", `[{"$lookup":{"from":"users","let":{"o":"$owner"},"pipeline":[{"$match":{"$expr":{"$eq":["$name","$$o"]}}}],"as":"u"}},{"$match":{"u.x":1}}]`},
	} {
		b.Run(c.name, func(b *testing.B) {
			list, err := stages(b, c.pipeline)
			if err != nil {
				b.Fatal(err)
			}
			p, err := aggregate.Compile(list)
			if err != nil {
				b.Fatal(err)
			}
			s := &stream{docs: docs, times: b.N/len(docs) + 1, foreign: users(b)}
			if b.N < len(docs) {
				s.docs, s.times = docs[:b.N], 1
			}
			b.ReportAllocs()
			b.ResetTimer()
			if err := p.Run(aggregate.Execution{
				Store: s, Collection: "c", Now: valuetest.Now, Budget: roomy,
				Emit: func(value.Doc) error { return nil },
			}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func users(b *testing.B) []value.Doc {
	b.Helper()
	out := make([]value.Doc, 1000)
	for i := range out {
		out[i] = valuetest.Doc(b, fmt.Sprintf(`{"_id":%d,"name":"user-%d"}`, i, i))
	}
	return out
}
