package expr

import (
	"slices"

	"baas/db/fault"
	"baas/db/value"
)

// stateBytes is about what a state takes without the values that it keeps.
const stateBytes = 96

type sumState struct {
	input *Expr
	sum
}

// Add implements State.
func (t *sumState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	t.total.add(v)
	return err
}

// Result implements State.
func (t *sumState) Result() value.Value { return t.value(&Scope{}) }

// Bytes implements State.
func (t *sumState) Bytes() int { return stateBytes }

type avgState struct {
	input *Expr
	avg
}

// Add implements State.
func (t *avgState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	if err != nil {
		return err
	}
	return t.add(v)
}

// Result implements State.
func (t *avgState) Result() value.Value { return t.value(&Scope{}) }

// Bytes implements State.
func (t *avgState) Bytes() int { return stateBytes }

type extremeState struct {
	input *Expr
	extreme
}

// Add implements State.
func (t *extremeState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	if err != nil {
		return err
	}
	return t.add(v)
}

// Result implements State.
func (t *extremeState) Result() value.Value { return t.value(nil) }

// Bytes implements State.
func (t *extremeState) Bytes() int { return stateBytes + cap(t.best.Data) }

type deviationState struct {
	input *Expr
	deviation
}

// Add implements State.
func (t *deviationState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	if err != nil {
		return err
	}
	return t.add(v)
}

// Result implements State.
func (t *deviationState) Result() value.Value { return t.value(&Scope{}) }

// Bytes implements State.
func (t *deviationState) Bytes() int { return stateBytes }

// firstState keeps what the first document has, be it nothing.
type firstState struct {
	input *Expr
	v     value.Value
	some  bool
}

// Add implements State.
func (t *firstState) Add(s *Scope) error {
	if t.some {
		return nil
	}
	v, err := t.input.Eval(s)
	t.v, t.some = v.Clone(), true
	return err
}

// Result implements State.
func (t *firstState) Result() value.Value { return orNull(t.v) }

// Bytes implements State.
func (t *firstState) Bytes() int { return stateBytes + len(t.v.Data) }

// lastState keeps what the last document has.
type lastState struct {
	input *Expr
	v     value.Value
}

// Add implements State.
func (t *lastState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	t.v.Type, t.v.Data = v.Type, append(t.v.Data[:0], v.Data...)
	return err
}

// Result implements State.
func (t *lastState) Result() value.Value { return orNull(t.v.Clone()) }

// Bytes implements State.
func (t *lastState) Bytes() int { return stateBytes + cap(t.v.Data) }

func orNull(v value.Value) value.Value {
	if v.Type == value.TypeMissing {
		return value.Null()
	}
	return v
}

// pushState writes its array as it goes; documents without a value are passed
// over.
type pushState struct {
	input *Expr
	out   value.ArrayBuilder
	done  value.Value
	bytes int
}

// Add implements State.
func (t *pushState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	if err != nil || v.Type == value.TypeMissing {
		return err
	}
	if t.done.Type != value.TypeMissing { // Result was asked in between
		for _, old := range t.done.Doc().All() {
			t.out.Add(old)
		}
		t.done = value.Value{}
	}
	t.out.Add(v)
	t.bytes += len(v.Data) + 8
	return nil
}

// Result implements State.
func (t *pushState) Result() value.Value {
	if t.done.Type == value.TypeMissing {
		t.done = t.out.Value()
	}
	return t.done
}

// Bytes implements State. The array grows by doubling.
func (t *pushState) Bytes() int { return stateBytes + 2*t.bytes }

// mergeState merges objects; the members of later documents win.
type mergeState struct {
	input *Expr
	merge merge
	bytes int
}

// Add implements State.
func (t *mergeState) Add(s *Scope) error {
	v, err := t.input.Eval(s)
	if err != nil || nullish(v) {
		return err
	}
	if v.Type != value.TypeObject {
		return fault.New(fault.DatabaseFailed, "$mergeObjects requires object inputs, but input is of type %s", v.Type.Name())
	}
	for key, member := range v.Doc().All() {
		t.merge.set(key, member.Clone())
		t.bytes += len(key) + len(member.Data) + stateBytes
	}
	return nil
}

// Result implements State.
func (t *mergeState) Result() value.Value {
	var b value.Builder
	for i, key := range t.merge.keys {
		b.Add(key, t.merge.values[i])
	}
	return value.FromDoc(b.Doc())
}

// Bytes implements State.
func (t *mergeState) Bytes() int { return stateBytes + t.bytes }

// firstNState keeps what the first n documents have.
type firstNState struct {
	acc   *Accumulator
	n     int // 0 before the first document
	kept  []value.Value
	bytes int
}

// Add implements State.
func (t *firstNState) Add(s *Scope) error {
	if t.n == 0 {
		var err error
		if t.n, err = t.acc.count(s); err != nil {
			return err
		}
	}
	if len(t.kept) == t.n {
		return nil
	}
	v, err := t.acc.input.Eval(s)
	if err != nil {
		return err
	}
	t.kept = append(t.kept, v.Clone())
	t.bytes += len(v.Data) + stateBytes
	return nil
}

// Result implements State.
func (t *firstNState) Result() value.Value { return arrayValue(t.kept) }

// Bytes implements State.
func (t *firstNState) Bytes() int { return stateBytes + t.bytes }

// lastNState keeps what the last n documents have, as a ring.
type lastNState struct {
	acc   *Accumulator
	n     int // 0 before the first document
	kept  []value.Value
	next  int // the oldest, once there are n
	bytes int
}

// Add implements State.
func (t *lastNState) Add(s *Scope) error {
	if t.n == 0 {
		var err error
		if t.n, err = t.acc.count(s); err != nil {
			return err
		}
	}
	v, err := t.acc.input.Eval(s)
	if err != nil {
		return err
	}
	t.bytes += len(v.Data)
	if len(t.kept) < t.n {
		t.kept = append(t.kept, v.Clone())
		t.bytes += stateBytes
		return nil
	}
	t.bytes -= len(t.kept[t.next].Data)
	t.kept[t.next] = v.Clone()
	t.next = (t.next + 1) % t.n
	return nil
}

// Result implements State.
func (t *lastNState) Result() value.Value {
	return arrayValue(slices.Concat(t.kept[t.next:], t.kept[:t.next]))
}

// Bytes implements State.
func (t *lastNState) Bytes() int { return stateBytes + t.bytes }

// arrayValue returns an array of the values, null for those that are missing.
func arrayValue(values []value.Value) value.Value {
	var out value.ArrayBuilder
	for _, v := range values {
		out.Add(v)
	}
	return out.Value()
}
