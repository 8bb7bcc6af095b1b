package query

import (
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/value"
)

// scorer is a predicate that also says how well a document fits, for
// {$meta: "textScore"}: $text.
type scorer interface {
	score(m *effort.Meter, d value.Doc) (float64, error)
}

// Score returns how well d fits the $text of the condition. ok is false when it
// has none.
func (f *Filter) Score(m *effort.Meter, d value.Doc) (score float64, ok bool, err error) {
	s := f.root.scorer()
	if s == nil {
		return 0, false, nil
	}
	score, err = s.score(m, d)
	return score, true, err
}

// scorer returns the one that must hold for every document n selects.
func (n *node) scorer() scorer {
	switch n.kind {
	case kindAnd:
		for i := range n.subs {
			if s := n.subs[i].scorer(); s != nil {
				return s
			}
		}
	case kindWhole:
		s, _ := n.ask.(scorer)
		return s
	}
	return nil
}

// compute returns what is kept of the document together with the values that
// rules make of it: behind the members that are there, in the order of the
// projection.
func (a *applier) compute(kept value.Doc) value.Doc {
	a.scope = a.scopes.take(a.run.patterns.Meter, a.doc)
	defer a.scopes.give(a.scope)
	var b value.Builder
	a.extend(&b, kept, a.rules)
	return b.Doc()
}

func (a *applier) extend(b *value.Builder, kept value.Doc, rules []*rule) {
	c := kept.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		if r := find(rules, key); r != nil && r.computes {
			a.made(b, v, r)
			continue
		}
		b.AddRaw(key, v)
	}
	for _, r := range rules {
		if r.computes && kept.Get(r.name).IsMissing() {
			a.made(b, value.Value{}, r)
		}
	}
}

// made appends the member of r. Above a value that is made stands an object,
// whatever was there; in an array, in the place of each element.
func (a *applier) made(b *value.Builder, v value.Value, r *rule) {
	switch r.action {
	case compute:
		made, err := r.expr.Eval(a.scope)
		if err != nil && a.run.err == nil {
			a.run.err = err
		}
		b.Add(r.name, made)
	case score:
		b.Add(r.name, a.score())
	case pick:
		if element := a.pick(a.doc.Get(r.name), r); !element.IsMissing() {
			b.Array(r.name, func(out *value.ArrayBuilder) { out.Add(element) })
		}
	default:
		if v.Type == value.TypeArray {
			b.Array(r.name, func(out *value.ArrayBuilder) { a.madeElements(out, v.Doc(), r) })
			return
		}
		b.Object(r.name, func(b *value.Builder) { a.extend(b, membersOf(v), r.subs) })
	}
}

func (a *applier) madeElements(out *value.ArrayBuilder, array value.Doc, r *rule) {
	for _, v := range array.All() {
		if v.Type == value.TypeArray {
			out.Array(func(out *value.ArrayBuilder) { a.madeElements(out, v.Doc(), r) })
			continue
		}
		out.Object(func(b *value.Builder) { a.extend(b, membersOf(v), r.subs) })
	}
}

func membersOf(v value.Value) value.Doc {
	if v.Type != value.TypeObject {
		return nil
	}
	return v.Doc()
}

func (a *applier) score() value.Value {
	var score float64
	ok, err := false, error(nil)
	if a.filter != nil {
		score, ok, err = a.filter.Score(a.run.patterns.Meter, a.doc)
	}
	if err == nil && !ok {
		err = fault.Refused("projection", "query requires text score metadata, but it is not available; add a $text to the condition")
	}
	if err != nil && a.run.err == nil {
		a.run.err = err
	}
	return value.Float(score)
}
