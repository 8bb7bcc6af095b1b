package db

import (
	"context"
	"math"
	"slices"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// callersStore is what one aggregation sees of the engine: the documents that its
// caller may read.
type callersStore struct {
	engine    *Engine
	ctx       context.Context //nolint:containedctx // it lives as long as its request
	principal rules.Principal
	effort    *effort.Meter
}

// Indexed implements aggregate.Store.
func (s *callersStore) Indexed(coll, path string) bool {
	return s.engine.isIndexed(s.ctx, s.principal, coll, path)
}

// isIndexed reports whether an index that searches use begins with the path, for
// whoever may read the collection.
func (e *Engine) isIndexed(ctx context.Context, p rules.Principal, coll, path string) (found bool) {
	err := e.view(ctx, func(r kv.Reader) error {
		g, err := enter(r, p, coll, rules.Read)
		if err != nil || g.absent {
			return err
		}
		set, err := e.indexes.load(r, g.coll.id)
		if err != nil {
			return err
		}
		found = slices.ContainsFunc(set.ready, func(x *plan.Index) bool {
			first := x.Keys[0]
			return first.Path == path && !x.Sparse && (first.Kind == plan.Asc || first.Kind == plan.Desc)
		})
		return nil
	})
	return found && err == nil // what is wrong, the search will say
}

// Read implements aggregate.Store.
func (s *callersStore) Read(in aggregate.Input, f *aggregate.Feed) error {
	if in.Describe != "" {
		return s.describe(in, f)
	}
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

// read passes documents on inside the views, unless they must be sorted first.
func (s *callersStore) read(in aggregate.Input, f *aggregate.Feed) error {
	search, err := compileSearch(s.principal, in.Query)
	if err != nil {
		return err
	}
	w := &walk{effort: s.effort, between: f.Drain, first: in.Limit}
	if w.sort, err = compileOrder(in.Sort, search.filter); err != nil {
		return err
	}
	push := scoring(search, s.effort, f)
	left := in.Limit
	var unsorted collector
	err = s.engine.each(s.ctx, s.principal, in.Collection, rules.Read, w, search, func(h hit) error {
		if w.sort != nil && !w.sorted {
			if unsorted == nil {
				unsorted = newCollector(search.order(w.sort), 0, min(in.Limit, math.MaxInt32), s.engine.bounds)
			}
			return unsorted.offer(h)
		}
		err := push(h.doc)
		left--
		if aggregate.Enough(err) || err == nil && left == 0 {
			return kv.ErrStop
		}
		w.pause = f.Full()
		return err
	})
	if err != nil || unsorted == nil {
		return err
	}
	return pushAll(unsorted.docs(), f, push)
}

// scoring returns the function that passes a document on, with its text score
// when the condition has one.
func scoring(s *search, m *effort.Meter, f *aggregate.Feed) func(value.Doc) error {
	return func(d value.Doc) error {
		if s.bound {
			score, err := s.filter.TextScore(m, d)
			if err != nil {
				return err
			}
			f.Score(score)
		}
		return f.Push(d)
	}
}

// pushAll passes documents on outside of a view.
func pushAll(docs []value.Doc, f *aggregate.Feed, push func(value.Doc) error) error {
	for _, d := range docs {
		if err := push(d); err != nil {
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

// describe passes documents about a collection, to an administrator alone: they
// count what others may not see.
func (s *callersStore) describe(in aggregate.Input, f *aggregate.Feed) error {
	infos, err := s.engine.Indexes(s.ctx, s.principal, in.Collection)
	if err != nil {
		return joined(in, err)
	}
	if in.Describe == "$indexStats" {
		docs := make([]value.Doc, len(infos))
		for i, x := range infos {
			docs[i] = indexDoc(x)
		}
		return pushAll(docs, f, f.Push)
	}
	return s.engine.view(s.ctx, func(r kv.Reader) error {
		coll, _, err := readCollection(r, in.Collection)
		if err != nil {
			return err
		}
		var b value.Builder
		b.AddString("ns", in.Collection)
		b.Add("count", value.Int(int64(coll.count)))
		b.Add("size", value.Int(int64(coll.bytes)))
		b.Object("indexSizes", func(b *value.Builder) {
			for _, x := range infos {
				b.Add(x.Name, value.Int(x.Bytes))
			}
		})
		return f.Push(b.Doc())
	})
}

// indexDoc is an index as $indexStats shows it; how often it was used is not
// counted.
func indexDoc(x IndexInfo) value.Doc {
	var b value.Builder
	b.AddString("name", x.Name)
	b.Object("key", func(b *value.Builder) {
		for _, k := range x.Keys {
			switch k.Kind {
			case plan.Asc:
				b.AddInt32(k.Path, 1)
			case plan.Desc:
				b.AddInt32(k.Path, -1)
			default:
				b.AddString(k.Path, k.Kind.String())
			}
		}
	})
	b.AddBool("unique", x.Unique)
	b.AddString("state", string(x.State))
	b.Add("entries", value.Int(x.Entries))
	b.Add("bytes", value.Int(x.Bytes))
	return b.Doc()
}
