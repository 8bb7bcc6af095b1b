package aggregate

import (
	"slices"
	"strings"

	"baas/db/expr"
	"baas/db/value"
)

// equality is what a condition of a joined pipeline demands at least: that a
// member equals a value that the document of the join gives.
type equality struct {
	path   string
	member *expr.Expr // "$path"
	value  *expr.Expr // with the variables in scope
}

// equalityIn finds {$expr: {$eq: ["$path", expression of variables]}} in the first
// stage of a pipeline, alone or in an $and; nil when there is none.
func (c *compiler) equalityIn(p *Pipeline, vars []string) *equality {
	if len(p.stages) == 0 {
		return nil
	}
	m, ok := p.stages[0].(*match)
	if !ok {
		return nil
	}
	scope := append(slices.Clip(c.vars), vars...)
	for _, part := range m.parts {
		if e := equalityOf(part.Get("$expr"), scope); e != nil {
			return e
		}
	}
	return nil
}

func equalityOf(v value.Value, vars []string) *equality {
	for _, sub := range v.Doc().Get("$and").Doc().All() {
		if e := equalityOf(sub, vars); e != nil {
			return e
		}
	}
	pair := v.Doc().Get("$eq")
	if v.Type != value.TypeObject || pair.Type != value.TypeArray || pair.Doc().Len() != 2 {
		return nil
	}
	a, b := pair.Doc().At(0), pair.Doc().At(1)
	if e := equalityOfPair(a, b, vars); e != nil {
		return e
	}
	return equalityOfPair(b, a, vars)
}

func equalityOfPair(member, v value.Value, vars []string) *equality {
	path, ok := strings.CutPrefix(member.Text(), "$")
	if !ok || strings.HasPrefix(path, "$") {
		return nil
	}
	m, err := expr.Compile("", member, expr.Options{})
	if err != nil {
		return nil
	}
	e, err := expr.Compile("", v, expr.Options{Vars: vars})
	if err != nil || e.Fields() == nil || len(e.Fields()) > 0 { // it reads the joined document
		return nil
	}
	return &equality{path, m, e}
}

// condition returns a condition for the store that the equality implies, nil when
// there is none: paths of conditions walk through arrays, those of expressions
// collect them, and null is not missing there.
func (e *equality) condition(v value.Value) value.Doc {
	switch v.Type {
	case value.TypeMissing, value.TypeNull, value.TypeArray, value.TypeRegex:
		return nil
	}
	var b value.Builder
	b.Object(e.path, func(b *value.Builder) { b.Add("$eq", v) })
	return b.Doc()
}
