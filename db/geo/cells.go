package geo

import (
	"math"
	"slices"

	"baas/db/value"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Cell is the number of an S2 cell. A cell's descendants are the numbers around
// it, so that they are one range of an index ordered by number.
type Cell uint64

// Range is a range of cells, both ends included.
type Range struct{ Low, High Cell }

// How finely shapes are cut. More cells fit closer and cost more look-ups.
const (
	storedCells = 16 // of a document's line or polygon
	storedLevel = 23 // about a metre: finer cells of a line would only be more
	queryCells  = 20 // of a condition's region
)

// Cells returns the cells under which an index keeps g: a leaf cell for each
// point, a covering for each line and polygon. They are sorted, none twice.
func (g *Geometry) Cells() []Cell {
	var out []Cell
	for _, p := range g.points {
		out = append(out, Cell(s2.CellFromPoint(p).ID()))
	}
	coverer := s2.RegionCoverer{MaxLevel: storedLevel, LevelMod: 1, MaxCells: storedCells}
	add := func(region s2.Region) {
		for _, id := range coverer.Covering(region) {
			out = append(out, Cell(id))
		}
	}
	for _, l := range g.lines {
		add(l)
	}
	for _, a := range g.areas {
		add(a.polygon)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// IndexCells returns the cells under which an index keeps a document's value: a
// geometry, or an array of them. Null and missing have none. The error is that of
// Parse.
func IndexCells(at string, v value.Value) ([]Cell, error) {
	switch {
	case v.IsMissing() || v.IsNull():
		return nil, nil
	case v.Type == value.TypeArray && v.Doc().IsEmpty():
		return nil, nil
	case v.Type != value.TypeArray || isPair(v):
		g, err := Parse(at, v)
		if err != nil {
			return nil, err
		}
		return g.Cells(), nil
	}
	var out []Cell
	for _, member := range v.Doc().All() {
		g, err := Parse(at, member)
		if err != nil {
			return nil, err
		}
		out = append(out, g.Cells()...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// isPair reports whether an array is a legacy pair rather than a list of
// geometries: its first member is no array or object.
func isPair(v value.Value) bool { return v.Doc().At(0).Doc() == nil }

// Ranges returns the cells of an index among which all that the condition holds
// for are found; ok is false when an index cannot tell, as for regions of the
// plane. They are sorted and do not overlap.
func (t *Test) Ranges() (ranges []Range, ok bool) {
	switch {
	case t.flat != nil:
		return t.flat.ranges()
	case t.circle != nil:
		return rangesOf(cover(t.circle.widened())), true
	}
	var cells []s2.CellID
	for _, p := range t.shape.points {
		cells = append(cells, s2.CellFromPoint(p).ID())
	}
	for _, l := range t.shape.lines {
		cells = append(cells, cover(l)...)
	}
	for _, a := range t.shape.areas {
		cells = append(cells, cover(a.polygon)...)
	}
	return rangesOf(neighbours(cells)), true
}

func cover(region s2.Region) []s2.CellID {
	coverer := s2.RegionCoverer{MaxLevel: s2.MaxLevel, LevelMod: 1, MaxCells: queryCells}
	return coverer.Covering(region)
}

// widened returns the circle with a margin for points whose leaf cells touch it.
func (c circle) widened() s2.Cap {
	if c.cap.IsFull() {
		return c.cap
	}
	const margin = 1e-8 // radians
	return c.cap.Expanded(s1.Angle(margin))
}

// neighbours adds to each cell of the finest levels those around it: a place is
// on an edge when its leaf cell touches it, and that may be a neighbour's. Larger
// cells of a covering overlap what is on their edge anyhow.
func neighbours(cells []s2.CellID) []s2.CellID {
	const fine = 27 // about 7 cm
	out := slices.Clone(cells)
	for _, id := range cells {
		if id.Level() > fine {
			id = id.Parent(fine)
			out = append(append(out, id), id.AllNeighbors(fine)...)
		}
	}
	return out
}

// rangesOf returns the descendants of the cells, and all cells they are in.
func rangesOf(cells []s2.CellID) []Range {
	var out []Range
	seen := map[s2.CellID]bool{}
	for _, id := range cells {
		out = append(out, Range{Cell(id.RangeMin()), Cell(id.RangeMax())})
		for level := id.Level() - 1; level >= 0; level-- {
			above := id.Parent(level)
			if seen[above] {
				break
			}
			seen[above] = true
			out = append(out, Range{Cell(above), Cell(above)})
		}
	}
	return merged(out)
}

// merged sorts ranges and joins those that overlap or follow each other.
func merged(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int {
		switch {
		case a.Low < b.Low:
			return -1
		case a.Low > b.Low:
			return +1
		}
		return 0
	})
	out := ranges[:0]
	for _, r := range ranges {
		if last := len(out) - 1; last >= 0 && r.Low <= out[last].High+2 {
			out[last].High = max(out[last].High, r.High)
			continue
		}
		out = append(out, r)
	}
	return out
}

// ranges covers a region of the plane that lies on the earth as a rectangle of
// longitudes and latitudes; documents outside the earth are not in an index.
func (p *planar) ranges() ([]Range, bool) {
	const margin = 1e-6 // degrees: more than a leaf cell
	lat := [2]float64{max(p.minY-margin, -90), min(p.maxY+margin, 90)}
	lng := [2]float64{max(p.minX-margin, -180), min(p.maxX+margin, 180)}
	if lat[0] > lat[1] || lng[0] > lng[1] {
		return nil, true
	}
	rect := s2.RectFromLatLng(s2.LatLngFromDegrees(lat[0], lng[0]))
	rect = rect.AddPoint(s2.LatLngFromDegrees(lat[1], lng[1]))
	if lng[1]-lng[0] >= 180 || lng[0] == -180 || lng[1] == 180 {
		rect.Lng = s1.FullInterval()
	}
	if max(lat[1], -lat[0]) > 89.999 {
		rect.Lng = s1.FullInterval() // the pole has every longitude
	}
	return rangesOf(cover(rect)), true
}

// Ranges returns the cells of an index among which all that the search asks for
// is found; ok is false when that is everything, or in the plane.
func (n *Near) Ranges() (ranges []Range, ok bool) {
	if angle := n.max * n.unit; !n.flat && angle < maxAngle {
		return rangesOf(cover(newCircle(n.centre, angle).widened())), true
	}
	return nil, false
}

// Ring is one step of a search that goes outwards.
type Ring struct {
	Ranges []Range // where geometries of the ring are, and what earlier rings did not name
	Until  float64 // what lies nearer, in the unit of the search, has now been found
	Last   bool    // nothing more can be found
}

// Rings goes outwards around the place of a search.
type Rings struct {
	near  *Near
	seen  s2.CellUnion
	outer float64 // radians
	done  bool
}

// Rings returns the rings of a search on the sphere; ok is false for one of the
// plane. Not safe for concurrent use.
func (n *Near) Rings() (rings *Rings, ok bool) {
	if n.flat {
		return nil, false
	}
	r := &Rings{near: n}
	const margin = 1e-8 // radians
	if nearest := min(n.min*n.unit, maxAngle) - margin; nearest > 0 {
		coverer := s2.RegionCoverer{MaxLevel: s2.MaxLevel, LevelMod: 1, MaxCells: queryCells}
		r.seen = coverer.InteriorCovering(newCircle(n.centre, nearest).cap)
		r.seen.Normalize()
	}
	return r, true
}

const firstRing = 100 / EarthRadius // radians: 100 m

// Next returns the next ring, so many times as far as the last one. After the
// last ring there is none.
func (r *Rings) Next(growth float64) Ring {
	inner := r.outer
	r.outer = max(inner*growth, firstRing, 2*r.near.min*r.near.unit)
	limit := min(r.near.max*r.near.unit, maxAngle)
	if r.outer >= limit {
		r.outer, r.done = limit, true
	}
	cells := s2.CellUnion(cover(newCircle(r.near.centre, r.outer).widened()))
	cells.Normalize()
	fresh := s2.CellUnionFromDifference(cells, r.seen)
	r.seen = s2.CellUnionFromUnion(r.seen, cells)
	until := r.outer / r.near.unit
	if r.done {
		until = math.Inf(1)
	}
	return Ring{Ranges: rangesOf(fresh), Until: until, Last: r.done}
}
