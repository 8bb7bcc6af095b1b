package geo

import (
	"strconv"

	"baas/db/value"

	"github.com/golang/geo/s2"
)

// Geometry is one geometry on the sphere, taken apart: several parts when it is
// a Multi or a collection.
type Geometry struct {
	points   []s2.Point
	lines    []*s2.Polyline
	areas    []*area
	vertices int
}

// Parse reads a document's value for an index: GeoJSON, or a legacy pair that is
// a longitude and a latitude. The error is a DatabaseFailed that names at, the
// path of the value.
func Parse(at string, v value.Value) (*Geometry, error) {
	if x, y, ok := legacy(v); ok {
		if !onEarth(x, y) {
			return nil, (&reader{at: at}).refuse("", outOfBounds)
		}
		return &Geometry{points: []s2.Point{toPoint(x, y)}, vertices: 1}, nil
	}
	r := reader{at: at}
	g, err := r.geometry(v)
	if err != nil {
		return nil, err
	}
	return g, g.validate(&r)
}

const outOfBounds = "longitude/latitude is out of bounds; " +
	"the longitude comes first and is within -180 and 180, the latitude within -90 and 90"

// legacy reads a pair: an array or object that begins with two numbers.
func legacy(v value.Value) (x, y float64, ok bool) {
	if v.Type != value.TypeArray && v.Type != value.TypeObject {
		return 0, 0, false
	}
	return pair(v)
}

// geometry reads GeoJSON. What only costly checks find is left to validate.
func (r *reader) geometry(v value.Value) (*Geometry, error) {
	if v.Type != value.TypeObject {
		return nil, r.refuse("", "must be a GeoJSON object, it is of type %s", v.Type.Name())
	}
	g := &Geometry{}
	if err := r.part(g, v.Doc(), false); err != nil {
		return nil, err
	}
	g.vertices = r.vertices
	return g, nil
}

// part adds one GeoJSON object to g; inner says that a collection holds it.
func (r *reader) part(g *Geometry, d value.Doc, inner bool) error {
	strict, err := r.crs(d.Get("crs"))
	if err != nil {
		return err
	}
	kind := d.Get("type").Text()
	if strict && kind != "Polygon" {
		return r.refuse(".crs", "strict winding order is only supported by a Polygon")
	}
	coordinates := d.Get("coordinates")
	switch kind {
	case "Point":
		return r.point(g, coordinates)
	case "LineString":
		return r.line(g, coordinates, "")
	case "Polygon":
		return r.polygon(g, coordinates, "", strict)
	case "MultiPoint":
		return r.multiPoint(g, coordinates)
	case "MultiLineString":
		return r.each(".coordinates", coordinates, func(v value.Value, place string) error {
			return r.line(g, v, place)
		})
	case "MultiPolygon":
		return r.each(".coordinates", coordinates, func(v value.Value, place string) error {
			return r.polygon(g, v, place, false)
		})
	case "GeometryCollection":
		if inner {
			return r.refuse("", "a GeometryCollection cannot hold another one")
		}
		return r.collection(g, d.Get("geometries"))
	}
	return r.refuse(".type", "unknown GeoJSON type; it is Point, LineString, Polygon, MultiPoint, "+
		"MultiLineString, MultiPolygon or GeometryCollection")
}

// crs reads a coordinate reference system: WGS 84 under either name, or with
// strict winding.
func (r *reader) crs(v value.Value) (strict bool, err error) {
	if v.IsMissing() {
		return false, nil
	}
	properties := v.Doc().Get("properties")
	switch {
	case v.Type != value.TypeObject || v.Doc().Get("type").Text() != "name":
		return false, r.refuse(".crs", `must be an object with "type": "name"`)
	case properties.Type != value.TypeObject || properties.Doc().Get("name").Type != value.TypeString:
		return false, r.refuse(".crs", `must have "properties" with a text "name"`)
	}
	switch name := properties.Doc().Get("name").Text(); {
	case name == "urn:ogc:def:crs:OGC:1.3:CRS84", name == "EPSG:4326":
		return false, nil
	case name == "urn:x-mongodb:crs:strictwinding:EPSG:4326" && r.windings:
		return true, nil
	}
	return false, r.refuse(".crs", "unknown reference system; leave it out, coordinates are WGS 84")
}

func (r *reader) collection(g *Geometry, v value.Value) error {
	return r.each(".geometries", v, func(member value.Value, place string) error {
		if member.Type != value.TypeObject {
			return r.refuse(place, "must be a GeoJSON object")
		}
		outer := r.at
		defer func() { r.at = outer }()
		r.at += place
		return r.part(g, member.Doc(), true)
	})
}

// each passes the members of an array that has at least one; place is where they
// stand, below r.at.
func (r *reader) each(place string, v value.Value, fn func(v value.Value, place string) error) error {
	if v.Type != value.TypeArray || v.Doc().IsEmpty() {
		return r.refuse(place, "must be an array of at least one member")
	}
	i := 0
	for _, member := range v.Doc().All() {
		if err := fn(member, r.index(place, i)); err != nil {
			return err
		}
		i++
	}
	return nil
}

// index returns the place of member i, or nothing when nobody will read it.
func (r *reader) index(place string, i int) string {
	if r.quiet {
		return ""
	}
	return place + "." + strconv.Itoa(i)
}

func (r *reader) point(g *Geometry, v value.Value) error {
	if v.Type != value.TypeArray && v.Type != value.TypeObject {
		return r.refuse(".coordinates", "must be [longitude, latitude]")
	}
	x, y, ok := pair(v)
	if !ok {
		return r.refuse(".coordinates", "must be two finite numbers, longitude and latitude")
	}
	if !onEarth(x, y) {
		return r.refuse(".coordinates", outOfBounds)
	}
	g.points = append(g.points, toPoint(x, y))
	return r.count(1)
}

func (r *reader) multiPoint(g *Geometry, v value.Value) error {
	points, err := r.positions(v, ".coordinates")
	if err != nil {
		return err
	}
	if len(points) == 0 {
		return r.refuse(".coordinates", "must hold at least one position")
	}
	g.points = append(g.points, points...)
	return nil
}

// line reads a LineString's positions; place is "" for its own member.
func (r *reader) line(g *Geometry, v value.Value, place string) error {
	if place == "" {
		place = ".coordinates"
	}
	points, err := r.positions(v, place)
	if err != nil {
		return err
	}
	points = withoutRepeats(points)
	if len(points) < 2 {
		return r.refuse(place, "a LineString needs at least two different positions")
	}
	if hasAntipodes(points) {
		return r.refuse(place, antipodal)
	}
	line := s2.Polyline(points)
	g.lines = append(g.lines, &line)
	return nil
}

const antipodal = "two positions after each other lie on opposite sides of the earth; put one between them"

// positions reads an array of GeoJSON positions; more numbers than two are the
// altitude and such.
func (r *reader) positions(v value.Value, place string) ([]s2.Point, error) {
	if v.Type != value.TypeArray {
		return nil, r.refuse(place, "must be an array of positions")
	}
	n := v.Doc().Len()
	if err := r.count(n); err != nil {
		return nil, err
	}
	points := make([]s2.Point, 0, n)
	c := v.Doc().Cursor()
	for i := 0; ; i++ {
		_, member, ok := c.Next()
		if !ok {
			return points, nil
		}
		if member.Type != value.TypeArray {
			return nil, r.refuse(r.index(place, i), "a position must be an array, [longitude, latitude]")
		}
		x, y, ok := pair(member)
		if !ok {
			return nil, r.refuse(r.index(place, i), "a position must be two finite numbers, longitude and latitude")
		}
		if !onEarth(x, y) {
			return nil, r.refuse(r.index(place, i), outOfBounds)
		}
		points = append(points, toPoint(x, y))
	}
}

// withoutRepeats drops positions that equal the one before.
func withoutRepeats(points []s2.Point) []s2.Point {
	out := points[:0]
	for i, p := range points {
		if i == 0 || p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	return out
}

// hasAntipodes reports whether two positions after each other have no shortest
// way between them.
func hasAntipodes(points []s2.Point) bool {
	for i := 1; i < len(points); i++ {
		if points[i-1].Add(points[i].Vector).Norm2() < 1e-28 {
			return true
		}
	}
	return false
}
