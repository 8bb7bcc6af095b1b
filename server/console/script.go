package console

import (
	"context"
	"encoding/json"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/script"
	"baas/db/value"
)

// How many documents a script gets when it names no limit, and at most
// (wx-cloud-api.md 10 and 13).
const (
	scriptPage    = 10
	maxScriptPage = 1000
)

// runScript runs {query}, a text of the script language. Its answer has the
// members of the original's database calls, with documents in canonical
// extended JSON. With {explain: true} it answers how a get is carried out
// instead.
func runScript(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	texts, err := in.texts("query")
	if err != nil {
		return nil, err
	}
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	explain, err := body.Bool("explain", false)
	if err != nil {
		return nil, err
	}
	op, err := script.Parse(texts[0], script.Options{Now: c.o.Now()})
	if err != nil {
		return nil, err
	}
	if explain {
		return scripted{e.DB, in.principal(), op}.explain(in.r.Context())
	}
	return scripted{e.DB, in.principal(), op}.run(in.r.Context())
}

// scripted is a script's operation on its way.
type scripted struct {
	db *db.Engine
	p  rules.Principal
	op script.Operation
}

func (s scripted) run(ctx context.Context) (any, error) {
	op := s.op
	switch op.Kind {
	case script.Get:
		return s.get(ctx)
	case script.Count:
		n, err := s.db.Count(ctx, s.p, op.Collection, op.Query)
		return map[string]any{"kind": op.Kind, "count": n}, err
	case script.Add:
		ids, err := s.db.Insert(ctx, s.p, op.Collection, op.Docs)
		list := []json.RawMessage{}
		for _, id := range ids {
			list = append(list, strictJSON(id))
		}
		return map[string]any{"kind": op.Kind, "id_list": list}, err
	case script.Update, script.Set:
		return s.update(ctx)
	case script.Remove:
		n, err := s.db.Remove(ctx, s.p, db.RemoveRequest{Collection: op.Collection, Query: op.Query, Multi: op.Multi})
		return map[string]any{"kind": op.Kind, "deleted": n}, err
	case script.Aggregate:
		stages := make([]aggregate.Stage, len(op.Stages))
		for i, st := range op.Stages {
			stages[i] = aggregate.Stage(st)
		}
		docs, err := s.db.Aggregate(ctx, s.p, db.AggregateRequest{Collection: op.Collection, Stages: stages, Limit: maxScriptPage})
		if err != nil {
			return nil, err
		}
		list, err := documentList(docs)
		return map[string]any{"kind": op.Kind, "list": list}, err
	}
	return nil, fault.New(fault.ScriptInvalid, "the operation %s cannot be run", op.Kind)
}

// find is the request of a get.
func (s scripted) find() db.FindRequest {
	op := s.op
	if op.Limit == 0 {
		op.Limit = scriptPage
	}
	return db.FindRequest{
		Collection: op.Collection, Query: op.Query, Sort: op.Sort, Projection: op.Projection, Skip: op.Skip, Limit: min(op.Limit, maxScriptPage),
	}
}

// planView is a step of the way that a search took.
type planView struct {
	Stage  string     `json:"stage"`
	Index  string     `json:"index,omitempty"`
	Bounds []string   `json:"bounds,omitempty"`
	Inputs []planView `json:"inputs,omitempty"`
}

func viewPlan(n plan.Node) planView {
	view := planView{Stage: n.Stage, Index: n.Index, Bounds: n.Bounds}
	for _, in := range n.Inputs {
		view.Inputs = append(view.Inputs, viewPlan(in))
	}
	return view
}

// explain carries the get out and says how.
func (s scripted) explain(ctx context.Context) (any, error) {
	if s.op.Kind != script.Get {
		return nil, fault.Invalid("explain", "only a get() can be explained; write the condition of a %s as a get()", s.op.Kind)
	}
	x, err := s.db.Explain(ctx, s.p, s.find())
	if err != nil {
		return nil, err
	}
	answer := map[string]any{
		"kind": "explain", "plan": viewPlan(x.Plan), "indexes": append([]string{}, x.Index...), "sort": x.Sort,
		"keysExamined": x.KeysExamined, "docsExamined": x.DocsExamined, "returned": x.Returned, "ms": float64(x.Took.Microseconds()) / 1000,
	}
	rejected := []planView{}
	for _, n := range x.Rejected {
		rejected = append(rejected, viewPlan(n))
	}
	answer["rejected"] = rejected
	if x.Advice != nil {
		advice := viewIndex(db.IndexInfo{IndexSpec: *x.Advice})
		answer["advice"] = map[string]any{"name": advice.Name, "keys": advice.Keys}
	}
	return answer, nil
}

func (s scripted) get(ctx context.Context) (any, error) {
	op := s.op
	q := s.find()
	op.Limit = q.Limit
	docs, err := s.db.Find(ctx, s.p, q)
	if err != nil {
		return nil, err
	}
	list, err := documentList(docs)
	if err != nil {
		return nil, err
	}
	total := op.Skip + int64(len(docs))
	if int64(len(docs)) == op.Limit || len(docs) == 0 && op.Skip > 0 {
		if total, err = s.db.Count(ctx, s.p, op.Collection, op.Query); err != nil {
			total = -1 // such as for $near, which cannot be counted
		}
	}
	pager := map[string]any{"Offset": op.Skip, "Limit": op.Limit, "Total": total}
	return map[string]any{"kind": op.Kind, "list": list, "pager": pager}, nil
}

func (s scripted) update(ctx context.Context) (any, error) {
	op := s.op
	if op.Kind == script.Update && op.Change.IsEmpty() {
		return map[string]any{"kind": op.Kind, "matched": 0, "modified": 0}, nil
	}
	res, err := s.db.Update(ctx, s.p, db.UpdateRequest{
		Collection: op.Collection, Query: op.Query, Update: op.Change, Multi: op.Multi,
		Replace: op.Kind == script.Set, Upsert: op.Kind == script.Set,
	})
	answer := map[string]any{"kind": op.Kind, "matched": res.Matched, "modified": res.Updated}
	if !res.UpsertedID.IsMissing() {
		answer["id"] = strictJSON(res.UpsertedID)
	}
	return answer, err
}

// documentList renders documents that are shown together.
func documentList(docs []value.Doc) ([]json.RawMessage, error) {
	list, size := []json.RawMessage{}, 0
	for _, d := range docs {
		if size += len(d); size > maxPageSize {
			return nil, fault.New(fault.ResultTooLarge, "limit: these documents are too large to show together; ask for fewer")
		}
		list = append(list, strictJSON(value.FromDoc(d)))
	}
	return list, nil
}
