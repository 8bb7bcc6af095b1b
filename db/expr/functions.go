package expr

import (
	"math"
	"math/rand/v2"

	"baas/db/fault"
	"baas/db/value"
)

// functions are those of one or two real numbers; the result is a double.
func functions(name string) (operator, bool) {
	inf := math.Inf(1)
	switch name {
	case "$exp":
		return between(math.Exp, -inf, inf), true
	case "$ln":
		return positive(math.Log), true
	case "$log10":
		return positive(math.Log10), true
	case "$log":
		return ofTwo(logarithm), true
	case "$sqrt":
		return between(math.Sqrt, 0, inf), true
	case "$sin":
		return finite(math.Sin), true
	case "$cos":
		return finite(math.Cos), true
	case "$tan":
		return finite(math.Tan), true
	case "$asin":
		return between(math.Asin, -1, 1), true
	case "$acos":
		return between(acos, -1, 1), true
	case "$atan":
		return between(math.Atan, -inf, inf), true
	case "$atan2":
		return ofTwo(atan2), true
	case "$sinh":
		return between(math.Sinh, -inf, inf), true
	case "$cosh":
		return between(math.Cosh, -inf, inf), true
	case "$tanh":
		return between(math.Tanh, -inf, inf), true
	case "$asinh":
		return between(math.Asinh, -inf, inf), true
	case "$acosh":
		return between(math.Acosh, 1, inf), true
	case "$atanh":
		return between(math.Atanh, -1, 1), true
	case "$degreesToRadians":
		return between(func(f float64) float64 { return f * (math.Pi / 180) }, -inf, inf), true
	case "$radiansToDegrees":
		return between(func(f float64) float64 { return f * (180 / math.Pi) }, -inf, inf), true
	case "$rand":
		return ofParse(compileRand), true
	}
	return operator{}, false
}

// between makes the operator for a function that is defined from low to high.
func between(f func(float64) float64, low, high float64) operator {
	return ofOne(func(c *call, s *Scope, x value.Value) (value.Value, error) {
		if nullish(x) {
			return null()
		}
		n, ok := x.AsFloat()
		switch {
		case !ok:
			return c.fail("only supports numeric types, not %s", x.Type.Name())
		case n < low || n > high:
			return c.fail("the value must be in [%g,%g]", low, high)
		}
		return s.float(f(n)), nil
	})
}

// finite makes the operator for a function that is not defined at infinity.
func finite(f func(float64) float64) operator {
	return between(f, -math.MaxFloat64, math.MaxFloat64)
}

// positive makes the operator for a function that is defined above 0.
func positive(f func(float64) float64) operator {
	return between(f, math.SmallestNonzeroFloat64, math.Inf(1))
}

func logarithm(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	n, okN := x.AsFloat()
	base, okBase := y.AsFloat()
	switch {
	case !okN:
		return c.fail("$log's argument must be numeric, not %s", x.Type.Name())
	case !okBase:
		return c.fail("$log's base must be numeric, not %s", y.Type.Name())
	case n <= 0:
		return c.fail("$log's argument must be a positive number")
	case base <= 0 || base == 1:
		return c.fail("$log's base must be a positive number not equal to 1")
	}
	return s.float(math.Log(n) / math.Log(base)), nil
}

func atan2(c *call, s *Scope, y, x value.Value) (value.Value, error) {
	if nullish(x) || nullish(y) {
		return null()
	}
	a, okA := y.AsFloat()
	b, okB := x.AsFloat()
	if !okA || !okB {
		return c.fail("only supports numeric types, not %s and %s", y.Type.Name(), x.Type.Name())
	}
	return s.float(math.Atan2(a, b)), nil
}

// acos is exact where math.Acos subtracts two numbers that are almost equal.
func acos(x float64) float64 {
	if x > 0.5 {
		return 2 * math.Asin(math.Sqrt((1-x)/2))
	}
	return math.Acos(x)
}

// random is $rand.
type random struct{}

func (random) eval(s *Scope) (value.Value, error) { return s.float(rand.Float64()), nil }

func compileRand(_ *compiler, at string, v value.Value) (node, error) {
	if v.Doc() == nil || !v.Doc().IsEmpty() {
		return nil, fault.Refused(at, "does not accept arguments: {\"$rand\": {}}")
	}
	return random{}, nil
}
