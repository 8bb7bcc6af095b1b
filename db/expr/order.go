package expr

import (
	"slices"

	"baas/db/fault"
	"baas/db/value"
)

// sorting is an order of values: by themselves, or by members when keys has
// some.
type sorting struct {
	keys    []sortKey
	descend bool
}

type sortKey struct {
	parts   []string
	descend bool
}

// compileSorting reads {path: 1 or -1, …}; alone says that 1 and -1 without a
// path are taken too.
func compileSorting(at string, v value.Value, alone bool) (sorting, error) {
	if alone && v.Type.IsNumber() {
		descend, err := direction(at, v)
		return sorting{descend: descend}, err
	}
	if v.Type != value.TypeObject || v.Doc().IsEmpty() {
		return sorting{}, fault.Refused(at, "must be an object such as {\"score\": -1}")
	}
	var out sorting
	for name, member := range v.Doc().All() {
		parts, err := splitPath(at+"."+name, name)
		if err != nil {
			return sorting{}, err
		}
		descend, err := direction(at+"."+name, member)
		if err != nil {
			return sorting{}, err
		}
		out.keys = append(out.keys, sortKey{parts, descend})
	}
	return out, nil
}

func direction(at string, v value.Value) (descend bool, err error) {
	n, ok := v.AsInt64()
	if !ok || n != 1 && n != -1 {
		return false, fault.Refused(at, "must be 1 or -1")
	}
	return n == -1, nil
}

// compare orders two values.
func (o *sorting) compare(x, y value.Value) int {
	if len(o.keys) == 0 {
		return reversed(value.Compare(x, y), o.descend)
	}
	for i := range o.keys {
		k := &o.keys[i]
		c := value.Compare(k.of(x), k.of(y))
		if c != 0 {
			return reversed(c, k.descend)
		}
	}
	return 0
}

func reversed(c int, yes bool) int {
	if yes {
		return -c
	}
	return c
}

// of returns what v is sorted by: the smallest of several values, or the
// largest when descending; null when there is none.
func (k *sortKey) of(v value.Value) value.Value {
	best, found := k.best(v, k.parts)
	if !found || best.Type == value.TypeMissing {
		return value.Null()
	}
	return best
}

func (k *sortKey) best(v value.Value, parts []string) (best value.Value, found bool) {
	for i, name := range parts {
		if v.Type == value.TypeArray {
			return k.bestOf(v.Doc(), parts[i:])
		}
		v = v.Doc().Get(name)
	}
	if v.Type == value.TypeArray && !v.Doc().IsEmpty() {
		return k.bestOf(v.Doc(), nil)
	}
	return v, true
}

func (k *sortKey) bestOf(array value.Doc, parts []string) (best value.Value, found bool) {
	cursor := array.Cursor()
	for {
		_, v, ok := cursor.Next()
		if !ok {
			return best, found
		}
		if len(parts) > 0 {
			if v.Type != value.TypeObject {
				continue
			}
			if v, ok = k.best(v, parts); !ok {
				continue
			}
		}
		if !found || reversed(value.Compare(v, best), k.descend) < 0 {
			best, found = v, true
		}
	}
}

// compileSortArray reads {input, sortBy}.
func compileSortArray(c *compiler, at string, v value.Value) (node, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "requires an object as an argument, found: %s", v.Type.Name())
	}
	var input node
	var by sorting
	sorted := false
	for name, member := range v.Doc().All() {
		var err error
		switch name {
		case "input":
			input, err = c.compile(at+".input", member)
		case "sortBy":
			by, err = compileSorting(at+".sortBy", member, true)
			sorted = true
		default:
			err = fault.Refused(at, "found an unknown argument: %s", name)
		}
		if err != nil {
			return nil, err
		}
	}
	if input == nil || !sorted {
		return nil, fault.Refused(at, "requires 'input' and 'sortBy' to be specified")
	}
	op := ofOne(func(c *call, s *Scope, x value.Value) (value.Value, error) { return sortArray(c, s, x, &by) })
	return fold(&call{operator: op, at: at, args: []node{input}})
}

func sortArray(c *call, s *Scope, x value.Value, by *sorting) (value.Value, error) {
	if nullish(x) {
		return null()
	}
	if x.Type != value.TypeArray {
		return c.fail("the input argument to $sortArray must be an array, but was of type: %s", x.Type.Name())
	}
	elements, err := s.elements(x)
	if err != nil {
		return value.Value{}, err
	}
	if err := s.sort(elements, by.compare); err != nil {
		return value.Value{}, err
	}
	return s.arrayOf(elements)
}

// sort sorts stably and counts the comparisons; once they are too many, the
// order no longer matters.
func (s *Scope) sort(elements []value.Value, compare func(x, y value.Value) int) error {
	var failed error
	slices.SortStableFunc(elements, func(x, y value.Value) int {
		if failed != nil {
			return 0
		}
		if failed = s.spend(1 + (len(x.Data)+len(y.Data))/(2*copyStep)); failed != nil {
			return 0
		}
		return compare(x, y)
	})
	return failed
}

// compileZip reads {inputs, useLongestLength, defaults}.
func compileZip(c *compiler, at string, v value.Value) (node, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "only supports an object as an argument, found %s", v.Type.Name())
	}
	z := &zip{}
	for name, member := range v.Doc().All() {
		var err error
		where := at + "." + name
		switch {
		case (name == "inputs" || name == "defaults") && member.Type != value.TypeArray:
			err = fault.Refused(where, "must be an array of expressions, found %s", member.Type.Name())
		case name == "inputs":
			z.inputs, err = c.elements(where, member)
		case name == "defaults":
			z.defaults, err = c.elements(where, member)
		case name == "useLongestLength":
			if member.Type != value.TypeBool {
				err = fault.Refused(where, "must be a bool, found %s", member.Type.Name())
			}
			z.longest = member.IsTrue()
		default:
			err = fault.Refused(at, "found an unknown argument: %s", name)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(z.inputs) == 0:
		return nil, fault.Refused(at, "requires at least one input array")
	case len(z.defaults) > 0 && !z.longest:
		return nil, fault.Refused(at, "cannot specify defaults unless useLongestLength is true")
	case len(z.defaults) > 0 && len(z.defaults) != len(z.inputs):
		return nil, fault.Refused(at, "defaults and inputs must have the same length")
	}
	c.nests = true
	op := ofMany(0, -1, z.eval)
	return fold(&call{operator: op, at: at, args: append(z.inputs, z.defaults...)})
}

type zip struct {
	inputs, defaults []node
	longest          bool
}

func (z *zip) eval(c *call, s *Scope) (value.Value, error) {
	cursors := make([]value.Cursor, len(z.inputs))
	length := 0
	for i, arg := range z.inputs {
		v, err := arg.eval(s)
		switch {
		case err != nil:
			return value.Value{}, err
		case nullish(v):
			return null()
		case v.Type != value.TypeArray:
			return c.fail("found a non-array expression in input: it is of type %s", v.Type.Name())
		}
		cursors[i] = v.Doc().Cursor()
		n := v.Doc().Len()
		if i == 0 || z.longest && n > length || !z.longest && n < length {
			length = n
		}
	}
	defaults := make([]value.Value, len(z.inputs))
	for i, n := range z.defaults {
		v, err := n.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		defaults[i] = v
	}
	out := s.array(0)
	for range length {
		row := s.array(0)
		for i := range cursors {
			_, v, ok := cursors[i].Next()
			if !ok {
				v = defaults[i]
			}
			if err := row.add(v); err != nil {
				return value.Value{}, err
			}
		}
		if err := s.addBuilt(&out, &row); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// addBuilt appends what row has become to out.
func (s *Scope) addBuilt(out, row *builder) error {
	if err := s.spend(1); err != nil {
		return err
	}
	held := s.held
	v, err := row.value()
	if err != nil {
		return err
	}
	s.held = held
	return out.add(v)
}
