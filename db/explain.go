package db

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"baas/db/effort"
	"baas/db/plan"
	"baas/db/rules"
)

// Explanation says how a find was carried out.
type Explanation struct {
	// Plan is the way that was taken; Rejected are others that use an index.
	Plan     plan.Node
	Rejected []plan.Node
	// Index names the indexes that were used, none for the whole collection.
	Index []string
	// Sort says where the order comes from: "none", "index" or "memory".
	Sort string

	KeysExamined, DocsExamined int64 // entries and documents, a race included
	Returned                   int64
	Took                       time.Duration
	// Advice is an index that would help, nil when there is none, or no need.
	Advice *IndexSpec
}

// Explain carries out a find and says how. Code: DatabaseDenied for users; else
// those of Find.
func (e *Engine) Explain(ctx context.Context, p rules.Principal, q FindRequest) (Explanation, error) {
	if err := mayManage(p); err != nil {
		return Explanation{}, err
	}
	f, err := compileFind(p, q)
	if err != nil {
		return Explanation{}, err
	}
	start := time.Now()
	w, c := e.newFind(f)
	if err := e.each(ctx, p, q.Collection, rules.Read, w, f.search, c.offer); err != nil {
		return Explanation{}, err
	}
	docs, err := f.project(effort.New(ctx, e.bounds.searching), c.docs())
	if err != nil {
		return Explanation{}, translate(err)
	}
	x := Explanation{
		Plan: w.node(), Index: w.indexNames(), Sort: "none",
		KeysExamined: w.work.keys, DocsExamined: w.work.docs, Returned: int64(len(docs)), Took: time.Since(start),
	}
	switch {
	case w.sorted:
		x.Sort = "index"
	case f.sort != nil:
		x.Sort = "memory"
	}
	for i := range w.plans {
		if other := &w.plans[i]; other != w.plan {
			x.Rejected = append(x.Rejected, other.Node(w.sort != nil && other.Order != plan.Sorted, false))
		}
	}
	x.Advice = w.advice(x.Returned)
	return x, nil
}

// node shows the way that the walk took.
func (w *walk) node() plan.Node {
	if s, ok := w.source.(*outwards); ok {
		near := plan.Node{Stage: "GEO_NEAR_2DSPHERE", Index: s.x.Name, Keys: s.x.Keys}
		return plan.Node{Stage: "FETCH", Inputs: []plan.Node{near}}
	}
	sorts := w.sort != nil && !w.sorted
	if w.plan != nil && !isWhole(w.source) {
		return w.plan.Node(sorts, w.counted > 0)
	}
	n := plan.Node{Stage: "COLLSCAN"}
	if _, ok := w.source.(*byIDs); ok {
		n = plan.Node{Stage: "IDHACK", Index: idIndexName}
	}
	if sorts {
		n = plan.Node{Stage: "SORT", Inputs: []plan.Node{n}}
	}
	return n
}

// isWhole reports whether a source has gone over to the whole collection.
func isWhole(s source) bool {
	g, ok := s.(*gather)
	return ok && g.whole != nil
}

func (w *walk) indexNames() []string {
	if _, ok := w.source.(*byIDs); ok {
		return []string{idIndexName}
	}
	if w.plan == nil || isWhole(w.source) {
		return nil
	}
	names := make([]string, len(w.plan.Scans))
	for i, s := range w.plan.Scans {
		names[i] = s.Index.Name
	}
	return names
}

// A search is worth an index when it has looked at so many documents, and at so
// many for each that it found.
const (
	adviceDocuments = 200
	advicePerResult = 10
)

// advice returns the index that would have helped, nil for none.
func (w *walk) advice(returned int64) *IndexSpec {
	wasteful := w.work.docs > advicePerResult*max(returned, 1)
	if w.work.docs < adviceDocuments || !wasteful && (w.sort == nil || w.sorted) {
		return nil
	}
	if spec, ok := plan.Advise(w.query, w.ready); ok {
		return &spec
	}
	return nil
}

// tell logs a search that took too long, without the values in it.
func (e *Engine) tell(ctx context.Context, coll string, w *walk, took time.Duration) {
	if e.opts.SlowQuery < 0 || took < e.opts.SlowQuery || !w.started {
		return
	}
	args := []any{
		"collection", coll, "took", took, "stage", w.node().Stage, "indexes", strings.Join(w.indexNames(), ","),
		"keys_examined", w.work.keys, "docs_examined", w.work.docs, "found", w.passed + w.counted,
	}
	if spec := w.advice(w.passed); spec != nil {
		args = append(args, "advice", "create the index "+spec.Name)
	}
	e.opts.Log.Log(ctx, slog.LevelWarn, "slow query", args...)
}
