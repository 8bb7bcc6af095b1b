package db

import (
	"context"
	"slices"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
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
