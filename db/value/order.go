package value

import (
	"bytes"
	"cmp"
	"math"
)

// Rank returns the place of a type in BSON order; int32, int64 and double share
// one, and values of different ranks never equal each other.
func (t Type) Rank() int {
	switch t {
	case TypeMissing:
		return 0
	case TypeNull:
		return 1
	case TypeDouble, TypeInt32, TypeInt64:
		return 2
	case TypeString:
		return 3
	case TypeObject:
		return 4
	case TypeArray:
		return 5
	case TypeBinary:
		return 6
	case TypeObjectID:
		return 7
	case TypeBool:
		return 8
	case TypeDate:
		return 9
	case TypeTimestamp:
		return 10
	case TypeRegex:
		return 11
	}
	return 12
}

// Compare orders a and b as BSON does: -1, 0 or +1. First by rank of the type:
// missing < null < numbers < strings < objects < arrays < binary < ObjectId <
// bool < date < timestamp < regex. Numbers compare exactly whatever their
// types, NaN lowest and equal to itself, -0 equal to 0. Strings compare by
// bytes, objects member by member (rank, then name, then value), arrays element
// by element, binaries by length, subtype, bytes. A sort that wants missing to
// equal null must say so itself.
func Compare(a, b Value) int {
	if c := cmp.Compare(a.Type.Rank(), b.Type.Rank()); c != 0 {
		return c
	}
	switch a.Type {
	case TypeDouble, TypeInt32, TypeInt64:
		return compareNumbers(a, b)
	case TypeString:
		return bytes.Compare(a.TextBytes(), b.TextBytes())
	case TypeObject:
		return compareObjects(a.Doc(), b.Doc())
	case TypeArray:
		return compareArrays(a.Doc(), b.Doc())
	case TypeBinary:
		return compareBinary(a, b)
	case TypeObjectID, TypeBool:
		return bytes.Compare(a.Data, b.Data)
	case TypeDate:
		return cmp.Compare(a.Millis(), b.Millis())
	case TypeTimestamp:
		return cmp.Compare(a.bits64(), b.bits64())
	case TypeRegex:
		return compareRegex(a, b)
	}
	return 0
}

// Equal reports whether Compare(a, b) is 0: numbers are equal by value, an
// object's members must stand in the same order.
func Equal(a, b Value) bool {
	if a.Type == b.Type {
		if bytes.Equal(a.Data, b.Data) {
			return true
		}
		switch a.Type {
		case TypeObject, TypeArray, TypeDouble:
		default:
			return false
		}
	}
	return Compare(a, b) == 0
}

func compareNumbers(a, b Value) int {
	aFloat, bFloat := a.Type == TypeDouble, b.Type == TypeDouble
	if aFloat && bFloat {
		return cmp.Compare(a.float(), b.float())
	}
	if aFloat {
		return -compareIntFloat(b.int(), a.float())
	}
	if bFloat {
		return compareIntFloat(a.int(), b.float())
	}
	return cmp.Compare(a.int(), b.int())
}

// compareIntFloat compares without rounding i, which float64(i) would do beyond
// 2^53.
func compareIntFloat(i int64, f float64) int {
	switch {
	case math.IsNaN(f):
		return +1
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return +1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(whole, f)
}

func compareObjects(a, b Doc) int {
	ca, cb := a.Cursor(), b.Cursor()
	for {
		keyA, va, okA := ca.Next()
		keyB, vb, okB := cb.Next()
		if !okA || !okB {
			return compareBool(okA, okB)
		}
		if c := cmp.Compare(va.Type.Rank(), vb.Type.Rank()); c != 0 {
			return c
		}
		if c := bytes.Compare(keyA, keyB); c != 0 {
			return c
		}
		if c := Compare(va, vb); c != 0 {
			return c
		}
	}
}

func compareArrays(a, b Doc) int {
	ca, cb := a.Cursor(), b.Cursor()
	for {
		_, va, okA := ca.Next()
		_, vb, okB := cb.Next()
		if !okA || !okB {
			return compareBool(okA, okB)
		}
		if c := Compare(va, vb); c != 0 {
			return c
		}
	}
}

func compareBinary(a, b Value) int {
	subA, dataA := a.Binary()
	subB, dataB := b.Binary()
	if c := cmp.Compare(len(dataA), len(dataB)); c != 0 {
		return c
	}
	if c := cmp.Compare(subA, subB); c != 0 {
		return c
	}
	return bytes.Compare(dataA, dataB)
}

func compareRegex(a, b Value) int {
	patternA, optionsA := a.Regex()
	patternB, optionsB := b.Regex()
	if c := cmp.Compare(patternA, patternB); c != 0 {
		return c
	}
	return cmp.Compare(optionsA, optionsB)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return +1
	}
	return -1
}

func (v Value) int() int64 {
	if v.Type == TypeInt32 {
		return int64(int32(v.bits32()))
	}
	return int64(v.bits64())
}

func (v Value) float() float64 { return math.Float64frombits(v.bits64()) }
