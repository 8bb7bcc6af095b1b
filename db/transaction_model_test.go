package db_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// TestTransactionModel makes random calls inside a transaction and outside of
// it, one after the other. Inside, each must answer as a copy of the plain
// model does that was made at the first operation and saw the transaction's own
// writes alone. When it commits, all its calls are made once more on the model
// of outside, as if they had happened now: each must answer the same, or the
// transaction was not serialisable; and the documents must be the same.
func TestTransactionModel(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]func(testing.TB) *dbtest.Disk{"memkv": func(testing.TB) *dbtest.Disk { return dbtest.Memory() }, "boltkv": dbtest.Bolt} {
		for _, indexed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/indexed=%v", name, indexed), func(t *testing.T) {
				t.Parallel()
				testTransactionModel(t, disk(t), indexed)
			})
		}
	}
}

func testTransactionModel(t *testing.T, disk *dbtest.Disk, indexed bool) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := &modelRun{t: t, rng: rand.New(rand.NewPCG(seed, 0)), disk: disk, model: dbtest.NewModel()}
	r.open()
	for _, coll := range []string{"a", "b"} {
		r.check(r.engine.CreateCollection(t.Context(), admin, coll))
		r.check(r.engine.SetMode(t.Context(), admin, coll, rules.Private))
		r.model.Create(coll, rules.Private)
		if indexed {
			r.check(r.engine.CreateIndex(t.Context(), admin, coll, db.IndexSpec{Name: "n", Keys: []db.IndexKey{{Path: "n", Kind: plan.Asc}}}))
			r.check(r.engine.CreateIndex(t.Context(), admin, coll, db.IndexSpec{Name: "tags", Keys: []db.IndexKey{{Path: "tags", Kind: plan.Desc}}}))
			r.check(r.engine.WaitIndex(t.Context(), admin, coll, "tags"))
		}
	}
	commits, conflicts := 0, 0
	for r.at = range 150 {
		if r.transaction() {
			commits++
		} else {
			conflicts++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d committed, %d conflicts", commits, conflicts)
	if commits < 10 || conflicts < 5 {
		t.Error("too few committed or conflicted, so little was tested")
	}
}

// modelCall is one call, on whatever answers it.
type modelCall func(d answerer) (string, error)

// answerer is the Engine, a Transaction or the Model.
type answerer interface {
	find(p rules.Principal, q db.FindRequest) ([]value.Doc, error)
	count(p rules.Principal, coll string, q value.Doc) (int64, error)
	insert(p rules.Principal, coll string, docs []value.Doc) error
	update(p rules.Principal, q db.UpdateRequest) (db.UpdateResult, error)
	remove(p rules.Principal, q db.RemoveRequest) (int64, error)
}

// ofDocuments answers by the Engine or a Transaction.
type ofDocuments struct {
	r *modelRun
	d documents
}

func (a ofDocuments) find(p rules.Principal, q db.FindRequest) ([]value.Doc, error) {
	return a.d.Find(a.r.t.Context(), p, q)
}

func (a ofDocuments) count(p rules.Principal, coll string, q value.Doc) (int64, error) {
	return a.d.Count(a.r.t.Context(), p, coll, q)
}

func (a ofDocuments) insert(p rules.Principal, coll string, docs []value.Doc) error {
	_, err := a.d.Insert(a.r.t.Context(), p, coll, docs)
	return err
}

func (a ofDocuments) update(p rules.Principal, q db.UpdateRequest) (db.UpdateResult, error) {
	return a.d.Update(a.r.t.Context(), p, q)
}

func (a ofDocuments) remove(p rules.Principal, q db.RemoveRequest) (int64, error) {
	return a.d.Remove(a.r.t.Context(), p, q)
}

// ofModel answers by the model.
type ofModel struct{ *dbtest.Model }

func (a ofModel) find(p rules.Principal, q db.FindRequest) ([]value.Doc, error) { return a.Find(p, q) }

func (a ofModel) count(p rules.Principal, coll string, q value.Doc) (int64, error) {
	docs, err := a.Find(p, db.FindRequest{Collection: coll, Query: q})
	return int64(len(docs)), err
}

func (a ofModel) insert(p rules.Principal, coll string, docs []value.Doc) error {
	return a.Insert(p, coll, docs)
}

func (a ofModel) update(p rules.Principal, q db.UpdateRequest) (db.UpdateResult, error) {
	return a.Update(p, q)
}

func (a ofModel) remove(p rules.Principal, q db.RemoveRequest) (int64, error) { return a.Remove(p, q) }

// copyOf returns a model with the same documents.
func copyOf(m *dbtest.Model) *dbtest.Model {
	out := dbtest.NewModel()
	for name, c := range m.Collections {
		out.Create(name, c.Mode)
		out.Collections[name].Docs = slices.Clone(c.Docs)
	}
	return out
}

// modelCall makes up a call of p.
func (r *modelRun) modelCall(p rules.Principal) modelCall {
	coll := pick(r, "a", "b")
	switch r.rng.IntN(8) {
	case 0, 1:
		docs := []value.Doc{r.doc(`{"_id": %s, %s}`, r.id(), r.fields())}
		return func(a answerer) (string, error) { return "", a.insert(p, coll, docs) }
	case 2, 3:
		q := db.UpdateRequest{
			Collection: coll, Query: r.cond(), Multi: r.rng.IntN(2) == 0,
			Update: dbtest.Doc(r.t, pick(r, `{"$inc": {"n": 1}}`, `{"$set": {"x.y": 1, "n": 2}}`, `{"$unset": {"tags": ""}}`, `{"$inc": {"x": 1}}`)),
		}
		return updateCall(p, q)
	case 4:
		q := db.UpdateRequest{Collection: coll, Query: r.doc(`{"_id": %s}`, r.id()), Upsert: true, ReturnDoc: true}
		if q.Replace = r.rng.IntN(2) == 0; q.Replace {
			q.Update = r.doc(`{%s}`, r.fields())
		} else {
			q.Update = r.doc(`{"$set": {%s}}`, r.fields())
		}
		return updateCall(p, q)
	case 5:
		q := db.RemoveRequest{Collection: coll, Query: r.cond(), Multi: r.rng.IntN(4) == 0}
		return func(a answerer) (string, error) {
			n, err := a.remove(p, q)
			return fmt.Sprint(n), err
		}
	case 6:
		q := r.cond()
		return func(a answerer) (string, error) {
			n, err := a.count(p, coll, q)
			return fmt.Sprint(n), err
		}
	default:
		q := db.FindRequest{Collection: coll, Query: r.cond(), Skip: int64(r.rng.IntN(4)), Limit: int64(r.rng.IntN(6))}
		q.Sort = pick(r, nil, r.doc(`{"n": 1}`), r.doc(`{"n": -1, "_id": 1}`), r.doc(`{"tags": -1}`))
		return func(a answerer) (string, error) {
			docs, err := a.find(p, q)
			return dbtest.JSON(docs...), err
		}
	}
}

func updateCall(p rules.Principal, q db.UpdateRequest) modelCall {
	return func(a answerer) (string, error) {
		u, err := a.update(p, q)
		return fmt.Sprintf("%d %d %s %s", u.Matched, u.Updated, text(u.UpsertedID), dbtest.JSON(u.Doc)), err
	}
}

// answer is what a call gave, errors by their code.
func answer(res string, err error) string {
	if err != nil {
		return string(fault.CodeOf(err))
	}
	return res
}

// transaction runs one transaction among calls from outside and reports whether
// it committed.
func (r *modelRun) transaction() bool {
	p := pick(r, principals()["admin"], principals()["alice"])
	tr := begin(r.t, r.engine, p)
	inside := ofDocuments{r, tr}
	var began, snapshot *dbtest.Model
	var calls []modelCall
	var answers []string
	for range 2 + r.rng.IntN(12) {
		if r.rng.IntN(2) == 0 {
			call := r.modelCall(pick(r, admin, admin, principals()["bob"]))
			got, want := answer(call(ofDocuments{r, r.engine})), answer(call(ofModel{r.model}))
			r.same("outside", got, want, nil, nil)
			continue
		}
		if snapshot == nil {
			began, snapshot = copyOf(r.model), copyOf(r.model)
		}
		call := r.modelCall(p)
		res, err := call(inside)
		if fault.Is(err, fault.TransactionConflict) {
			r.check(tr.Abort(r.t.Context()))
			return false
		}
		got, want := answer(res, err), answer(call(ofModel{snapshot}))
		r.same("inside", got, want, nil, nil)
		calls, answers = append(calls, call), append(answers, got)
	}
	err := tr.Commit(r.t.Context())
	if fault.Is(err, fault.TransactionConflict) {
		return false
	}
	r.check(err)
	if snapshot != nil && !sameDocuments(began, snapshot) {
		now := copyOf(r.model)
		for i, call := range calls {
			r.same("repeated at the commit", answer(call(ofModel{now})), answers[i], nil, nil)
		}
		r.model = now
	}
	for _, coll := range []string{"a", "b"} {
		r.find(admin, db.FindRequest{Collection: coll})
	}
	return true
}

func sameDocuments(a, b *dbtest.Model) bool {
	for name, c := range a.Collections {
		if dbtest.JSON(c.Docs...) != dbtest.JSON(b.Collections[name].Docs...) {
			return false
		}
	}
	return true
}
