package aggregate

import (
	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// replace is $replaceRoot, also called $replaceWith: a value of the document
// takes its place.
type replace struct {
	name string
	root *expr.Expr
}

func (c *compiler) replaceRoot(at string, v value.Value) (*replace, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object with newRoot, it is of type %s", v.Type.Name())
	}
	var root value.Value
	for key, option := range v.Doc().All() {
		if key != "newRoot" {
			return nil, unknownOption(at + "." + key)
		}
		root = option
	}
	if root.IsMissing() {
		return nil, fault.Refused(at, "give newRoot, the expression for the new document")
	}
	return c.replaceWith(at+".newRoot", "$replaceRoot", root)
}

func (c *compiler) replaceWith(at, name string, v value.Value) (*replace, error) {
	e, err := c.expression(at, v)
	if err != nil {
		return nil, err
	}
	return &replace{name, e}, nil
}

func (p *replace) open(r *run, next sink) (sink, error) {
	return &replacing{p, r.scope(), r, next}, nil
}

type replacing struct {
	*replace
	scope expr.Scope
	run   *run
	next  sink
}

func (p *replacing) push(d value.Doc) error {
	if err := p.run.spend(len(d)); err != nil {
		return err
	}
	p.run.next(&p.scope, d)
	v, err := p.root.Eval(&p.scope)
	if err != nil {
		return err
	}
	if v.Type != value.TypeObject {
		return fault.New(fault.DatabaseFailed, "%s: the new root must be an object, it is of type %s", p.name, v.Type.Name())
	}
	return p.next.push(v.Doc())
}

func (p *replacing) close() error { return p.next.close() }
