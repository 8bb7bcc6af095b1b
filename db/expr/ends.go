package expr

import (
	"slices"

	"baas/db/value"
)

// These are $firstN, $lastN, $minN and $maxN over an array: {n, input}.

// ends evaluates the operands n and input.
func (c *call) ends(s *Scope) (n int, array value.Value, err error) {
	v, err := c.args[0].eval(s)
	if err != nil {
		return 0, v, err
	}
	n, ok := whole32(v)
	if !ok || n <= 0 {
		_, err := c.fail("'n' must be a whole number larger than 0, found: %s", v.Type.Name())
		return 0, v, err
	}
	if array, err = c.args[1].eval(s); err == nil && array.Type != value.TypeArray {
		_, err = c.fail("input must be an array, found: %s", array.Type.Name())
	}
	return n, array, err
}

func firstN(c *call, s *Scope) (value.Value, error) {
	n, array, err := c.ends(s)
	if err != nil {
		return value.Value{}, err
	}
	return s.part(array.Doc(), 0, n)
}

func lastN(c *call, s *Scope) (value.Value, error) {
	n, array, err := c.ends(s)
	if err != nil {
		return value.Value{}, err
	}
	return s.part(array.Doc(), max(0, array.Doc().Len()-n), n)
}

// extremeN is $minN (sign -1) and $maxN (sign +1) without null elements.
func extremeN(sign int) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		n, array, err := c.ends(s)
		if err != nil {
			return value.Value{}, err
		}
		elements, err := s.elements(array)
		if err != nil {
			return value.Value{}, err
		}
		elements = slices.DeleteFunc(elements, nullish)
		if err := s.sort(elements, func(x, y value.Value) int { return -sign * value.Compare(x, y) }); err != nil {
			return value.Value{}, err
		}
		return s.arrayOf(elements[:min(n, len(elements))])
	}
}
