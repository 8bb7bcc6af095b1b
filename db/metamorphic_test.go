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
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// TestIndexesChangeNoAnswer runs random searches on random documents under
// random indexes, with writes, new indexes and dropped ones in between, and
// demands the documents, and the order, of the plain model, which has none.
// BAAS_ROUNDS sets how many databases are tried.
func TestIndexesChangeNoAnswer(t *testing.T) {
	t.Parallel()
	rounds := 12
	if n, err := strconv.Atoi(os.Getenv("BAAS_ROUNDS")); err == nil {
		rounds = n
	}
	seed := rand.Uint64()
	for round := range rounds {
		t.Run(fmt.Sprintf("seed=%d-%d", seed, round), func(t *testing.T) {
			t.Parallel()
			m := &metamorphic{
				t: t, rng: rand.New(rand.NewPCG(seed, uint64(round))),
				disk: dbtest.Memory(), model: dbtest.NewModel(),
			}
			m.open()
			for name, mode := range map[string]rules.Mode{"c": rules.ReadOnly, "own": rules.Private} {
				must(t, m.engine.CreateCollection(t.Context(), admin, name))
				must(t, m.engine.SetMode(t.Context(), admin, name, mode))
				m.model.Create(name, mode)
			}
			for m.at = range 120 {
				m.step()
				if t.Failed() {
					return
				}
			}
		})
	}
}

type metamorphic struct {
	t      *testing.T
	rng    *rand.Rand
	disk   *dbtest.Disk
	engine *db.Engine
	model  *dbtest.Model
	at     int
	ids    int
}

func (m *metamorphic) open() {
	m.engine = m.disk.Open(m.t, db.Options{})
	db.SetViewBound(m.engine, pickOf(m.rng, 3, 7, 50, 10_000))
}

func pickOf[T any](rng *rand.Rand, choices ...T) T { return choices[rng.IntN(len(choices))] }

func (m *metamorphic) path() string {
	return pickOf(m.rng, "a", "a", "b", "b", "c", "a.b", "a.c", "a.b.c", "a.0", "a.1", "b.0.a", "_openid", "_id")
}

// value returns a small value: many are equal or close to each other.
func (m *metamorphic) value(depth int) string {
	n := m.rng.IntN(17)
	if depth == 0 {
		n = m.rng.IntN(12)
	}
	switch n {
	case 0:
		return "null"
	case 1:
		return fmt.Sprintf(`"%s"`, pickOf(m.rng, "", "a", "ab", "abc", "b", "a\\u0000b", "中"))
	case 2:
		return pickOf(m.rng, "true", "false")
	case 3:
		return fmt.Sprintf(`{"$date": %d}`, m.rng.IntN(3))
	case 4:
		return pickOf(m.rng, "1.5", `{"$numberDouble": "NaN"}`, "9007199254740993", "-1", "0.0", `{"$numberDouble": "-Infinity"}`)
	case 5:
		return fmt.Sprintf(`"%s%s"`, strings.Repeat("long", 260), pickOf(m.rng, "", "x", "y"))
	case 6, 7, 8, 9, 10, 11:
		return strconv.Itoa(m.rng.IntN(4))
	case 12, 13, 14:
		parts := make([]string, m.rng.IntN(4))
		for i := range parts {
			parts[i] = m.value(depth - 1)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return m.object(depth-1, "a", "b", "c")
}

func (m *metamorphic) object(depth int, names ...string) string {
	var parts []string
	for _, name := range names {
		if m.rng.IntN(3) > 0 {
			parts = append(parts, fmt.Sprintf(`"%s": %s`, name, m.value(depth)))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (m *metamorphic) doc() value.Doc {
	m.ids++
	id := strconv.Itoa(m.ids * 37 % 1000)
	if m.rng.IntN(2) == 0 {
		id = `"` + id + `"`
	}
	body := strings.TrimPrefix(m.object(2, "a", "b", "c"), "{")
	return dbtest.Doc(m.t, strings.Replace(fmt.Sprintf(`{"_id": %s, %s`, id, body), ", }", "}", 1))
}

// operand is a value or, now and then, one that stands in some document.
func (m *metamorphic) operand() string { return m.value(1) }

func (m *metamorphic) leaf() string {
	v := m.operand
	switch m.rng.IntN(20) {
	case 0, 1, 2, 3, 4:
		return v()
	case 5:
		return fmt.Sprintf(`{"$gt": %s}`, v())
	case 6:
		return fmt.Sprintf(`{"$gte": %s}`, v())
	case 7:
		return fmt.Sprintf(`{"$lt": %s}`, v())
	case 8:
		return fmt.Sprintf(`{"$lte": %s}`, v())
	case 9:
		return fmt.Sprintf(`{"$gte": %s, "$lt": %s}`, v(), v())
	case 10, 11:
		return fmt.Sprintf(`{"$in": [%s, %s, %s]}`, v(), v(), v())
	case 12:
		return fmt.Sprintf(`{"$in": [%s, {"$regularExpression": {"pattern": "^a", "options": ""}}]}`, v())
	case 13:
		return fmt.Sprintf(`{"$exists": %s}`, pickOf(m.rng, "true", "false"))
	case 14:
		return fmt.Sprintf(`{"$ne": %s}`, v())
	case 15:
		return fmt.Sprintf(`{"$regex": "%s"}`, pickOf(m.rng, "^a", "^ab?", "b", "^ab.*", "^a|b"))
	case 16:
		return fmt.Sprintf(`{"$type": "%s"}`, pickOf(m.rng, "string", "number", "object", "array", "null", "date"))
	case 17:
		return fmt.Sprintf(`{"$elemMatch": {"$gte": %s, "$lte": %s}}`, v(), v())
	case 18:
		return fmt.Sprintf(`{"$elemMatch": {"%s": %s}}`, pickOf(m.rng, "a", "b", "c"), v())
	}
	return `{"$mod": [2, 1]}`
}

func (m *metamorphic) cond(depth int) string {
	switch n := m.rng.IntN(10); {
	case n < 2 && depth > 0:
		return fmt.Sprintf(`{"$or": [%s, %s]}`, m.cond(depth-1), m.cond(depth-1))
	case n < 4 && depth > 0:
		return fmt.Sprintf(`{"$and": [%s, %s]}`, m.cond(depth-1), m.cond(depth-1))
	case n == 4:
		return "{}"
	}
	return fmt.Sprintf(`{"%s": %s}`, m.path(), m.leaf())
}

func (m *metamorphic) sort() value.Doc {
	one := func() string { return pickOf(m.rng, "1", "-1") }
	switch m.rng.IntN(4) {
	case 0:
		return dbtest.Doc(m.t, fmt.Sprintf(`{"%s": %s}`, m.path(), one()))
	case 1:
		a, b := m.path(), m.path()
		if a != b {
			return dbtest.Doc(m.t, fmt.Sprintf(`{"%s": %s, "%s": %s}`, a, one(), b, one()))
		}
	}
	return nil
}

func (m *metamorphic) index() db.IndexSpec {
	s := db.IndexSpec{Sparse: m.rng.IntN(4) == 0}
	used := map[string]bool{}
	for range 1 + m.rng.IntN(3) {
		path := m.path()
		if used[path] || path == "_id" && len(used) == 0 {
			continue
		}
		used[path] = true
		s.Keys = append(s.Keys, db.IndexKey{Path: path, Kind: pickOf(m.rng, plan.Asc, plan.Desc)})
	}
	return s
}

// refused reports errors that an index makes and the model does not know.
func refused(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "parallel arrays") || strings.Contains(err.Error(), "ambiguous"))
}

func (m *metamorphic) step() {
	ctx := m.t.Context()
	coll := pickOf(m.rng, "c", "own")
	p := pickOf(m.rng, admin, admin, principals()["alice"], principals()["bob"])
	switch m.rng.IntN(12) {
	case 0:
		if spec := m.index(); len(spec.Keys) > 0 {
			spec.Name = spec.DefaultName()
			err := m.engine.CreateIndex(ctx, admin, coll, spec)
			if err == nil && m.rng.IntN(4) > 0 {
				err = m.engine.WaitIndex(ctx, admin, coll, spec.Name)
			}
			if err != nil && !fault.Is(err, fault.DatabaseFailed) {
				m.t.Fatal(err)
			}
		}
	case 1:
		infos, err := m.engine.Indexes(ctx, admin, coll)
		must(m.t, err)
		if len(infos) > 3 {
			must(m.t, m.engine.DropIndex(ctx, admin, coll, infos[1+m.rng.IntN(len(infos)-1)].Name))
		}
	case 2, 3, 4:
		docs := []value.Doc{m.doc(), m.doc()}
		if _, err := m.engine.Insert(ctx, p, coll, docs); !refused(err) {
			m.same("insert", nil, nil, err, m.model.Insert(p, coll, docs))
		}
	case 5:
		q := db.UpdateRequest{Collection: coll, Query: dbtest.Doc(m.t, m.cond(1)), Multi: m.rng.IntN(2) == 0}
		q.Update = dbtest.Doc(m.t, fmt.Sprintf(`{"$set": {"%s": %s}}`, pickOf(m.rng, "a", "b", "c"), m.value(2)))
		got, err := m.engine.Update(ctx, p, q)
		if !refused(err) {
			want, wantErr := m.model.Update(p, q)
			m.same("update "+dbtest.JSON(q.Query), fmt.Sprint(got.Matched, got.Updated), fmt.Sprint(want.Matched, want.Updated), err, wantErr)
		}
	case 6:
		q := db.RemoveRequest{Collection: coll, Query: dbtest.Doc(m.t, m.cond(1))}
		got, err := m.engine.Remove(ctx, p, q)
		want, wantErr := m.model.Remove(p, q)
		m.same("remove "+dbtest.JSON(q.Query), got, want, err, wantErr)
	case 7:
		if m.rng.IntN(6) == 0 {
			m.disk.Close(m.t)
			m.open()
		}
	}
	for range 12 {
		m.search(p, coll)
	}
}

func (m *metamorphic) search(p rules.Principal, coll string) {
	q := db.FindRequest{Collection: coll, Query: dbtest.Doc(m.t, m.cond(2)), Sort: m.sort()}
	if m.rng.IntN(2) == 0 {
		q.Skip, q.Limit = int64(m.rng.IntN(3)), int64(m.rng.IntN(6))
	}
	about := fmt.Sprintf("find %s sort %s skip %d limit %d", dbtest.JSON(q.Query), dbtest.JSON(q.Sort), q.Skip, q.Limit)
	want, wantErr := m.model.Find(p, q)
	got, err := m.engine.Find(m.t.Context(), p, q)
	m.same(about, dbtest.JSON(got...), dbtest.JSON(want...), err, wantErr)
	snapshot, _, err := m.engine.Snapshot(m.t.Context(), p, q)
	m.same("snapshot, "+about, dbtest.JSON(snapshot...), dbtest.JSON(want...), err, wantErr)
	q.Sort, q.Skip, q.Limit = nil, 0, 0
	all, wantErr := m.model.Find(p, q)
	n, err := m.engine.Count(m.t.Context(), p, coll, q.Query)
	m.same("count, "+about, n, int64(len(all)), err, wantErr)
}

func (m *metamorphic) same(what string, got, want any, err, wantErr error) {
	m.t.Helper()
	if fault.CodeOf(err) != fault.CodeOf(wantErr) {
		m.t.Errorf("step %d, %s: error %v, the model says %v", m.at, what, err, wantErr)
	}
	if err == nil && got != want {
		infos, _ := m.engine.Indexes(m.t.Context(), admin, "c")
		own, _ := m.engine.Indexes(m.t.Context(), admin, "own")
		m.t.Errorf("step %d, %s:\n  got %v\nmodel %v\nindexes %v\n%v", m.at, what, got, want, infos, own)
	}
}
