package geo

import (
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// circle is the region of $centerSphere.
type circle struct {
	cap s2.Cap
}

// newCircle makes the circle of an angle in radians around a place.
func newCircle(centre s2.Point, radians float64) circle {
	if radians >= maxAngle {
		return circle{s2.FullCap()}
	}
	return circle{s2.CapFromCenterAngle(centre, s1.Angle(radians))}
}

// holdsPoint reports whether p is inside, as wide as a leaf cell.
func (c circle) holdsPoint(p s2.Point) bool {
	if c.cap.ContainsPoint(p) {
		return true
	}
	const margin = 1e-8 // radians: 6 cm
	return p.Distance(c.cap.Center()) < c.cap.Radius()+margin && c.cap.IntersectsCell(s2.CellFromPoint(p))
}

// contains reports whether every part of g is inside.
func (c circle) contains(g *Geometry) bool {
	for _, p := range g.points {
		if !c.holdsPoint(p) {
			return false
		}
	}
	if c.cap.IsFull() {
		return true
	}
	for _, l := range g.lines {
		for i := range l.NumEdges() {
			if !c.holdsEdge(l.Edge(i)) {
				return false
			}
		}
	}
	for _, a := range g.areas {
		if !c.holdsArea(a) {
			return false
		}
	}
	return true
}

// holdsEdge reports whether no place of the edge is outside: none is nearer to
// the other side of the earth than the rim.
func (c circle) holdsEdge(e s2.Edge) bool {
	const slack = 1e-12 // radians, what the arithmetic may be off
	opposite := s2.Point{Vector: c.cap.Center().Mul(-1)}
	return float64(s2.DistanceFromSegment(opposite, e.V0, e.V1)) >= maxAngle-c.cap.Radius().Radians()-slack
}

func (c circle) holdsArea(a *area) bool {
	if a.polygon.ContainsPoint(s2.Point{Vector: c.cap.Center().Mul(-1)}) {
		return false
	}
	for i := range a.polygon.NumEdges() {
		if !c.holdsEdge(a.polygon.Edge(i)) {
			return false
		}
	}
	return true
}
