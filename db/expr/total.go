package expr

import (
	"math"
	"math/bits"

	"baas/db/value"
)

// total adds numbers without losing any: integers exactly, doubles with the
// error of each addition carried along. The zero value is the empty sum.
type total struct {
	high    int64 // the sum of the integers, in 128 bits
	low     uint64
	sum     float64 // the sum of the doubles
	rest    float64 // what sum lost by rounding
	special float64 // the plain sum, for infinities and NaN
	widest  value.Type
}

// widen returns the wider of two types of numbers; Missing is the narrowest.
func widen(a, b value.Type) value.Type {
	switch {
	case a == value.TypeDouble || b == value.TypeDouble:
		return value.TypeDouble
	case a == value.TypeInt64 || b == value.TypeInt64:
		return value.TypeInt64
	case a == value.TypeMissing:
		return b
	}
	return a
}

// add adds a number; other values are passed over and yield false.
func (t *total) add(v value.Value) bool {
	switch v.Type {
	case value.TypeInt32, value.TypeInt64:
		n, _ := v.AsInt64()
		t.addInt(n)
	case value.TypeDouble:
		f, _ := v.AsFloat()
		t.addFloat(f)
	default:
		return false
	}
	t.widest = widen(t.widest, v.Type)
	return true
}

func (t *total) addInt(n int64) {
	var carry uint64
	t.low, carry = bits.Add64(t.low, uint64(n), 0)
	t.high += n>>63 + int64(carry)
}

func (t *total) addFloat(f float64) {
	t.special += f
	sum := t.sum + f
	z := sum - t.sum
	t.rest += (t.sum - (sum - z)) + (f - z)
	t.sum = sum
}

// whole returns the sum of the integers; ok is false when it does not fit.
func (t *total) whole() (n int64, ok bool) {
	return int64(t.low), t.high == int64(t.low)>>63
}

// float returns the sum as a double.
func (t *total) float() float64 {
	all := *t
	all.high, all.low = 0, 0
	const half = 1 << 32
	if n, ok := t.whole(); ok {
		all.addFloat(float64(n >> 32 * half))
		all.addFloat(float64(n & (half - 1)))
	} else {
		all.addFloat(float64(t.high) * half * half)
		all.addFloat(float64(t.low>>32) * half)
		all.addFloat(float64(t.low & (half - 1)))
	}
	if f := all.sum + all.rest; !math.IsNaN(f) {
		return f
	}
	return all.special
}

// value returns the sum in the widest type of its numbers; integers that do not
// fit their type go on to the next.
func (t *total) value(s *Scope) value.Value {
	n, ok := t.whole()
	switch {
	case !ok || t.widest == value.TypeDouble:
		return s.float(t.float())
	case t.widest == value.TypeInt64:
		return s.int64(n)
	}
	return s.int(n)
}

// millis returns the sum rounded to a whole number; ok is false when it does
// not fit.
func (t *total) millis() (n int64, ok bool) {
	if t.widest != value.TypeDouble {
		return t.whole()
	}
	whole, ok := t.whole()
	f := math.Round(t.sum + t.rest)
	if !ok || !(math.Abs(f) < 1<<63) {
		return 0, false
	}
	return addInts(whole, int64(f))
}

func addInts(x, y int64) (int64, bool) {
	sum := x + y
	return sum, (sum >= x) == (y >= 0)
}

func subtractInts(x, y int64) (int64, bool) {
	diff := x - y
	return diff, (diff <= x) == (y >= 0)
}

func multiplyInts(x, y int64) (int64, bool) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	switch {
	case high != 0 || low > 1<<63 || low == 1<<63 && !negative:
		return 0, false
	case negative:
		return -int64(low), true // also for 1<<63, whose negative is itself
	}
	return int64(low), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
