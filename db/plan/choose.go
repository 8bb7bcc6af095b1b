package plan

import (
	"cmp"
	"math/bits"
	"slices"

	"baas/db/query"
)

// Query is what is asked of a collection.
type Query struct {
	Filter *query.Filter
	Needs  query.Needs // of Filter
	Sort   []query.SortKey

	ring *ring // of Around: instead of what Filter says of the path
}

// Order is the order in which a plan gives documents.
type Order uint8

const (
	// Unordered is as the entries come, and perhaps more than once.
	Unordered Order = iota
	// Natural is in order of insertion, each once.
	Natural
	// Sorted is as the query's sort has it; entries that begin with the same
	// SortedFields fields are ties.
	Sorted
)

// Plan is a way to the documents of a query. Without Scans there are none.
type Plan struct {
	// Scans are walked one after the other; several are the branches of an $or,
	// and a document may be in more than one.
	Scans []Scan
	Order Order
	// Exact: the entries, each counted once, are the documents of the query.
	Exact bool
}

// Scan is a walk over ranges of one index.
type Scan struct {
	Index  *Index
	Ranges []Range // in order, apart from each other
	// Reverse walks all backwards.
	Reverse bool
	// Equal fields have one value each; Bound more have ranges.
	Equal, Bound int
	// SortedFields is how many fields a Sorted plan is in order of.
	SortedFields int
	// Once: no document has two entries in the ranges.
	Once bool
	// unique: the ranges are single values of a unique index.
	unique bool
	spans  [][]span // of the bounded fields
	checks []check  // of fields behind them
}

// Bounds of one plan: combinations of values behind which further fields are
// bounded, ranges walked apart, and branches of an $or and needs beside it.
const (
	maxPoints   = 200
	maxRanges   = 1 << 14
	maxBranches = 200
	maxBeside   = 64
)

// Choose returns the plans that use indexes, the most promising first; none
// when only the whole collection will do. Plans that cannot be better than
// another are left out.
func Choose(q Query, indexes []*Index) []Plan {
	if q.Needs.Never {
		return []Plan{{Order: Natural, Exact: true}}
	}
	var plans []Plan
	for _, x := range indexes {
		if p, ok := q.use(x); ok {
			plans = append(plans, p)
		}
	}
	slices.SortStableFunc(plans, func(a, b Plan) int { return -cmp.Compare(a.rank(), b.rank()) })
	if len(plans) > 0 && plans[0].Scans[0].unique {
		return plans[:1]
	}
	plans = withoutDominated(plans)
	for _, either := range q.Needs.Any {
		if p, ok := q.union(either, indexes); ok {
			plans = append(plans, p)
		}
	}
	return plans
}

// rank orders plans: a unique value, then the sort provided, then the number of
// equalities, then a range, then an index without further fields.
func (p Plan) rank() int {
	s := p.Scans[0]
	n := 0
	if s.unique {
		n += 1 << 20
	}
	if p.Order == Sorted {
		n += 1 << 16
	}
	n += s.Equal << 10
	n += min(s.Bound, 1) << 9
	if p.Order == Natural {
		n += 1 << 8
	}
	return n + MaxKeys - len(s.Index.fields)
}

// withoutDominated leaves out plans whose fields another one bounds too, with
// no less order.
func withoutDominated(plans []Plan) []Plan {
	var out []Plan
	for _, p := range plans {
		dominated := slices.ContainsFunc(out, func(o Plan) bool {
			return (o.Order >= p.Order || p.Order == Natural) && o.boundsAllOf(p) && o.Scans[0].Equal >= p.Scans[0].Equal
		})
		if !dominated {
			out = append(out, p)
		}
	}
	return out
}

func (p Plan) boundsAllOf(o Plan) bool {
	mine := p.Scans[0].boundPaths()
	for _, path := range o.Scans[0].boundPaths() {
		if !slices.Contains(mine, path) {
			return false
		}
	}
	return true
}

func (s Scan) boundPaths() []string {
	var paths []string
	for _, f := range s.Index.fields[:s.Equal+s.Bound] {
		paths = append(paths, f.paths...)
	}
	return paths
}

// union returns the plan that walks an index for each branch of an $or. What
// holds beside the $or bounds each branch too.
func (q Query) union(branches []query.Needs, indexes []*Index) (Plan, bool) {
	var union Plan
	if len(branches) > maxBranches {
		return union, false
	}
	beside := q.Needs.All[:min(len(q.Needs.All), maxBeside)]
	for _, branch := range branches {
		one := Query{Filter: q.Filter, Needs: branch}
		one.Needs.All = slices.Concat(branch.All, beside)
		one.Needs.Exact = false
		plans := Choose(one, indexes)
		if len(plans) == 0 {
			return Plan{}, false
		}
		union.Scans = append(union.Scans, plans[0].Scans...)
	}
	return union, true
}

// use returns the plan with one index, if it helps at all.
func (q Query) use(x *Index) (Plan, bool) {
	if x.Sparse && !x.HasTerms() && !q.inSparse(x) {
		return Plan{}, false
	}
	b := bounding{x: x, q: q, exact: q.Needs.Exact && !x.Inexact}
	if !b.run() {
		return Plan{}, false
	}
	if x.Inexact {
		b.checks = nil
	}
	p := Plan{Exact: b.exact && b.used == len(q.Needs.All)}
	s := Scan{Index: x, Equal: b.equal, Bound: b.bound, Ranges: b.ranges(), spans: b.spans, checks: b.checks}
	points := len(s.Ranges) == 1 && b.single == len(x.fields)
	s.Once = x.Multikey == 0 || points
	s.unique = x.Unique && b.equal == len(x.fields)
	if x.Multikey != 0 && !(points && len(x.fields) == 1 && !x.fields[0].numeric && !b.absent) {
		p.Exact = false
	}
	if points {
		p.Order = Natural
	}
	if n, reverse, ok := q.sortedBy(x, b.single); len(q.Sort) > 0 && ok {
		p.Order, s.SortedFields, s.Reverse = Sorted, n, reverse
	}
	p.Scans = []Scan{s}
	return p, b.equal+b.bound > 0 || p.Order == Sorted
}

// inSparse reports whether all documents of the query are in a sparse index.
func (q Query) inSparse(x *Index) bool {
	for _, n := range q.Needs.All {
		if n.Present && slices.ContainsFunc(x.Keys, func(k IndexKey) bool { return k.Path == n.Path }) {
			return true
		}
	}
	return false
}

// sortedBy reports whether an index whose first single fields have one value
// each gives the query's order, in which direction, and by how many fields.
func (q Query) sortedBy(x *Index, single int) (fields int, reverse, ok bool) {
	if x.Inexact {
		return 0, false, false
	}
	next, directed := single, false
	for _, key := range q.Sort {
		if x.isConstant(key.Path, single) {
			continue
		}
		if next == len(x.fields) {
			return 0, false, false
		}
		f := &x.fields[next]
		if f.terms != nil || f.paths[0] != key.Path || x.isMultikey(f) {
			return 0, false, false
		}
		turn := key.Desc != (f.kind == Desc)
		if directed && turn != reverse {
			return 0, false, false
		}
		reverse, directed = turn, true
		next++
	}
	return next, reverse, true
}

// isConstant reports whether all documents in range are equal in order by path.
func (x *Index) isConstant(path string, single int) bool {
	for i := range x.fields[:single] {
		if f := &x.fields[i]; f.terms == nil && f.paths[0] == path && !x.isMultikey(f) {
			return true
		}
	}
	return false
}

// bounding finds the bounds of an index's fields, from the first.
type bounding struct {
	x *Index
	q Query

	spans  [][]span // of the bounded fields
	checks []check  // of fields behind them
	equal  int      // fields with points
	single int      // leading fields with one point each
	bound  int      // fields with ranges: one at most
	used   int      // needs of the query that the spans are made of
	exact  bool
	absent bool // some need also holds where its path leads to nothing
}

// run is false when the index cannot be used at all.
func (b *bounding) run() bool {
	points, arrays := 1, false
	for i := range b.x.fields {
		f := &b.x.fields[i]
		if f.terms != nil {
			spans, ok := b.terms(f)
			if !ok {
				return false
			}
			if b.bound == 0 && b.equal == i {
				b.add(i, spans, &points)
			}
			b.exact = false
			continue
		}
		many := b.x.isMultikey(f)
		if many && arrays {
			continue // another element may hold what this field asks for
		}
		spans, ok := b.field(f)
		if !ok {
			continue
		}
		arrays = arrays || many
		if b.bound > 0 || b.equal < i {
			b.checks = append(b.checks, check{i, spans})
			continue
		}
		b.add(i, spans, &points)
	}
	return true
}

func (b *bounding) add(i int, spans []span, points *int) {
	if *points*len(spans) > maxRanges {
		spans = []span{{low: spans[0].low, high: spans[len(spans)-1].high}}
		b.exact = false
	}
	b.spans = append(b.spans, spans)
	if !allPoints(spans) || *points*len(spans) > maxPoints {
		b.bound++
		return
	}
	*points *= len(spans)
	b.equal++
	if len(spans) == 1 && b.single == i {
		b.single++
	}
}

// field returns the spans of a field that orders values: what all needs on its
// path have in common, or the best of them where arrays stand on it.
func (b *bounding) field(f *field) (spans []span, ok bool) {
	many := b.x.isMultikey(f)
	for _, n := range b.q.Needs.All {
		if n.Path != f.paths[0] {
			continue
		}
		more, fits := b.x.spansOf(f, n)
		switch {
		case !fits:
			continue
		case !ok:
			spans, ok = more, true
			b.absent = b.absent || n.Absent
		case many:
			if better(more, spans) {
				spans = more
			}
			continue
		default:
			spans = intersect(spans, more)
		}
		b.used++
	}
	return spans, ok
}

// better reports whether a promises fewer entries than b.
func better(a, b []span) bool {
	if x, y := allPoints(a), allPoints(b); x != y {
		return x
	}
	return len(a) < len(b) || len(a) == len(b) && width(a) < width(b)
}

// width is how wide a list of spans is, roughly: the ends that are mere
// brackets.
func width(spans []span) int {
	n := 0
	for _, s := range spans {
		n += bits.Len(uint(4>>min(len(s.low), 2))) + bits.Len(uint(4>>min(len(s.high), 2)))
	}
	return n
}

func (b *bounding) terms(f *field) ([]span, bool) {
	ranges, ok := f.terms.Ranges(f.paths, b.q.Filter)
	if r := b.q.ring; r != nil && f.isOf(Sphere2D, r.path) {
		ranges, ok = r.ranges, true
	}
	if !ok {
		return nil, false
	}
	spans := make([]span, len(ranges))
	for i, r := range ranges {
		spans[i] = span{low: r.Low, high: r.High}
	}
	return sorted(spans), true
}

// ranges combines the spans of the fields.
func (b *bounding) ranges() []Range {
	out := []Range{{}}
	for _, spans := range b.spans {
		var next []Range
		for _, r := range out {
			for _, s := range spans {
				high := slices.Concat(r.Low, s.high)
				next = append(next, Range{slices.Concat(r.Low, s.low), high})
			}
		}
		out = next
	}
	return out
}
