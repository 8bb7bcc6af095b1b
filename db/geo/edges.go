package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/golang/geo/s2"
)

// edges are the edges of a shape, in order of where they begin along one axis.
// S2's own index of edges looks at all of them, through a map, when long edges lie
// close to each other; to look at all of them here costs a few nanoseconds each.
type edges struct {
	list    []edge
	longest float64 // extent along the axis
	byLat   bool    // the axis; else it is the longitude
}

type edge struct {
	a, b           s2.Point
	low, high      float64 // along the axis
	lowest, widest float64 // across it
}

// count is the number of edges that add will be called for, or more.
func newEdges(count int) *edges { return &edges{list: make([]edge, 0, count)} }

// add adds an edge. The extents are by longitude until sort.
func (e *edges) add(a, b s2.Point) {
	r := s2.NewRectBounder()
	r.AddPoint(a)
	r.AddPoint(b)
	bound := r.RectBound()
	lng := [2]float64{bound.Lng.Lo, bound.Lng.Hi}
	if bound.Lng.IsInverted() {
		lng = [2]float64{-math.Pi, math.Pi}
	}
	e.list = append(e.list, edge{a, b, lng[0], lng[1], bound.Lat.Lo, bound.Lat.Hi})
}

// sort chooses the axis along which edges are shorter, and readies the rest.
func (e *edges) sort() *edges {
	along, across := 0.0, 0.0
	for i := range e.list {
		along += e.list[i].high - e.list[i].low
		across += e.list[i].widest - e.list[i].lowest
	}
	if across < along {
		e.turn()
	}
	for i := range e.list {
		e.longest = max(e.longest, e.list[i].high-e.list[i].low)
	}
	slices.SortFunc(e.list, func(a, b edge) int { return cmp.Compare(a.low, b.low) })
	return e
}

func (e *edges) turn() {
	e.byLat = !e.byLat
	for i := range e.list {
		x := &e.list[i]
		x.low, x.high, x.lowest, x.widest = x.lowest, x.widest, x.low, x.high
	}
}

func edgesOf(shape s2.Shape) *edges {
	out := newEdges(shape.NumEdges())
	for i := range shape.NumEdges() {
		x := shape.Edge(i)
		out.add(x.V0, x.V1)
	}
	return out.sort()
}

// crossThemselves reports whether two edges cross, other than where they share an
// end.
func (e *edges) crossThemselves() bool {
	for i := range e.list {
		x := &e.list[i]
		crosser := s2.NewEdgeCrosser(x.a, x.b)
		for j := i + 1; j < len(e.list) && e.list[j].low <= x.high; j++ {
			y := &e.list[j]
			if y.lowest <= x.widest && x.lowest <= y.widest && crosser.CrossingSign(y.a, y.b) == s2.Cross {
				return true
			}
		}
	}
	return false
}

// cross reports whether an edge of a line crosses one of e; with touching, edges
// that share an end count too.
func (e *edges) cross(l *s2.Polyline, touching bool) bool {
	for i := range l.NumEdges() {
		x := l.Edge(i)
		one := newEdges(1)
		one.add(x.V0, x.V1)
		if one.byLat != e.byLat {
			one.turn()
		}
		if e.crossedBy(&one.list[0], touching) {
			return true
		}
	}
	return false
}

func (e *edges) crossedBy(x *edge, touching bool) bool {
	from, _ := slices.BinarySearchFunc(e.list, x.low-e.longest, func(y edge, at float64) int { return cmp.Compare(y.low, at) })
	crosser := s2.NewEdgeCrosser(x.a, x.b)
	for j := from; j < len(e.list) && e.list[j].low <= x.high; j++ {
		y := &e.list[j]
		if y.high < x.low || y.lowest > x.widest || x.lowest > y.widest {
			continue
		}
		if sign := crosser.CrossingSign(y.a, y.b); sign == s2.Cross || touching && sign == s2.MaybeCross {
			return true
		}
	}
	return false
}
