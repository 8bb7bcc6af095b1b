package plan

import (
	"fmt"
	"slices"

	"baas/db/query"
)

// Node is a step of a plan, as it is shown: the stages are named as MongoDB
// names them. It tells paths and numbers, and no values.
type Node struct {
	Stage string // COLLSCAN, IDHACK, IXSCAN, GEO_NEAR_2DSPHERE, FETCH, OR, SORT, COUNT or EOF
	// Of an IXSCAN, Index and Keys of a GEO_NEAR_2DSPHERE:
	Index     string
	Keys      []IndexKey
	Backwards bool
	// Bounds says for each bounded key how: "status: 1 value", "n: 1 range".
	Bounds []string
	Checks []string // the same for keys that each entry walked over is compared with
	Ranges int      // stretches of the index that are walked

	Inputs []Node
}

// Node shows the plan. memorySort says that the documents are put in order
// afterwards, counted that entries are counted and no document is read.
func (p *Plan) Node(memorySort, counted bool) Node {
	var n Node
	switch len(p.Scans) {
	case 0:
		n = Node{Stage: "EOF"}
	case 1:
		n = p.Scans[0].node()
	default:
		n = Node{Stage: "OR"}
		for _, s := range p.Scans {
			n.Inputs = append(n.Inputs, s.node())
		}
	}
	if counted {
		return Node{Stage: "COUNT", Inputs: []Node{n}}
	}
	if len(p.Scans) > 0 {
		n = Node{Stage: "FETCH", Inputs: []Node{n}}
	}
	if memorySort {
		n = Node{Stage: "SORT", Inputs: []Node{n}}
	}
	return n
}

func (s Scan) node() Node {
	n := Node{Stage: "IXSCAN", Index: s.Index.Name, Keys: s.Index.Keys, Backwards: s.Reverse, Ranges: len(s.Ranges)}
	for i, spans := range s.spans {
		n.Bounds = append(n.Bounds, s.describe(i, spans))
	}
	for _, c := range s.checks {
		n.Checks = append(n.Checks, s.describe(c.field, c.spans))
	}
	return n
}

func (s Scan) describe(field int, spans []span) string {
	what := "range"
	if allPoints(spans) {
		what = "value"
	}
	if len(spans) != 1 {
		what += "s"
	}
	return fmt.Sprintf("%s: %d %s", s.Index.fields[field].paths[0], len(spans), what)
}

// maxAdvised bounds the keys of an index that Advise proposes.
const maxAdvised = 4

// Advise returns the index that would serve the query best: the fields that must
// equal something, then the locations, or those of the order and one with a range. ok is false
// when there is nothing to index, or an index that begins like that is there.
func Advise(q Query, indexes []*Index) (spec IndexSpec, ok bool) {
	add := func(path string, desc bool) {
		taken := slices.ContainsFunc(spec.Keys, func(k IndexKey) bool { return k.Path == path })
		if taken || path == "_id" || len(spec.Keys) == maxAdvised {
			return
		}
		k := IndexKey{Path: path}
		if desc {
			k.Kind = Desc
		}
		spec.Keys = append(spec.Keys, k)
	}
	for _, n := range q.Needs.All {
		if isPoint(n) {
			add(n.Path, false)
		}
	}
	if path := q.location(); path != "" {
		spec.Keys = append(spec.Keys, IndexKey{Path: path, Kind: Sphere2D})
	} else {
		q.adviseRest(add)
	}
	if len(spec.Keys) == 0 || slices.ContainsFunc(indexes, func(x *Index) bool { return !x.Sparse && begins(x.Keys, spec.Keys) }) {
		return IndexSpec{}, false
	}
	spec.Name = spec.DefaultName()
	return spec, spec.check() == nil
}

// adviseRest adds the fields behind those that must equal something.
func (q Query) adviseRest(add func(path string, desc bool)) {
	for _, k := range q.Sort {
		add(k.Path, k.Desc)
	}
	for _, n := range q.Needs.All {
		if len(n.Intervals) > 0 && !isPoint(n) {
			add(n.Path, false)
			return
		}
	}
}

// location returns the path of a geo condition that an index can serve, "" for
// none.
func (q Query) location() string {
	if q.Filter == nil {
		return ""
	}
	if near := q.Filter.Near(); near != nil && !near.Search().Flat() {
		return near.Path()
	}
	for _, c := range q.Filter.GeoConditions() {
		return c.Path
	}
	return ""
}

func isPoint(n query.Need) bool {
	return len(n.Intervals) > 0 && !slices.ContainsFunc(n.Intervals, func(i query.Interval) bool { return !i.IsPoint() })
}

func begins(keys, with []IndexKey) bool {
	return len(keys) >= len(with) && slices.Equal(keys[:len(with)], with)
}
