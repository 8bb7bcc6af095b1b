package geo

import (
	"github.com/golang/geo/s2"
)

// intersects reports whether two geometries have a place in common. Both have
// been validated.
func (g *Geometry) intersects(o *Geometry) bool {
	for _, p := range o.points {
		if g.touches(p) {
			return true
		}
	}
	for _, l := range o.lines {
		if g.meetsLine(l) {
			return true
		}
	}
	for _, a := range o.areas {
		if g.meetsArea(a) {
			return true
		}
	}
	return false
}

// touches reports whether p is on g: within the same leaf cell.
func (g *Geometry) touches(p s2.Point) bool {
	cell := s2.CellFromPoint(p)
	for _, own := range g.points {
		if s2.CellFromPoint(own).ID() == cell.ID() {
			return true
		}
	}
	for _, l := range g.lines {
		if l.IntersectsCell(cell) {
			return true
		}
	}
	for _, a := range g.areas {
		if a.holdsPoint(p) {
			return true
		}
	}
	return false
}

func (g *Geometry) meetsLine(l *s2.Polyline) bool {
	for _, p := range g.points {
		if l.IntersectsCell(s2.CellFromPoint(p)) {
			return true
		}
	}
	for _, own := range g.lines {
		if linesMeet(own, l) {
			return true
		}
	}
	for _, a := range g.areas {
		if a.meetsLine(l) {
			return true
		}
	}
	return false
}

func (g *Geometry) meetsArea(a *area) bool {
	for _, p := range g.points {
		if a.holdsPoint(p) {
			return true
		}
	}
	for _, l := range g.lines {
		if a.meetsLine(l) {
			return true
		}
	}
	for _, own := range g.areas {
		if own.polygon.Intersects(a.polygon) {
			return true
		}
	}
	return false
}

// linesMeet reports whether two lines cross or share a position.
func linesMeet(a, b *s2.Polyline) bool {
	if !a.RectBound().Intersects(b.RectBound()) {
		return false
	}
	return edgesOf(a).cross(b, true)
}

func (a *area) meetsLine(l *s2.Polyline) bool {
	if !a.polygon.RectBound().Intersects(l.RectBound()) {
		return false
	}
	for _, p := range *l {
		if a.holdsPoint(p) {
			return true
		}
	}
	return a.edges().cross(l, true)
}

// contains reports whether one of g's polygons contains each part of o. As in
// MongoDB a part must be inside a single polygon, though together they may cover
// it.
func (g *Geometry) contains(o *Geometry) bool {
	for _, p := range o.points {
		if !g.holdsPoint(p) {
			return false
		}
	}
	for _, l := range o.lines {
		if !g.holdsLine(l) {
			return false
		}
	}
	for _, a := range o.areas {
		if !g.holdsArea(a) {
			return false
		}
	}
	return true
}

func (g *Geometry) holdsPoint(p s2.Point) bool {
	for _, a := range g.areas {
		if a.holdsPoint(p) {
			return true
		}
	}
	return false
}

func (g *Geometry) holdsLine(l *s2.Polyline) bool {
	for _, a := range g.areas {
		if a.holdsLine(l) {
			return true
		}
	}
	return false
}

func (g *Geometry) holdsArea(o *area) bool {
	for _, a := range g.areas {
		if a.polygon.Contains(o.polygon) {
			return true
		}
	}
	return false
}

// holdsLine reports whether the whole line is inside: its positions are, no edge
// crosses the boundary, and no edge leaves and returns through positions of the
// boundary, which its middle tells.
func (a *area) holdsLine(l *s2.Polyline) bool {
	for i, p := range *l {
		if !a.holdsPoint(p) {
			return false
		}
		if i > 0 && !a.holdsPoint(s2.Interpolate(0.5, (*l)[i-1], p)) {
			return false
		}
	}
	return !a.edges().cross(l, false)
}
