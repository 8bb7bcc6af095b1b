package aggregate

import (
	"slices"

	"baas/db/fault"
	"baas/db/geo"
	"baas/db/query"
	"baas/db/value"
)

// geoNear is $geoNear: the documents around a place, nearest first. Finding and
// ordering them is the store's work; the stage writes how far away they are.
type geoNear struct {
	place      value.Value
	search     *geo.Near
	key        string // path of the locations; "" is that of the geo index
	query      *match // nil for none
	options    geo.NearOptions
	distance   fieldPath
	location   fieldPath // nil for none
	multiplier float64

	near *query.Near // set when the path is known
}

func (c *compiler) geoNear(at string, v value.Value) ([]stage, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object with near and distanceField")
	}
	g := &geoNear{multiplier: 1}
	stages := []stage{g}
	for key, member := range v.Doc().All() {
		where := at + "." + key
		var err error
		switch key {
		case "near":
			g.place = member.Clone()
		case "distanceField":
			g.distance, err = fieldNamed(where, member)
		case "includeLocs":
			g.location, err = fieldNamed(where, member)
		case "key":
			if g.key = member.Text(); g.key == "" {
				err = fault.Refused(where, "must be the path of the locations")
			}
		case "query":
			g.query, err = c.match(where, member)
		case "spherical":
			g.options.Spherical = member.IsTrue()
		case "minDistance":
			g.options.MinDistance = member.Clone()
		case "maxDistance":
			g.options.MaxDistance = member.Clone()
		case "distanceMultiplier":
			f, ok := member.AsFloat()
			if g.multiplier = f; !ok || !(f >= 0) {
				err = fault.Refused(where, "must be a number, zero or larger")
			}
		case "limit", "num":
			var l *limit
			l, err = compileLimit(where, member)
			stages = append(stages, l)
		case "uniqueDocs":
		default:
			err = fault.Refused(where, "unknown option of $geoNear")
		}
		if err != nil {
			return nil, err
		}
	}
	return stages, g.check(at)
}

func fieldNamed(at string, v value.Value) (fieldPath, error) {
	if v.Type != value.TypeString {
		return nil, fault.Refused(at, "must be the path of the member to write")
	}
	return parseField(at, v.Text())
}

func (g *geoNear) check(at string) (err error) {
	switch {
	case g.place.IsMissing():
		return fault.Refused(at, "$geoNear requires a 'near' argument")
	case g.distance == nil:
		return fault.Refused(at, "$geoNear requires a 'distanceField' option")
	case g.query != nil && g.query.filter.HasText():
		return fault.Refused(at+".query", "text and geoNear not allowed in same query")
	}
	if g.search, err = geo.NewNear(at+".near", g.place, g.options); err != nil {
		return err
	}
	_, err = query.Compile(g.condition("location", nil))
	return err
}

// condition returns what the store is asked for.
func (g *geoNear) condition(path string, vars []value.Value) value.Doc {
	name := "$near"
	if g.options.Spherical || g.place.Doc().Get("type").Type == value.TypeString {
		name = "$nearSphere"
	}
	geometry := name == "$nearSphere" && g.search.Metres()
	distances := func(b *value.Builder) {
		b.Add("$minDistance", g.options.MinDistance)
		b.Add("$maxDistance", g.options.MaxDistance)
	}
	var b value.Builder
	b.Object(path, func(b *value.Builder) {
		if !geometry {
			b.Add(name, g.place)
			distances(b)
			return
		}
		b.Object(name, func(b *value.Builder) {
			b.Add("$geometry", g.place)
			distances(b)
		})
	})
	if g.query == nil || g.query.cond.IsEmpty() {
		return b.Doc()
	}
	var both value.Builder
	both.Array("$and", func(a *value.ArrayBuilder) {
		a.Add(value.FromDoc(b.Doc()))
		a.Add(value.FromDoc(g.query.bound(vars)))
	})
	return both.Doc()
}

// at returns the stage for a collection, where its locations stand.
func (g *geoNear) at(store Store, collection string) (*geoNear, error) {
	found := *g
	if found.key == "" {
		path, err := store.GeoPath(collection)
		if err != nil {
			return nil, err
		}
		found.key = path
	}
	found.near = query.NearAt(found.key, g.search)
	return &found, nil
}

func (g *geoNear) open(r *run, next sink) (sink, error) {
	if g.near == nil {
		return nil, fault.New(fault.DatabaseFailed, "$geoNear must be the first stage of the pipeline")
	}
	return &measuring{geoNear: g, run: r, next: next}, nil
}

// measuring writes distances.
type measuring struct {
	*geoNear
	run  *run
	next sink
	w    [2]buffer
}

func (m *measuring) push(d value.Doc) error {
	distance, location, ok, err := m.near.Nearest(m.run.meter, d)
	if !ok || err != nil {
		return err
	}
	m.w[0].begin()
	m.distance.set(&m.w[0], d, value.Float(distance*m.multiplier))
	d = m.w[0].doc()
	if m.location != nil {
		location.Data = slices.Clone(location.Data)
		m.w[1].begin()
		m.location.set(&m.w[1], d, location)
		d = m.w[1].doc()
	}
	return m.next.push(d)
}

func (m *measuring) close() error { return m.next.close() }
