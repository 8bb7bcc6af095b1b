package expr

import (
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// maxFolded is the largest constant, in bytes, that is worked out at
// compilation.
const maxFolded = 1024

// compiler is the state of one Compile.
type compiler struct {
	vars   []binding // in scope, the innermost last
	locals int       // of them, how many are local
	most   int       // the largest that locals was
	depth  int
	nests  bool
	fields []string // top-level members read
	whole  bool     // the whole document is read
}

// binding is a variable in scope.
type binding struct {
	name string
	base base
	slot int
}

// constant is a value known at compilation; Missing for $$REMOVE.
type constant struct{ v value.Value }

func (c *constant) eval(*Scope) (value.Value, error) { return c.v, nil }

// compile reads an expression of any form.
func (c *compiler) compile(at string, v value.Value) (node, error) {
	if c.depth++; c.depth > value.MaxDepth {
		return nil, fault.Invalid(at, "nested deeper than %d levels", value.MaxDepth)
	}
	defer func() { c.depth-- }()
	switch v.Type {
	case value.TypeString:
		if text := v.Text(); strings.HasPrefix(text, "$") {
			return c.compilePath(at, text)
		}
	case value.TypeArray:
		args, err := c.elements(at, v)
		if err != nil {
			return nil, err
		}
		c.nests = true
		return fold(&list{args})
	case value.TypeObject:
		if name, ok := operatorName(v.Doc()); ok {
			if regex, ok := asRegex(v.Doc()); ok {
				return &constant{regex}, nil
			}
			return c.compileOperator(at, name, v.Doc())
		}
		return c.compileObject(at, v.Doc())
	}
	return &constant{v}, nil
}

// operatorName returns the first key of d when it begins with $.
func operatorName(d value.Doc) (string, bool) {
	cursor := d.Cursor()
	key, _, _ := cursor.Next()
	return string(key), len(key) > 0 && key[0] == '$'
}

// asRegex reads {$regex: "x", $options: "i"}, which is how the wire writes a
// regular expression.
func asRegex(d value.Doc) (value.Value, bool) {
	text, options := d.Get("$regex"), d.Get("$options")
	alone := d.Len() == 1 || d.Len() == 2 && options.Type == value.TypeString
	if text.Type != value.TypeString || !alone {
		return value.Value{}, false
	}
	return value.RegexOf(text.Text(), options.Text()), true
}

func (c *compiler) elements(at string, v value.Value) ([]node, error) {
	var out []node
	for _, element := range v.Doc().All() {
		n, err := c.compile(at+"."+strconv.Itoa(len(out)), element)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// list is an array of expressions.
type list struct{ args []node }

func (l *list) eval(s *Scope) (value.Value, error) {
	out := s.array(0)
	for _, n := range l.args {
		held := s.held
		v, err := n.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		s.held = held // the builder counts its copy
		if err := out.add(v); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// object is an object of expressions.
type object struct {
	names []string
	args  []node
}

func (o *object) eval(s *Scope) (value.Value, error) {
	out := s.object(0)
	for i, n := range o.args {
		held := s.held
		v, err := n.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		s.held = held // the builder counts its copy
		if err := out.set(o.names[i], v); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

func (c *compiler) compileObject(at string, d value.Doc) (node, error) {
	o := &object{}
	for name, v := range d.All() {
		where := at + "." + name
		if err := checkName(where, name); err != nil {
			return nil, err
		}
		if strings.Contains(name, ".") {
			return nil, fault.Refused(where, "FieldPath field names may not contain '.'. Consider using $getField or $setField")
		}
		n, err := c.compile(where, v)
		if err != nil {
			return nil, err
		}
		o.names, o.args = append(o.names, name), append(o.args, n)
	}
	c.nests = true
	return fold(o)
}

// fold returns a constant in place of n when all that n is made of is constant.
// What fails then would fail for each document, and does so now, even where it
// would not be asked for: as MongoDB has it.
func fold(n node) (node, error) {
	var args []node
	switch n := n.(type) {
	case *list:
		args = n.args
	case *object:
		args = n.args
	case *call:
		if n.volatile {
			return n, nil
		}
		args = n.args
	}
	size := 0
	for _, arg := range args {
		if arg == nil {
			continue
		}
		c, ok := arg.(*constant)
		if !ok {
			return n, nil
		}
		size += len(c.v.Data)
	}
	if size > maxFolded {
		return n, nil
	}
	s := Scope{due: maxSteps}
	v, err := n.eval(&s)
	if err != nil {
		return nil, err
	}
	if len(v.Data) > maxFolded {
		return n, nil
	}
	return &constant{v.Clone()}, nil
}

// compileOperator reads {$name: …}.
func (c *compiler) compileOperator(at, name string, d value.Doc) (node, error) {
	if d.Len() != 1 {
		return nil, fault.Refused(at, "an object representing an expression must have exactly one field")
	}
	at += "." + name
	op, ok := operatorOf(name)
	if !ok {
		return nil, &fault.Error{Code: fault.DatabaseOperator, Field: at, Msg: at + ": Unrecognized expression '" + name + "'"}
	}
	c.nests = c.nests || op.nests
	v := d.Get(name)
	if op.parse != nil {
		return op.parse(c, at, v)
	}
	args, err := c.operands(at, op, v)
	if err != nil {
		return nil, err
	}
	return fold(&call{operator: op, at: at, args: args})
}

// operands reads the operands of op: named ones in the order of op.names, nil
// for those that are left out, or positional ones.
func (c *compiler) operands(at string, op operator, v value.Value) ([]node, error) {
	if op.names != nil {
		if _, isOperator := operatorName(v.Doc()); !op.bare || v.Type == value.TypeObject && !isOperator {
			return c.named(at, op, v)
		}
		return c.bare(at, op, v)
	}
	if v.Type != value.TypeArray {
		n, err := c.compile(at, v)
		if err != nil {
			return nil, err
		}
		return []node{n}, op.count(at, 1)
	}
	if err := op.count(at, v.Doc().Len()); err != nil {
		return nil, err
	}
	return c.elements(at, v)
}

// bare reads the first of the named operands, standing alone.
func (c *compiler) bare(at string, op operator, v value.Value) ([]node, error) {
	if v.Type == value.TypeArray {
		if n := v.Doc().Len(); n != 1 {
			return nil, fault.Refused(at, "takes exactly 1 argument, %d were passed in", n)
		}
		v = v.Doc().At(0)
	}
	first, err := c.compile(at, v)
	args := make([]node, len(op.names))
	args[0] = first
	return args, err
}

// named reads an object of operands.
func (c *compiler) named(at string, op operator, v value.Value) ([]node, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "only supports an object as its argument, it is of type %s", v.Type.Name())
	}
	args := make([]node, len(op.names))
	for name, operand := range v.Doc().All() {
		i := indexOf(op.names, name)
		if i < 0 {
			return nil, fault.Refused(at, "found an unknown argument: %s", name)
		}
		n, err := c.compile(at+"."+name, operand)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	for i := range op.required {
		if args[i] == nil {
			return nil, fault.Refused(at, "requires '%s' to be specified", op.names[i])
		}
	}
	return args, nil
}

func indexOf(names []string, name string) int {
	for i := range names {
		if names[i] == name {
			return i
		}
	}
	return -1
}

// bind brings a local variable into scope until free is called, and returns its
// slot.
func (c *compiler) bind(name string) int {
	slot := c.locals
	c.locals++
	c.most = max(c.most, c.locals)
	c.vars = append(c.vars, binding{name: name, base: baseLocal, slot: slot})
	return slot
}

// free takes the n innermost local variables out of scope.
func (c *compiler) free(n int) {
	c.vars = c.vars[:len(c.vars)-n]
	c.locals -= n
}

// checkVariable refuses names that no variable of a user can have.
func checkVariable(at, name string) error {
	if name == "CURRENT" {
		return nil
	}
	for i := range len(name) {
		b := name[i]
		letter := 'a' <= b && b <= 'z' || b >= 0x80
		other := 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_'
		if !letter && (i == 0 || !other) {
			return fault.Refused(at, "'%s' is not a valid name of a variable: it begins with a lower-case letter and has letters, digits and '_'", name)
		}
	}
	if name == "" {
		return fault.Refused(at, "empty variable names are not allowed")
	}
	return nil
}
