package db

import (
	"errors"
	"slices"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/query"
	"baas/db/value"
)

// hit is what a walk gives for a document: it aliases the store and is valid
// only inside the call.
type hit struct {
	at      place
	version uint64 // the operation that wrote it
	doc     value.Doc
	rank    float64 // of a sort by text score or distance
}

// walk goes to the documents of one search, in one view or several: in natural
// order, or in that of sort when an index has it.
type walk struct {
	// indexes may be used; nil goes over the whole collection or by ids.
	indexes *indexCache
	// numbered asks for seq, the number of the newest operation that the
	// first view shows.
	numbered bool
	seq      uint64
	effort   *effort.Meter // of the request; nil bounds each document alone
	// sort is an order that is welcome; sorted says, once the walk has begun,
	// that documents come in it, ties in natural order.
	sort   *query.Sort
	sorted bool
	// counting asks for counted where entries of an index tell the number of
	// documents, which are then not passed.
	counting bool
	counted  int64

	// first is how many documents are wanted in that order, or the natural one;
	// 0 means all.
	first int64
	// quick forbids a race between plans.
	quick bool
	// restart is called when the walk begins anew after it has passed documents;
	// nil forbids that.
	restart func()

	// pause, set while a view passes a document, ends the view behind it.
	// between runs after each view; its error ends the walk.
	pause   bool
	between func() error

	started bool
	done    bool
	coll    uint32
	end     place // documents inserted since the start are left out
	query   plan.Query
	ready   []*plan.Index
	plans   []plan.Plan // those that came into question
	plan    *plan.Plan  // nil for the whole collection
	source  source
	work    work
	allowed allowance // of the view

	passed   int64 // documents given
	raced    bool  // the plan has won a race of this very search
	patience int64 // entries after which it is to run one; 0 for never
}

// work is what a walk has looked at.
type work struct{ keys, docs int64 }

// source gives the documents that a search may hold for, a view at a time.
type source interface {
	// view passes documents until fn fails or a is used up; done is true when
	// there are no more.
	view(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (done bool, err error)
	// scanning returns the walks in indexes that are not over.
	scanning() []indexScan
}

// allowance is what is left of a view.
type allowance struct {
	w              *walk
	bounded        bool
	entries, bytes int
}

func (w *walk) allowance(b bounds) *allowance {
	w.allowed = allowance{w: w, bounded: b.viewEntries > 0, entries: b.viewEntries, bytes: b.viewBytes}
	return &w.allowed
}

// doc counts a document and reports whether the view must end behind it.
func (a *allowance) doc(bytes int) (full bool) {
	a.w.work.docs++
	return a.spend(bytes)
}

// key counts an index entry.
func (a *allowance) key(bytes int) (full bool) {
	a.w.work.keys++
	return a.spend(bytes) || a.w.impatient()
}

func (a *allowance) spend(bytes int) (full bool) {
	if a.w.pause {
		a.w.pause = false
		return true
	}
	a.entries--
	a.bytes -= bytes
	return a.bounded && (a.entries <= 0 || a.bytes <= 0)
}

// view passes the documents that match, until fn fails, the collection ends or
// the bounds of a view are met. kv.ErrStop of fn ends the walk.
func (w *walk) view(r kv.Reader, g grant, s *search, b bounds, fn func(hit) error) error {
	if err := s.bindText(r, g.coll.id); err != nil {
		return err
	}
	filter := g.narrow(s.filter)
	if !w.started {
		if err := w.start(r, g, s, filter); err != nil {
			return err
		}
	}
	if g.coll.id != w.coll {
		return missingCollection(g.coll.name) // dropped and made anew meanwhile
	}
	if w.impatient() {
		if w.passed > 0 {
			w.restart()
		}
		w.raced, w.patience = true, 0
		if err := w.choose(r, g.coll, filter); err != nil {
			return err
		}
	}
	if err := w.checkIndexes(r); err != nil {
		return err
	}
	matching := func(at place, stored []byte) error {
		doc, err := storedDoc(stored)
		if err != nil {
			return err
		}
		if ok, err := filter.MatchWithin(w.effort, doc); !ok || err != nil {
			return err
		}
		w.passed++
		return fn(hit{at: at, version: storedVersion(stored), doc: doc})
	}
	done, err := w.source.view(r, w.allowance(b), matching)
	w.done = done || err != nil
	if errors.Is(err, kv.ErrStop) {
		return nil
	}
	return err
}

// impatient reports whether the plan has taken so long that another may be
// better.
func (w *walk) impatient() bool {
	return w.patience > 0 && w.work.keys > w.patience && (w.passed == 0 || w.restart != nil)
}

// start chooses the way.
func (w *walk) start(r kv.Reader, g grant, s *search, filter *query.Filter) (err error) {
	if w.numbered {
		if w.seq, err = commit.LastSeq(r); err != nil {
			return err
		}
	}
	w.started, w.coll, w.end = true, g.coll.id, g.coll.next
	switch {
	case s.byID:
		w.source = &byIDs{coll: w.coll, ids: s.ids}
	case w.indexes == nil || filter.IsAll() && w.sort == nil:
		w.source = &wholeScan{coll: w.coll, end: w.end}
	default:
		return w.choose(r, g.coll, filter)
	}
	return nil
}

func (w *walk) choose(r kv.Reader, coll collection, filter *query.Filter) error {
	set, err := w.indexes.load(r, coll.id)
	if err != nil {
		return err
	}
	q := plan.Query{Filter: filter, Needs: filter.Needs()}
	w.query, w.ready = q, set.ready
	switch {
	case w.sort == nil:
	case w.sort.ByDistance():
		if w.outwards(q, filter.Near(), set) {
			return nil
		}
	case !w.sort.Ranked():
		q.Sort = w.sort.Keys()
	}
	w.query, w.ready, w.plans = q, set.ready, plan.Choose(q, set.ready)
	c := race{r: r, w: w, set: set, coll: coll, filter: filter, plans: w.plans}
	w.plan, w.sorted = nil, false
	if len(c.plans) > 0 {
		if w.plan, err = c.pick(q); err != nil {
			return err
		}
	}
	if w.plan == nil {
		w.source = &wholeScan{coll: w.coll, end: w.end}
		return nil
	}
	w.follow(w.plan, set, coll)
	return nil
}

// follow makes the source of a plan.
func (w *walk) follow(p *plan.Plan, set *indexSet, coll collection) {
	scans := make([]indexScan, len(p.Scans))
	for i, s := range p.Scans {
		scans[i] = indexScan{Scan: s, x: set.of[s.Index]}
	}
	switch {
	case w.counting && p.Exact && (len(scans) == 0 || scans[0].Once):
		w.source = &counting{w: w, scans: scans}
	case p.Order == plan.Sorted && w.sort != nil:
		w.sorted = true
		w.source = newStream(coll.id, w.end, scans[0])
	case p.Order == plan.Natural && len(scans) == 1:
		w.source = newStream(coll.id, w.end, scans[0])
	default:
		w.source = &gather{coll: coll.id, end: w.end, scans: scans, most: widest(coll.count)}
	}
}

// checkIndexes refuses to go on in an index that was dropped since the last
// view.
func (w *walk) checkIndexes(r kv.Reader) error {
	if w.plan == nil {
		return nil
	}
	set, err := w.indexes.load(r, w.coll)
	if err != nil {
		return err
	}
	for _, s := range w.source.scanning() {
		if !set.isReady(s.x.id) {
			return fault.New(fault.DatabaseFailed, "the index %s was dropped while it was read; repeat the query", s.x.Name)
		}
	}
	return nil
}

// byIDs passes the documents with these ids, in natural order.
type byIDs struct {
	coll   uint32
	ids    []value.Value
	places []place
	found  bool
}

func (s *byIDs) scanning() []indexScan { return nil }

func (s *byIDs) view(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (done bool, err error) {
	whole := !s.found
	if !s.found {
		if s.places, err = placesOf(r, s.coll, s.ids); err != nil {
			return false, err
		}
		s.found = true
		a.w.work.keys += int64(len(s.ids))
	}
	return fetch(r, s.coll, &s.places, whole, a, fn)
}

var errNoDocument = errors.New("db: an index entry points to no document; run the database check")

// fetch passes the documents at places and takes these off the list. whole says
// that the places were found in the same view, so that all are there.
func fetch(r kv.Reader, coll uint32, places *[]place, whole bool, a *allowance, fn func(at place, stored []byte) error) (done bool, err error) {
	key := docKey(coll, 0)
	for len(*places) > 0 {
		at := (*places)[0]
		key = appendDocKey(key[:0], coll, at)
		stored, err := r.Get(key)
		if err != nil {
			return false, err
		}
		if stored == nil && whole {
			return false, errNoDocument
		}
		*places = (*places)[1:]
		if stored == nil {
			continue // removed since
		}
		if err := fn(at, stored); err != nil {
			return false, err
		}
		if a.doc(len(stored)) {
			return len(*places) == 0, nil
		}
	}
	return true, nil
}

// placesOf returns the places of the ids that exist, in order, each once.
func placesOf(r kv.Reader, coll uint32, ids []value.Value) ([]place, error) {
	if len(ids) == 1 {
		b, err := r.Get(idKey(coll, ids[0]))
		if b == nil || err != nil {
			return nil, err
		}
		return []place{decodePlace(b)}, nil
	}
	keys := make([][]byte, len(ids))
	for i, id := range ids {
		keys[i] = idKey(coll, id)
	}
	values, err := r.GetMany(keys)
	if err != nil {
		return nil, err
	}
	var places []place
	for _, b := range values {
		if b != nil {
			places = append(places, decodePlace(b))
		}
	}
	slices.Sort(places)
	return slices.Compact(places), nil
}

// wholeScan passes all documents of a collection in natural order.
type wholeScan struct {
	coll      uint32
	next, end place
}

func (s *wholeScan) scanning() []indexScan { return nil }

func (s *wholeScan) view(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (done bool, err error) {
	done = true
	err = r.Scan(kv.Range{Low: docKey(s.coll, s.next), High: docKey(s.coll, s.end)}, func(key, stored []byte) error {
		at := placeOf(key)
		if err := fn(at, stored); err != nil {
			return err
		}
		s.next = at + 1
		if a.doc(len(stored)) {
			done = false
			return kv.ErrStop
		}
		return nil
	})
	return done, err
}
