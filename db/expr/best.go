package expr

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"

	"baas/db/value"
)

// bestState keeps the n values that come first in an order of the documents, or
// of the values themselves: $top, $bottom, $minN and $maxN.
type bestState struct {
	acc      *Accumulator
	n        int // 0 before the first document
	order    sorting
	last     bool // those that come last instead
	alone    bool // the result is the value, not an array
	skipNull bool
	kept     []ranked // in order
	bytes    int
}

// ranked is a value with what it is sorted by.
type ranked struct {
	keys []value.Value // one for each key of the order; none when it is v itself
	v    value.Value
}

// Add implements State.
func (t *bestState) Add(s *Scope) error {
	if t.n == 0 {
		var err error
		if t.n, err = t.acc.count(s); err != nil {
			return err
		}
	}
	v, err := t.acc.input.Eval(s)
	if err != nil || t.skipNull && nullish(v) {
		return err
	}
	one := ranked{v: v}
	for i := range t.order.keys {
		one.keys = append(one.keys, t.order.keys[i].of(value.FromDoc(s.Root)))
	}
	at, _ := slices.BinarySearchFunc(t.kept, one, func(old, one ranked) int {
		if t.compare(&old, &one) <= 0 {
			return -1 // behind its equals
		}
		return 1
	})
	full := len(t.kept) == t.n
	if full && (!t.last && at == t.n || t.last && at == 0) {
		return nil
	}
	if err := s.Meter.Spend(1 + len(t.kept)/copyStep); err != nil {
		return err
	}
	if full {
		out := t.n - 1
		if t.last {
			out = 0
			at--
		}
		t.bytes -= t.kept[out].bytes()
		t.kept = slices.Delete(t.kept, out, out+1)
	}
	one = one.clone()
	t.bytes += one.bytes()
	t.kept = slices.Insert(t.kept, at, one)
	return nil
}

func (t *bestState) compare(x, y *ranked) int {
	if len(t.order.keys) == 0 {
		return t.order.compare(x.v, y.v)
	}
	for i := range t.order.keys {
		if c := value.Compare(x.keys[i], y.keys[i]); c != 0 {
			return reversed(c, t.order.keys[i].descend)
		}
	}
	return 0
}

func (r ranked) clone() ranked {
	out := ranked{v: r.v.Clone()}
	for _, k := range r.keys {
		out.keys = append(out.keys, k.Clone())
	}
	return out
}

func (r ranked) bytes() int {
	n := stateBytes + len(r.v.Data)
	for _, k := range r.keys {
		n += len(k.Data) + stateBytes
	}
	return n
}

// Result implements State.
func (t *bestState) Result() value.Value {
	values := make([]value.Value, len(t.kept))
	for i := range t.kept {
		values[i] = t.kept[i].v
	}
	if !t.alone {
		return arrayValue(values)
	}
	if len(values) == 0 {
		return value.Null()
	}
	return orNull(values[0])
}

// Bytes implements State.
func (t *bestState) Bytes() int { return stateBytes + t.bytes }

// setState keeps each value once, in the order in which they came.
type setState struct {
	input *Expr
	seed  maphash.Seed
	kept  []value.Value
	index map[uint64][]int
	bytes int
}

func newSetState(input *Expr) *setState {
	return &setState{input: input, seed: maphash.MakeSeed(), index: map[uint64][]int{}}
}

// Add implements State.
func (t *setState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	if err != nil || v.Type == value.TypeMissing {
		return err
	}
	h := hash(t.seed, v)
	for _, i := range t.index[h] {
		if value.Equal(t.kept[i], v) {
			return nil
		}
	}
	t.index[h] = append(t.index[h], len(t.kept))
	t.kept = append(t.kept, v.Clone())
	t.bytes += len(v.Data) + stateBytes
	return nil
}

// Result implements State.
func (t *setState) Result() value.Value { return arrayValue(t.kept) }

// Bytes implements State.
func (t *setState) Bytes() int { return stateBytes + t.bytes }

// hash is alike for values that value.Equal finds equal.
func hash(seed maphash.Seed, v value.Value) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	writeHash(&h, v)
	return h.Sum64()
}

func writeHash(h *maphash.Hash, v value.Value) {
	_ = h.WriteByte(byte(v.Type.Rank())) // a Hash takes every byte
	switch v.Type {
	case value.TypeInt32, value.TypeInt64, value.TypeDouble:
		f, _ := v.AsFloat()
		if f == 0 || math.IsNaN(f) {
			f = math.Abs(f) // one zero, one NaN
		}
		bits := math.Float64bits(f)
		if math.IsNaN(f) {
			bits = 0x7FF8 << 48
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], bits)
		_, _ = h.Write(b[:])
	case value.TypeObject, value.TypeArray:
		cursor := v.Doc().Cursor()
		for {
			key, member, ok := cursor.Next()
			if !ok {
				_ = h.WriteByte(0xFF) // no type's rank: where the members end
				return
			}
			_, _ = h.Write(key)
			writeHash(h, member)
		}
	default:
		_, _ = h.Write(v.Data)
	}
}
