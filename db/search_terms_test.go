package db_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/query"
	"baas/db/value"
)

// TestTermIndexesChangeNoAnswer runs random geo and text searches on random
// documents, with writes, new indexes and dropped ones in between, and demands
// what the condition says of each document, in the order it says.
func TestTermIndexesChangeNoAnswer(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	for round := range rounds(3) {
		t.Run(fmt.Sprintf("seed=%d-%d", seed, round), func(t *testing.T) {
			t.Parallel()
			x := &termSearches{t: t, rng: rand.New(rand.NewPCG(seed, uint64(round))), engine: openWith(t, "c")}
			db.SetViewBound(x.engine, pickOf(x.rng, 3, 20, 10_000))
			for range 40 {
				x.step()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// rounds is n, or what BAAS_ROUNDS says.
func rounds(n int) int {
	if more, err := strconv.Atoi(os.Getenv("BAAS_ROUNDS")); err == nil {
		return more
	}
	return n
}

// termSearches is a collection and what should be in it.
type termSearches struct {
	t      *testing.T
	rng    *rand.Rand
	engine *db.Engine
	docs   []value.Doc // in order of insertion
	ids    int
	fields []query.TextField // of the text index, nil without one
}

func (x *termSearches) place(size float64) string {
	n := func() float64 {
		f := (x.rng.Float64()*2 - 1) * size
		if x.rng.IntN(2) == 0 {
			f = float64(int(f)) // these meet edges and each other
		}
		return f
	}
	return fmt.Sprintf("[%v,%v]", n(), n())
}

func (x *termSearches) polygon() string {
	lng, lat, w := float64(x.rng.IntN(20)-10), float64(x.rng.IntN(20)-10), float64(1+x.rng.IntN(8))
	return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%v,%v],[%v,%v],[%v,%v],[%v,%v],[%v,%v]]]}`,
		lng, lat, lng+w, lat, lng+w, lat+w, lng, lat+w, lng, lat)
}

func (x *termSearches) location() string {
	size := pickOf(x.rng, 0.001, 1.0, 10.0)
	switch x.rng.IntN(7) {
	case 0:
		return x.place(size)
	case 1:
		return fmt.Sprintf("[%s,%s]", x.place(size), x.place(size))
	case 2:
		return x.polygon()
	case 3:
		return fmt.Sprintf(`{"type":"LineString","coordinates":[%s,[11,%v]]}`, x.place(size), x.rng.IntN(10))
	}
	return fmt.Sprintf(`{"type":"Point","coordinates":%s}`, x.place(size))
}

func (x *termSearches) text() string {
	words := []string{"red", "Green", "blue", "the", "全文检索", "全文", "检索", "数据库", "café", "cafe", "-", "。", "a-b"}
	var out []string
	for range 1 + x.rng.IntN(5) {
		out = append(out, pickOf(x.rng, words...))
	}
	return strings.Join(out, pickOf(x.rng, " ", "", ", "))
}

func (x *termSearches) doc() value.Doc {
	x.ids++
	parts := []string{fmt.Sprintf(`"_id":%d,"n":%d`, x.ids, x.rng.IntN(3))}
	if x.rng.IntN(5) > 0 {
		parts = append(parts, `"l":`+x.location())
	}
	if x.rng.IntN(5) > 0 {
		parts = append(parts, fmt.Sprintf(`"t":"%s"`, x.text()))
	}
	if x.rng.IntN(3) == 0 {
		parts = append(parts, fmt.Sprintf(`"u":["%s","%s"]`, x.text(), x.text()))
	}
	return dbtest.Doc(x.t, "{"+strings.Join(parts, ",")+"}")
}

func (x *termSearches) step() {
	ctx := x.t.Context()
	switch x.rng.IntN(6) {
	case 0:
		x.createIndex()
	case 1:
		infos, err := x.engine.Indexes(ctx, admin, "c")
		must(x.t, err)
		if len(infos) > 2 {
			info := infos[1+x.rng.IntN(len(infos)-1)]
			must(x.t, x.engine.DropIndex(ctx, admin, "c", info.Name))
			if info.Keys[0].Kind == plan.Text {
				x.fields = nil
			}
		}
	case 2:
		if len(x.docs) > 0 {
			i := x.rng.IntN(len(x.docs))
			_, err := x.engine.Remove(ctx, admin, db.RemoveRequest{Collection: "c", Query: x.byID(i)})
			must(x.t, err)
			x.docs = slices.Delete(x.docs, i, i+1)
		}
	case 3:
		if len(x.docs) > 0 {
			i := x.rng.IntN(len(x.docs))
			var b, whole value.Builder
			whole.Add("_id", x.docs[i].Get("_id"))
			for key, v := range x.doc().All() {
				if key != "_id" {
					b.Add(key, v)
					whole.Add(key, v)
				}
			}
			q := db.UpdateRequest{Collection: "c", Query: x.byID(i), Update: b.Doc(), Replace: true}
			x.docs[i] = whole.Doc()
			_, err := x.engine.Update(ctx, admin, q)
			must(x.t, err)
		}
	default:
		for range 5 {
			d := x.doc()
			_, err := x.engine.Insert(ctx, admin, "c", []value.Doc{d})
			must(x.t, err)
			x.docs = append(x.docs, d)
		}
	}
	for range 8 {
		x.search()
	}
}

func (x *termSearches) byID(i int) value.Doc {
	var b value.Builder
	b.Add("_id", x.docs[i].Get("_id"))
	return b.Doc()
}

func (x *termSearches) createIndex() {
	l, n := db.IndexKey{Path: "l", Kind: plan.Sphere2D}, db.IndexKey{Path: "n"}
	keys := pickOf(x.rng, []db.IndexKey{l}, []db.IndexKey{n, l}, []db.IndexKey{l, n},
		[]db.IndexKey{{Path: "t", Kind: plan.Text}},
		[]db.IndexKey{{Path: "t", Kind: plan.Text}, {Path: "u", Kind: plan.Text}})
	spec := db.IndexSpec{Keys: keys, Sparse: x.rng.IntN(4) == 0}
	err := x.engine.CreateIndex(x.t.Context(), admin, "c", spec)
	if fault.Is(err, fault.DatabaseFailed) {
		return // it is there, or another text index is
	}
	must(x.t, err)
	if x.rng.IntN(3) > 0 {
		must(x.t, x.engine.WaitIndex(x.t.Context(), admin, "c", spec.DefaultName()))
	}
	if keys[0].Kind == plan.Text {
		x.fields = nil
		for _, k := range keys {
			x.fields = append(x.fields, query.TextField{Path: k.Path, Weight: 1})
		}
	}
}

func (x *termSearches) condition() string {
	switch x.rng.IntN(9) {
	case 0:
		return fmt.Sprintf(`"l":{"$geoWithin":{"$geometry":%s}}`, x.polygon())
	case 1:
		return fmt.Sprintf(`"l":{"$geoWithin":{"$centerSphere":[%s,%v]}}`, x.place(5), pickOf(x.rng, 0.0001, 0.01, 0.2))
	case 2:
		return fmt.Sprintf(`"l":{"$geoWithin":{"$box":[%s,%s]}}`, x.place(10), x.place(10))
	case 3:
		return fmt.Sprintf(`"l":{"$geoIntersects":{"$geometry":%s}}`, x.polygon())
	case 4:
		return fmt.Sprintf(`"l":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":%s}}}`, x.place(5))
	case 5:
		return fmt.Sprintf(`"l":{"$nearSphere":{"$geometry":{"type":"Point","coordinates":%s},"$minDistance":%d,"$maxDistance":%d}}`,
			x.place(5), pickOf(x.rng, 0, 1000, 100_000), pickOf(x.rng, 5000, 500_000, 5_000_000))
	case 6:
		return fmt.Sprintf(`"l":{"$nearSphere":%s,"$maxDistance":%v}`, x.place(5), pickOf(x.rng, 0.01, 0.1, 1))
	}
	search := x.text()
	if x.rng.IntN(4) == 0 {
		search += ` \"` + x.text() + `\"`
	}
	if x.rng.IntN(4) == 0 {
		search += " -" + x.text()
	}
	return fmt.Sprintf(`"$text":{"$search":"%s","$caseSensitive":%v}`, search, x.rng.IntN(4) == 0)
}

func (x *termSearches) search() {
	ctx := x.t.Context()
	text := "{" + x.condition()
	if x.rng.IntN(3) == 0 {
		text += fmt.Sprintf(`,"n":%s`, pickOf(x.rng, "1", `{"$gt":0}`, `{"$in":[0,2]}`))
	}
	text += "}"
	q := db.FindRequest{Collection: "c", Query: dbtest.Doc(x.t, text), Skip: int64(x.rng.IntN(3)), Limit: int64(x.rng.IntN(6))}
	filter, err := query.Compile(q.Query)
	must(x.t, err)
	if filter.HasText() && x.fields == nil {
		_, err := x.engine.Find(ctx, admin, q)
		wantCode(x.t, err, fault.DatabaseFailed, "text index required for $text query")
		return
	}
	filter = filter.WithText(x.fields)
	var order *query.Sort
	switch {
	case filter.Near() != nil:
		order = filter.Near().Sort()
	case filter.HasText() && x.rng.IntN(2) == 0:
		q.Sort = dbtest.Doc(x.t, `{"score":{"$meta":"textScore"},"n":1}`)
		order, err = query.CompileSort(q.Sort)
		must(x.t, err)
		order = order.With(filter)
	}
	want := x.answer(filter, order, q)
	got, err := x.engine.Find(ctx, admin, q)
	must(x.t, err)
	x.same("find "+text, got, want)
	snapshot, _, err := x.engine.Snapshot(ctx, admin, q)
	must(x.t, err)
	x.same("snapshot "+text, snapshot, want)
	if filter.Near() != nil {
		x.geoNear(q, filter)
		return
	}
	all, err := x.engine.Count(ctx, admin, "c", q.Query)
	must(x.t, err)
	if n := len(x.answer(filter, nil, db.FindRequest{})); all != int64(n) {
		x.t.Errorf("count %s: got %d, want %d", text, all, n)
	}
}

// geoNear asks the same by a pipeline.
func (x *termSearches) geoNear(q db.FindRequest, filter *query.Filter) {
	near := q.Query.Get("l").Doc().Get("$nearSphere").Doc()
	place := near.Get("$geometry")
	if place.IsMissing() {
		return
	}
	var b value.Builder
	b.Add("near", place)
	b.AddBool("spherical", true)
	b.AddString("distanceField", "d")
	b.AddString("key", "l")
	b.Add("minDistance", near.Get("$minDistance"))
	b.Add("maxDistance", near.Get("$maxDistance"))
	if n := q.Query.Get("n"); !n.IsMissing() {
		b.Object("query", func(b *value.Builder) { b.Add("n", n) })
	}
	stages := append([]aggregate.Stage{{Name: "$geoNear", Arg: value.FromDoc(b.Doc())}},
		pipeline(x.t, `[{"$project":{"d":0}}]`)...)
	got, err := x.engine.Aggregate(x.t.Context(), admin, db.AggregateRequest{Collection: "c", Stages: stages})
	must(x.t, err)
	x.same("pipeline "+dbtest.JSON(q.Query), got, x.answer(filter, filter.Near().Sort(), db.FindRequest{}))
}

func (x *termSearches) answer(f *query.Filter, order *query.Sort, q db.FindRequest) []value.Doc {
	var out []value.Doc
	for _, d := range x.docs {
		ok, err := f.Match(d)
		must(x.t, err)
		if ok {
			out = append(out, d)
		}
	}
	if order != nil {
		slices.SortStableFunc(out, order.Compare)
	}
	out = out[min(int(q.Skip), len(out)):]
	if q.Limit > 0 {
		out = out[:min(int(q.Limit), len(out))]
	}
	return out
}

func (x *termSearches) same(what string, got, want []value.Doc) {
	x.t.Helper()
	if dbtest.JSON(got...) == dbtest.JSON(want...) {
		return
	}
	infos, _ := x.engine.Indexes(x.t.Context(), admin, "c")
	x.t.Errorf("%s:\n got %s\nwant %s\nindexes %v", what, dbtest.JSON(got...), dbtest.JSON(want...), infos)
}
