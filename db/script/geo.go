package script

import (
	"math"

	"baas/db/value"
)

// geoNamespace is db.Geo: each shape is the GeoJSON object it stands for. How
// many points a shape needs, and whether its rings are closed, the database
// checks.
func geoNamespace() *namespace {
	return &namespace{name: "db.Geo", members: func(name string) (any, bool) {
		parts, ok := map[string]string{
			"Point": "", "MultiPoint": "Point", "LineString": "Point",
			"MultiLineString": "LineString", "Polygon": "LineString", "MultiPolygon": "Polygon",
		}[name]
		if !ok {
			return nil, false
		}
		return &function{name: "db.Geo." + name, construct: true, call: func(c *call) (any, error) {
			if o, ok := c.arg(0).(*object); ok {
				if coordinates, there := o.get("coordinates"); there {
					return shape(name, coordinates), nil
				}
			}
			if name == "Point" {
				return point(c)
			}
			return shapeOf(c, name, parts)
		}}, true
	}}
}

func shape(name string, coordinates any) *object {
	return &object{keys: []string{"type", "coordinates"}, vals: []any{value.String(name), coordinates}, leaf: true}
}

func point(c *call) (any, error) {
	var at [2]value.Value
	for i, most := range []float64{180, 90} {
		v, _ := c.arg(i).(value.Value)
		f, ok := v.AsFloat()
		if !ok || !(math.Abs(f) <= most) {
			return nil, c.fail("takes a longitude from -180 to 180 and a latitude from -90 to 90")
		}
		at[i] = v
	}
	return shape("Point", &list{items: []any{at[0], at[1]}}), nil
}

// shapeOf joins parts, which are shapes or bare coordinates.
func shapeOf(c *call, name, part string) (any, error) {
	l, ok := c.arg(0).(*list)
	if !ok || len(l.items) == 0 {
		return nil, c.fail("takes an array of %s", part)
	}
	joined := &list{}
	for _, item := range l.items {
		switch x := item.(type) {
		case *object:
			kind, _ := x.get("type")
			coordinates, there := x.get("coordinates")
			if k, _ := kind.(value.Value); !there || k.Text() != part {
				return nil, c.fail("takes an array of %s", part)
			}
			joined.items = append(joined.items, coordinates)
		case *list:
			joined.items = append(joined.items, x)
		default:
			return nil, c.fail("takes an array of %s, not of %s", part, describe(item))
		}
	}
	return shape(name, joined), nil
}
