package db

import (
	"cmp"
	"context"
	"errors"
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

// sight is a document as a transaction sees it.
type sight struct {
	at    uint64
	doc   value.Doc
	own   *txn.Entry // set when the transaction has written to it
	stale bool       // others have written to it since the snapshot
}

// before is the document as the snapshot has it, nil for a new one.
func (s sight) before() value.Doc {
	if s.own != nil {
		return s.own.Before
	}
	return s.doc
}

// Find is Engine.Find on what the transaction sees.
func (t *Transaction) Find(ctx context.Context, p rules.Principal, q FindRequest) ([]value.Doc, error) {
	f, err := compileFind(p, q)
	if err != nil {
		return nil, err
	}
	var docs []value.Doc
	err = t.operate(ctx, p, func() error {
		if docs, err = t.find(ctx, p, f); err != nil {
			return err
		}
		docs, err = f.project(effort.New(ctx, t.e.bounds.searching), docs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return docs, nil
}

// find returns whole documents.
func (t *transaction) find(ctx context.Context, p rules.Principal, f compiledFind) (docs []value.Doc, err error) {
	g, err := t.enter(ctx, p, f.Collection, rules.Read, f.search.ids)
	if err != nil {
		return nil, err
	}
	if err := t.bindText(ctx, f.search, g.coll.id); err != nil {
		return nil, err
	}
	if f.sort != nil {
		docs, err = t.sorted(ctx, p, g, f)
	} else {
		docs, err = t.inOrder(ctx, p, g, f)
	}
	if err != nil {
		return nil, err
	}
	return docs, t.count(len(docs))
}

// Count is Engine.Count on what the transaction sees.
func (t *Transaction) Count(ctx context.Context, p rules.Principal, coll string, q value.Doc) (n int64, err error) {
	s, err := compileSearch(p, q)
	if err != nil {
		return 0, err
	}
	err = t.operate(ctx, p, func() error {
		g, err := t.enter(ctx, p, coll, rules.Read, s.ids)
		if err != nil {
			return err
		}
		if s.cond == nil && g.owner == "" {
			n, err = t.countAll(ctx, g)
			return err
		}
		return t.look(ctx, p, g, looking{op: rules.Read, search: s}, func(sight) error {
			n++
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// countAll reads the collection's counter and takes back what others have
// added and removed since the snapshot.
func (t *transaction) countAll(ctx context.Context, g grant) (n int64, err error) {
	var upto uint64
	for at, more := t.snapshot, true; more; {
		err := t.e.view(ctx, func(r kv.Reader) error {
			if upto == 0 {
				c, ok, err := readCollection(r, g.coll.name)
				if err != nil {
					return err
				}
				if !ok || c.id != g.coll.id {
					return transactionConflict()
				}
				if upto, err = commit.LastSeq(r); err != nil {
					return err
				}
				n = int64(c.count)
			}
			var err error
			at, more, err = eachTouch(r, at, t.e.bounds, func(to touch) error {
				switch {
				case to.coll != g.coll.id || to.seq > upto:
				case to.kind == Added:
					n--
				case to.kind == Removed:
					n++
				}
				return nil
			})
			more = more && at < upto
			return err
		})
		if errors.Is(err, commit.ErrTrimmed) {
			err = transactionConflict()
		}
		if err != nil {
			return 0, err
		}
	}
	for e := range t.own.Entries(g.coll.id) {
		switch {
		case e.New() && e.After != nil:
			n++
		case !e.New() && e.After == nil:
			n--
		}
	}
	t.reads.Search(g.coll.id, query.All(), math.MaxUint64)
	return n, nil
}

// count counts documents read.
func (t *transaction) count(n int) error {
	most := t.e.bounds.transaction.Reads
	if t.found += n; most > 0 && t.found > most {
		return &txn.LimitError{What: "documents read", Most: most}
	}
	return nil
}

func (t *transaction) sorted(ctx context.Context, p rules.Principal, g grant, f compiledFind) ([]value.Doc, error) {
	c := newCollector(f.search.order(f.sort), f.Skip, f.Limit, t.e.bounds)
	l := looking{op: rules.Read, search: f.search, sort: f.sort, first: f.most()}
	err := t.look(ctx, p, g, l, func(s sight) error {
		return c.offer(hit{at: place(s.at), doc: s.doc})
	})
	if err != nil {
		return nil, err
	}
	return c.docs(), nil
}

// most is how many documents a page needs, 0 for all.
func (f compiledFind) most() int64 {
	if f.Limit == 0 || f.Skip > math.MaxInt64-f.Limit {
		return 0
	}
	return f.Skip + f.Limit
}

func (t *transaction) inOrder(ctx context.Context, p rules.Principal, g grant, f compiledFind) ([]value.Doc, error) {
	l := looking{op: rules.Read, search: f.search, first: f.most()}
	list, err := t.gather(ctx, p, g, l)
	if err != nil {
		return nil, err
	}
	list = list[min(f.Skip, int64(len(list))):]
	docs := make([]value.Doc, len(list))
	for i, s := range list {
		docs[i] = s.doc
	}
	return docs, nil
}

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
	w := &walk{sort: l.sort}
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
	doc, err := storedDoc(stored)
	if err != nil {
		return s, false, errors.New("db: an index entry points to no document; run the database check")
	}
	if storedVersion(stored) > t.snapshot {
		return s, false, nil
	}
	return sight{at: uint64(at), doc: slices.Clone(doc)}, true, nil
}
