// Package geo answers where things are: geometries as documents hold them, the
// geo conditions of a query, distances, and the cells by which an index finds
// geometries. It is pure, stands on S2 as MongoDB does, and works on raw BSON.
//
// A geometry is GeoJSON (longitude first, degrees, edges are geodesics) or a
// legacy pair: an array or object that begins with two numbers. On the sphere a
// pair is a point when it is a possible longitude and latitude; in the plane of
// $box, $center and $polygon only points and pairs count.
//
// Dangers first:
//
//   - A polygon's ring selects the smaller part of the sphere, whatever its
//     direction; only MongoDB's strict winding reference system makes the
//     direction count.
//   - A point on an edge belongs to the polygon: a point is as wide as an S2
//     leaf cell, about a centimetre.
//   - What a document holds may be no geometry at all. A condition then does not
//     select it; an index refuses it.
//   - Checking a polygon costs time that grows with its vertices. A geometry has
//     at most [MaxVertices]; what a look costs is returned, for the budget of the
//     request.
//
// Compiled values are immutable and safe for concurrent use.
package geo

import (
	"errors"
	"math"

	"baas/db/fault"
	"baas/db/value"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s2"
)

// EarthRadius is the radius in metres by which distances and radians convert,
// that of MongoDB.
const EarthRadius = 6_378_100.0

// Limits of one geometry, in a condition or in a document.
const (
	MaxVertices = 10_000 // positions, all parts together
	MaxRings    = 1_000  // of one polygon
)

// stepsPerVertex is what a look at a line or polygon costs for each position,
// in steps of effort.Meter: parsing, validation and an index of the edges.
const stepsPerVertex = 50

// pairsPerStep is how many pairs of edges of two shapes cost a step, when long
// edges lie so close that an index of them does not help.
const pairsPerStep = 16

// errShape says that a document's value is no geometry. Why does not matter to a
// condition, so that no text is made for every document of a scan.
var errShape = errors.New("geo: not a geometry")

// reader reads geometries.
type reader struct {
	at       string // where the value stands in a condition, for errors
	quiet    bool   // the value is a document's: every error is errShape
	windings bool   // strict winding is allowed
	vertices int    // read so far
}

func (r *reader) refuse(place, format string, args ...any) error {
	if r.quiet {
		return errShape
	}
	return fault.Refused(r.at+place, format, args...)
}

// count admits n more positions.
func (r *reader) count(n int) error {
	if r.vertices += n; r.vertices > MaxVertices {
		return r.refuse("", "a geometry has at most %d positions", MaxVertices)
	}
	return nil
}

// pair reads the two numbers that a position begins with.
func pair(v value.Value) (x, y float64, ok bool) {
	c := v.Doc().Cursor()
	_, first, _ := c.Next()
	_, second, _ := c.Next()
	x, okX := first.AsFloat()
	y, okY := second.AsFloat()
	return x, y, okX && okY && isFinite(x) && isFinite(y)
}

func isFinite(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }

// onEarth reports whether a pair is a longitude and a latitude.
func onEarth(lng, lat float64) bool {
	return math.Abs(lng) <= 180 && math.Abs(lat) <= 90
}

// toPoint returns the place on the unit sphere.
func toPoint(lng, lat float64) s2.Point {
	if lng == -180 {
		lng = 180 // one meridian, one point
	}
	p := s2.PointFromLatLng(s2.LatLngFromDegrees(lat, lng))
	if math.Abs(lat) == 90 {
		p = s2.Point{Vector: r3.Vector{Z: math.Copysign(1, lat)}} // one pole, one point
	}
	return p
}
