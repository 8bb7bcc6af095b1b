package db

import (
	"context"
	"errors"
	"math"
	"time"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// FindRequest asks for documents. A nil condition, order or projection is
// none. Without an order the natural one, of insertion, is used.
type FindRequest struct {
	Collection              string
	Query, Sort, Projection value.Doc
	Skip                    int64
	Limit                   int64 // 0 means no limit
}

// compiledFind is a FindRequest that has been read.
type compiledFind struct {
	FindRequest
	search     *search
	sort       *query.Sort       // nil: natural order
	projection *query.Projection // nil: whole documents
}

func compileFind(p rules.Principal, q FindRequest) (f compiledFind, err error) {
	f.FindRequest = q
	if err = checkPage(q.Skip, q.Limit); err != nil {
		return f, err
	}
	if f.search, err = compileSearch(p, q.Query); err != nil {
		return f, err
	}
	if f.sort, err = compileOrder(q.Sort, f.search.filter); err != nil {
		return f, err
	}
	if !q.Projection.IsEmpty() {
		f.projection, err = query.CompileProjection(q.Projection, f.search.filter)
	}
	return f, err
}

// first is how many documents the search has to find, 0 for all.
func (f compiledFind) first() int64 {
	if f.Limit == 0 || f.Skip > math.MaxInt64-f.Limit {
		return 0
	}
	return f.Skip + f.Limit
}

// compileOrder reads an order; without one, a search around a place has its own.
func compileOrder(sort value.Doc, f *query.Filter) (*query.Sort, error) {
	if sort.IsEmpty() {
		if near := f.Near(); near != nil {
			return near.Sort(), nil
		}
		return nil, nil
	}
	order, err := query.CompileSort(sort)
	if err == nil && order.ByTextScore() && !f.HasText() {
		err = fault.Refused("sort", "query requires text score metadata, but it is not available; add a $text to the condition")
	}
	return order, err
}

// order returns an order with all that it needs to know of the condition.
func (s *search) order(sort *query.Sort) *query.Sort {
	if sort != nil && sort.ByTextScore() {
		return sort.With(s.filter)
	}
	return sort
}

// project cuts the documents down once they are out of the store.
func (f compiledFind) project(e *effort.Meter, docs []value.Doc) ([]value.Doc, error) {
	if f.projection == nil {
		return docs, nil
	}
	if f.search.bound {
		f.projection = f.projection.With(f.search.filter)
	}
	for i, d := range docs {
		cut, err := f.projection.ApplyWithin(e, d)
		if err != nil {
			return nil, err
		}
		docs[i] = cut
	}
	return docs, nil
}

// Find returns the documents that a condition holds for and p may read. On a
// large collection it is not a snapshot: documents that are written while it
// runs are seen before or after. The documents are the caller's own.
//
// Codes: CollectionNotExist, DatabaseDenied, those of query.Compile,
// InvalidParam, ResultTooLarge, ServerTimeout.
func (e *Engine) Find(ctx context.Context, p rules.Principal, q FindRequest) ([]value.Doc, error) {
	f, err := compileFind(p, q)
	if err != nil {
		return nil, err
	}
	w, c := e.newFind(f)
	if err := e.each(ctx, p, q.Collection, rules.Read, w, f.search, c.offer); err != nil {
		return nil, err
	}
	if f.projection == nil {
		return c.docs(), nil
	}
	docs, err := f.project(effort.New(ctx, e.bounds.searching), c.docs())
	return docs, translate(err)
}

// newFind returns the walk of a find and what collects its documents.
func (e *Engine) newFind(f compiledFind) (*walk, *page) {
	w := &walk{indexes: &e.indexes, sort: f.sort, first: f.first()}
	c := &page{find: f, walk: w, bounds: e.bounds}
	w.restart = c.reset
	return w, c
}

// snapshotTime bounds how long Snapshot may hold its one view.
const snapshotTime = 5 * time.Second

// Snapshot is Find in a single view of the store, together with the number of
// the newest operation in it: Changes after that number is all that has
// happened to the documents since. Codes as those of Find; ServerTimeout when
// the search takes longer than 5 s.
func (e *Engine) Snapshot(ctx context.Context, p rules.Principal, q FindRequest) (docs []value.Doc, seq uint64, err error) {
	f, err := compileFind(p, q)
	if err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, snapshotTime)
	defer cancel()
	effort := effort.New(ctx, e.bounds.searching)
	w, c := e.newFind(f)
	w.effort = effort
	err = e.view(ctx, func(r kv.Reader) (err error) {
		if seq, err = commit.LastSeq(r); err != nil {
			return err
		}
		g, err := enter(r, p, q.Collection, rules.Read)
		if g.absent || err != nil {
			return err
		}
		for !w.done && err == nil {
			err = w.view(r, g, f.search, bounds{}, c.offer)
		}
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	docs, err = f.project(effort, c.docs())
	return docs, seq, translate(err)
}

// Count returns how many documents a condition holds for that p may read.
// Codes as those of Find.
func (e *Engine) Count(ctx context.Context, p rules.Principal, coll string, q value.Doc) (int64, error) {
	s, err := compileSearch(p, q)
	if err != nil {
		return 0, err
	}
	if s.cond == nil {
		n, known, err := e.countAll(ctx, p, coll)
		if known || err != nil {
			return n, err
		}
	}
	if s.filter.Near() != nil {
		return 0, query.NearNotAllowed("query")
	}
	var n int64
	w := &walk{counting: true}
	err = e.each(ctx, p, coll, rules.Read, w, s, func(hit) error {
		n++
		return nil
	})
	return n + w.counted, err
}

// countAll reads the collection's counter, unless p may see only a part.
func (e *Engine) countAll(ctx context.Context, p rules.Principal, coll string) (n int64, known bool, err error) {
	err = e.view(ctx, func(r kv.Reader) error {
		g, err := enter(r, p, coll, rules.Read)
		n, known = int64(g.coll.count), g.owner == ""
		return err
	})
	return n, known, err
}

// view is Store.View with the store's errors in the words of this package.
func (e *Engine) view(ctx context.Context, fn func(kv.Reader) error) error {
	return translate(e.store.View(ctx, fn))
}

// translate gives the errors of the store and the committer their codes;
// others pass through.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kv.ErrOutcomeUnknown):
		return fault.Wrap(fault.DatabaseFailed, err,
			"outcome unknown: the database could not confirm the write; look whether it is there before repeating it")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.ServerTimeout, err, "the database did not finish in time; narrow the condition")
	case errors.Is(err, commit.ErrClosed), errors.Is(err, kv.ErrClosed):
		return fault.Wrap(fault.ServerTimeout, err, "the server is stopping; try again")
	case errors.Is(err, commit.ErrTooBig):
		return fault.Wrap(fault.DatabaseFailed, err, "the operation changes too much at once; narrow the condition and repeat it")
	}
	return err
}
