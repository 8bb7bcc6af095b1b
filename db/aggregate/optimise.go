package aggregate

import "slices"

// optimised returns stages that come to the same and cost less. Each rule moves a
// stage towards the front or takes one away.
func optimised(stages []stage) []stage {
	stages = slices.Clone(stages)
	left := 16 * (len(stages) + 16) // a pipeline that is made to keep us busy stays as it is
	for i := 0; i+1 < len(stages) && left > 0; i++ {
		pair, ok := improved(stages[i], stages[i+1])
		if !ok {
			continue
		}
		left--
		copy(stages[i:], pair)
		stages = slices.Delete(stages, i+len(pair), i+2)
		i = max(i-2, -1)
	}
	return stages
}

// improved returns what may stand in the place of two neighbours.
func improved(a, b stage) (pair []stage, ok bool) {
	switch b := b.(type) {
	case *match:
		if m, ok := a.(*match); ok {
			both := m.and(b)
			return []stage{both}, both != nil
		}
		if passes(a, b) {
			return []stage{b, a}, true
		}
	case *limit:
		return improvedLimit(a, b)
	case *skip:
		if s, ok := a.(*skip); ok {
			return []stage{&skip{sum(s.n, b.n)}}, true
		}
	case *unwind:
		if l, ok := a.(*lookup); ok && l.unwound == nil && len(l.as) == 1 && len(b.path) == 1 && l.as.top() == b.path.top() {
			fused := *l
			fused.unwound = b
			return []stage{&fused}, true
		}
	}
	return nil, false
}

// improvedLimit takes a limit into the sort before it, and joins limits.
func improvedLimit(a stage, b *limit) ([]stage, bool) {
	switch a := a.(type) {
	case *limit:
		return []stage{&limit{min(a.n, b.n)}}, true
	case *skip:
		if b.n < 1<<62 && a.n > 0 { // the sort before them needs the first of both only
			return []stage{&limit{sum(a.n, b.n)}, a}, true
		}
	case *sort:
		most := b.n
		if a.most > 0 {
			most = min(most, a.most)
		}
		limited := *a
		limited.most = most
		return []stage{&limited}, true
	case *project, *addFields, *graphLookup: // one document of each
		return []stage{b, a}, true
	case *lookup:
		return []stage{b, a}, a.unwound == nil
	}
	return nil, false
}

// passes reports whether a condition selects the same before the stage.
func passes(a stage, m *match) bool {
	switch a := a.(type) {
	case *sort:
		return a.most == 0
	case *unwind:
		return m.independent(a.path.top()) && (a.index == nil || m.independent(a.index.top()))
	case *addFields:
		return m.independent(a.root.names()...)
	case *project:
		return a.keeps(m)
	case *lookup:
		return m.independent(a.as.top()) && (a.unwound == nil || a.unwound.index == nil || m.independent(a.unwound.index.top()))
	case *graphLookup:
		return m.independent(a.as.top())
	}
	return false
}

// keeps reports whether everything that the condition looks at passes the
// projection as it is.
func (p *project) keeps(m *match) bool {
	if !p.include {
		return m.independent(p.root.names()...)
	}
	for _, field := range m.fields {
		r := p.root.find([]byte(field))
		if r == nil || r.action != keep {
			return false
		}
	}
	return m.fields != nil
}

// manyFields is from where on members are not compared with each other.
const manyFields = 10_000

// independent reports whether the condition does not look at these top-level
// members.
func (m *match) independent(tops ...string) bool {
	if m.fields == nil || len(m.fields)*len(tops) > manyFields {
		return false
	}
	for _, top := range tops {
		for _, field := range m.fields {
			if field == top {
				return false
			}
		}
	}
	return true
}

// input takes the first $match and $sort, in this order, or what $geoNear looks
// for, for the store.
func (r *run) input(p *Pipeline, collection string) (Input, []stage, error) {
	in := Input{Collection: collection}
	rest := p.stages
	if len(rest) > 0 {
		if g, ok := rest[0].(*geoNear); ok {
			found, err := g.at(r.store, collection)
			if err != nil {
				return in, nil, err
			}
			in.Query = found.condition(found.key, r.vars)
			if len(rest) > 1 {
				if l, ok := rest[1].(*limit); ok {
					in.Limit = l.n
				}
			}
			return in, append([]stage{found}, rest[1:]...), nil
		}
		if d, ok := rest[0].(*describe); ok {
			in.Describe = d.name
			return in, rest, nil
		}
		if m, ok := rest[0].(*match); ok {
			in.Query = m.bound(r.vars)
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		if s, ok := rest[0].(*sort); ok {
			in.Sort, in.Limit = s.spec, s.most
			rest = rest[1:]
		}
	}
	return in, rest, nil
}
