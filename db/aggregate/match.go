package aggregate

import (
	"errors"
	"slices"
	"strings"

	"baas/db/fault"
	"baas/db/query"
	"baas/db/value"
)

// match is $match: it passes the documents that a condition selects.
type match struct {
	parts  []value.Doc // the conditions that must hold together
	cond   value.Doc   // the same in one
	filter *query.Filter
	fields []string // top-level members that it looks at; nil: it may be any
	vars   []string // variables in scope, when it uses $expr
}

func (c *compiler) match(at string, v value.Value) (*match, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be a condition object, it is of type %s", v.Type.Name())
	}
	cond := slices.Clone(v.Doc())
	m := &match{parts: []value.Doc{cond}, cond: cond}
	if usesExpr(m.cond) {
		m.vars = slices.Clone(c.vars)
	}
	filter, err := query.Compile(bind(m.cond, m.vars, nil))
	if err != nil {
		return nil, standing(at, err)
	}
	if filter.Near() != nil {
		return nil, query.NearNotAllowed(at)
	}
	m.filter = filter
	m.fields = conditionFields(m.cond, m.vars)
	return m, nil
}

// bound returns the condition with the variables' values in it.
func (m *match) bound(vars []value.Value) value.Doc { return bind(m.cond, m.vars, vars) }

func (m *match) open(r *run, next sink) (sink, error) {
	filter := m.filter
	if len(m.vars) > 0 {
		var err error
		if filter, err = query.Compile(m.bound(r.vars)); err != nil {
			return nil, err
		}
	}
	return &matching{filter, r, next}, nil
}

type matching struct {
	filter *query.Filter
	run    *run
	next   sink
}

func (m *matching) push(d value.Doc) error {
	if ok, err := m.filter.MatchWithin(m.run.meter, d); !ok || err != nil {
		return err
	}
	return m.next.push(d)
}

func (m *matching) close() error { return m.next.close() }

// maxMerged is the largest condition, in bytes, that is made of several.
const maxMerged = 64 << 10

// and joins two conditions that stand behind each other; nil when they are too
// much for one.
func (m *match) and(after *match) *match {
	both := &match{parts: slices.Concat(m.parts, after.parts), filter: query.And(m.filter, after.filter)}
	var b value.Builder
	b.Array("$and", func(a *value.ArrayBuilder) {
		for _, part := range both.parts {
			a.Add(value.FromDoc(part))
		}
	})
	if both.cond = b.Doc(); len(both.cond) > maxMerged || value.Check(both.cond) != nil {
		return nil
	}
	if both.vars = m.vars; len(both.vars) == 0 {
		both.vars = after.vars
	}
	if m.fields != nil && after.fields != nil {
		both.fields = append(slices.Clone(m.fields), after.fields...)
	}
	return both
}

// standing puts the place of a stage in front of an error of a compiled part.
func standing(at string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	out := *f
	for _, word := range []string{"sort", "projection"} { // what the other rooms call their argument
		if rest, cut := strings.CutPrefix(f.Field, word+"."); cut && strings.HasPrefix(f.Msg, f.Field) {
			out.Field, out.Msg = rest, strings.TrimPrefix(f.Msg, word+".")
		}
	}
	separator := "."
	if out.Field == "" {
		separator = ": "
	}
	out.Field, out.Msg = at+strings.TrimSuffix("."+out.Field, "."), at+separator+out.Msg
	return &out
}
