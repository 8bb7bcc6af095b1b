package query

import (
	"sync"
	"time"

	"baas/db/effort"
	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// expression is $expr.
type expression struct {
	is *expr.Expr
	scopes
}

func compileExpression(o operand, inner bool) (node, error) {
	if inner {
		return node{}, fault.Refused(o.at, "$expr can only be applied to the top-level document")
	}
	is, err := expr.Compile(o.at, o.v, expr.Options{})
	if err != nil {
		return node{}, err
	}
	return node{kind: kindWhole, ask: &expression{is: is, scopes: scopes{now: time.Now()}}}, nil
}

func (e *expression) holds(m *effort.Meter, d value.Value) (bool, error) {
	s := e.take(m, d.Doc())
	defer e.give(s)
	v, err := e.is.Eval(s)
	return err == nil && expr.Truthy(v), err
}

// scopes lends the memory in which expressions are evaluated. $$NOW is when the
// condition or the projection was compiled.
type scopes struct {
	now  time.Time
	free sync.Pool
}

func (p *scopes) take(m *effort.Meter, root value.Doc) *expr.Scope {
	s, ok := p.free.Get().(*expr.Scope)
	if !ok {
		s = &expr.Scope{Now: p.now}
	}
	s.Next(root)
	s.Meter = m
	return s
}

// give takes a scope back; values that were evaluated in it must not be read
// again.
func (p *scopes) give(s *expr.Scope) {
	s.Next(nil)
	s.Meter, s.TextScore = nil, value.Value{}
	p.free.Put(s)
}
