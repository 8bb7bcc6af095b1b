package query

import (
	"math"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/geo"
	"baas/db/pattern"
	"baas/db/value"
)

// geoTest is $geoWithin or $geoIntersects.
type geoTest struct{ *geo.Test }

func (t geoTest) holds(m *effort.Meter, v value.Value) (bool, error) {
	ok, steps := t.Holds(v)
	return ok, m.Spend(steps)
}

func geoWithin(o operand) (node, error) {
	t, err := geo.CompileWithin(o.at, o.v)
	return node{kind: kindPredicate, path: o.path, ask: geoTest{t}}, err
}

func geoIntersects(o operand) (node, error) {
	t, err := geo.CompileIntersects(o.at, o.v)
	return node{kind: kindPredicate, path: o.path, ask: geoTest{t}}, err
}

// near reads $near and its other names. The distances of a legacy pair stand
// beside it.
func (c compiler) near(o operand) (node, error) {
	if c.inner || len(o.path) == 0 {
		return node{}, fault.Refused(o.at, notHere)
	}
	search, err := geo.CompileNear(o.at, o.name, o.v, o.beside)
	return node{kind: kindWhole, ask: &Near{o.path, search}}, err
}

// notHere is MongoDB's text, which names the way out.
const notHere = "$geoNear, $near, and $nearSphere are not allowed in this context, " +
	"as these operators require sorting geospatial data. If you do not need sort, consider using $geoWithin instead"

// NearNotAllowed returns the error for a condition with a $near in a place that
// does not sort: a count, or the aggregation stage $match.
func NearNotAllowed(at string) error { return fault.Refused(at, notHere) }

// distance admits $minDistance and $maxDistance, which near reads.
func distance(o operand) (node, error) {
	for _, name := range []string{"$near", "$nearSphere", "$geoNear"} {
		if !o.beside.Get(name).IsMissing() {
			return node{kind: kindAnd}, nil
		}
	}
	return node{}, fault.Refused(o.at, "needs a $near or $nearSphere beside it")
}

// Near is a search around a place: $near, $nearSphere, or the stage $geoNear. A
// document passes when the nearest geometry that its path reaches is within the
// distances of the search.
type Near struct {
	path   path
	search *geo.Near
}

// NearAt makes the search of a path that the aggregation stage $geoNear names.
func NearAt(text string, search *geo.Near) *Near { return &Near{splitPath(text), search} }

// Path returns the dotted path that is searched.
func (n *Near) Path() string { return n.path.String() }

// Search returns the place and the distances.
func (n *Near) Search() *geo.Near { return n.search }

// Sort returns the order in which the nearest documents come first.
func (n *Near) Sort() *Sort { return &Sort{near: n} }

func (n *Near) holds(m *effort.Meter, v value.Value) (bool, error) {
	_, _, ok, err := n.Nearest(m, v.Doc())
	return ok, err
}

// Nearest returns how far away a document is, in the unit of the search, and the
// value that is so near; of several values at the path the nearest counts. ok is
// false when there is none, or it is not within the distances. The error is that
// of [Filter.MatchWithin].
func (n *Near) Nearest(m *effort.Meter, d value.Doc) (distance float64, location value.Value, ok bool, err error) {
	best := nearest{search: n.search, distance: math.Inf(1)}
	r := run{patterns: pattern.Run{Meter: m}}
	leaf := node{kind: kindPredicate, path: n.path, ask: &best}
	leaf.walk(&r, d, n.path)
	if err := r.end(); err != nil {
		return 0, value.Value{}, false, err
	}
	found := !best.value.IsMissing() && n.search.Within(best.distance)
	return best.distance, best.value, found, nil
}

// nearest looks at every value that a path reaches and keeps the nearest. It
// never holds, so that the walk goes on.
type nearest struct {
	search   *geo.Near
	distance float64
	value    value.Value
}

func (b *nearest) holds(m *effort.Meter, v value.Value) (bool, error) {
	distance, ok, steps := b.search.Distance(v)
	if ok && (b.value.IsMissing() || distance < b.distance) {
		b.distance, b.value = distance, v
	}
	return false, m.Spend(steps)
}

// Near returns the search around a place that the condition asks for, nil when
// there is none. Without another order, its documents come nearest first.
func (f *Filter) Near() *Near {
	for _, n := range f.root.conjuncts(nil) {
		if near, ok := n.ask.(*Near); ok {
			return near
		}
	}
	return nil
}

// GeoCondition is one part of a condition: some value at Path is a geometry for
// which Test holds.
type GeoCondition struct {
	Path string
	Test *geo.Test
}

// GeoConditions returns the $geoWithin and $geoIntersects that every selected
// document fulfils: those at the top level and inside $and.
func (f *Filter) GeoConditions() []GeoCondition {
	var out []GeoCondition
	for _, n := range f.root.conjuncts(nil) {
		if t, ok := n.ask.(geoTest); ok && n.kind == kindPredicate {
			out = append(out, GeoCondition{n.path.String(), t.Test})
		}
	}
	return out
}

// conjuncts appends the parts that every selected document fulfils.
func (n *node) conjuncts(out []*node) []*node {
	if n.kind != kindAnd {
		return append(out, n)
	}
	for i := range n.subs {
		out = n.subs[i].conjuncts(out)
	}
	return out
}

// checkSearches refuses conditions with more than one $near or $text, with both,
// and with either in a place where it cannot say which documents to look at.
func (n *node) checkSearches() error {
	near, text := n.countSearches()
	switch {
	case near > 1:
		return fault.Refused("query", "Too many geoNear expressions")
	case text > 1:
		return fault.Refused("query", "Too many text expressions")
	case near > 0 && text > 0:
		return fault.Refused("query", "text and geoNear not allowed in same query")
	case near > 0 && (&Filter{*n}).Near() == nil:
		return fault.Refused("query", "geo $near must be top-level expr: it cannot stand in $or, $nor or $not")
	case text > 0 && n.negatesText(false):
		return fault.Refused("query", "$text cannot stand in $nor or $not")
	}
	return nil
}

func (n *node) countSearches() (near, text int) {
	switch n.ask.(type) {
	case *Near:
		near++
	case *textTest:
		text++
	}
	for i := range n.subs {
		subNear, subText := n.subs[i].countSearches()
		near, text = near+subNear, text+subText
	}
	return near, text
}

// negatesText reports whether a $text stands below a negation.
func (n *node) negatesText(negated bool) bool {
	if _, ok := n.ask.(*textTest); ok {
		return negated
	}
	negated = negated || n.kind == kindNor
	for i := range n.subs {
		if n.subs[i].negatesText(negated) {
			return true
		}
	}
	return false
}
