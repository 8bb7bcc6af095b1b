package plan

import (
	"encoding/binary"

	"baas/db/fault"
	"baas/db/geo"
	"baas/db/query"
	"baas/db/value"
)

// sphere makes the terms of a 2dsphere key: the numbers of S2 cells, eight bytes
// each. A cell and all cells inside it are one range.
type sphere struct{}

// Terms implements [Terms]. A value that is no geometry refuses the document.
func (sphere) Terms(dst [][]byte, paths []string, d value.Doc) ([][]byte, error) {
	var failed error
	seen := map[geo.Cell]bool{}
	query.Ends(d, paths[0], func(v value.Value) {
		cells, err := geo.IndexCells(paths[0], v)
		if err != nil && failed == nil {
			failed = fault.New(fault.DatabaseFailed, "Can't extract geo keys: %s", fault.Text(err))
		}
		for _, c := range cells {
			if !seen[c] {
				seen[c] = true
				dst = append(dst, appendCell(nil, c))
			}
		}
	})
	return dst, failed
}

// Ranges implements [Terms].
func (sphere) Ranges(paths []string, f *query.Filter) (ranges []Range, ok bool) {
	for _, c := range f.GeoConditions() {
		if c.Path == paths[0] {
			cells, ok := c.Test.Ranges()
			return cellRanges(cells), ok
		}
	}
	if near := f.Near(); near != nil && near.Path() == paths[0] {
		cells, ok := near.Search().Ranges()
		return cellRanges(cells), ok
	}
	return nil, false
}

func cellRanges(cells []geo.Range) []Range {
	ranges := make([]Range, len(cells))
	for i, c := range cells {
		ranges[i] = Range{Low: appendCell(nil, c.Low), High: appendCell(nil, c.High+1)}
	}
	return ranges
}

func appendCell(dst []byte, c geo.Cell) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(c))
}

// Around returns the scan of a 2dsphere index for a ring of a search that goes
// outwards: what is bounded before the locations stays bounded. ok is false when
// the index does not lead to them.
func (q Query) Around(x *Index, path string, cells []geo.Range) (s Scan, ok bool) {
	q.ring = &ring{path, cellRanges(cells)}
	p, ok := q.use(x)
	if !ok {
		return Scan{}, false
	}
	s = p.Scans[0]
	return s, s.Bound == 1 && x.fields[s.Equal].isOf(Sphere2D, path)
}

// ring says which cells of a path are wanted.
type ring struct {
	path   string
	ranges []Range
}

func (f *field) isOf(kind Kind, path string) bool { return f.kind == kind && f.paths[0] == path }
