package script

import (
	"slices"

	"baas/db/value"
)

// What an expression evaluates to: a value.Value (a number, text, date and so
// on; Missing is undefined), *object, *list, a command (*condition, *change,
// *projection, *expression), *query, *pipeline, *Operation, *function or
// *namespace.

// object is an object literal, or a Geo value, which is never looked into.
type object struct {
	keys []string
	vals []any
	leaf bool

	places map[string]int // of the keys, once there are many
}

// find returns the place of a key, -1 when there is none.
func (o *object) find(key string) int {
	const few = 8
	if len(o.keys) <= few {
		return slices.Index(o.keys, key)
	}
	if o.places == nil {
		o.places = make(map[string]int, 4*few)
	}
	for i := len(o.places); i < len(o.keys); i++ {
		o.places[o.keys[i]] = i
	}
	if i, ok := o.places[key]; ok {
		return i
	}
	return -1
}

func (o *object) get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.vals[i], true
	}
	return nil, false
}

// set adds a member, or replaces it in its place as JavaScript does.
func (o *object) set(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.keys = append(o.keys, key)
	o.vals = append(o.vals, v)
}

type list struct{ items []any }

// function is something that can be called. construct says that it stands
// behind new as well.
type function struct {
	name      string
	construct bool
	call      func(c *call) (any, error)
}

// namespace is a thing whose members are known beforehand, such as db.command.
type namespace struct {
	name    string
	members func(name string) (any, bool)
	call    *function // what calling the thing itself does; nil: nothing
}

// call is one call on its way.
type call struct {
	at   int
	name string
	args []any
	s    *scope
}

// arg returns an argument, undefined when it was not given.
func (c *call) arg(i int) any {
	if i < len(c.args) {
		return c.args[i]
	}
	return value.Value{}
}

func (c *call) fail(format string, args ...any) error {
	return fail(c.at, c.name+": "+format, args...)
}

// scope holds the names of a script.
type scope struct {
	o        Options
	declared map[string]any
	globals  map[string]any
}

func newScope(o Options) *scope {
	s := &scope{o: o, declared: map[string]any{}}
	s.globals = globals(s)
	return s
}

// run evaluates the statements: declarations, then the one operation.
func (s *scope) run(program []statement) (Operation, error) {
	var op *Operation
	for _, st := range program {
		v, err := s.eval(st.value)
		if err != nil {
			return Operation{}, err
		}
		if st.target != nil {
			if err := s.declare(st.target, v); err != nil {
				return Operation{}, err
			}
			continue
		}
		done, ok := v.(*Operation)
		if !ok {
			return Operation{}, fail(st.at, "this is %s and does nothing; end the chain with get(), count(), add(), set(), update(), remove() or aggregate()…end()", describe(v))
		}
		if op != nil {
			return Operation{}, fail(st.at, "a script runs one operation; this is the second")
		}
		op = done
	}
	if op == nil {
		return Operation{}, fail(0, `the script runs no operation; write for example db.collection("todos").where({done: false}).get()`)
	}
	return *op, nil
}

func (s *scope) declare(to *target, v any) error {
	if !to.object {
		if _, taken := s.declared[to.name]; taken {
			return fail(to.at, "%s is declared already", to.name)
		}
		s.declared[to.name] = v
		return nil
	}
	for _, b := range to.members {
		m, err := memberOf(b.at, v, b.key)
		if err != nil {
			return err
		}
		if err := s.declare(b.into, m); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) eval(n node) (any, error) {
	switch n := n.(type) {
	case *literal:
		return n.v, nil
	case *nameNode:
		if v, ok := s.declared[n.name]; ok {
			return v, nil
		}
		if v, ok := s.globals[n.name]; ok {
			return v, nil
		}
		return nil, fail(n.at, "%s is not defined; there are db, _ (db.command), $ (db.command.aggregate), Date and what the script declares", n.name)
	case *arrayNode:
		l := &list{items: make([]any, 0, len(n.items))}
		for _, item := range n.items {
			v, err := s.eval(item)
			if err != nil {
				return nil, err
			}
			l.items = append(l.items, v)
		}
		return l, nil
	case *objectNode:
		return s.evalObject(n)
	case *memberNode:
		return s.evalMember(n)
	case *callNode:
		return s.evalCall(n)
	}
	return nil, fail(n.pos(), "not a value")
}

func (s *scope) evalObject(n *objectNode) (any, error) {
	o := &object{}
	for _, m := range n.members {
		name := m.name
		if m.key != nil {
			key, err := s.key(m.key)
			if err != nil {
				return nil, err
			}
			name = key
		}
		v, err := s.eval(m.value)
		if err != nil {
			return nil, err
		}
		o.set(name, v)
	}
	return o, nil
}

// key evaluates the name of a member in brackets.
func (s *scope) key(n node) (string, error) {
	v, err := s.eval(n)
	if err != nil {
		return "", err
	}
	if x, ok := v.(value.Value); ok {
		if x.Type == value.TypeString {
			return x.Text(), nil
		}
		if x.Type.IsNumber() {
			return string(value.AppendPlain(nil, x)), nil
		}
	}
	return "", fail(n.pos(), "the name of a member is a text or a number, this is %s", describe(v))
}

func (s *scope) evalMember(n *memberNode) (any, error) {
	on, err := s.eval(n.object)
	if err != nil {
		return nil, err
	}
	name := n.name
	if n.key != nil {
		if name, err = s.key(n.key); err != nil {
			return nil, err
		}
	}
	return memberOf(n.at, on, name)
}

func (s *scope) evalCall(n *callNode) (any, error) {
	callee, err := s.eval(n.callee)
	if err != nil {
		return nil, err
	}
	if ns, ok := callee.(*namespace); ok && ns.call != nil {
		callee = ns.call
	}
	f, ok := callee.(*function)
	if !ok {
		return nil, fail(n.at, "%s cannot be called", describe(callee))
	}
	if n.isNew && !f.construct {
		return nil, fail(n.at, "%s cannot stand behind new", f.name)
	}
	c := &call{at: n.at, name: f.name, s: s}
	if m, ok := n.callee.(*memberNode); ok {
		c.at = m.at
	}
	for _, a := range n.args {
		v, err := s.eval(a)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, v)
	}
	return f.call(c)
}

// methods is what has members of its own.
type methods interface {
	member(name string) (any, bool)
}

// memberOf returns on.name; that of an object or array that is not there is
// undefined.
func memberOf(at int, on any, name string) (any, error) {
	switch x := on.(type) {
	case *object:
		if v, ok := x.get(name); ok {
			return v, nil
		}
		return value.Value{}, nil
	case *list:
		for i, v := range x.items {
			if name == string(value.AppendPlain(nil, value.Int(int64(i)))) {
				return v, nil
			}
		}
		return value.Value{}, nil
	case *namespace:
		if v, ok := x.members(name); ok {
			return v, nil
		}
		return nil, fail(at, "%s has no %s", x.name, name)
	case methods:
		if v, ok := x.member(name); ok {
			return v, nil
		}
		return nil, fail(at, "%s has no method %s", describe(on), name)
	}
	return nil, fail(at, "%s has no member %s", describe(on), name)
}

// describe names what a thing is, for errors.
func describe(v any) string {
	switch x := v.(type) {
	case value.Value:
		if x.IsMissing() {
			return "undefined"
		}
		return "a value of type " + x.Type.Name()
	case *object:
		return "an object"
	case *list:
		return "an array"
	case *condition:
		return "a condition of db.command"
	case *change:
		return "an update command"
	case *projection:
		return "a projection command"
	case *expression:
		return "an aggregation expression"
	case *query:
		return x.describe()
	case *pipeline:
		return "an aggregation"
	case *function:
		return "the function " + x.name
	case *namespace:
		return x.name
	case *Operation:
		return "the result of " + string(x.Kind) + "()"
	}
	return "something unknown"
}
