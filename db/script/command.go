package script

import (
	"baas/db/value"
)

// condition is what _.gt(1) gives: an operator with its operand, or a logical
// operator (and, or, nor, not) that joins parts.
type condition struct {
	operator string
	operand  any
	parts    []any
	logic    bool
}

// change is what _.inc(1) gives.
type change struct {
	operator string
	operands []any
}

// projection is what _.project.slice(2) gives.
type projection struct {
	operator string
	operand  any
}

// expression is what $.sum("$n") gives.
type expression struct {
	operator string // as the wire names it
	operand  any
}

// queryOperator returns the wire's name of a query operator.
func queryOperator(name string) (wire string, ok bool) {
	wire, ok = map[string]string{
		"eq": "$eq", "neq": "$ne", "gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte",
		"in": "$in", "nin": "$nin", "exists": "$exists", "mod": "$mod", "all": "$all",
		"elemMatch": "$elemMatch", "size": "$size",
		"geoNear": "$nearSphere", "geoWithin": "$geoWithin", "geoIntersects": "$geoIntersects",
		"expr": "$expr", "jsonSchema": "$jsonSchema", "text": "$text",
	}[name]
	return wire, ok
}

// isRoot reports whether an operator stands for a whole condition.
func isRoot(name string) bool { return name == "expr" || name == "jsonSchema" || name == "text" }

func isLogic(name string) bool {
	return name == "and" || name == "or" || name == "nor" || name == "not"
}

func isChange(name string) bool {
	switch name {
	case "set", "remove", "inc", "mul", "min", "max", "rename", "bit", "push", "unshift", "pop", "shift", "pull", "pullAll", "addToSet":
		return true
	}
	return false
}

// commandNamespace is db.command.
func commandNamespace() *namespace {
	return &namespace{name: "db.command", members: func(name string) (any, bool) {
		switch {
		case name == "aggregate":
			return aggregateNamespace(), true
		case name == "project":
			return projectNamespace(), true
		case isLogic(name):
			return &function{name: "_." + name, call: func(c *call) (any, error) {
				return &condition{operator: name, parts: spread(c.args), logic: true}, nil
			}}, true
		case isChange(name):
			return &function{name: "_." + name, call: newChange}, true
		}
		if _, ok := queryOperator(name); ok {
			return &function{name: "_." + name, call: newCondition}, true
		}
		return nil, false
	}}
}

func projectNamespace() *namespace {
	return &namespace{name: "db.command.project", members: func(name string) (any, bool) {
		if name != "slice" && name != "elemMatch" {
			return nil, false
		}
		return &function{name: "_.project." + name, call: func(c *call) (any, error) {
			return &projection{name, c.arg(0)}, nil
		}}, true
	}}
}

// spread: logical operators take a list or the conditions themselves.
func spread(args []any) []any {
	if len(args) == 1 {
		if l, ok := args[0].(*list); ok {
			return l.items
		}
	}
	return args
}

func newCondition(c *call) (any, error) {
	name := c.name[len("_."):]
	operand := c.arg(0)
	switch name {
	case "in", "nin", "all":
		if _, ok := operand.(*list); !ok {
			return nil, c.fail("takes an array, not %s", describe(operand))
		}
	case "exists":
		if v, ok := operand.(value.Value); ok && v.IsMissing() {
			operand = value.Bool(true)
		}
	case "mod":
		if _, ok := operand.(*list); !ok {
			operand = &list{items: []any{operand, c.arg(1)}}
		}
	case "geoNear", "geoWithin", "geoIntersects":
		if _, ok := operand.(*object); !ok {
			return nil, c.fail("takes an object with a geometry, not %s", describe(operand))
		}
	case "text":
		if v, ok := operand.(value.Value); ok && v.Type == value.TypeString {
			operand = &object{keys: []string{"search"}, vals: []any{v}}
		}
		if _, ok := operand.(*object); !ok {
			return nil, c.fail("takes a text or {search: text}, not %s", describe(operand))
		}
	default:
		if len(c.args) == 0 {
			return nil, c.fail("takes a value")
		}
	}
	return &condition{operator: name, operand: operand}, nil
}

func newChange(c *call) (any, error) {
	name := c.name[len("_."):]
	switch name {
	case "inc", "mul":
		if v, ok := c.arg(0).(value.Value); !ok || !v.Type.IsNumber() {
			return nil, c.fail("takes a number, not %s", describe(c.arg(0)))
		}
	case "rename":
		if v, ok := c.arg(0).(value.Value); !ok || v.Text() == "" {
			return nil, c.fail("takes the full new path of the field")
		}
	case "pullAll":
		if _, ok := c.arg(0).(*list); !ok {
			return nil, c.fail("takes an array, not %s", describe(c.arg(0)))
		}
	case "remove", "pop", "shift":
	default:
		if len(c.args) == 0 {
			return nil, c.fail("takes a value")
		}
	}
	return &change{name, c.args}, nil
}

// member implements methods: conditions are chained, which joins them with and.
func (q *condition) member(name string) (any, bool) {
	if isLogic(name) {
		return &function{name: "_." + name, call: func(c *call) (any, error) {
			parts := spread(c.args)
			switch name {
			case "nor", "not":
				return &condition{operator: "and", parts: []any{q, &condition{operator: name, parts: parts, logic: true}}, logic: true}, nil
			}
			return &condition{operator: name, parts: append([]any{q}, parts...), logic: true}, nil
		}}, true
	}
	if _, ok := queryOperator(name); !ok || isRoot(name) {
		return nil, false
	}
	return &function{name: "_." + name, call: func(c *call) (any, error) {
		next, err := newCondition(c)
		if err != nil {
			return nil, err
		}
		return &condition{operator: "and", parts: []any{q, next}, logic: true}, nil
	}}, true
}

// aggregateNamespace is db.command.aggregate. An operator that is not known to
// the SDKs is passed on: the database says whether it knows it.
func aggregateNamespace() *namespace {
	return &namespace{name: "db.command.aggregate", members: func(name string) (any, bool) {
		if name == "pipeline" {
			return &function{name: "$.pipeline", call: func(*call) (any, error) { return &pipeline{}, nil }}, true
		}
		wire := "$" + name
		if name == "neq" {
			wire = "$ne"
		}
		return &function{name: "$." + name, call: func(c *call) (any, error) {
			if len(c.args) > 1 {
				return &expression{wire, &list{items: c.args}}, nil
			}
			if len(c.args) == 0 {
				return &expression{wire, &object{}}, nil
			}
			return &expression{wire, c.args[0]}, nil
		}}, true
	}}
}
