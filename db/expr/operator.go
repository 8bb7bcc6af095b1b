package expr

import (
	"baas/db/fault"
	"baas/db/value"
)

// operator says how an operator is written and what it does. Of one, two, many
// and parse one is set.
type operator struct {
	// least and most are the numbers of positional operands; most is -1 when
	// there is no bound.
	least, most int
	// names are the named operands, of which the first required ones must be
	// there. bare says that the first one may stand alone instead.
	names    []string
	required int
	bare     bool

	one   func(c *call, s *Scope, x value.Value) (value.Value, error)
	two   func(c *call, s *Scope, x, y value.Value) (value.Value, error)
	many  func(c *call, s *Scope) (value.Value, error)
	parse func(c *compiler, at string, v value.Value) (node, error)

	volatile bool // not to be worked out at compilation
	nests    bool // may return something deeper than its operands
}

func ofOne(f func(c *call, s *Scope, x value.Value) (value.Value, error)) operator {
	return operator{least: 1, most: 1, one: f}
}

func ofTwo(f func(c *call, s *Scope, x, y value.Value) (value.Value, error)) operator {
	return operator{least: 2, most: 2, two: f}
}

func ofMany(least, most int, f func(c *call, s *Scope) (value.Value, error)) operator {
	return operator{least: least, most: most, many: f}
}

func ofNames(required int, f func(c *call, s *Scope) (value.Value, error), names ...string) operator {
	return operator{names: names, required: required, many: f}
}

func ofParse(f func(c *compiler, at string, v value.Value) (node, error)) operator {
	return operator{parse: f}
}

// count refuses a wrong number of positional operands.
func (op operator) count(at string, n int) error {
	switch {
	case op.least == op.most && n != op.least:
		return fault.Refused(at, "takes exactly %d arguments, %d were passed in", op.least, n)
	case n < op.least:
		return fault.Refused(at, "takes at least %d arguments, %d were passed in", op.least, n)
	case op.most >= 0 && n > op.most:
		return fault.Refused(at, "takes at most %d arguments, %d were passed in", op.most, n)
	}
	return nil
}

// call is an operator with its operands; an operand left out is nil.
type call struct {
	operator
	at   string
	args []node
}

func (c *call) eval(s *Scope) (value.Value, error) {
	s.steps++
	held := s.held
	v, err := c.apply(s)
	if s.held != held { // the operands are given up, the result is kept
		s.held = held + len(v.Data)
	}
	return v, err
}

func (c *call) apply(s *Scope) (value.Value, error) {
	if c.many != nil {
		return c.many(c, s)
	}
	x, err := c.args[0].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	if c.one != nil {
		return c.one(c, s, x)
	}
	y, err := c.args[1].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	return c.two(c, s, x, y)
}

// arg evaluates operand i, Missing when it was left out.
func (c *call) arg(s *Scope, i int) (value.Value, error) {
	if i >= len(c.args) || c.args[i] == nil {
		return value.Value{}, nil
	}
	return c.args[i].eval(s)
}

// given reports whether operand i was written.
func (c *call) given(i int) bool { return i < len(c.args) && c.args[i] != nil }

// fail makes the error of an operand that is wrong.
func (c *call) fail(format string, args ...any) (value.Value, error) {
	return value.Value{}, fault.Refused(c.at, format, args...)
}

// nullish reports whether v is null or missing.
func nullish(v value.Value) bool {
	return v.Type == value.TypeNull || v.Type == value.TypeMissing
}

// operatorOf finds an operator by its name with $.
func operatorOf(name string) (operator, bool) {
	for _, group := range [...]func(string) (operator, bool){
		arithmetic, functions, logic, arrays, loops, sets, objects, gathers,
		texts, regexes, types, dates,
	} {
		if op, ok := group(name); ok {
			return op, true
		}
	}
	return operator{}, false
}
