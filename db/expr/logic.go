package expr

import (
	"strconv"

	"baas/db/fault"
	"baas/db/value"
)

func logic(name string) (operator, bool) {
	switch name {
	case "$and":
		return ofMany(0, -1, connect(false)), true
	case "$or":
		return ofMany(0, -1, connect(true)), true
	case "$not":
		return ofOne(not), true
	case "$cmp":
		return ofTwo(func(_ *call, s *Scope, x, y value.Value) (value.Value, error) {
			return s.int32(int32(value.Compare(x, y))), s.weigh(x, y)
		}), true
	case "$eq":
		return ofTwo(func(_ *call, s *Scope, x, y value.Value) (value.Value, error) {
			return s.bool(value.Equal(x, y)), s.weigh(x, y)
		}), true
	case "$ne":
		return ofTwo(func(_ *call, s *Scope, x, y value.Value) (value.Value, error) {
			return s.bool(!value.Equal(x, y)), s.weigh(x, y)
		}), true
	case "$gt":
		return compare(func(c int) bool { return c > 0 }), true
	case "$gte":
		return compare(func(c int) bool { return c >= 0 }), true
	case "$lt":
		return compare(func(c int) bool { return c < 0 }), true
	case "$lte":
		return compare(func(c int) bool { return c <= 0 }), true
	case "$cond":
		return ofParse(compileCond), true
	case "$ifNull":
		return ofMany(2, -1, ifNull), true
	case "$switch":
		return ofParse(compileSwitch), true
	case "$literal", "$const":
		return ofParse(func(_ *compiler, _ string, v value.Value) (node, error) {
			return &constant{v}, nil
		}), true
	case "$meta":
		return ofParse(compileMeta), true
	}
	return operator{}, false
}

func compare(holds func(c int) bool) operator {
	return ofTwo(func(_ *call, s *Scope, x, y value.Value) (value.Value, error) {
		return s.bool(holds(value.Compare(x, y))), s.weigh(x, y)
	})
}

// connect makes $and and $or: an operand that is decisive ends it.
func connect(decisive bool) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		for _, arg := range c.args {
			v, err := arg.eval(s)
			if err != nil {
				return value.Value{}, err
			}
			if Truthy(v) == decisive {
				return s.bool(decisive), nil
			}
		}
		return s.bool(!decisive), nil
	}
}

func not(_ *call, s *Scope, x value.Value) (value.Value, error) {
	return s.bool(!Truthy(x)), nil
}

// ifNull returns the first operand that is not null, or else the last one.
func ifNull(c *call, s *Scope) (value.Value, error) {
	var v value.Value
	for _, arg := range c.args {
		var err error
		if v, err = arg.eval(s); err != nil || !nullish(v) {
			return v, err
		}
	}
	return v, nil
}

// compileCond reads [if, then, else] or the three by name.
func compileCond(c *compiler, at string, v value.Value) (node, error) {
	op := ofMany(3, 3, cond)
	if v.Type == value.TypeObject {
		op = ofNames(3, cond, "if", "then", "else")
	}
	args, err := c.operands(at, op, v)
	if err != nil {
		return nil, err
	}
	return fold(&call{operator: op, at: at, args: args})
}

func cond(c *call, s *Scope) (value.Value, error) {
	v, err := c.args[0].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	if Truthy(v) {
		return c.args[1].eval(s)
	}
	return c.args[2].eval(s)
}

// compileSwitch reads {branches: [{case, then}, …], default}.
func compileSwitch(c *compiler, at string, v value.Value) (node, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "requires an object as an argument, it is of type %s", v.Type.Name())
	}
	out := &call{operator: ofMany(0, -1, choose), at: at}
	var otherwise node
	for name, member := range v.Doc().All() {
		var err error
		switch name {
		case "branches":
			out.args, err = c.branches(at+".branches", member)
		case "default":
			otherwise, err = c.compile(at+".default", member)
		default:
			err = fault.Refused(at, "found an unknown argument: %s", name)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(out.args) == 0 {
		return nil, fault.Refused(at, "requires at least one branch")
	}
	if otherwise != nil {
		out.args = append(out.args, otherwise)
	}
	return fold(out)
}

// branches returns a case and its result in turn.
func (c *compiler) branches(at string, v value.Value) ([]node, error) {
	if v.Type != value.TypeArray {
		return nil, fault.Refused(at, "must be an array, it is of type %s", v.Type.Name())
	}
	branch := ofNames(2, nil, "case", "then")
	var out []node
	for _, member := range v.Doc().All() {
		pair, err := c.named(at+"."+strconv.Itoa(len(out)/2), branch, member)
		if err != nil {
			return nil, err
		}
		out = append(out, pair...)
	}
	return out, nil
}

func choose(c *call, s *Scope) (value.Value, error) {
	last := len(c.args) - 1
	for i := 0; i < last; i += 2 {
		v, err := c.args[i].eval(s)
		if err != nil {
			return value.Value{}, err
		}
		if Truthy(v) {
			return c.args[i+1].eval(s)
		}
	}
	if last%2 == 0 {
		return c.args[last].eval(s)
	}
	return c.fail("could not find a matching branch for an input, and no default was specified")
}

// score is {$meta: "textScore"}.
type score struct{}

func (score) eval(s *Scope) (value.Value, error) {
	if s.TextScore.IsMissing() {
		return value.Value{}, fault.New(fault.DatabaseFailed, "$meta: query requires text score metadata, but it is not available; "+
			"it is in the projection and the sort of a find with $text, and in a $sort behind its $match")
	}
	return s.TextScore, nil
}

func compileMeta(_ *compiler, at string, v value.Value) (node, error) {
	if v.Type != value.TypeString || v.Text() != "textScore" {
		return nil, fault.Refused(at, "is not supported: only \"textScore\" is")
	}
	return score{}, nil
}
