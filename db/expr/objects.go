package expr

import (
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

func objects(name string) (operator, bool) {
	switch name {
	case "$mergeObjects":
		return ofMany(0, -1, mergeObjects), true
	case "$objectToArray":
		op := ofOne(objectToArray)
		op.nests = true
		return op, true
	case "$arrayToObject":
		return ofOne(arrayToObject), true
	case "$getField":
		return ofParse(compileGetField), true
	case "$setField":
		return ofParse(func(c *compiler, at string, v value.Value) (node, error) {
			c.nests = true
			return c.compileField(at, v, ofNames(3, setField, "field", "input", "value"))
		}), true
	case "$unsetField":
		return ofParse(func(c *compiler, at string, v value.Value) (node, error) {
			return c.compileField(at, v, ofNames(2, setField, "field", "input"))
		}), true
	}
	return operator{}, false
}

// mergeObjects is [object, …]; a later member replaces an earlier one in its
// place.
func mergeObjects(c *call, s *Scope) (value.Value, error) {
	m := merge{}
	for _, arg := range c.args {
		v, err := arg.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		if nullish(v) {
			continue
		}
		if v.Type != value.TypeObject {
			return c.fail("$mergeObjects requires object inputs, but input is of type %s", v.Type.Name())
		}
		if err := m.all(s, v.Doc()); err != nil {
			return value.Value{}, err
		}
	}
	return m.value(s)
}

// merge collects members; one that is set again keeps its place.
type merge struct {
	keys   []string
	values []value.Value
	index  map[string]int // once there are many
}

func (m *merge) all(s *Scope, d value.Doc) error {
	cursor := d.Cursor()
	for {
		key, v, ok := cursor.Next()
		if !ok {
			return nil
		}
		if err := s.spend(1); err != nil {
			return err
		}
		m.set(string(key), v)
	}
}

func (m *merge) set(key string, v value.Value) {
	if i, ok := m.find(key); ok {
		m.values[i] = v
		return
	}
	m.keys, m.values = append(m.keys, key), append(m.values, v)
	if m.index != nil {
		m.index[key] = len(m.keys) - 1
	}
}

func (m *merge) find(key string) (int, bool) {
	const few = 16
	if len(m.keys) <= few {
		i := indexOf(m.keys, key)
		return i, i >= 0
	}
	if m.index == nil {
		m.index = make(map[string]int, 2*len(m.keys))
		for i, k := range m.keys {
			m.index[k] = i
		}
	}
	i, ok := m.index[key]
	return i, ok
}

func (m *merge) value(s *Scope) (value.Value, error) {
	out := s.object(0)
	for i, key := range m.keys {
		if err := out.set(key, m.values[i]); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

func objectToArray(c *call, s *Scope, x value.Value) (value.Value, error) {
	if nullish(x) {
		return null()
	}
	if x.Type != value.TypeObject {
		return c.fail("$objectToArray requires a document input, found: %s", x.Type.Name())
	}
	out := s.array(2 * len(x.Data))
	cursor := x.Doc().Cursor()
	for {
		key, v, ok := cursor.Next()
		if !ok {
			return out.value()
		}
		name, err := s.text(string(key))
		if err != nil {
			return value.Value{}, err
		}
		pair := s.object(len(key) + len(v.Data) + 32)
		if err := pair.set("k", name); err != nil {
			return value.Value{}, err
		}
		if err := pair.set("v", v); err != nil {
			return value.Value{}, err
		}
		if err := s.addBuilt(&out, &pair); err != nil {
			return value.Value{}, err
		}
	}
}

// arrayToObject takes [[key, value], …] or [{k, v}, …], not both.
func arrayToObject(c *call, s *Scope, x value.Value) (value.Value, error) {
	if nullish(x) {
		return null()
	}
	if x.Type != value.TypeArray {
		return c.fail("$arrayToObject requires an array input, found: %s", x.Type.Name())
	}
	m := merge{}
	var form value.Type
	cursor := x.Doc().Cursor()
	for {
		_, element, ok := cursor.Next()
		if !ok {
			return m.value(s)
		}
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		if form != value.TypeMissing && element.Type != form {
			return c.fail("$arrayToObject requires a consistent input format: pairs of key and value, or objects with k and v")
		}
		form = element.Type
		key, v, err := c.pair(element)
		if err != nil {
			return value.Value{}, err
		}
		m.set(key, v)
	}
}

// pair reads one element of $arrayToObject.
func (c *call) pair(element value.Value) (key string, v value.Value, err error) {
	d := element.Doc()
	var k value.Value
	switch element.Type {
	case value.TypeArray:
		k, v = d.At(0), d.At(1)
	case value.TypeObject:
		k, v = d.Get("k"), d.Get("v")
	default:
		return "", v, fault.Refused(c.at, "unrecognised input type format for $arrayToObject: %s", element.Type.Name())
	}
	switch {
	case d.Len() != 2:
		err = fault.Refused(c.at, "$arrayToObject requires elements of size 2, found one of size %d", d.Len())
	case k.IsMissing() || v.IsMissing():
		err = fault.Refused(c.at, "$arrayToObject requires objects with the members 'k' and 'v'")
	case k.Type != value.TypeString:
		err = fault.Refused(c.at, "$arrayToObject requires keys of type string, found: %s", k.Type.Name())
	case strings.IndexByte(k.Text(), 0) >= 0:
		err = fault.Refused(c.at, "a key cannot hold the character NUL")
	}
	return k.Text(), v, err
}

// compileGetField reads {field, input} or the field alone.
func compileGetField(c *compiler, at string, v value.Value) (node, error) {
	op := ofNames(2, getField, "field", "input")
	if _, isOperator := operatorName(v.Doc()); v.Type != value.TypeObject || isOperator {
		field, err := c.fieldName(at, v)
		if err != nil {
			return nil, err
		}
		return &call{operator: op, at: at, args: []node{field, c.member("CURRENT", nil)}}, nil
	}
	return c.compileField(at, v, op)
}

// compileField reads named operands of which the first is a field's name.
func (c *compiler) compileField(at string, v value.Value, op operator) (node, error) {
	args, err := c.named(at, op, v)
	if err != nil {
		return nil, err
	}
	if args[0], err = c.fieldName(at+".field", v.Doc().Get("field")); err != nil {
		return nil, err
	}
	return fold(&call{operator: op, at: at, args: args})
}

// fieldName reads a field's name, which must be constant; any text will do, but
// one that begins with $ needs a $literal.
func (c *compiler) fieldName(at string, v value.Value) (node, error) {
	n, err := c.compile(at, v)
	if err != nil {
		return nil, err
	}
	name, ok := n.(*constant)
	if !ok || name.v.Type != value.TypeString {
		return nil, fault.Refused(at, "requires 'field' to evaluate to a constant string")
	}
	return n, nil
}

func getField(c *call, s *Scope) (value.Value, error) {
	name, input, err := c.fieldOf(s)
	if err != nil {
		return value.Value{}, err
	}
	if input.Type == value.TypeNull {
		return null()
	}
	if input.Type != value.TypeObject {
		return value.Value{}, nil
	}
	return s.lookup(input.Doc(), name)
}

// fieldOf evaluates the operands field and input.
func (c *call) fieldOf(s *Scope) (name string, input value.Value, err error) {
	field, err := c.args[0].eval(s)
	if err != nil {
		return "", input, err
	}
	input, err = c.args[1].eval(s)
	return field.Text(), input, err
}

// setField is $setField, and $unsetField without a value.
func setField(c *call, s *Scope) (value.Value, error) {
	name, input, err := c.fieldOf(s)
	if err != nil || nullish(input) {
		return value.Null(), err
	}
	if input.Type != value.TypeObject {
		return c.fail("requires 'input' to evaluate to type Object, found: %s", input.Type.Name())
	}
	v, err := c.arg(s, 2)
	if err != nil {
		return value.Value{}, err
	}
	out := s.object(len(input.Data) + len(name) + len(v.Data))
	found := false
	cursor := input.Doc().Cursor()
	for {
		key, member, ok := cursor.Next()
		if !ok {
			break
		}
		if string(key) == name {
			found = true
			err = out.set(name, v)
		} else {
			err = out.keep(key, member)
		}
		if err != nil {
			return value.Value{}, err
		}
	}
	if !found {
		if err := out.set(name, v); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}
