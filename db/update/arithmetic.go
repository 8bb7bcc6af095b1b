package update

import (
	"math"
	"math/bits"

	"baas/db/value"
)

// arithmetic is $inc and $mul. Two int32 whose result does not fit become an
// int64; an int64 whose result does not fit is an error; with a double the
// result is a double. A missing value counts as 0 of the operand's type.
type arithmetic struct {
	path, name string
	by         value.Value
}

func (arithmetic) creates(*state) bool { return true }
func (arithmetic) strict(*state) bool  { return true }

func (e arithmetic) apply(_ *state, v value.Value) (value.Value, error) {
	if v.IsMissing() {
		if e.name == "$inc" {
			return e.by, nil
		}
		v = zero(e.by.Type)
	}
	if !v.Type.IsNumber() {
		return v, failed(e.path, "Cannot apply %s to a value of non-numeric type; the field is of type %s", e.name, v.Type.Name())
	}
	if v.Type == value.TypeDouble || e.by.Type == value.TypeDouble {
		x, _ := v.AsFloat()
		y, _ := e.by.AsFloat()
		if e.name == "$inc" {
			return value.Float(x + y), nil
		}
		return value.Float(x * y), nil
	}
	x, _ := v.AsInt64()
	y, _ := e.by.AsInt64()
	result, fits := add(x, y)
	if e.name == "$mul" {
		result, fits = multiply(x, y)
	}
	if !fits {
		return v, failed(e.path, "Failed to apply %s: the result does not fit 64 bits", e.name)
	}
	if v.Type == value.TypeInt32 && e.by.Type == value.TypeInt32 {
		return value.Int(result), nil
	}
	return value.Int64(result), nil
}

func zero(t value.Type) value.Value {
	switch t {
	case value.TypeInt32:
		return value.Int32(0)
	case value.TypeInt64:
		return value.Int64(0)
	}
	return value.Float(0)
}

func add(x, y int64) (int64, bool) {
	sum := x + y
	return sum, (sum > x) == (y > 0)
}

func multiply(x, y int64) (int64, bool) {
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

// bit is $bit: and, or, xor one after the other.
type bit struct {
	path  string
	steps []bitStep
	wide  bool // some operand is an int64
}

type bitStep struct {
	name string
	by   int64
}

func compileBit(at, path string, operand value.Value) (edit, error) {
	if operand.Type != value.TypeObject || operand.Doc().IsEmpty() {
		return nil, failed(at, "must be an object such as {\"and\": 5}")
	}
	e := bit{path: path}
	for name, v := range operand.Doc().All() {
		if name != "and" && name != "or" && name != "xor" {
			return nil, failed(at+"."+name, "must be one of and, or, xor")
		}
		n, whole := v.AsInt64()
		if !whole || v.Type == value.TypeDouble && math.Abs(float64(n)) > 1<<53 {
			return nil, failed(at+"."+name, "must be a whole number, it is of type %s", v.Type.Name())
		}
		e.wide = e.wide || n != int64(int32(n)) || v.Type == value.TypeInt64
		e.steps = append(e.steps, bitStep{name, n})
	}
	return e, nil
}

func (bit) creates(*state) bool { return true }
func (bit) strict(*state) bool  { return true }

func (e bit) apply(_ *state, v value.Value) (value.Value, error) {
	if v.IsMissing() {
		v = value.Int32(0)
	}
	if v.Type != value.TypeInt32 && v.Type != value.TypeInt64 {
		return v, failed(e.path, "Cannot apply $bit to a value of non-integral type; the field is of type %s", v.Type.Name())
	}
	n, _ := v.AsInt64()
	for _, step := range e.steps {
		switch step.name {
		case "and":
			n &= step.by
		case "or":
			n |= step.by
		case "xor":
			n ^= step.by
		}
	}
	if e.wide || v.Type == value.TypeInt64 {
		return value.Int64(n), nil
	}
	return value.Int32(int32(n)), nil
}
