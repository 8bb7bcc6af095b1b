package expr

import (
	"slices"

	"baas/db/value"
)

func sets(name string) (operator, bool) {
	switch name {
	case "$setUnion":
		return ofMany(0, -1, setUnion), true
	case "$setIntersection":
		return ofMany(0, -1, setIntersection), true
	case "$setDifference":
		return ofTwo(setDifference), true
	case "$setEquals":
		return ofMany(2, -1, setEquals), true
	case "$setIsSubset":
		return ofTwo(setIsSubset), true
	case "$allElementsTrue":
		return ofOne(elementsTrue(false)), true
	case "$anyElementTrue":
		return ofOne(elementsTrue(true)), true
	}
	return operator{}, false
}

// set returns the elements of an array, sorted and each once.
func (s *Scope) set(v value.Value) ([]value.Value, error) {
	elements, err := s.elements(v)
	if err != nil {
		return nil, err
	}
	if err := s.sort(elements, value.Compare); err != nil {
		return nil, err
	}
	return slices.CompactFunc(elements, value.Equal), nil
}

// seeking is about how many steps it takes to look for v in a set.
func seeking(v value.Value) int {
	const comparisons = 16
	return 1 + comparisons*len(v.Data)/copyStep
}

// has reports whether a set holds v.
func has(set []value.Value, v value.Value) bool {
	_, found := slices.BinarySearchFunc(set, v, value.Compare)
	return found
}

// setOf evaluates an operand that must be an array; ok is false for null.
func (c *call) setOf(s *Scope, arg node) (set []value.Value, ok bool, err error) {
	v, err := arg.eval(s)
	if err != nil || nullish(v) {
		return nil, false, err
	}
	if v.Type != value.TypeArray {
		_, err := c.fail("all operands must be arrays. One argument is of type: %s", v.Type.Name())
		return nil, false, err
	}
	set, err = s.set(v)
	return set, true, err
}

func setUnion(c *call, s *Scope) (value.Value, error) {
	var all []value.Value
	for _, arg := range c.args {
		set, ok, err := c.setOf(s, arg)
		if err != nil || !ok {
			return value.Null(), err
		}
		all = append(all, set...)
	}
	if err := s.sort(all, value.Compare); err != nil {
		return value.Value{}, err
	}
	return s.arrayOf(slices.CompactFunc(all, value.Equal))
}

func setIntersection(c *call, s *Scope) (value.Value, error) {
	var common []value.Value
	for i, arg := range c.args {
		set, ok, err := c.setOf(s, arg)
		if err != nil || !ok {
			return value.Null(), err
		}
		if i == 0 {
			common = set
			continue
		}
		var failed error
		common = slices.DeleteFunc(common, func(v value.Value) bool {
			if failed == nil {
				failed = s.spend(seeking(v))
			}
			return failed != nil || !has(set, v)
		})
		if failed != nil {
			return value.Value{}, failed
		}
	}
	return s.arrayOf(common)
}

// setDifference keeps the order of the first operand.
func setDifference(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	if x.Type != value.TypeArray || y.Type != value.TypeArray {
		return c.fail("both operands of $setDifference must be arrays. They are of type: %s and %s", x.Type.Name(), y.Type.Name())
	}
	without, err := s.set(y)
	if err != nil {
		return value.Value{}, err
	}
	elements, err := s.elements(x)
	if err != nil {
		return value.Value{}, err
	}
	first, err := s.firsts(elements)
	if err != nil {
		return value.Value{}, err
	}
	out := s.array(0)
	for i, v := range elements {
		if err := s.spend(seeking(v)); err != nil {
			return value.Value{}, err
		}
		if !first[i] || has(without, v) {
			continue
		}
		if err := out.add(v); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// firsts reports for each element whether it is the first of its value.
func (s *Scope) firsts(elements []value.Value) ([]bool, error) {
	order := make([]int, len(elements))
	for i := range order {
		order[i] = i
	}
	var failed error
	slices.SortStableFunc(order, func(i, j int) int {
		if failed != nil {
			return 0
		}
		failed = s.spend(1 + min(len(elements[i].Data), len(elements[j].Data))/copyStep)
		return value.Compare(elements[i], elements[j])
	})
	if failed != nil {
		return nil, failed
	}
	first := make([]bool, len(elements))
	for i, at := range order {
		first[at] = i == 0 || !value.Equal(elements[at], elements[order[i-1]])
	}
	return first, nil
}

func setEquals(c *call, s *Scope) (value.Value, error) {
	var first []value.Value
	equal := true
	for i, arg := range c.args {
		set, ok, err := c.setOf(s, arg)
		switch {
		case err != nil:
			return value.Value{}, err
		case !ok:
			return c.fail("all operands must be arrays. One argument is null")
		case i == 0:
			first = set
		default:
			equal = equal && slices.EqualFunc(first, set, value.Equal)
		}
	}
	return s.bool(equal), nil
}

func setIsSubset(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if x.Type != value.TypeArray || y.Type != value.TypeArray {
		return c.fail("both operands must be arrays. They are of type: %s and %s", x.Type.Name(), y.Type.Name())
	}
	all, err := s.set(y)
	if err != nil {
		return value.Value{}, err
	}
	cursor := x.Doc().Cursor()
	for {
		_, v, ok := cursor.Next()
		if !ok {
			return s.bool(true), nil
		}
		if err := s.spend(seeking(v)); err != nil {
			return value.Value{}, err
		}
		if !has(all, v) {
			return s.bool(false), nil
		}
	}
}

// elementsTrue makes $anyElementTrue and $allElementsTrue: an element that is
// decisive ends it.
func elementsTrue(decisive bool) func(*call, *Scope, value.Value) (value.Value, error) {
	return func(c *call, s *Scope, x value.Value) (value.Value, error) {
		if x.Type != value.TypeArray {
			return c.fail("the argument must be an array, but is %s", x.Type.Name())
		}
		cursor := x.Doc().Cursor()
		for {
			_, v, ok := cursor.Next()
			if !ok {
				return s.bool(!decisive), nil
			}
			if err := s.spend(1); err != nil {
				return value.Value{}, err
			}
			if Truthy(v) == decisive {
				return s.bool(decisive), nil
			}
		}
	}
}
