package db

import (
	"context"
	"math"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// Aggregate is Engine.Aggregate on what the transaction sees, joined
// collections included. What one stage reads of a collection is held in memory:
// ResultTooLarge when that is too much.
func (t *Transaction) Aggregate(ctx context.Context, p rules.Principal, q AggregateRequest) ([]value.Doc, error) {
	pipeline, err := q.compile()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.e.bounds.searchTime)
	defer cancel()
	var docs []value.Doc
	err = t.operate(ctx, p, func() error {
		store := &transactionStore{t: t.transaction, ctx: ctx, principal: p}
		docs, err = t.e.aggregate(pipeline, q.Collection, store, effort.New(ctx, t.e.bounds.searching))
		return err
	})
	if err != nil {
		return nil, err
	}
	return docs, nil
}

// transactionStore is what one aggregation sees of a transaction.
type transactionStore struct {
	t         *transaction
	ctx       context.Context //nolint:containedctx // it lives as long as its request
	principal rules.Principal
}

// Indexed implements aggregate.Store.
func (s *transactionStore) Indexed(coll, path string) bool {
	return s.t.e.isIndexed(s.ctx, s.principal, coll, path)
}

// Read implements aggregate.Store.
func (s *transactionStore) Read(in aggregate.Input, f *aggregate.Feed) error {
	return joined(in, s.read(in, f))
}

func (s *transactionStore) read(in aggregate.Input, f *aggregate.Feed) error {
	if in.Describe != "" {
		return fault.New(fault.DatabaseFailed, "%s cannot be used in a transaction", in.Describe)
	}
	find := compiledFind{FindRequest: FindRequest{Collection: in.Collection, Query: in.Query}}
	var err error
	if find.search, err = compileSearch(s.principal, in.Query); err != nil {
		return err
	}
	if find.sort, err = compileOrder(in.Sort, find.search.filter); err != nil {
		return err
	}
	if find.sort != nil {
		find.Limit = min(in.Limit, math.MaxInt32)
	}
	docs, err := s.t.find(s.ctx, s.principal, find)
	if err != nil {
		return err
	}
	return pushAll(docs, f, scoring(find.search, nil, f))
}
