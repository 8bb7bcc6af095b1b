package expr

import (
	"math"
	"strconv"

	"baas/db/value"
)

func round(c *call, s *Scope) (value.Value, error) { return atPlace(c, s, true) }
func trunc(c *call, s *Scope) (value.Value, error) { return atPlace(c, s, false) }

// atPlace is $round (half to even) and $trunc: [number, place], place being the
// number of decimal digits, negative to the left of the point.
func atPlace(c *call, s *Scope, toNearest bool) (value.Value, error) {
	x, err := c.arg(s, 0)
	if err != nil {
		return value.Value{}, err
	}
	place := int64(0)
	if c.given(1) {
		y, err := c.arg(s, 1)
		if err != nil {
			return value.Value{}, err
		}
		if nullish(x) || nullish(y) {
			return null()
		}
		var ok bool
		if place, ok = y.AsInt64(); !ok || place < -20 || place > 100 {
			return c.fail("precision must be a whole number between -20 and 100")
		}
	}
	switch {
	case nullish(x):
		return null()
	case !x.Type.IsNumber():
		return c.fail("only supports numeric types, not %s", x.Type.Name())
	case x.Type == value.TypeDouble:
		f, _ := x.AsFloat()
		return s.float(roundFloat(f, int(place), toNearest)), nil
	case place >= 0:
		return x, nil
	}
	n, _ := x.AsInt64()
	out, ok := roundInt(n, int(-place), toNearest)
	if !ok {
		return c.fail("the result does not fit an int64")
	}
	return s.integer(x.Type, out), nil
}

// roundFloat works on the exact decimal digits of f, as MongoDB does.
func roundFloat(f float64, place int, toNearest bool) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	if place <= 0 {
		return roundLeft(f, math.Pow10(-place), toNearest)
	}
	var text [512]byte
	if toNearest {
		out, _ := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], f, 'f', place, 64)), 64)
		return out
	}
	const beyond = 1100 // more digits than a double has behind its point
	digits := strconv.AppendFloat(text[:0], f, 'f', beyond, 64)
	out, _ := strconv.ParseFloat(string(digits[:len(digits)-beyond+place]), 64)
	return out
}

// roundLeft rounds f to a multiple of unit.
func roundLeft(f, unit float64, toNearest bool) float64 {
	rest := math.Mod(f, unit)
	down := f - rest
	size := math.Abs(rest)
	if !toNearest || size < unit/2 || size == unit/2 && math.Mod(down/unit, 2) == 0 {
		return math.Copysign(down, f)
	}
	return down + math.Copysign(unit, f)
}

// roundInt rounds the last places digits of n to zero; half goes to even.
func roundInt(n int64, places int, toNearest bool) (int64, bool) {
	if places > 19 {
		return 0, true
	}
	if places == 19 { // the unit does not fit an int64; half of it does
		if toNearest && magnitude(n) > 5e18 {
			return 0, false
		}
		return 0, true
	}
	unit := int64(1)
	for range places {
		unit *= 10
	}
	rest := n % unit
	down := n - rest
	if !toNearest {
		return down, true
	}
	half := magnitude(unit / 2)
	size := magnitude(rest)
	if size < half || size == half && (down/unit)&1 == 0 {
		return down, true
	}
	if n < 0 {
		return subtractInts(down, unit)
	}
	return addInts(down, unit)
}
