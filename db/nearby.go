package db

import (
	"cmp"
	"context"
	"math"
	"slices"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/geo"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/query"
)

// outwards passes the documents around a place, nearest first: it reads the
// entries of a 2dsphere index ring by ring and passes what no later ring can be
// nearer than. Of the documents that it has measured it keeps places and
// distances only.
type outwards struct {
	coll  uint32
	end   place
	near  *query.Near
	meter *effort.Meter
	query plan.Query
	x     *index

	rings *geo.Rings
	ring  geo.Ring
	scans []indexScan // of the ring, as far as it has not been walked
	begun bool        // the first ring is under way
	found int         // entries of all rings
	first int64       // so many documents are wanted, 0: all
	seen  map[place]struct{}
	todo  []place    // to be measured
	held  []measured // not near enough yet
	ready []measured // to be passed, nearest first
}

type measured struct {
	at       place
	distance float64
}

func (m measured) compare(o measured) int {
	if c := cmp.Compare(m.distance, o.distance); c != 0 {
		return c
	}
	return cmp.Compare(m.at, o.at)
}

// outwards makes the source of a search around a place, if an index serves it.
func (w *walk) outwards(q plan.Query, near *query.Near, set *indexSet) bool {
	rings, ok := near.Search().Rings()
	if !ok {
		return false
	}
	for _, x := range set.ready {
		scan, ok := q.Around(x, near.Path(), []geo.Range{{High: math.MaxUint64 - 1}})
		if !ok {
			continue
		}
		w.plan = &plan.Plan{Scans: []plan.Scan{scan}, Order: plan.Sorted}
		w.sorted = true
		w.source = &outwards{
			coll: w.coll, end: w.end, near: near, meter: w.effort, query: q, x: set.of[x],
			rings: rings, first: w.first, seen: map[place]struct{}{},
		}
		return true
	}
	return false
}

func (s *outwards) scanning() []indexScan {
	if s.ring.Last && len(s.scans) == 0 {
		return nil
	}
	return []indexScan{{x: s.x}}
}

func (s *outwards) view(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (done bool, err error) {
	for {
		if full, err := s.pass(r, a, fn); full || err != nil {
			return false, err
		}
		switch {
		case s.begun:
		case s.ring.Last:
			return true, nil
		default:
			s.next()
		}
		if full, err := s.read(r, a); full || err != nil {
			return false, err
		}
		if full, err := s.measure(r, a); full || err != nil {
			return false, err
		}
		s.settle()
	}
}

// growth is how much further the next ring reaches: about as far as the documents
// that are wanted, if they lie as close as up to here.
func (s *outwards) growth() float64 {
	const least, most = 1.4, 8
	switch {
	case s.found == 0:
		return most
	case s.first == 0:
		return 2
	}
	return max(least, min(math.Sqrt(1.5*float64(s.first)/float64(s.found)), most))
}

// next begins the next ring.
func (s *outwards) next() {
	s.ring = s.rings.Next(s.growth())
	s.begun, s.scans = true, nil
	if len(s.ring.Ranges) == 0 {
		return
	}
	if scan, ok := s.query.Around(s.x.Index, s.near.Path(), s.ring.Ranges); ok {
		s.scans = []indexScan{{Scan: scan, x: s.x}}
	}
}

// read takes in the entries of the ring.
func (s *outwards) read(r kv.Reader, a *allowance) (full bool, err error) {
	for len(s.scans) > 0 {
		done, err := s.scans[0].walk(r, a.key, func(key, stored []byte) (full bool, err error) {
			at := s.x.placeIn(key, stored)
			s.found++
			if _, known := s.seen[at]; !known && at < s.end {
				s.seen[at] = struct{}{}
				s.todo = append(s.todo, at)
			}
			return a.key(len(key)), nil
		})
		if !done || err != nil {
			return true, err
		}
		s.scans = s.scans[1:]
	}
	return false, nil
}

// measure looks how far away the documents are.
func (s *outwards) measure(r kv.Reader, a *allowance) (full bool, err error) {
	for len(s.todo) > 0 {
		at := s.todo[len(s.todo)-1]
		s.todo = s.todo[:len(s.todo)-1]
		stored, err := r.Get(docKey(s.coll, at))
		if err != nil {
			return false, err
		}
		if stored == nil {
			continue // removed since its entry was read
		}
		doc, err := storedDoc(stored)
		if err != nil {
			return false, err
		}
		distance, _, ok, err := s.near.Nearest(s.meter, doc)
		if err != nil {
			return false, err
		}
		if ok {
			s.held = append(s.held, measured{at, distance})
		}
		if a.doc(len(stored)) {
			return true, nil
		}
	}
	return false, nil
}

// settle ends the ring: what lies within it comes next.
func (s *outwards) settle() {
	s.begun = false
	held := s.held[:0]
	for _, m := range s.held {
		if m.distance < s.ring.Until || s.ring.Last {
			s.ready = append(s.ready, m)
		} else {
			held = append(held, m)
		}
	}
	s.held = held
	slices.SortFunc(s.ready, measured.compare)
}

// pass passes the documents that are ready; full is true when the view must end.
func (s *outwards) pass(r kv.Reader, a *allowance, fn func(at place, stored []byte) error) (full bool, err error) {
	for len(s.ready) > 0 {
		at := s.ready[0].at
		s.ready = s.ready[1:]
		stored, err := r.Get(docKey(s.coll, at))
		if err != nil {
			return false, err
		}
		if stored == nil {
			continue
		}
		if err := fn(at, stored); err != nil {
			return false, err
		}
		if a.spend(len(stored)) {
			return true, nil
		}
	}
	return false, nil
}

// geoPath returns the path of a collection's only 2dsphere index.
func (e *Engine) geoPath(ctx context.Context, coll string) (path string, err error) {
	err = e.view(ctx, func(r kv.Reader) error {
		c, ok, err := readCollection(r, coll)
		if !ok || err != nil {
			return err
		}
		set, err := e.indexes.load(r, c.id)
		if err != nil {
			return err
		}
		path, err = onlyGeoPath(coll, set)
		return err
	})
	if path == "" && err == nil {
		err = fault.New(fault.DatabaseFailed,
			"unable to find index for $geoNear query: create a 2dsphere index, or name the path of the locations with key")
	}
	return path, err
}

func onlyGeoPath(coll string, set *indexSet) (path string, err error) {
	for _, x := range set.all {
		for _, k := range x.Keys {
			switch {
			case k.Kind != plan.Sphere2D || x.state == IndexFailed || k.Path == path:
			case path != "":
				return "", fault.New(fault.DatabaseFailed,
					"There is more than one 2dsphere index on %s; unsure which to use for $geoNear: name the path with key", coll)
			default:
				path = k.Path
			}
		}
	}
	return path, nil
}

// GeoPath implements aggregate.Store.
func (s *callersStore) GeoPath(coll string) (string, error) { return s.engine.geoPath(s.ctx, coll) }

// GeoPath implements aggregate.Store.
func (s *transactionStore) GeoPath(coll string) (string, error) { return s.t.e.geoPath(s.ctx, coll) }
