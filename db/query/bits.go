package query

import (
	"math"
	"slices"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/value"
)

// bitMask is $bitsAllSet and its three siblings, on whole numbers of 64 bits in
// two's complement, sign-extended without end, and on binaries, whose first
// byte holds the lowest bits and beyond whose end all bits are clear.
type bitMask struct {
	positions []int // ascending
	set       bool  // ask for ones rather than zeros
	any       bool  // one position will do
}

func bitTest(o operand) (node, error) {
	positions, err := bitPositions(o)
	b := &bitMask{
		positions: positions,
		set:       o.name == "$bitsAllSet" || o.name == "$bitsAnySet",
		any:       o.name == "$bitsAnySet" || o.name == "$bitsAnyClear",
	}
	return node{kind: kindPredicate, path: o.path, ask: b}, err
}

// bitPositions reads a mask: a whole number, a binary, or a list of positions.
func bitPositions(o operand) ([]int, error) {
	var out []int
	switch o.v.Type {
	case value.TypeArray:
		for _, v := range o.v.Doc().All() {
			n, ok := v.AsInt64()
			if !ok || n < 0 || n > math.MaxInt32 {
				return nil, fault.Refused(o.at, "bit positions must be whole numbers, 0 or larger, that fit 32 bits")
			}
			out = append(out, int(n))
		}
		slices.Sort(out)
		return slices.Compact(out), nil
	case value.TypeBinary:
		_, data := o.v.Binary()
		for i := range len(data) * 8 {
			if data[i/8]>>(i%8)&1 != 0 {
				out = append(out, i)
			}
		}
		return out, nil
	}
	mask, ok := o.v.AsInt64()
	if !ok || mask < 0 {
		return nil, fault.Refused(o.at, "must be a mask (a whole number, 0 or larger, or a binary) or an array of bit positions")
	}
	for i := range 63 {
		if mask>>i&1 != 0 {
			out = append(out, i)
		}
	}
	return out, nil
}

func (b *bitMask) holds(_ *effort.Meter, v value.Value) (bool, error) {
	_, data := v.Binary()
	n, isNumber := v.AsInt64()
	if v.Type != value.TypeBinary && !isNumber {
		return false, nil
	}
	for _, at := range b.positions {
		var one bool
		switch {
		case isNumber:
			one = n>>min(at, 63)&1 != 0
		case at < len(data)*8:
			one = data[at/8]>>(at%8)&1 != 0
		}
		if (one == b.set) == b.any {
			return b.any, nil
		}
	}
	return !b.any, nil
}
