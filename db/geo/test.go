package geo

import (
	"math"

	"baas/db/value"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

const maxAngle = math.Pi // radians: the other side of the earth

// Test is a compiled $geoWithin or $geoIntersects.
type Test struct {
	shape  *Geometry // of $geometry
	meets  bool      // shape is to intersect, not to contain
	bound  s2.Rect   // of shape: what does not reach it cannot hold
	circle *circle   // of $centerSphere
	flat   *planar   // of $box, $center and $polygon
}

// CompileWithin reads the operand of $geoWithin: $geometry (a Polygon, a
// MultiPolygon, or a collection that holds one), $centerSphere [[lng, lat],
// radians], or the planar $box, $center and $polygon. The error is a
// DatabaseFailed that names at and what stands below it.
func CompileWithin(at string, v value.Value) (*Test, error) {
	name, operand, err := shapeOf(at, v)
	if err != nil {
		return nil, err
	}
	r := &reader{at: at + "." + name, windings: true}
	t := &Test{}
	switch name {
	case "$geometry":
		t.shape, err = r.queryGeometry(operand)
		if err == nil && len(t.shape.areas) == 0 {
			err = r.refuse("", "$geoWithin needs a Polygon or a MultiPolygon")
		}
	case "$centerSphere":
		t.circle, err = r.centerSphere(operand)
	case "$box":
		t.flat, err = r.box(operand)
	case "$center":
		t.flat, err = r.center(operand)
	case "$polygon":
		t.flat, err = r.ringOf(operand)
	default:
		err = r.refuse("", "unknown geo specifier; it is $geometry, $centerSphere, $box, $center or $polygon")
	}
	if err != nil {
		return nil, err
	}
	t.ready()
	return t, nil
}

// CompileIntersects reads the operand of $geoIntersects: $geometry, of any kind.
// The error is a DatabaseFailed.
func CompileIntersects(at string, v value.Value) (*Test, error) {
	name, operand, err := shapeOf(at, v)
	if err != nil {
		return nil, err
	}
	r := &reader{at: at + "." + name, windings: true}
	if name != "$geometry" {
		return nil, r.refuse("", "$geoIntersects takes a $geometry only")
	}
	t := &Test{meets: true}
	if t.shape, err = r.queryGeometry(operand); err != nil {
		return nil, err
	}
	t.ready()
	return t, nil
}

// shapeOf returns the one shape that a condition names. $uniqueDocs is an old
// flag without a meaning.
func shapeOf(at string, v value.Value) (name string, operand value.Value, err error) {
	r := &reader{at: at}
	if v.Type != value.TypeObject {
		return "", value.Value{}, r.refuse("", "must be an object that names a shape, such as {$geometry: …}")
	}
	for key, member := range v.Doc().All() {
		switch {
		case key == "$uniqueDocs":
		case name != "":
			return "", value.Value{}, r.refuse("", "must name one shape only")
		default:
			name, operand = key, member
		}
	}
	if name == "" {
		return "", value.Value{}, r.refuse("", "geo query doesn't have any geometry")
	}
	return name, operand, nil
}

// queryGeometry reads and validates the geometry of a condition.
func (r *reader) queryGeometry(v value.Value) (*Geometry, error) {
	g, err := r.geometry(v)
	if err != nil {
		return nil, err
	}
	return g, g.validate(r)
}

func (r *reader) centerSphere(v value.Value) (*circle, error) {
	lng, lat, radius, err := r.round(v)
	if err != nil {
		return nil, err
	}
	if !onEarth(lng, lat) {
		return nil, r.refuse(".0", outOfBounds)
	}
	c := newCircle(toPoint(lng, lat), radius)
	return &c, nil
}

// ready builds all indexes of edges: S2 would do so at the first use, which must
// not happen in two goroutines at once.
func (t *Test) ready() {
	if t.shape == nil {
		return
	}
	t.bound = widened(t.shape.bound())
	for _, a := range t.shape.areas {
		a.edges()
		anywhere := s2.CellFromPoint(s2.OriginPoint())
		a.polygon.IntersectsCell(anywhere)
		for _, ring := range a.polygon.Loops() {
			ring.IntersectsCell(anywhere)
		}
	}
}

// bound returns a rectangle that g does not leave.
func (g *Geometry) bound() s2.Rect {
	out := s2.EmptyRect()
	for _, p := range g.points {
		out = out.AddPoint(s2.LatLngFromPoint(p))
	}
	for _, l := range g.lines {
		out = out.Union(l.RectBound())
	}
	for _, a := range g.areas {
		out = out.Union(a.rings[0].RectBound())
	}
	return out
}

// widened adds a margin of some leaf cells to a rectangle.
func widened(b s2.Rect) s2.Rect {
	const margin = 1e-8 // radians: 6 cm
	b.Lat = b.Lat.Expanded(margin).Intersection(s2.FullRect().Lat)
	north := max(b.Lat.Hi, -b.Lat.Lo)
	if north > math.Pi/2-1e-4 {
		b.Lng = s1.FullInterval() // meridians are too near each other
		return b
	}
	b.Lng = b.Lng.Expanded(margin / math.Cos(north))
	return b
}

// Holds reports whether the condition holds for one value of a document, and
// what the look cost, in steps of effort.Meter. A value that is no geometry does
// not pass.
func (t *Test) Holds(v value.Value) (holds bool, steps int) {
	x, y, isPoint := storedPoint(v)
	switch {
	case isPoint && t.flat != nil:
		return t.flat.holds(x, y), 1 + len(t.flat.ring)
	case isPoint:
		return onEarth(x, y) && t.holdsPoint(toPoint(x, y)), 2
	case t.flat != nil || v.Type != value.TypeObject:
		return false, 1
	}
	r := &reader{quiet: true}
	g, err := r.geometry(v)
	steps = 1 + r.vertices*stepsPerVertex
	if err != nil || t.shape != nil && !t.bound.Intersects(g.bound()) || g.validate(r) != nil {
		return false, steps
	}
	if t.shape != nil {
		steps += g.vertices * t.shape.vertices / pairsPerStep
	}
	switch {
	case t.circle != nil:
		return t.circle.contains(g), steps
	case t.meets:
		return t.shape.intersects(g), steps
	}
	return t.shape.contains(g), steps
}

func (t *Test) holdsPoint(p s2.Point) bool {
	switch {
	case t.circle != nil:
		return t.circle.holdsPoint(p)
	case t.meets:
		return t.shape.touches(p)
	}
	return t.shape.holdsPoint(p)
}

// storedPoint reads a document's legacy pair or GeoJSON Point without building
// a geometry.
func storedPoint(v value.Value) (x, y float64, ok bool) {
	if v.Type != value.TypeArray && v.Type != value.TypeObject {
		return 0, 0, false
	}
	if x, y, ok = pair(v); ok || v.Type == value.TypeArray {
		return x, y, ok
	}
	d := v.Doc()
	if string(d.Get("type").TextBytes()) != "Point" {
		return 0, 0, false
	}
	if x, y, ok = pair(d.Get("coordinates")); !ok || !onEarth(x, y) {
		return 0, 0, false
	}
	if crs := d.Get("crs"); !crs.IsMissing() {
		r := reader{quiet: true}
		_, err := r.crs(crs)
		return x, y, err == nil
	}
	return x, y, true
}
