package expr

import (
	"baas/db/fault"
	"baas/db/value"
)

// loops are the operators that bring variables into scope.
func loops(name string) (operator, bool) {
	switch name {
	case "$let":
		return ofParse(compileLet), true
	case "$map":
		return ofParse(compileMap), true
	case "$filter":
		return ofParse(compileFilter), true
	case "$reduce":
		return ofParse(compileReduce), true
	}
	return operator{}, false
}

// let binds local variables around an expression.
type let struct {
	first int // slot of the first variable
	vars  []node
	in    node
}

func (l *let) eval(s *Scope) (value.Value, error) {
	for i, n := range l.vars {
		v, err := n.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		s.locals[l.first+i] = v
	}
	return l.in.eval(s)
}

// compileLet reads {vars: {name: expression}, in: expression}. The variables do
// not see each other.
func compileLet(c *compiler, at string, v value.Value) (node, error) {
	vars, in := v.Doc().Get("vars"), v.Doc().Get("in")
	switch {
	case v.Type != value.TypeObject:
		return nil, fault.Refused(at, "only supports an object as its argument, it is of type %s", v.Type.Name())
	case v.Doc().Len() != 2 || in.IsMissing():
		return nil, fault.Refused(at, "requires exactly 'vars' and 'in'")
	case vars.Type != value.TypeObject:
		return nil, fault.Refused(at+".vars", "must be an object, it is of type %s", vars.Type.Name())
	}
	l := &let{first: c.locals}
	var names []string
	// The slots are taken while the values are worked out: what is bound
	// inside one value must not overwrite another.
	for name, member := range vars.Doc().All() {
		where := at + ".vars." + name
		if err := checkVariable(where, name); err != nil {
			return nil, err
		}
		n, err := c.compile(where, member)
		if err != nil {
			return nil, err
		}
		l.vars, names = append(l.vars, n), append(names, name)
		c.bind("")
	}
	for i, name := range names {
		c.vars[len(c.vars)-len(names)+i].name = name
	}
	defer c.free(len(names))
	var err error
	l.in, err = c.compile(at+".in", in)
	return l, err
}

// loop goes over the elements of an array.
type loop struct {
	at    string
	input node
	slot  int // of the variable for the element
	body  node
}

// each evaluates the input and calls visit with what the body makes of each
// element, until visit says stop; array is false when the input is null.
func (l *loop) each(s *Scope, visit func(element, result value.Value) (more bool, err error)) (array bool, err error) {
	v, err := l.input.eval(s)
	if err != nil || nullish(v) {
		return false, err
	}
	if v.Type != value.TypeArray {
		return false, fault.Refused(l.at, "the input must be an array, but is of type: %s", v.Type.Name())
	}
	cursor := v.Doc().Cursor()
	for {
		_, element, ok := cursor.Next()
		if !ok {
			return true, nil
		}
		if err := s.spend(1); err != nil {
			return false, err
		}
		held := s.held
		s.locals[l.slot] = element
		result, err := l.body.eval(s)
		if err != nil {
			return false, err
		}
		s.held = held // visit copies what it keeps
		more, err := visit(element, result)
		if err != nil || !more {
			return true, err
		}
	}
}

// loop reads the operands of an operator with a body in which the element is a
// variable; extra is the name of one more operand, which does not see it.
func (c *compiler) loop(at string, v value.Value, body, extra string) (l loop, more node, err error) {
	if v.Type != value.TypeObject {
		return l, nil, fault.Refused(at, "only supports an object as its argument, it is of type %s", v.Type.Name())
	}
	l.at = at
	as := "this"
	d := v.Doc()
	for name := range d.All() {
		if indexOf([]string{"input", "as", body, extra}, name) < 0 || name == "" {
			return l, nil, fault.Refused(at, "found an unknown argument: %s", name)
		}
	}
	for _, name := range []string{"input", body} {
		if d.Get(name).IsMissing() {
			return l, nil, fault.Refused(at, "requires '%s' to be specified", name)
		}
	}
	if name := d.Get("as"); !name.IsMissing() {
		if name.Type != value.TypeString {
			return l, nil, fault.Refused(at+".as", "must be a text, it is of type %s", name.Type.Name())
		}
		as = name.Text()
		if err := checkVariable(at+".as", as); err != nil {
			return l, nil, err
		}
	}
	if l.input, err = c.compile(at+".input", d.Get("input")); err != nil {
		return l, nil, err
	}
	if member := d.Get(extra); extra != "" && !member.IsMissing() {
		if more, err = c.compile(at+"."+extra, member); err != nil {
			return l, nil, err
		}
	}
	l.slot = c.bind(as)
	defer c.free(1)
	l.body, err = c.compile(at+"."+body, d.Get(body))
	return l, more, err
}

// mapping is $map.
type mapping struct{ loop }

func compileMap(c *compiler, at string, v value.Value) (node, error) {
	l, _, err := c.loop(at, v, "in", "")
	c.nests = true
	return &mapping{l}, err
}

func (m *mapping) eval(s *Scope) (value.Value, error) {
	out := s.array(0)
	array, err := m.each(s, func(_, result value.Value) (bool, error) { return true, out.add(result) })
	if err != nil || !array {
		return value.Null(), err
	}
	return out.value()
}

// filter is $filter.
type filter struct {
	loop
	limit node // nil for none
}

func compileFilter(c *compiler, at string, v value.Value) (node, error) {
	l, limit, err := c.loop(at, v, "cond", "limit")
	return &filter{l, limit}, err
}

func (f *filter) eval(s *Scope) (value.Value, error) {
	left := -1
	if f.limit != nil {
		v, err := f.limit.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		n, ok := whole32(v)
		if !nullish(v) && (!ok || n <= 0) {
			return value.Value{}, fault.Refused(f.at+".limit", "must be a whole number larger than 0")
		}
		if ok {
			left = n
		}
	}
	out := s.array(0)
	array, err := f.each(s, func(element, result value.Value) (bool, error) {
		if !Truthy(result) {
			return true, nil
		}
		left--
		return left != 0, out.add(element)
	})
	if err != nil || !array {
		return value.Null(), err
	}
	return out.value()
}

// reduce is $reduce; slot is that of $$this, the next one that of $$value.
type reduce struct {
	at      string
	input   node
	initial node
	slot    int
	in      node
	nests   bool // in may make its value deeper
}

func compileReduce(c *compiler, at string, v value.Value) (node, error) {
	args, err := c.readReduce(at, v)
	if err != nil {
		return nil, err
	}
	r := &reduce{at: at, slot: c.bind("this")}
	c.bind("value")
	nests := c.nests
	c.nests = false
	r.in, err = c.compile(at+".in", args[2])
	r.nests = c.nests
	c.nests = c.nests || nests
	c.free(2)
	if err != nil {
		return nil, err
	}
	if r.input, err = c.compile(at+".input", args[0]); err != nil {
		return nil, err
	}
	// $$value lives while the rest is evaluated, so the initial value must not
	// use its slots; it is evaluated before the loop, as the input is.
	r.initial, err = c.compile(at+".initialValue", args[1])
	return r, err
}

// readReduce returns the operands input, initialValue and in.
func (c *compiler) readReduce(at string, v value.Value) ([3]value.Value, error) {
	var out [3]value.Value
	if v.Type != value.TypeObject {
		return out, fault.Refused(at, "requires an object as an argument, found: %s", v.Type.Name())
	}
	names := []string{"input", "initialValue", "in"}
	for name, member := range v.Doc().All() {
		i := indexOf(names, name)
		if i < 0 {
			return out, fault.Refused(at, "found an unknown argument: %s", name)
		}
		out[i] = member
	}
	for i, name := range names {
		if out[i].IsMissing() {
			return out, fault.Refused(at, "requires '%s' to be specified", name)
		}
	}
	return out, nil
}

func (r *reduce) eval(s *Scope) (value.Value, error) {
	input, err := r.input.eval(s)
	if err != nil || nullish(input) {
		return value.Null(), err
	}
	if input.Type != value.TypeArray {
		return value.Value{}, fault.Refused(r.at, "requires that 'input' be an array, found: %s", input.Type.Name())
	}
	result, err := r.initial.eval(s)
	if err != nil {
		return value.Value{}, err
	}
	held := s.held
	cursor := input.Doc().Cursor()
	for {
		_, element, ok := cursor.Next()
		if !ok {
			return result, nil
		}
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		s.locals[r.slot], s.locals[r.slot+1] = element, result
		if result, err = r.in.eval(s); err != nil {
			return value.Value{}, err
		}
		s.held = held + len(result.Data)
		if !r.nests {
			continue
		}
		if err := s.spend(len(result.Data) / copyStep); err != nil {
			return value.Value{}, err
		}
		if tooDeep(result) {
			return value.Value{}, fault.Refused(r.at, "the value nests deeper than %d levels", value.MaxDepth)
		}
	}
}
