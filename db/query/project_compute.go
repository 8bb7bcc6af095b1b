package query

import (
	"baas/db/fault"
	"baas/db/value"
)

// compute returns what is kept of the document together with the values that
// rules make of it: behind the members that are there, in the order of the
// projection.
func (a *applier) compute(kept value.Doc) value.Doc {
	a.scope = a.scopes.take(a.run.patterns.Meter, a.doc)
	defer a.scopes.give(a.scope)
	a.scope.TextScore = a.textScore()
	var b value.Builder
	a.extend(&b, kept, &a.root)
	return b.Doc()
}

func (a *applier) extend(b *value.Builder, kept value.Doc, above *rule) {
	var done map[*rule]bool
	c := kept.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		r := above.find(key)
		if r == nil || !r.computes {
			b.AddRaw(key, v)
			continue
		}
		a.made(b, v, r)
		if done == nil {
			done = map[*rule]bool{}
		}
		done[r] = true
	}
	for _, r := range above.subs {
		if r.computes && !done[r] {
			a.made(b, value.Value{}, r)
		}
	}
}

// made appends the member of r. Above a value that is made stands an object,
// whatever was there; in an array, in the place of each element.
func (a *applier) made(b *value.Builder, v value.Value, r *rule) {
	switch r.action {
	case compute:
		if _, constant := r.expr.Constant(); !constant && !a.run.skim(len(a.doc)) {
			return
		}
		made, err := r.expr.Eval(a.scope)
		if err != nil {
			a.fail(err)
		}
		b.Add(r.name, made)
	case score:
		if a.scope.TextScore.IsMissing() {
			a.fail(fault.Refused("projection."+r.name, "query requires text score metadata, but it is not available; add a $text to the condition"))
		}
		b.Add(r.name, a.scope.TextScore)
	case pick:
		if element := a.pick(a.doc.Get(r.name), r); !element.IsMissing() {
			b.Array(r.name, func(out *value.ArrayBuilder) { out.Add(element) })
		}
	default:
		if v.Type == value.TypeArray {
			b.Array(r.name, func(out *value.ArrayBuilder) { a.madeElements(out, v.Doc(), r) })
			return
		}
		b.Object(r.name, func(b *value.Builder) { a.extend(b, membersOf(v), r) })
	}
}

func (a *applier) madeElements(out *value.ArrayBuilder, array value.Doc, r *rule) {
	for _, v := range array.All() {
		if v.Type == value.TypeArray {
			out.Array(func(out *value.ArrayBuilder) { a.madeElements(out, v.Doc(), r) })
			continue
		}
		out.Object(func(b *value.Builder) { a.extend(b, membersOf(v), r) })
	}
}

func membersOf(v value.Value) value.Doc {
	if v.Type != value.TypeObject {
		return nil
	}
	return v.Doc()
}

// textScore returns the document's score, Missing when the condition has no
// $text.
func (a *applier) textScore() value.Value {
	if a.filter == nil || !a.filter.HasText() {
		return value.Value{}
	}
	score, err := a.filter.TextScore(a.run.patterns.Meter, a.doc)
	if err != nil {
		a.fail(err)
	}
	return value.Float(score)
}

func (a *applier) fail(err error) {
	if a.run.err == nil {
		a.run.err = err
	}
}
