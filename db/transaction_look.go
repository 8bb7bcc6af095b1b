package db

import (
	"cmp"
	"context"
	"math"
	"slices"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/value"
)

// looking is a search of a transaction.
type looking struct {
	op     rules.Operation
	search *search
	sort   *query.Sort // nil: natural order
	first  int64       // only so many are needed, the first in order; 0: all
}

// gather returns the documents that a search finds in natural order; they are
// the transaction's own.
func (t *transaction) gather(ctx context.Context, p rules.Principal, g grant, l looking) ([]sight, error) {
	var list []sight
	room := t.e.bounds.resultBytes
	err := t.look(ctx, p, g, l, func(s sight) error {
		if room -= len(s.doc); room < 0 {
			return fault.New(fault.ResultTooLarge, "the transaction looks at too much at once; give a smaller limit or a narrower condition")
		}
		s.doc = slices.Clone(s.doc)
		list = append(list, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b sight) int { return cmp.Compare(a.at, b.at) })
	if l.first > 0 {
		list = list[:min(l.first, int64(len(list)))]
	}
	return list, nil
}

// look passes the documents that a search finds and p may op on: in no order,
// and when only the first are asked for, these and perhaps others. The search
// is noted as one that the transaction rests on.
//
// Documents that nobody has written to since the snapshot are found in the
// store, by whatever way the search takes; what others have written to, in the
// change log, as it was; the transaction's own in its overlay.
func (t *transaction) look(ctx context.Context, p rules.Principal, g grant, l looking, fn func(sight) error) error {
	if err := t.bindText(ctx, l.search, g.coll.id); err != nil {
		return err
	}
	v := &viewer{t: t, coll: g.coll, filter: g.narrow(l.search.filter), fn: fn}
	v.effort = effort.New(ctx, t.e.bounds.searching)
	if l.search.byID {
		return v.byIDs(ctx, l.search.ids)
	}
	until, err := v.stored(ctx, p, l)
	if err != nil {
		return err
	}
	if err := v.past(ctx); err != nil {
		return err
	}
	for e := range t.own.Entries(g.coll.id) {
		if err := v.entry(e); err != nil {
			return err
		}
	}
	t.reads.Search(g.coll.id, v.filter, until)
	return nil
}

// viewer is a search under way.
type viewer struct {
	t      *transaction
	coll   collection
	filter *query.Filter
	effort *effort.Meter
	fn     func(sight) error
	seen   []place // found in the store
}

// offer passes a document if it matches.
func (v *viewer) offer(s sight) error {
	ok, err := v.filter.MatchWithin(v.effort, s.doc)
	if !ok || err != nil {
		return err
	}
	return v.fn(s)
}

// entry offers one of the transaction's own.
func (v *viewer) entry(e *txn.Entry) error {
	if e.After == nil {
		return nil
	}
	return v.offer(sight{at: e.At, doc: e.After, own: e})
}

// stored finds what is in the store as it was at the snapshot. until is how far
// it has looked.
func (v *viewer) stored(ctx context.Context, p rules.Principal, l looking) (until uint64, err error) {
	t, own, stopped := v.t, v.coll.id, false
	w := &walk{sort: l.sort, first: l.first}
	err = t.e.each(ctx, p, v.coll.name, l.op, w, l.search, func(h hit) error {
		if h.version > t.snapshot || t.own.At(own, uint64(h.at)) != nil {
			return nil
		}
		v.seen = append(v.seen, h.at)
		if err := v.fn(sight{at: uint64(h.at), doc: h.doc}); err != nil {
			return err
		}
		if until = uint64(h.at); int64(len(v.seen)) == l.first && (l.sort == nil || w.sorted) {
			stopped = true
			return kv.ErrStop
		}
		return nil
	})
	if fault.Is(err, fault.CollectionNotExist) || err == nil && w.started && w.coll != own {
		return 0, transactionConflict() // dropped since the transaction has met it
	}
	if !stopped || l.sort != nil {
		until = math.MaxUint64
	}
	return until, err
}

// past finds what others have written to since the snapshot.
func (v *viewer) past(ctx context.Context) error {
	past, err := v.t.pastOf(ctx, v.coll.id)
	if err != nil {
		return err
	}
	slices.Sort(v.seen)
	for at, d := range past.Docs() {
		if _, found := slices.BinarySearch(v.seen, place(at)); found || v.t.own.At(v.coll.id, at) != nil {
			continue
		}
		if err := v.offer(sight{at: at, doc: d, stale: true}); err != nil {
			return err
		}
	}
	return nil
}

// byIDs finds documents by their ids.
func (v *viewer) byIDs(ctx context.Context, ids []value.Value) error {
	asked := map[string]struct{}{}
	for _, id := range ids {
		key := keyOf(id)
		if _, again := asked[key]; again {
			continue
		}
		asked[key] = struct{}{}
		v.t.use(v.coll.id, key)
		v.t.reads.Key(v.coll.id, key)
		if err := v.byID(ctx, id, key); err != nil {
			return err
		}
	}
	return nil
}

func (v *viewer) byID(ctx context.Context, id value.Value, key string) error {
	if e := v.t.own.ByKey(v.coll.id, key); e != nil {
		return v.entry(e)
	}
	s, err := v.t.byID(ctx, v.coll.id, id, key)
	if s.doc == nil || err != nil {
		return err
	}
	return v.offer(s)
}

// byID returns the document that has an id at the snapshot; its doc is nil
// when there is none. The document is the transaction's own.
func (t *transaction) byID(ctx context.Context, coll uint32, id value.Value, key string) (s sight, err error) {
	sure := false
	err = t.e.view(ctx, func(r kv.Reader) error {
		s, sure, err = t.storedByID(r, coll, id)
		return err
	})
	if sure || err != nil {
		return s, err
	}
	past, err := t.pastOf(ctx, coll)
	if err != nil {
		return sight{}, err
	}
	if at, d, ok := past.ByKey(key); ok {
		return sight{at: at, doc: d, stale: true}, nil
	}
	return sight{}, nil
}

// storedByID is byID by what the store holds now; sure says that this is what
// the snapshot has.
func (t *transaction) storedByID(r kv.Reader, coll uint32, id value.Value) (s sight, sure bool, err error) {
	b, err := r.Get(idKey(coll, id))
	if err != nil {
		return s, false, err
	}
	if b == nil {
		newest, err := commit.LastSeq(r)
		return s, newest == t.snapshot, err
	}
	at := decodePlace(b)
	stored, err := r.Get(docKey(coll, at))
	if err != nil {
		return s, false, err
	}
	if stored == nil {
		return s, false, errNoDocument
	}
	doc, err := storedDoc(stored)
	if err != nil {
		return s, false, err
	}
	if storedVersion(stored) > t.snapshot {
		return s, false, nil
	}
	return sight{at: uint64(at), doc: slices.Clone(doc)}, true, nil
}
