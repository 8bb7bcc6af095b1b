package geo

import (
	"math"
	"strconv"

	"baas/db/value"
)

// planar is a region of the plane: $box, $center or $polygon. Its edges belong
// to it. Only points and pairs can be inside.
type planar struct {
	kind                   planarKind
	minX, minY, maxX, maxY float64      // the box, and the bounds of the others
	x, y, radius           float64      // of a circle
	ring                   [][2]float64 // of a polygon, not closed
}

type planarKind uint8

const (
	planarBox planarKind = iota
	planarCircle
	planarRing
)

// members returns the values of an array or object in order: legacy shapes may
// be either ({x: 1, y: 2} is [1, 2]).
func members(v value.Value) []value.Value {
	var out []value.Value
	for _, member := range v.Doc().All() {
		out = append(out, member)
	}
	return out
}

func (r *reader) corner(v value.Value, place string) (x, y float64, err error) {
	if v.Doc() == nil {
		return 0, 0, r.refuse(place, "must be a point, [x, y] or {x, y}")
	}
	x, y, ok := pair(v)
	if !ok {
		return 0, 0, r.refuse(place, "a point must be two finite numbers")
	}
	return x, y, r.count(1)
}

// box reads [[x, y], [x, y]], two opposite corners.
func (r *reader) box(v value.Value) (*planar, error) {
	corners := members(v)
	if len(corners) != 2 {
		return nil, r.refuse("", "must be two corners, [[x, y], [x, y]]")
	}
	ax, ay, err := r.corner(corners[0], ".0")
	if err != nil {
		return nil, err
	}
	bx, by, err := r.corner(corners[1], ".1")
	if err != nil {
		return nil, err
	}
	return &planar{
		kind: planarBox,
		minX: min(ax, bx), minY: min(ay, by), maxX: max(ax, bx), maxY: max(ay, by),
	}, nil
}

// round reads [[x, y], radius], for $center and $centerSphere.
func (r *reader) round(v value.Value) (x, y, radius float64, err error) {
	parts := members(v)
	if len(parts) != 2 {
		return 0, 0, 0, r.refuse("", "must be a centre and a radius, [[x, y], radius]")
	}
	// The SDK's Geo.Point as the centre is GeoJSON.
	centre := parts[0]
	if inner := centre.Doc().Get("coordinates"); inner.Type == value.TypeArray && centre.Doc().Get("type").Text() == "Point" {
		centre = inner
	}
	if x, y, err = r.corner(centre, ".0"); err != nil {
		return 0, 0, 0, err
	}
	radius, ok := parts[1].AsFloat()
	if !ok || math.IsNaN(radius) || radius < 0 {
		return 0, 0, 0, r.refuse(".1", "the radius must be a number, zero or larger")
	}
	return x, y, radius, nil
}

func (r *reader) center(v value.Value) (*planar, error) {
	x, y, radius, err := r.round(v)
	if err != nil {
		return nil, err
	}
	return &planar{
		kind: planarCircle, x: x, y: y, radius: radius,
		minX: x - radius, minY: y - radius, maxX: x + radius, maxY: y + radius,
	}, nil
}

// ringOf reads [[x, y], …], three points or more; the last one may repeat the
// first.
func (r *reader) ringOf(v value.Value) (*planar, error) {
	if v.Doc() == nil {
		return nil, r.refuse("", "must be an array of points")
	}
	p := &planar{kind: planarRing, minX: math.Inf(1), minY: math.Inf(1), maxX: math.Inf(-1), maxY: math.Inf(-1)}
	for i, member := range members(v) {
		x, y, err := r.corner(member, "."+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		p.ring = append(p.ring, [2]float64{x, y})
		p.minX, p.minY = min(p.minX, x), min(p.minY, y)
		p.maxX, p.maxY = max(p.maxX, x), max(p.maxY, y)
	}
	if len(p.ring) < 3 {
		return nil, r.refuse("", "a polygon needs at least three points")
	}
	return p, nil
}

// holds reports whether the point is inside or on the edge.
func (p *planar) holds(x, y float64) bool {
	switch p.kind {
	case planarCircle:
		const slack = 1e-12 // of the radius, what the arithmetic may be off
		return math.Hypot(x-p.x, y-p.y) <= p.radius*(1+slack)
	case planarRing:
		return p.inBounds(x, y) && p.inRing(x, y)
	}
	return p.inBounds(x, y)
}

func (p *planar) inBounds(x, y float64) bool {
	return x >= p.minX && x <= p.maxX && y >= p.minY && y <= p.maxY
}

// inRing counts the edges that a ray to the right meets.
func (p *planar) inRing(x, y float64) bool {
	inside := false
	a := p.ring[len(p.ring)-1]
	for _, b := range p.ring {
		if onSegment(x, y, a, b) {
			return true
		}
		if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])*(b[0]-a[0])/(b[1]-a[1]) {
			inside = !inside
		}
		a = b
	}
	return inside
}

func onSegment(x, y float64, a, b [2]float64) bool {
	if x < min(a[0], b[0]) || x > max(a[0], b[0]) || y < min(a[1], b[1]) || y > max(a[1], b[1]) {
		return false
	}
	return (b[0]-a[0])*(y-a[1]) == (b[1]-a[1])*(x-a[0])
}
