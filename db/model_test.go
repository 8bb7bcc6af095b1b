package db_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

const modelSteps = 1500

// TestModel makes random calls on an engine and on the plain model and demands
// the same answers; in between the database is closed and opened again. At the
// end, the change log replayed from the start must give the same documents.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]*dbtest.Disk{"memkv": dbtest.Memory(), "boltkv": dbtest.Bolt(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := &modelRun{t: t, rng: rand.New(rand.NewPCG(seed, 0)), disk: disk, model: dbtest.NewModel()}
			r.open()
			for name, mode := range map[string]rules.Mode{"priv": rules.Private, "read": rules.ReadOnly, "shut": rules.AdminWrite} {
				r.check(r.engine.CreateCollection(t.Context(), admin, name))
				r.check(r.engine.SetMode(t.Context(), admin, name, mode))
				r.model.Create(name, mode)
				for _, keys := range []string{"n", "tags -n", "x.y -tags"} {
					r.check(r.engine.CreateIndex(t.Context(), admin, name, spec(keys)))
				}
			}
			for r.at = range modelSteps {
				r.step()
				if t.Failed() {
					return
				}
				if r.at%250 == 249 {
					r.disk.Close(t)
					r.open()
				}
			}
			r.replay()
		})
	}
}

type modelRun struct {
	t      *testing.T
	rng    *rand.Rand
	disk   *dbtest.Disk
	engine *db.Engine
	model  *dbtest.Model
	at     int
}

func (r *modelRun) open() {
	r.engine = r.disk.Open(r.t, db.Options{})
	db.SetViewBound(r.engine, 7) // many views for a search of some dozen documents
}

func (r *modelRun) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// pick returns one of the choices.
func pick[T any](r *modelRun, choices ...T) T { return choices[r.rng.IntN(len(choices))] }

func (r *modelRun) doc(format string, args ...any) value.Doc {
	return dbtest.Doc(r.t, fmt.Sprintf(format, args...))
}

// id is one of about 40, some of which are equal numbers of different types.
func (r *modelRun) id() string {
	n := r.rng.IntN(20)
	return pick(r, fmt.Sprintf(`"k%02d"`, n), fmt.Sprint(n), fmt.Sprintf("%d.0", n))
}

func (r *modelRun) cond() value.Doc {
	switch r.rng.IntN(7) {
	case 0:
		return nil
	case 1:
		return r.doc(`{"_id": %s}`, r.id())
	case 2:
		return r.doc(`{"_id": {"$in": [%s, %s, %s]}}`, r.id(), r.id(), r.id())
	case 3:
		return r.doc(`{"n": %d}`, r.rng.IntN(5))
	case 4:
		return r.doc(`{"$and": [{"_id": %s}, {"n": {"$gte": %d}}]}`, r.id(), r.rng.IntN(5))
	case 5:
		return r.doc(`{"tags": "%s", "_openid": "%s"}`, pick(r, "a", "b"), pick(r, "alice", "bob"))
	default:
		return r.doc(`{"n": {"$gt": %d}}`, r.rng.IntN(5))
	}
}

func (r *modelRun) fields() string {
	return fmt.Sprintf(`"n": %d, "tags": ["%s", "%s"], "x": {"y": %d}`, r.rng.IntN(5), pick(r, "a", "b"), pick(r, "b", "c"), r.rng.IntN(3))
}

func (r *modelRun) step() {
	ctx := r.t.Context()
	p := pick(r, principals()["admin"], principals()["alice"], principals()["bob"])
	coll := pick(r, "priv", "read", "shut", "none")
	switch r.rng.IntN(10) {
	case 0, 1, 2:
		docs := []value.Doc{r.doc(`{"_id": %s, %s}`, r.id(), r.fields())}
		if r.rng.IntN(3) == 0 {
			docs = append(docs, r.doc(`{%s, "_id": %s}`, r.fields(), r.id()))
		}
		_, err := r.engine.Insert(ctx, p, coll, docs)
		r.same("insert", nil, nil, err, r.model.Insert(p, coll, docs))
	case 3, 4:
		q := db.UpdateRequest{
			Collection: coll, Query: r.cond(), Multi: r.rng.IntN(2) == 0,
			Update: dbtest.Doc(r.t, pick(r, `{"$inc": {"n": 1}}`, `{"$set": {"x.y": 1, "n": 2}}`, `{"$unset": {"tags": ""}}`, `{"$push": {"tags": "a"}}`, `{"$inc": {"x": 1}}`)),
		}
		q.ReturnDoc = !q.Multi && r.rng.IntN(2) == 0
		r.update(p, q)
	case 5, 6:
		q := db.UpdateRequest{Collection: coll, Query: r.doc(`{"_id": %s}`, r.id()), Upsert: r.rng.IntN(2) == 0, ReturnDoc: true}
		if q.Replace = r.rng.IntN(2) == 0; q.Replace {
			q.Update = r.doc(`{%s}`, r.fields())
		} else {
			q.Update = r.doc(`{"$set": {%s}}`, r.fields())
		}
		r.update(p, q)
	case 7:
		q := db.RemoveRequest{Collection: coll, Query: r.cond(), Multi: r.rng.IntN(4) == 0}
		got, err := r.engine.Remove(ctx, p, q)
		want, wantErr := r.model.Remove(p, q)
		r.same("remove", got, want, err, wantErr)
	case 8:
		q := r.cond()
		got, err := r.engine.Count(ctx, p, coll, q)
		all, wantErr := r.model.Find(p, db.FindRequest{Collection: coll, Query: q})
		r.same("count", got, int64(len(all)), err, wantErr)
	default:
		q := db.FindRequest{Collection: coll, Query: r.cond(), Skip: int64(r.rng.IntN(4)), Limit: int64(r.rng.IntN(6))}
		q.Sort = pick(r, nil, r.doc(`{"n": 1}`), r.doc(`{"n": -1, "_id": 1}`), r.doc(`{"tags": 1}`))
		q.Projection = pick(r, nil, r.doc(`{"n": 1}`), r.doc(`{"tags": 0}`))
		r.find(p, q)
	}
	r.find(principals()["admin"], db.FindRequest{Collection: coll})
}

func (r *modelRun) find(p rules.Principal, q db.FindRequest) {
	r.t.Helper()
	want, wantErr := r.model.Find(p, q)
	got, err := r.engine.Find(r.t.Context(), p, q)
	r.same("find", dbtest.JSON(got...), dbtest.JSON(want...), err, wantErr)
	snapshot, _, err := r.engine.Snapshot(r.t.Context(), p, q)
	r.same("snapshot", dbtest.JSON(snapshot...), dbtest.JSON(want...), err, wantErr)
}

func (r *modelRun) update(p rules.Principal, q db.UpdateRequest) {
	r.t.Helper()
	got, err := r.engine.Update(r.t.Context(), p, q)
	want, wantErr := r.model.Update(p, q)
	show := func(u db.UpdateResult) string {
		return fmt.Sprintf("%d %d %s %s", u.Matched, u.Updated, text(u.UpsertedID), dbtest.JSON(u.Doc))
	}
	r.same("update", show(got), show(want), err, wantErr)
}

func (r *modelRun) same(what string, got, want any, err, wantErr error) {
	r.t.Helper()
	if fault.CodeOf(err) != fault.CodeOf(wantErr) {
		r.t.Errorf("step %d, %s: error %v, the model says %v", r.at, what, err, wantErr)
	}
	if err == nil && got != want {
		r.t.Errorf("step %d, %s:\n  got %v\nmodel %v", r.at, what, got, want)
	}
}

// replay applies the change log to nothing and compares what comes out.
func (r *modelRun) replay() {
	r.t.Helper()
	colls := map[string][]value.Doc{}
	var after uint64
	for {
		changes, err := r.engine.Changes(r.t.Context(), after, 50)
		r.check(err)
		if len(changes) == 0 {
			break
		}
		for _, c := range changes {
			if c.Seq < after {
				r.t.Fatalf("number %d comes after %d", c.Seq, after)
			}
			if c.Kind == db.ModeSet {
				continue
			}
			colls[c.Collection] = apply(r.t, colls[c.Collection], c)
		}
		after = changes[len(changes)-1].Seq
	}
	for name, c := range r.model.Collections {
		if got, want := dbtest.JSON(colls[name]...), dbtest.JSON(c.Docs...); got != want {
			r.t.Errorf("the log of %s gives\n%s\nthe model has\n%s", name, got, want)
		}
	}
}

// apply makes one change in a list of documents.
func apply(t *testing.T, docs []value.Doc, c db.Change) []value.Doc {
	t.Helper()
	at := slices.IndexFunc(docs, func(d value.Doc) bool { return value.Equal(d.Get("_id"), c.ID) })
	if (at < 0) != (c.Kind == db.Added) || at >= 0 && !bytes.Equal(docs[at], c.Before) {
		t.Fatalf("change %d of kind %d does not fit: its document is at %d, before %s", c.Seq, c.Kind, at, dbtest.JSON(c.Before))
	}
	switch c.Kind {
	case db.Added:
		return append(docs, c.After)
	case db.Removed:
		return slices.Delete(docs, at, at+1)
	}
	docs[at] = c.After
	return docs
}
