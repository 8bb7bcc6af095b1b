package geo

import (
	"math"

	"baas/db/value"

	"github.com/golang/geo/s2"
)

// Near is a compiled search around a place: what lies within its distances, and
// how far away it is.
//
// Distances are in the unit of the search: metres around a GeoJSON point,
// radians around a legacy pair on the sphere, and the units of the coordinates
// around a legacy pair in the plane.
type Near struct {
	flat     bool
	x, y     float64 // of the plane
	centre   s2.Point
	unit     float64 // radians per unit, on the sphere
	min, max float64 // in units
}

// NearOptions are what stands beside the place of a search. Missing distances
// are no bound.
type NearOptions struct {
	Spherical                bool // a legacy pair is a longitude and a latitude
	MinDistance, MaxDistance value.Value
}

// NewNear reads the place of a search: a GeoJSON Point or a legacy pair. The
// error is a DatabaseFailed that names at.
func NewNear(at string, place value.Value, o NearOptions) (*Near, error) {
	r := &reader{at: at}
	n := &Near{max: math.Inf(1)}
	x, y, ok := legacy(place)
	switch {
	case ok && o.Spherical && !onEarth(x, y):
		return nil, r.refuse("", outOfBounds)
	case ok && o.Spherical:
		n.centre, n.unit = toPoint(x, y), 1
	case ok:
		n.flat, n.x, n.y = true, x, y
	case place.Type == value.TypeArray:
		return nil, r.refuse("", "must be two finite numbers, longitude and latitude")
	default:
		g, err := r.geometry(place)
		if err != nil {
			return nil, err
		}
		if place.Doc().Get("type").Text() != "Point" {
			return nil, r.refuse("", "must be a Point")
		}
		n.centre, n.unit = g.points[0], 1/EarthRadius
	}
	if err := r.distance("minDistance", o.MinDistance, &n.min); err != nil {
		return nil, err
	}
	return n, r.distance("maxDistance", o.MaxDistance, &n.max)
}

func (r *reader) distance(name string, v value.Value, out *float64) error {
	if v.IsMissing() {
		return nil
	}
	f, ok := v.AsFloat()
	if !ok || math.IsNaN(f) || f < 0 {
		return r.refuse("", "%s must be a number, zero or larger", name)
	}
	*out = f
	return nil
}

// CompileNear reads {$near or $nearSphere: place or {$geometry, $minDistance,
// $maxDistance}}; name is the operator and siblings the object it stands in,
// where the distances of a legacy pair are. The error is a DatabaseFailed that
// names at, the path of the operator.
func CompileNear(at, name string, v value.Value, siblings value.Doc) (*Near, error) {
	r := &reader{at: at}
	if v.Doc() == nil {
		return nil, r.refuse("", "must be {$geometry: a Point} or [longitude, latitude]")
	}
	o := NearOptions{Spherical: name != "$near"}
	if v.Doc().Get("$geometry").IsMissing() {
		for key, member := range siblings.All() {
			switch key {
			case "$minDistance":
				o.MinDistance = member
			case "$maxDistance":
				o.MaxDistance = member
			case name, "$uniqueDocs":
			default:
				return nil, r.refuse("", "invalid argument in geo near query: %s", key)
			}
		}
		return NewNear(at, v, o)
	}
	if siblings.Len() > 1 {
		return nil, r.refuse("", "geo near accepts just one argument when querying for a GeoJSON point")
	}
	var place value.Value
	for key, member := range v.Doc().All() {
		switch key {
		case "$geometry":
			place = member
		case "$minDistance":
			o.MinDistance = member
		case "$maxDistance":
			o.MaxDistance = member
		default:
			return nil, r.refuse("."+key, "invalid argument in geo near query")
		}
	}
	if _, _, ok := legacy(place); ok {
		return nil, r.refuse(".$geometry", "$near requires a GeoJSON point")
	}
	return NewNear(at+".$geometry", place, o)
}

// Flat reports whether the search is one of the plane, which no index of the
// sphere can serve.
func (n *Near) Flat() bool { return n.flat }

// Metres reports whether distances are in metres: the place is a GeoJSON point.
func (n *Near) Metres() bool { return n.unit == 1/EarthRadius }

// Within reports whether a distance is one that the search asks for.
func (n *Near) Within(distance float64) bool { return distance >= n.min && distance <= n.max }

// Distance returns how far a document's value is away; ok is false when it is no
// geometry. steps is what the look cost. Of a line or polygon the nearest place
// counts; inside a polygon the distance is 0.
func (n *Near) Distance(v value.Value) (distance float64, ok bool, steps int) {
	x, y, isPoint := storedPoint(v)
	switch {
	case isPoint && n.flat:
		return math.Hypot(x-n.x, y-n.y), true, 1
	case isPoint && onEarth(x, y):
		return toPoint(x, y).Distance(n.centre).Radians() / n.unit, true, 1
	case isPoint || n.flat || v.Type != value.TypeObject:
		return 0, false, 1
	}
	r := &reader{quiet: true}
	g, err := r.geometry(v)
	steps = 1 + r.vertices*stepsPerVertex
	if err != nil || g.validate(r) != nil {
		return 0, false, steps
	}
	return g.angle(n.centre) / n.unit, true, steps
}

// angle returns the smallest angle between p and a place of g, in radians.
func (g *Geometry) angle(p s2.Point) float64 {
	best := math.Inf(1)
	for _, own := range g.points {
		best = min(best, own.Distance(p).Radians())
	}
	for _, l := range g.lines {
		for i := range l.NumEdges() {
			e := l.Edge(i)
			best = min(best, s2.DistanceFromSegment(p, e.V0, e.V1).Radians())
		}
	}
	for _, a := range g.areas {
		if a.holdsPoint(p) {
			return 0
		}
		for i := range a.polygon.NumEdges() {
			e := a.polygon.Edge(i)
			best = min(best, s2.DistanceFromSegment(p, e.V0, e.V1).Radians())
		}
	}
	return best
}
