package expr

import (
	"math"

	"baas/db/value"
)

func arrays(name string) (operator, bool) {
	switch name {
	case "$arrayElemAt":
		return ofTwo(arrayElemAt), true
	case "$first":
		return ofOne(func(c *call, s *Scope, x value.Value) (value.Value, error) { return endOf(c, s, x, 0) }), true
	case "$last":
		return ofOne(func(c *call, s *Scope, x value.Value) (value.Value, error) { return endOf(c, s, x, -1) }), true
	case "$concatArrays":
		return ofMany(0, -1, concatArrays), true
	case "$in":
		return ofTwo(in), true
	case "$indexOfArray":
		return ofMany(2, 4, indexOfArray), true
	case "$isArray":
		return ofOne(func(_ *call, s *Scope, x value.Value) (value.Value, error) {
			return s.bool(x.Type == value.TypeArray), nil
		}), true
	case "$range":
		op := ofMany(2, 3, arithmeticRange)
		op.volatile = true // small operands, large result
		return op, true
	case "$reverseArray":
		return ofOne(reverseArray), true
	case "$size":
		return ofOne(size), true
	case "$slice":
		return ofMany(2, 3, slice), true
	case "$sortArray":
		return ofParse(compileSortArray), true
	case "$zip":
		return ofParse(compileZip), true
	case "$firstN":
		return ofNames(2, firstN, "n", "input"), true
	case "$lastN":
		return ofNames(2, lastN, "n", "input"), true
	case "$minN":
		return ofNames(2, extremeN(-1), "n", "input"), true
	case "$maxN":
		return ofNames(2, extremeN(+1), "n", "input"), true
	}
	return operator{}, false
}

// whole32 returns a number that is a whole 32-bit integer, whatever its type.
func whole32(v value.Value) (int, bool) {
	n, ok := v.AsInt64()
	return int(n), ok && n == int64(int32(n))
}

// at returns element i, counted from the end when it is negative, or Missing.
func (s *Scope) at(array value.Doc, i int) (value.Value, error) {
	const passed = 16 // elements passed in a step
	if i < 0 {
		n := array.Len()
		if err := s.spend(n / passed); err != nil {
			return value.Value{}, err
		}
		i += n
	}
	if err := s.spend(min(max(i, 0), len(array)) / passed); err != nil {
		return value.Value{}, err
	}
	return array.At(i), nil
}

func arrayElemAt(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	if x.Type != value.TypeArray {
		return c.fail("$arrayElemAt's first argument must be an array, but is %s", x.Type.Name())
	}
	i, ok := whole32(y)
	if !ok {
		return c.fail("$arrayElemAt's second argument must be representable as a 32-bit integer")
	}
	return s.at(x.Doc(), i)
}

func endOf(c *call, s *Scope, x value.Value, i int) (value.Value, error) {
	if nullish(x) {
		return null()
	}
	if x.Type != value.TypeArray {
		return c.fail("the argument must be an array, but is %s", x.Type.Name())
	}
	return s.at(x.Doc(), i)
}

func concatArrays(c *call, s *Scope) (value.Value, error) {
	out := s.array(0)
	for _, arg := range c.args {
		v, err := arg.eval(s)
		switch {
		case err != nil:
			return value.Value{}, err
		case nullish(v):
			return null()
		case v.Type != value.TypeArray:
			return c.fail("only supports arrays, not %s", v.Type.Name())
		}
		if err := out.addAll(v.Doc()); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// addAll appends every element of an array.
func (b *builder) addAll(array value.Doc) error {
	cursor := array.Cursor()
	for {
		_, v, ok := cursor.Next()
		if !ok {
			return nil
		}
		if err := b.s.spend(1); err != nil {
			return err
		}
		if err := b.add(v); err != nil {
			return err
		}
	}
}

func in(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if y.Type != value.TypeArray {
		return c.fail("$in requires an array as a second argument, found: %s", y.Type.Name())
	}
	cursor := y.Doc().Cursor()
	for {
		_, v, ok := cursor.Next()
		if !ok {
			return s.bool(false), nil
		}
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		if err := s.weigh(x, v); err != nil {
			return value.Value{}, err
		}
		if value.Equal(x, v) {
			return s.bool(true), nil
		}
	}
}

// indexOfArray is [array, value, start, end].
func indexOfArray(c *call, s *Scope) (value.Value, error) {
	array, err := c.args[0].eval(s)
	if err != nil || nullish(array) {
		return value.Null(), err
	}
	if array.Type != value.TypeArray {
		return c.fail("$indexOfArray requires an array as a first argument, found: %s", array.Type.Name())
	}
	want, err := c.args[1].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return value.Value{}, err
	}
	cursor := array.Doc().Cursor()
	for i := range to {
		_, v, ok := cursor.Next()
		if !ok {
			break
		}
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		if err := s.weigh(want, v); err != nil {
			return value.Value{}, err
		}
		if i >= from && value.Equal(v, want) {
			return s.int32(int32(i)), nil
		}
	}
	return s.int32(-1), nil
}

// bounds evaluates the operands start and end of an $indexOf… operator.
func (c *call) bounds(s *Scope) (from, to int, err error) {
	from, to = 0, math.MaxInt32
	for i, bound := range []*int{2: &from, 3: &to} {
		if bound == nil || !c.given(i) {
			continue
		}
		v, err := c.args[i].eval(s)
		if err != nil {
			return 0, 0, err
		}
		n, ok := whole32(v)
		if !ok || n < 0 {
			_, err := c.fail("the bounds must be whole numbers of at least 0, found: %s", v.Type.Name())
			return 0, 0, err
		}
		*bound = n
	}
	return from, to, nil
}

func arithmeticRange(c *call, s *Scope) (value.Value, error) {
	numbers := [3]int{2: 1}
	for i := range c.args {
		v, err := c.args[i].eval(s)
		if err != nil {
			return value.Value{}, err
		}
		var ok bool
		if numbers[i], ok = whole32(v); !ok {
			return c.fail("the start, end and step must be 32-bit integers, found: %s", v.Type.Name())
		}
	}
	i, end, step := numbers[0], numbers[1], numbers[2]
	if step == 0 {
		return c.fail("requires a non-zero step value")
	}
	out := s.array(0)
	var data [4]byte
	for ; step > 0 && i < end || step < 0 && i > end; i += step {
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		if err := out.add(int32In(data[:], int32(i))); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

func reverseArray(c *call, s *Scope, x value.Value) (value.Value, error) {
	if nullish(x) {
		return null()
	}
	if x.Type != value.TypeArray {
		return c.fail("the argument must be an array, but was of type: %s", x.Type.Name())
	}
	elements, err := s.elements(x)
	if err != nil {
		return value.Value{}, err
	}
	out := s.array(len(x.Data))
	for i := len(elements) - 1; i >= 0; i-- {
		if err := out.add(elements[i]); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// elements returns the elements of an array in a slice.
func (s *Scope) elements(v value.Value) ([]value.Value, error) {
	n := v.Doc().Len()
	const perElement = 32
	if err := s.hold(n * perElement); err != nil {
		return nil, err
	}
	if err := s.spend(n + len(v.Data)/copyStep); err != nil {
		return nil, err
	}
	out := make([]value.Value, 0, n)
	cursor := v.Doc().Cursor()
	for {
		_, element, ok := cursor.Next()
		if !ok {
			return out, nil
		}
		out = append(out, element)
	}
}

// arrayOf returns an array of the values.
func (s *Scope) arrayOf(elements []value.Value) (value.Value, error) {
	out := s.array(0)
	for _, v := range elements {
		if err := out.add(v); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

func size(c *call, s *Scope, x value.Value) (value.Value, error) {
	if x.Type != value.TypeArray {
		return c.fail("the argument to $size must be an array, but was of type: %s", x.Type.Name())
	}
	n := x.Doc().Len()
	if err := s.spend(n / copyStep); err != nil {
		return value.Value{}, err
	}
	return s.int32(int32(n)), nil
}

// slice is [array, n] or [array, position, n].
func slice(c *call, s *Scope) (value.Value, error) {
	array, err := c.args[0].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	var numbers [2]int
	for i, arg := range c.args[1:] {
		v, err := arg.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		if nullish(array) || nullish(v) {
			return null()
		}
		if array.Type != value.TypeArray {
			return c.fail("first argument to $slice must be an array, but is of type: %s", array.Type.Name())
		}
		var ok bool
		if numbers[i], ok = whole32(v); !ok {
			return c.fail("the position and the number of elements must be 32-bit integers, found: %s", v.Type.Name())
		}
	}
	length := array.Doc().Len()
	from, n := numbers[0], numbers[1]
	switch {
	case len(c.args) == 3 && n <= 0:
		return c.fail("third argument to $slice must be positive: %d", n)
	case len(c.args) == 3 && from < 0:
		from = max(0, length+from)
	case len(c.args) == 3:
	case from < 0:
		from, n = max(0, length+from), length
	default:
		from, n = 0, from
	}
	return s.part(array.Doc(), from, n)
}

// part returns the n elements of an array that begin at position from.
func (s *Scope) part(array value.Doc, from, n int) (value.Value, error) {
	out := s.array(0)
	cursor := array.Cursor()
	for i := 0; i-from < n; i++ {
		_, v, ok := cursor.Next()
		if !ok {
			break
		}
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		if i < from {
			continue
		}
		if err := out.add(v); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}
