package geo_test

import (
	"testing"

	"baas/db/geo"
	"baas/db/value"
)

// FuzzGeometry: no value panics; what an index accepts has cells, is as near as
// it is to itself, and meets itself.
func FuzzGeometry(f *testing.F) {
	for _, seed := range []string{
		`[1,2]`, `[[1,2],[3,4]]`, `{"type":"Point","coordinates":[1,2]}`,
		`{"type":"LineString","coordinates":[[1,2],[3,4],[5,6,7]]}`,
		`{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]],[[4,1],[5,1],[5,2],[4,1]]]}`,
		`{"type":"MultiPolygon","coordinates":[[[[0,0],[9,0],[9,9],[0,0]]]]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`,
		`{"type":"Polygon","crs":{"type":"name","properties":{"name":"urn:x-mongodb:crs:strictwinding:EPSG:4326"}},"coordinates":[[[0,0],[9,9],[9,0],[0,0]]]}`,
		`{"$box":[[0,0],[1,1]]}`, `{"$centerSphere":[[0,0],1]}`, `{"$polygon":[[0,0],[1,1],[2,0]]}`,
	} {
		f.Add([]byte(`{"v":` + seed + `}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := value.ParseJSON(text, value.ParseOptions{})
		if err != nil {
			return
		}
		v := d.Get("v")
		if test, err := geo.CompileWithin("v", v); err == nil {
			test.Ranges()
			test.Holds(v)
			test.Holds(value.FromDoc(d))
		}
		g, err := geo.Parse("v", v)
		if err != nil {
			return
		}
		if len(g.Cells()) == 0 {
			t.Fatalf("%s has no cells", text)
		}
		var b value.Builder
		b.Add("$geometry", v)
		if test, err := geo.CompileIntersects("v", value.FromDoc(b.Doc())); err == nil {
			test.Ranges()
			if holds, _ := test.Holds(v); !holds {
				t.Fatalf("%s does not meet itself", text)
			}
		}
		if near, err := geo.NewNear("v", v, geo.NearOptions{Spherical: true}); err == nil {
			if distance, ok, _ := near.Distance(v); !ok || distance > 1 {
				t.Fatalf("%s is %v, %v away from itself", text, distance, ok)
			}
		}
	})
}
