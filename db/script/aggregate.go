package script

import (
	"baas/db/value"
)

// pipeline is an aggregation under construction: of a collection, or of
// $.pipeline().
type pipeline struct {
	collection string
	stages     []stage
}

// stage has its argument evaluated, not yet encoded.
type stage struct {
	name string
	arg  any
}

func isStage(name string) bool {
	switch name {
	case "addFields", "bucket", "bucketAuto", "count", "facet", "geoNear", "graphLookup", "group", "limit", "lookup", "match",
		"project", "redact", "replaceRoot", "replaceWith", "sample", "set", "skip", "sort", "sortByCount", "unionWith", "unset", "unwind",
		"collStats", "indexStats", "out":
		return true
	}
	return false
}

// member implements methods.
func (p *pipeline) member(name string) (any, bool) {
	switch {
	case isStage(name):
		return &function{name: name, call: func(c *call) (any, error) {
			if len(c.args) != 1 {
				return nil, c.fail("takes one argument")
			}
			next := &pipeline{collection: p.collection}
			next.stages = append(append(next.stages, p.stages...), stage{name, c.args[0]})
			return next, nil
		}}, true
	case name == "end" && p.collection != "":
		return &function{name: name, call: p.end}, true
	case name == "done" && p.collection == "":
		return &function{name: name, call: p.done}, true
	}
	return nil, false
}

// end gives the operation.
func (p *pipeline) end(c *call) (any, error) {
	op := &Operation{Kind: Aggregate, Collection: p.collection}
	e := encoder{at: c.at, call: c.name}
	for _, st := range p.stages {
		arg, err := st.argument(&e)
		if err != nil {
			return nil, err
		}
		v, err := e.value(arg)
		if err != nil {
			return nil, err
		}
		op.Stages = append(op.Stages, Stage{"$" + st.name, v})
	}
	return op, nil
}

// done gives the value of a sub-pipeline.
func (p *pipeline) done(c *call) (any, error) {
	out := &list{}
	e := encoder{at: c.at, call: c.name}
	for _, st := range p.stages {
		arg, err := st.argument(&e)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, &object{keys: []string{"$" + st.name}, vals: []any{arg}})
	}
	return out, nil
}

// argument encodes the conditions in a stage's argument; expressions are left
// to the encoder of values.
func (st stage) argument(e *encoder) (any, error) {
	switch st.name {
	case "match":
		return e.condition(st.arg)
	case "sample":
		if v, ok := st.arg.(value.Value); ok && v.Type.IsNumber() {
			return &object{keys: []string{"size"}, vals: []any{v}}, nil
		}
	case "geoNear":
		return e.within(st.arg, "query")
	case "graphLookup":
		return e.within(st.arg, "restrictSearchWithMatch")
	}
	return st.arg, nil
}

// within encodes the condition that is a member of an argument.
func (e *encoder) within(arg any, name string) (any, error) {
	o, ok := arg.(*object)
	if !ok {
		return arg, nil
	}
	cond, there := o.get(name)
	if !there {
		return arg, nil
	}
	encoded, err := e.condition(cond)
	if err != nil {
		return nil, err
	}
	next := &object{keys: append([]string(nil), o.keys...), vals: append([]any(nil), o.vals...)}
	next.set(name, encoded)
	return next, nil
}
