package db

import (
	"context"
	"math"
	"slices"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// AggregateRequest asks for what a pipeline makes of a collection.
type AggregateRequest struct {
	Collection string
	Stages     []aggregate.Stage
	Limit      int64 // of documents in the result; 0 means no limit
}

// Aggregate runs a pipeline over the documents that p may read; the collections
// that it joins are read under p's rights, too. The documents are the caller's
// own.
//
// Codes: CollectionNotExist, DatabaseDenied, those of aggregate.Compile and
// Pipeline.Run, InvalidParam, ResultTooLarge, ServerTimeout.
func (e *Engine) Aggregate(ctx context.Context, p rules.Principal, q AggregateRequest) ([]value.Doc, error) {
	pipeline, err := q.compile()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.bounds.searchTime)
	defer cancel()
	store := &callersStore{engine: e, ctx: ctx, principal: p, effort: effort.New(ctx, e.bounds.searching)}
	docs, err := e.aggregate(pipeline, q.Collection, store, store.effort)
	return docs, translate(err)
}

// compile reads the request.
func (q AggregateRequest) compile() (*aggregate.Pipeline, error) {
	if err := checkPage(0, q.Limit); err != nil {
		return nil, err
	}
	stages := q.Stages
	if q.Limit > 0 {
		stages = append(slices.Clone(stages), aggregate.Stage{Name: "$limit", Arg: value.Int64(q.Limit)})
	}
	return aggregate.Compile(stages)
}

// aggregate runs a pipeline over what a store shows.
func (e *Engine) aggregate(pipeline *aggregate.Pipeline, coll string, store aggregate.Store, m *effort.Meter) ([]value.Doc, error) {
	result := result{room: e.bounds.resultBytes}
	err := pipeline.Run(aggregate.Execution{
		Store:      store,
		Collection: coll,
		Now:        e.opts.Now(),
		Meter:      m,
		Budget:     e.bounds.pipeline,
		Emit:       result.keep,
	})
	return result.docs, err
}

// result keeps the documents that a pipeline emits.
type result struct {
	room int // bytes still to be kept
	docs []value.Doc
}

func (r *result) keep(d value.Doc) error {
	if r.room -= len(d); r.room < 0 {
		return fault.New(fault.ResultTooLarge, "the result is too large for one answer; end the pipeline with a smaller $limit or keep fewer members")
	}
	r.docs = append(r.docs, slices.Clone(d))
	return nil
}

// callersStore is what one aggregation sees of the engine: the documents that its
// caller may read.
type callersStore struct {
	engine    *Engine
	ctx       context.Context //nolint:containedctx // it lives as long as its request
	principal rules.Principal
	effort    *effort.Meter
}

// Indexed implements aggregate.Store.
func (s *callersStore) Indexed(_, path string) bool { return path == fieldID }

// Read implements aggregate.Store.
func (s *callersStore) Read(in aggregate.Input, f *aggregate.Feed) error {
	return joined(in, s.read(in, f))
}

// joined forgives that a joined collection does not exist, as the original's
// database does.
func joined(in aggregate.Input, err error) error {
	if in.Joined && fault.Is(err, fault.CollectionNotExist) {
		return nil
	}
	return err
}

func (s *callersStore) read(in aggregate.Input, f *aggregate.Feed) error {
	search, err := compileSearch(s.principal, in.Query)
	if err != nil {
		return err
	}
	if in.Sort != nil {
		return s.readSorted(in, search, f)
	}
	w := &walk{effort: s.effort, between: f.Drain}
	return s.engine.each(s.ctx, s.principal, in.Collection, rules.Read, w, search, func(h hit) error {
		err := f.Push(h.doc)
		if aggregate.Enough(err) {
			return kv.ErrStop
		}
		w.pause = f.Full()
		return err
	})
}

// readSorted passes the documents on once they are out of the store.
func (s *callersStore) readSorted(in aggregate.Input, search *search, f *aggregate.Feed) error {
	order, err := query.CompileSort(in.Sort)
	if err != nil {
		return err
	}
	c := newCollector(order, 0, min(in.Limit, math.MaxInt32), s.engine.bounds)
	w := &walk{effort: s.effort}
	if err := s.engine.each(s.ctx, s.principal, in.Collection, rules.Read, w, search, c.offer); err != nil {
		return err
	}
	for _, d := range c.docs() {
		if err := f.Push(d); err != nil {
			return err
		}
		if f.Full() {
			if err := f.Drain(); err != nil {
				return err
			}
		}
	}
	return nil
}
