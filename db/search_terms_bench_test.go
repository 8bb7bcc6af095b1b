package db_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/plan"
	"baas/db/value"
)

// benchPlaces is how many documents lie in one square degree. BAAS_BENCH_PLACES
// sets it: the figures of db-engine.md section 4 are those of a million.
func benchPlaces() int {
	if n, err := strconv.Atoi(os.Getenv("BAAS_BENCH_PLACES")); err == nil {
		return n
	}
	return 20_000
}

// BenchmarkPlaces searches documents of 1 KB with a point and a short text, by
// their 2dsphere and text indexes.
func BenchmarkPlaces(b *testing.B) {
	e := placesOf(b, benchPlaces())
	point := func(r *rand.Rand) string {
		return fmt.Sprintf("[%v,%v]", 113+r.Float64(), 23+r.Float64())
	}
	circle := func(metres float64) func(*rand.Rand) string {
		return func(r *rand.Rand) string {
			return fmt.Sprintf(`{"l":{"$geoWithin":{"$centerSphere":[%s,%v]}}}`, point(r), metres/6_378_100)
		}
	}
	for _, c := range []struct {
		name  string
		limit int64
		query func(*rand.Rand) string
	}{
		{"within 100 m", 0, circle(100)},
		{"within 1 km", 0, circle(1000)},
		{"within 5 km", 0, circle(5000)},
		{"near, limit 20", 20, func(r *rand.Rand) string {
			return fmt.Sprintf(`{"l":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":%s}}}}`, point(r))
		}},
		{"polygon of 5 km", 0, func(r *rand.Rand) string {
			x, y := 113+r.Float64(), 23+r.Float64()
			return fmt.Sprintf(`{"l":{"$geoWithin":{"$geometry":{"type":"Polygon","coordinates":[[[%[1]v,%[2]v],[%[3]v,%[2]v],[%[3]v,%[4]v],[%[5]v,%[6]v],[%[1]v,%[4]v],[%[1]v,%[2]v]]]}}}}`,
				x, y, x+0.05, y+0.05, x+0.025, y+0.08)
		}},
		{"text, one word of 1,000", 20, func(r *rand.Rand) string {
			return fmt.Sprintf(`{"$text":{"$search":"word%d"}}`, r.IntN(1000))
		}},
		{"text, Chinese", 20, func(r *rand.Rand) string {
			return fmt.Sprintf(`{"$text":{"$search":"%c%c%c"}}`, '一'+rune(r.IntN(100)), '丁'+rune(r.IntN(100)), '七'+rune(r.IntN(100)))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(7, 7))
			hits := 0
			for b.Loop() {
				docs, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Query: dbtest.Doc(b, c.query(r)), Limit: c.limit})
				if err != nil {
					b.Fatal(err)
				}
				hits += len(docs)
			}
			b.ReportMetric(float64(hits)/float64(b.N), "docs/op")
		})
	}
}

func placesOf(b *testing.B, n int) *db.Engine {
	b.Helper()
	e := dbtest.Bolt(b).Open(b, db.Options{})
	ctx := b.Context()
	if err := e.CreateCollection(ctx, admin, "c"); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for n > 0 {
		docs := make([]value.Doc, min(n, 1000))
		for i := range docs {
			docs[i] = placed(r, n)
			n--
		}
		if _, err := e.Insert(ctx, admin, "c", docs); err != nil {
			b.Fatal(err)
		}
	}
	for _, spec := range []db.IndexSpec{
		{Name: "l", Keys: []db.IndexKey{{Path: "l", Kind: plan.Sphere2D}}},
		{Name: "t", Keys: []db.IndexKey{{Path: "t", Kind: plan.Text}}},
	} {
		if err := e.CreateIndex(ctx, admin, "c", spec); err != nil {
			b.Fatal(err)
		}
		if err := e.WaitIndex(ctx, admin, "c", spec.Name); err != nil {
			b.Fatal(err)
		}
	}
	return e
}

func placed(r *rand.Rand, n int) value.Doc {
	var b value.Builder
	b.AddInt32("n", int32(n))
	b.Object("l", func(b *value.Builder) {
		b.AddString("type", "Point")
		b.Array("coordinates", func(a *value.ArrayBuilder) {
			a.AddFloat(113 + r.Float64())
			a.AddFloat(23 + r.Float64())
		})
	})
	var t strings.Builder
	for range 6 {
		fmt.Fprintf(&t, "word%d ", r.IntN(1000))
	}
	for range 8 {
		t.WriteRune('一' + rune(r.IntN(100)))
	}
	b.AddString("t", t.String())
	b.AddString("filler", strings.Repeat("lorem ipsum dolor ", 40))
	return b.Doc()
}
