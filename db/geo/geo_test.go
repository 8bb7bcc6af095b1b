package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/db/geo"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// parsed reads {"v": …} and returns v.
func parsed(t testing.TB, text string) value.Value {
	t.Helper()
	return valuetest.Doc(t, `{"v":`+text+`}`).Get("v")
}

// shapes makes random geometries. On a grid they often touch.
type shapes struct {
	r    *rand.Rand
	grid bool
}

func (s shapes) number(low, high float64) float64 {
	f := low + s.r.Float64()*(high-low)
	if s.grid {
		f = float64(int(f*2)) / 2
	}
	return f
}

func (s shapes) position(lng, lat, size float64) string {
	return fmt.Sprintf("[%v,%v]", s.number(lng-size, lng+size), s.number(lat-size, lat+size))
}

// any returns a geometry whose positions are within size degrees of a place.
func (s shapes) any(lng, lat, size float64) string {
	position := func() string { return s.position(lng, lat, size) }
	switch s.r.IntN(7) {
	case 0:
		return position()
	case 1:
		return fmt.Sprintf(`{"type":"Point","coordinates":%s}`, position())
	case 2:
		return fmt.Sprintf(`{"type":"LineString","coordinates":[%s,%s,[%v,%v]]}`,
			position(), position(), lng, lat+size+0.5)
	case 3:
		return fmt.Sprintf(`{"type":"MultiPoint","coordinates":[%s,%s]}`, position(), position())
	case 4:
		return fmt.Sprintf(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":%s},%s]}`,
			position(), s.polygon(lng, lat, size))
	}
	return s.polygon(lng, lat, size)
}

// polygon returns a rectangle, a rectangle with a hole, or a triangle.
func (s shapes) polygon(lng, lat, size float64) string {
	x, y := s.number(lng-size, lng+size), s.number(lat-size, lat+size)
	w, h := s.number(0.5, size), s.number(0.5, size)
	switch s.r.IntN(3) {
	case 0:
		return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%v,%v],[%v,%v],[%v,%v],[%v,%v]]]}`,
			x, y, x+w, y, x, y+h, x, y)
	case 1:
		return fmt.Sprintf(`{"type":"Polygon","coordinates":[%s,%s]}`, ring(x, y, w, h), ring(x+w/4, y+h/4, w/2, h/2))
	}
	return fmt.Sprintf(`{"type":"Polygon","coordinates":[%s]}`, ring(x, y, w, h))
}

func ring(x, y, w, h float64) string {
	return fmt.Sprintf("[[%v,%v],[%v,%v],[%v,%v],[%v,%v],[%v,%v]]", x, y, x+w, y, x+w, y+h, x, y+h, x, y)
}

func (s shapes) test(t *testing.T, lng, lat, size float64) (*geo.Test, string) {
	t.Helper()
	var (
		test *geo.Test
		err  error
		text string
	)
	switch s.r.IntN(5) {
	case 0:
		text = s.any(lng, lat, size)
		if text[0] == '[' {
			text = `{"type":"Point","coordinates":` + text + `}`
		}
		test, err = geo.CompileIntersects("l", parsed(t, `{"$geometry":`+text+`}`))
	case 1:
		text = fmt.Sprintf(`{"$centerSphere":[%s,%v]}`, s.position(lng, lat, size), s.number(0.5, 2*size)/57)
		test, err = geo.CompileWithin("l", parsed(t, text))
	case 2:
		text = fmt.Sprintf(`{"$box":[%s,%s]}`, s.position(lng, lat, size), s.position(lng, lat, size))
		test, err = geo.CompileWithin("l", parsed(t, text))
	case 3:
		text = fmt.Sprintf(`{"$center":[%s,%v]}`, s.position(lng, lat, size), s.number(0.5, size))
		test, err = geo.CompileWithin("l", parsed(t, text))
	default:
		text = s.polygon(lng, lat, 2*size)
		test, err = geo.CompileWithin("l", parsed(t, `{"$geometry":`+text+`}`))
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return test, text
}

// What a condition holds for is found under its ranges, wherever on earth.
func TestRangesFindWhatHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	places := [][2]float64{{0, 0}, {113.3, 23.1}, {45, 45}, {90, 0}, {-90, 35.26}, {10, 80}}
	held := 0
	for i := range 400 {
		s := shapes{r, i%2 == 0}
		at := places[i%len(places)]
		size := []float64{1, 3, 0.6}[i%3]
		test, text := s.test(t, at[0], at[1], size)
		ranges, ok := test.Ranges()
		if !ok {
			t.Fatalf("%s has no ranges", text)
		}
		for range 20 {
			stored := s.any(at[0], at[1], size)
			v := parsed(t, stored)
			cells, err := geo.IndexCells("l", v)
			if err != nil {
				t.Fatalf("%s: %v", stored, err)
			}
			holds, _ := test.Holds(v)
			if !holds {
				continue
			}
			held++
			if !among(cells, ranges) {
				t.Fatalf("%s holds for %s, which an index would not find", text, stored)
			}
		}
	}
	if held < 200 {
		t.Errorf("only %d held; the shapes say little", held)
	}
}

func among(cells []geo.Cell, ranges []geo.Range) bool {
	for _, c := range cells {
		for _, r := range ranges {
			if c >= r.Low && c <= r.High {
				return true
			}
		}
	}
	return false
}

// Intersects is the same from both sides, and what is within intersects.
func TestPredicatesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 1000 {
		s := shapes{r, i%3 == 0}
		a, b := s.any(10, 10, 2), s.any(10, 10, 2)
		for _, text := range []*string{&a, &b} {
			if (*text)[0] == '[' {
				*text = `{"type":"Point","coordinates":` + *text + `}`
			}
		}
		meets := func(query, stored string) bool {
			test, err := geo.CompileIntersects("l", parsed(t, `{"$geometry":`+query+`}`))
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			ok, _ := test.Holds(parsed(t, stored))
			return ok
		}
		if meets(a, b) != meets(b, a) {
			t.Fatalf("%s and %s meet from one side only", a, b)
		}
		if !strings.HasPrefix(b, `{"type":"Polygon"`) {
			continue
		}
		test, err := geo.CompileWithin("l", parsed(t, `{"$geometry":`+b+`}`))
		if err != nil {
			t.Fatal(err)
		}
		if inside, _ := test.Holds(parsed(t, a)); inside && !meets(a, b) {
			t.Fatalf("%s is within %s and does not meet it", a, b)
		}
	}
}

// Going outwards, each ring tells truly up to where everything has been found.
func TestRingsFindNearestFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 25 {
		s := shapes{r, false}
		lng, lat := s.number(-180, 180), s.number(-89, 89)
		o := geo.NearOptions{Spherical: true}
		if i%2 == 0 {
			o.MinDistance, o.MaxDistance = value.Float(s.number(0, 50_000)), value.Float(s.number(50_000, 300_000))
		}
		near, err := geo.NewNear("near", parsed(t, fmt.Sprintf(`{"type":"Point","coordinates":[%v,%v]}`, lng, lat)), o)
		if err != nil {
			t.Fatal(err)
		}
		type thing struct {
			cells    []geo.Cell
			distance float64
			found    bool
		}
		var things []*thing
		for range 200 {
			size := []float64{0.01, 0.5, 5}[r.IntN(3)]
			text := fmt.Sprintf("[%v,%v]", max(-180, min(180, lng+s.number(-size, size))), max(-90, min(90, lat+s.number(-size, size))))
			if r.IntN(4) == 0 {
				text = fmt.Sprintf(`{"type":"LineString","coordinates":[%s,[%v,%v]]}`, text, lng/2, lat/2)
			}
			v := parsed(t, text)
			cells, err := geo.IndexCells("l", v)
			if err != nil {
				t.Fatal(err)
			}
			d, ok, _ := near.Distance(v)
			if ok && near.Within(d) {
				things = append(things, &thing{cells: cells, distance: d})
			}
		}
		rings, _ := near.Rings()
		for {
			ring := rings.Next(1.5 + 4*r.Float64())
			for _, x := range things {
				x.found = x.found || among(x.cells, ring.Ranges)
				if !x.found && x.distance < ring.Until {
					t.Fatalf("at %v m something is missing that is %v m away", ring.Until, x.distance)
				}
			}
			if ring.Last {
				break
			}
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		name, near, stored string
		want               float64
	}{
		{"a degree of latitude", `{"type":"Point","coordinates":[0,0]}`, `[0,1]`, 111_318.845},
		{"the other side of the earth", `{"type":"Point","coordinates":[0,0]}`, `[180,0]`, 20_037_392.1},
		{"pole to pole", `{"type":"Point","coordinates":[5,90]}`, `[100,-90]`, 20_037_392.1},
		{"across the date line", `{"type":"Point","coordinates":[179.5,0]}`, `[-179.5,0]`, 111_318.845},
		{"Beijing to Shanghai", `{"type":"Point","coordinates":[116.4074,39.9042]}`, `{"type":"Point","coordinates":[121.4737,31.2304]}`, 1_068_498},
		{"a line's middle", `{"type":"Point","coordinates":[0,0]}`, `{"type":"LineString","coordinates":[[1,-1],[1,1]]}`, 111_318.845},
		{"a polygon around", `{"type":"Point","coordinates":[0,0]}`, `{"type":"Polygon","coordinates":[[[-1,-1],[1,-1],[1,1],[-1,1],[-1,-1]]]}`, 0},
		{"radians", `[0,0]`, `[1,0]`, 0.017453292},
	} {
		t.Run(c.name, func(t *testing.T) {
			near, err := geo.NewNear("near", parsed(t, c.near), geo.NearOptions{Spherical: true})
			if err != nil {
				t.Fatal(err)
			}
			got, ok, _ := near.Distance(parsed(t, c.stored))
			if tolerance := c.want * 1e-3; !ok || got < c.want-tolerance || got > c.want+tolerance {
				t.Errorf("got %v, %v, want %v", got, ok, c.want)
			}
		})
	}
}

func TestIndexCells(t *testing.T) {
	for _, c := range []struct {
		name, v string
		cells   int // -1: any number
		err     string
	}{
		{"null", `null`, 0, ""},
		{"empty array", `[]`, 0, ""},
		{"pair", `[1,2]`, 1, ""},
		{"two pairs", `[[1,2],[3,4]]`, 2, ""},
		{"two equal points", `[[1,2],{"type":"Point","coordinates":[1,2]}]`, 1, ""},
		{"polygon", `{"type":"Polygon","coordinates":[` + ring(0, 0, 10, 10) + `]}`, -1, ""},
		{"a text", `"x"`, 0, "must be a GeoJSON object"},
		{"pair out of bounds", `[200,2]`, 0, "out of bounds"},
		{"list with one damaged member", `[[1,2],{"type":"Point"}]`, 0, "coordinates"},
		{"self-crossing ring", `{"type":"Polygon","coordinates":[[[0,0],[10,10],[10,0],[0,10],[0,0]]]}`, 0, "crosses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cells, err := geo.IndexCells("a.l", parsed(t, c.v))
			if c.err != "" {
				if !fault.Is(err, fault.DatabaseFailed) || !strings.Contains(fault.Text(err), c.err) {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || c.cells >= 0 && len(cells) != c.cells || c.cells < 0 && len(cells) == 0 {
				t.Errorf("got %d cells, %v, want %d", len(cells), err, c.cells)
			}
		})
	}
}

// A geometry of more positions than the limit is refused, and one at the limit
// is checked in reasonable time.
func TestVertexLimit(t *testing.T) {
	circle := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"$geometry":{"type":"Polygon","coordinates":[[`)
		for i := range n - 1 {
			angle := 2 * math.Pi * float64(i) / float64(n-1)
			fmt.Fprintf(&b, "[%v,%v],", 10+5*math.Cos(angle), 20+5*math.Sin(angle))
		}
		b.WriteString("[15,20]]]}}")
		return b.String()
	}
	if _, err := geo.CompileWithin("l", parsed(t, circle(geo.MaxVertices+1))); !fault.Is(err, fault.DatabaseFailed) {
		t.Errorf("got %v, want a refusal", err)
	}
	test, err := geo.CompileWithin("l", parsed(t, circle(geo.MaxVertices)))
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := test.Holds(parsed(t, `[10,20]`)); !ok {
		t.Error("the middle is not inside")
	}
	if ranges, ok := test.Ranges(); !ok || len(ranges) > 200 {
		t.Errorf("%d ranges, %v", len(ranges), ok)
	}
}

// comb returns a polygon of n positions with long thin teeth, aslant: no way to
// sort its edges keeps them apart.
func comb(n int, x, y float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":"Polygon","coordinates":[[[%v,%v]`, x, y-1)
	for i := range n - 3 {
		fmt.Fprintf(&b, ",[%v,%v]", x+float64(i)*0.004+float64(i%2)*40, y+float64(i%2)*40)
	}
	fmt.Fprintf(&b, ",[%v,%v],[%v,%v]]]}", x+float64(n)*0.004, y-1, x, y-1)
	return b.String()
}

// The dearest shapes are checked edge by edge, and what that costs is counted.
func TestHostileShapesAreCounted(t *testing.T) {
	const n = 3000
	test, err := geo.CompileIntersects("l", parsed(t, `{"$geometry":`+comb(n, 0.001, 0.5)+`}`))
	if err != nil {
		t.Fatal(err)
	}
	meets, steps := test.Holds(parsed(t, comb(n, 0, 0)))
	if !meets || steps < n*n/20 {
		t.Errorf("got %v in %d steps", meets, steps)
	}
}
