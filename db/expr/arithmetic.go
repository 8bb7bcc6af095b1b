package expr

import (
	"math"

	"baas/db/value"
)

func arithmetic(name string) (operator, bool) {
	switch name {
	case "$add":
		return ofMany(0, -1, add), true
	case "$subtract":
		return ofTwo(subtract), true
	case "$multiply":
		return ofMany(0, -1, multiply), true
	case "$divide":
		return ofTwo(divide), true
	case "$mod":
		return ofTwo(mod), true
	case "$pow":
		return ofTwo(pow), true
	case "$abs":
		return ofOne(abs), true
	case "$ceil":
		return ofOne(toWhole(math.Ceil)), true
	case "$floor":
		return ofOne(toWhole(math.Floor)), true
	case "$round":
		return ofMany(1, 2, round), true
	case "$trunc":
		return ofMany(1, 2, trunc), true
	case "$bitAnd":
		return ofMany(0, -1, bitwise(-1, func(x, y int64) int64 { return x & y })), true
	case "$bitOr":
		return ofMany(0, -1, bitwise(0, func(x, y int64) int64 { return x | y })), true
	case "$bitXor":
		return ofMany(0, -1, bitwise(0, func(x, y int64) int64 { return x ^ y })), true
	case "$bitNot":
		return ofOne(bitNot), true
	}
	return operator{}, false
}

// add sums numbers and at most one date; the others are its milliseconds then.
func add(c *call, s *Scope) (value.Value, error) {
	var t total
	isDate := false
	for _, arg := range c.args {
		v, err := arg.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		switch {
		case nullish(v):
			return null()
		case v.Type == value.TypeDate:
			if isDate {
				return c.fail("only one date allowed in an $add expression")
			}
			isDate = true
			t.addInt(v.Millis())
		case !t.add(v):
			return c.fail("only supports numeric or date types, not %s", v.Type.Name())
		}
	}
	if !isDate {
		if len(c.args) == 0 {
			return s.int32(0), nil
		}
		return t.value(s), nil
	}
	ms, ok := t.millis()
	if !ok {
		return c.fail("date overflow")
	}
	return s.date(ms), nil
}

func subtract(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	if x.Type == value.TypeDate {
		return subtractFromDate(c, s, x, y)
	}
	if !x.Type.IsNumber() || !y.Type.IsNumber() {
		return c.fail("can't subtract %s from %s", y.Type.Name(), x.Type.Name())
	}
	t := widen(x.Type, y.Type)
	if t != value.TypeDouble {
		a, _ := x.AsInt64()
		b, _ := y.AsInt64()
		if diff, ok := subtractInts(a, b); ok {
			return s.integer(t, diff), nil
		}
	}
	a, _ := x.AsFloat()
	b, _ := y.AsFloat()
	return s.float(a - b), nil
}

func subtractFromDate(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	var by int64
	ok := true
	switch {
	case y.Type == value.TypeDate:
		by = y.Millis()
	case y.Type == value.TypeDouble:
		f, _ := y.AsFloat()
		f = math.Trunc(f)
		by, ok = int64(f), math.Abs(f) < 1<<63
	case y.Type.IsNumber():
		by, _ = y.AsInt64()
	default:
		return c.fail("can't subtract %s from %s", y.Type.Name(), x.Type.Name())
	}
	diff, fits := subtractInts(x.Millis(), by)
	if !ok || !fits {
		return c.fail("date overflow")
	}
	if y.Type == value.TypeDate {
		return s.int64(diff), nil
	}
	return s.date(diff), nil
}

// integer returns n in the integer type t, or wider when it does not fit.
func (s *Scope) integer(t value.Type, n int64) value.Value {
	if t == value.TypeInt32 {
		return s.int(n)
	}
	return s.int64(n)
}

func multiply(c *call, s *Scope) (value.Value, error) {
	whole, exact := int64(1), true
	product := 1.0
	widest := value.TypeInt32
	for _, arg := range c.args {
		v, err := arg.eval(s)
		if err != nil {
			return value.Value{}, err
		}
		if nullish(v) {
			return null()
		}
		if !v.Type.IsNumber() {
			return c.fail("only supports numeric types, not %s", v.Type.Name())
		}
		widest = widen(widest, v.Type)
		f, _ := v.AsFloat()
		product *= f
		if n, isInt := v.AsInt64(); isInt && exact {
			whole, exact = multiplyInts(whole, n)
		}
	}
	if widest == value.TypeDouble || !exact {
		return s.float(product), nil
	}
	return s.integer(widest, whole), nil
}

func divide(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	a, okA := x.AsFloat()
	b, okB := y.AsFloat()
	switch {
	case !okA || !okB:
		return c.fail("only supports numeric types, not %s and %s", x.Type.Name(), y.Type.Name())
	case b == 0:
		return c.fail("can't $divide by zero")
	}
	return s.float(a / b), nil
}

// mod has the sign of the dividend. A divisor that is a whole double counts as
// an integer.
func mod(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	a, okA := x.AsFloat()
	b, okB := y.AsFloat()
	switch {
	case !okA || !okB:
		return c.fail("only supports numeric types, not %s and %s", x.Type.Name(), y.Type.Name())
	case b == 0:
		return c.fail("can't $mod by zero")
	}
	by, isWhole := y.AsInt64()
	if y.Type == value.TypeDouble && by != int64(int32(by)) {
		isWhole = false
	}
	if x.Type == value.TypeDouble || !isWhole {
		return s.float(math.Mod(a, b)), nil
	}
	n, _ := x.AsInt64()
	if by == -1 {
		n = 0 // the smallest int64 has no counterpart
	} else {
		n %= by
	}
	if x.Type == value.TypeInt64 || y.Type == value.TypeInt64 {
		return s.int64(n), nil
	}
	return s.int32(int32(n)), nil
}

func pow(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	a, okA := x.AsFloat()
	b, okB := y.AsFloat()
	switch {
	case !okA:
		return c.fail("$pow's base must be numeric, not %s", x.Type.Name())
	case !okB:
		return c.fail("$pow's exponent must be numeric, not %s", y.Type.Name())
	case a == 0 && b < 0:
		return c.fail("$pow cannot take a base of 0 and a negative exponent")
	}
	t := widen(x.Type, y.Type)
	if t != value.TypeDouble {
		n, _ := x.AsInt64()
		exponent, _ := y.AsInt64()
		if out, ok := powInts(n, exponent); ok {
			return s.integer(t, out), nil
		}
	}
	return s.float(math.Pow(a, b)), nil
}

// powInts returns base to the exponent when that is a whole number that fits.
func powInts(base, exponent int64) (int64, bool) {
	switch {
	case base == 1, exponent == 0:
		return 1, true
	case base == -1:
		return 1 - 2*(exponent&1), true
	case exponent < 0:
		return 0, false
	case base == 0:
		return 0, true
	}
	out := int64(1)
	for range exponent { // at most 63 rounds until it does not fit
		var ok bool
		if out, ok = multiplyInts(out, base); !ok {
			return 0, false
		}
	}
	return out, true
}

func abs(c *call, s *Scope, x value.Value) (value.Value, error) {
	switch {
	case nullish(x):
		return null()
	case x.Type == value.TypeDouble:
		f, _ := x.AsFloat()
		return s.float(math.Abs(f)), nil
	case !x.Type.IsNumber():
		return c.fail("only supports numeric types, not %s", x.Type.Name())
	}
	n, _ := x.AsInt64()
	if n == math.MinInt64 {
		return c.fail("can't take $abs of long long min")
	}
	return s.integer(x.Type, max(n, -n)), nil
}

// toWhole makes $ceil and $floor: integers stay as they are.
func toWhole(f func(float64) float64) func(*call, *Scope, value.Value) (value.Value, error) {
	return func(c *call, s *Scope, x value.Value) (value.Value, error) {
		switch {
		case nullish(x):
			return null()
		case x.Type == value.TypeDouble:
			n, _ := x.AsFloat()
			return s.float(f(n)), nil
		case !x.Type.IsNumber():
			return c.fail("only supports numeric types, not %s", x.Type.Name())
		}
		return x, nil
	}
}

// bitwise makes $bitAnd, $bitOr and $bitXor; they begin with start.
func bitwise(start int64, f func(x, y int64) int64) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		out, widest := start, value.TypeInt32
		isNull := false
		for _, arg := range c.args {
			v, err := arg.eval(s)
			if err != nil {
				return value.Value{}, err
			}
			switch v.Type {
			case value.TypeInt32, value.TypeInt64:
				n, _ := v.AsInt64()
				out, widest = f(out, n), widen(widest, v.Type)
			case value.TypeNull, value.TypeMissing:
				isNull = true
			default:
				return c.fail("only supports int and long operands, not %s", v.Type.Name())
			}
		}
		if isNull {
			return null()
		}
		if widest == value.TypeInt32 {
			return s.int32(int32(out)), nil
		}
		return s.int64(out), nil
	}
}

func bitNot(c *call, s *Scope, x value.Value) (value.Value, error) {
	n, _ := x.AsInt64()
	switch {
	case nullish(x):
		return null()
	case x.Type == value.TypeInt32:
		return s.int32(int32(^n)), nil
	case x.Type == value.TypeInt64:
		return s.int64(^n), nil
	}
	return c.fail("only supports int and long, not %s", x.Type.Name())
}
