package aggregate

import (
	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// redact is $redact: an expression decides on the document and on every object
// in it.
type redact struct{ verdict *expr.Expr }

// verdicts are the names of the variables that an expression of $redact answers
// with, and their values.
func verdicts() (names []string, values []value.Value) {
	return []string{"DESCEND", "PRUNE", "KEEP"},
		[]value.Value{value.String("descend"), value.String("prune"), value.String("keep")}
}

func (c *compiler) redact(at string, v value.Value) (*redact, error) {
	if v.Type != value.TypeObject && v.Type != value.TypeString {
		return nil, fault.Refused(at, "must be an expression that yields $$KEEP, $$DESCEND or $$PRUNE, it is of type %s", v.Type.Name())
	}
	names, _ := verdicts()
	e, err := c.expression(at, v, names...)
	if err != nil {
		return nil, err
	}
	return &redact{e}, nil
}

func (x *redact) open(r *run, next sink) (sink, error) {
	s := r.shaping("$redact")
	_, values := verdicts()
	s.scope.Vars = append(append([]value.Value(nil), r.vars...), values...)
	return &redacting{redact: x, shaping: s, run: r, next: next}, nil
}

type redacting struct {
	*redact
	shaping
	run  *run
	next sink
}

func (x *redacting) push(d value.Doc) error {
	if err := x.run.spend(len(d)); err != nil {
		return err
	}
	x.run.next(&x.scope, d)
	switch verdict, err := x.judge(d); {
	case err != nil:
		return err
	case verdict == "keep":
		return x.next.push(d)
	case verdict == "prune":
		return nil
	}
	x.w.begin()
	if err := x.members(d); err != nil {
		return err
	}
	return x.next.push(x.w.doc())
}

func (x *redacting) close() error { return x.next.close() }

// judge evaluates the expression with the object as $$CURRENT.
func (x *redacting) judge(d value.Doc) (string, error) {
	x.scope.Current = value.FromDoc(d)
	v, err := x.verdict.Eval(&x.scope)
	if err != nil {
		return "", err
	}
	switch text := v.Text(); text {
	case "keep", "prune", "descend":
		return text, nil
	}
	return "", fault.New(fault.DatabaseFailed, "$redact: the expression must yield $$KEEP, $$DESCEND or $$PRUNE")
}

func (x *redacting) members(d value.Doc) error {
	for c := d.Cursor(); ; {
		key, v, ok := c.Next()
		if !ok {
			return nil
		}
		if _, err := x.member(key, v); err != nil {
			return err
		}
	}
}

// member writes what the expression leaves of a value; false for nothing.
func (x *redacting) member(key []byte, v value.Value) (bool, error) {
	switch v.Type {
	case value.TypeArray:
		return true, x.eachIn(key, v.Doc(), func(i int, v value.Value) (bool, error) {
			var scratch [8]byte
			return x.member(digits(scratch[:], i), v)
		})
	case value.TypeObject:
		verdict, err := x.judge(v.Doc())
		if err != nil || verdict == "prune" {
			return false, err
		}
		if verdict == "descend" {
			start := x.w.open(value.TypeObject, key)
			err := x.members(v.Doc())
			x.w.end(start)
			return true, err
		}
	}
	x.w.add(key, v)
	return true, nil
}
