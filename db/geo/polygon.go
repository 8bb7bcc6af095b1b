package geo

import (
	"sync"

	"baas/db/value"

	"github.com/golang/geo/s2"
)

// area is one polygon: an outer ring and holes in it.
type area struct {
	polygon *s2.Polygon
	rings   []*s2.Loop // as they were given, the outer one first
	place   string     // where it stands, for errors
	edges   func() *edges
}

// polygon reads rings; place is "" for the object's own coordinates. With strict
// the ring's direction says which side is meant.
func (r *reader) polygon(g *Geometry, v value.Value, place string, strict bool) error {
	if place == "" {
		place = ".coordinates"
	}
	a := &area{place: place}
	err := r.each(place, v, func(ring value.Value, at string) error {
		loop, err := r.ring(ring, at)
		if err != nil {
			return err
		}
		if !strict {
			loop.Normalize()
		}
		a.rings = append(a.rings, loop)
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case strict && len(a.rings) > 1:
		return r.refuse(place, "a polygon with strict winding order has one ring only")
	case len(a.rings) > MaxRings:
		return r.refuse(place, "a polygon has at most %d rings", MaxRings)
	}
	a.edges = sync.OnceValue(func() *edges { return edgesOf(a.polygon) })
	g.areas = append(g.areas, a)
	if len(a.rings) == 1 {
		a.polygon = s2.PolygonFromLoops([]*s2.Loop{a.rings[0]})
	}
	return nil
}

func (r *reader) ring(v value.Value, place string) (*s2.Loop, error) {
	points, err := r.positions(v, place)
	if err != nil {
		return nil, err
	}
	if len(points) == 0 {
		return nil, r.refuse(place, "a ring has no positions")
	}
	if points[0] != points[len(points)-1] {
		return nil, r.refuse(place, "the ring is not closed; its last position must equal the first")
	}
	points = withoutRepeats(points)
	if len(points) < 4 {
		return nil, r.refuse(place, "a ring needs at least three different positions, and the first again at the end")
	}
	if hasAntipodes(points) {
		return nil, r.refuse(place, antipodal)
	}
	return s2.LoopFromPoints(points[:len(points)-1]), nil
}

// validate makes the checks that cost more than reading, and readies polygons
// with holes.
func (g *Geometry) validate(r *reader) error {
	for _, a := range g.areas {
		if err := a.validate(r); err != nil {
			return err
		}
	}
	return nil
}

// validate refuses rings that cross or touch themselves, holes that are not
// inside the outer ring, and holes that overlap or share edges.
func (a *area) validate(r *reader) error {
	for i, ring := range a.rings {
		if !isSimple(ring) {
			return r.refuse(a.ringPlace(r, i), "the ring crosses or touches itself")
		}
	}
	if len(a.rings) == 1 {
		return nil
	}
	outer, seen := a.rings[0], map[s2.Point]bool{}
	for _, p := range outer.Vertices() {
		seen[p] = true
	}
	for i, hole := range a.rings[1:] {
		place := a.ringPlace(r, i+1)
		if !outer.Contains(hole) {
			return r.refuse(place, "the first ring is the outer one, all others must be holes inside it")
		}
		shared := 0
		for _, p := range hole.Vertices() {
			if seen[p] {
				shared++
			}
		}
		if shared > 1 {
			return r.refuse(place, "a hole may touch the outer ring at one position only")
		}
		for _, other := range a.rings[1 : i+1] {
			if hole.Intersects(other) || sharesEdge(hole, other) {
				return r.refuse(place, "two holes overlap; make them one")
			}
		}
	}
	a.polygon = s2.PolygonFromLoops(append([]*s2.Loop(nil), a.rings...))
	return nil
}

func (a *area) ringPlace(r *reader, i int) string { return r.index(a.place, i) }

// isSimple reports whether no position of the ring comes twice and no two of its
// edges cross.
func isSimple(ring *s2.Loop) bool {
	seen := make(map[s2.Point]struct{}, ring.NumVertices())
	for _, p := range ring.Vertices() {
		seen[p] = struct{}{}
	}
	if len(seen) != ring.NumVertices() {
		return false
	}
	return ring.NumVertices() == 3 || !edgesOf(ring).crossThemselves()
}

// sharesEdge reports whether two rings that do not overlap have an edge in
// common.
func sharesEdge(a, b *s2.Loop) bool {
	if !a.RectBound().Intersects(b.RectBound()) {
		return false
	}
	next := map[s2.Point]s2.Point{}
	for i := range a.NumEdges() {
		e := a.Edge(i)
		next[e.V0] = e.V1
	}
	for i := range b.NumEdges() {
		e := b.Edge(i)
		if to, ok := next[e.V0]; ok && to == e.V1 {
			return true
		}
		if to, ok := next[e.V1]; ok && to == e.V0 {
			return true
		}
	}
	return false
}

// holdsPoint reports whether the polygon contains p, its edges included.
func (a *area) holdsPoint(p s2.Point) bool {
	if !a.polygon.RectBound().ContainsPoint(p) && !a.nearBound(p) {
		return false
	}
	return a.polygon.ContainsPoint(p) || a.polygon.IntersectsCell(s2.CellFromPoint(p))
}

// nearBound reports whether p is a few leaf cells away from the bounds, where
// its own cell may still touch the polygon.
func (a *area) nearBound(p s2.Point) bool {
	const margin = 1e-8 // radians: 6 cm
	return a.polygon.RectBound().DistanceToLatLng(s2.LatLngFromPoint(p)).Radians() < margin
}
