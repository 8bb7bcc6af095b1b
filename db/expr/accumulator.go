package expr

import (
	"baas/db/fault"
	"baas/db/value"
)

// Accumulator is a compiled accumulator of $group, such as {$sum: "$price"}. It
// is immutable and safe for concurrent use.
type Accumulator struct {
	at     string
	input  *Expr // what is taken from each document
	n      *Expr // how many values the …N ones keep; nil for one
	order  sorting
	begin  func(a *Accumulator) State
	fields []string
	whole  bool
}

// State is what an accumulator holds for one group. Not safe for concurrent use.
type State interface {
	// Add takes the document of s. Nothing of s is kept but copies.
	Add(s *Scope) error
	// Result returns the value for the documents so far, never Missing. It is
	// not written to again.
	Result() value.Value
	// Bytes returns about how much memory the state holds. Accumulators that
	// collect values do not bound it: the caller must.
	Bytes() int
}

// CompileAccumulator reads {$sum: "$price"}, {$topN: {n: 3, sortBy: …, output: …}}
// and so on. Errors are those of [Compile]; an accumulator that does not exist is
// a DatabaseOperator.
func CompileAccumulator(at string, v value.Value, o Options) (*Accumulator, error) {
	name, ok := operatorName(v.Doc())
	if v.Type != value.TypeObject || !ok || v.Doc().Len() != 1 {
		return nil, fault.Refused(at, "must be one accumulator, such as {\"$sum\": 1}")
	}
	at += "." + name
	a := &Accumulator{}
	operand := v.Doc().Get(name)
	var err error
	switch name {
	case "$firstN", "$lastN", "$minN", "$maxN":
		operand, err = a.readN(at, operand, "input", o)
	case "$topN", "$bottomN":
		operand, err = a.readSorted(at, operand, true, o)
	case "$top", "$bottom":
		operand, err = a.readSorted(at, operand, false, o)
	case "$count":
		if operand.Type != value.TypeObject || !operand.Doc().IsEmpty() {
			err = fault.Refused(at, "must be an empty object: {\"$count\": {}}")
		}
		operand = value.Int32(1)
	case "$accumulator":
		err = &fault.Error{Code: fault.DatabaseOperator, Field: at, Msg: at + ": is not supported: it runs JavaScript inside the database"}
	}
	if err != nil {
		return nil, err
	}
	if a.begin = stateOf(name); a.begin == nil {
		return nil, &fault.Error{Code: fault.DatabaseOperator, Field: at, Msg: at + ": unknown group operator '" + name + "'"}
	}
	if operand.Type == value.TypeArray {
		if operand, err = single(at, name, operand); err != nil {
			return nil, err
		}
	}
	if a.input, err = Compile(at, operand, o); err != nil {
		return nil, err
	}
	a.fields, a.whole = append(a.fields, a.input.fields...), a.input.whole
	return a, nil
}

// single unwraps [x]: accumulators take one operand.
func single(at, name string, v value.Value) (value.Value, error) {
	switch name {
	case "$firstN", "$lastN", "$minN", "$maxN", "$top", "$topN", "$bottom", "$bottomN":
		return v, nil
	}
	if v.Doc().Len() != 1 {
		return v, fault.Refused(at, "the %s accumulator is a unary operator", name)
	}
	return v.Doc().At(0), nil
}

// Fields returns the top-level members that the accumulator reads, as
// [Expr.Fields] does.
func (a *Accumulator) Fields() []string {
	if a.whole {
		return nil
	}
	return append([]string{}, a.fields...)
}

// New returns the state of an empty group.
func (a *Accumulator) New() State { return a.begin(a) }

// readN reads {n, name} and returns the operand of that name. n is the same for
// all documents.
func (a *Accumulator) readN(at string, v value.Value, name string, o Options) (value.Value, error) {
	d := v.Doc()
	operand := d.Get(name)
	if v.Type != value.TypeObject || d.Get("n").IsMissing() || operand.IsMissing() {
		return operand, fault.Refused(at, "must be an object with 'n' and '%s'", name)
	}
	for key := range d.All() {
		if key != "n" && key != name && key != "sortBy" {
			return operand, fault.Refused(at, "found an unknown argument: %s", key)
		}
	}
	var err error
	if a.n, err = Compile(at+".n", d.Get("n"), o); err != nil {
		return operand, err
	}
	if a.n.whole || len(a.n.fields) > 0 {
		return operand, fault.Refused(at+".n", "must be the same for all documents: a number or a variable")
	}
	if n, ok := a.n.Constant(); ok {
		_, err = howMany(at+".n", n)
	}
	a.at = at
	return operand, err
}

func howMany(at string, v value.Value) (int, error) {
	n, ok := whole32(v)
	if !ok || n <= 0 {
		return 0, fault.Refused(at, "must be a whole number larger than 0")
	}
	return n, nil
}

// count returns how many values are kept.
func (a *Accumulator) count(s *Scope) (int, error) {
	if a.n == nil {
		return 1, nil
	}
	v, err := a.n.Eval(s)
	if err != nil {
		return 0, err
	}
	return howMany(a.at+".n", v)
}

// readSorted reads {sortBy, output}, and n when there may be several.
func (a *Accumulator) readSorted(at string, v value.Value, several bool, o Options) (value.Value, error) {
	d := v.Doc()
	var err error
	if a.order, err = compileSorting(at+".sortBy", d.Get("sortBy"), false); err != nil {
		return value.Value{}, err
	}
	for _, k := range a.order.keys {
		a.fields = append(a.fields, k.parts[0])
	}
	if several {
		return a.readN(at, v, "output", o)
	}
	if d.Len() != 2 || d.Get("output").IsMissing() {
		return value.Value{}, fault.Refused(at, "must be an object with exactly 'sortBy' and 'output'")
	}
	return d.Get("output"), nil
}

// stateOf returns how the state of an accumulator begins, nil when there is no
// accumulator of that name.
func stateOf(name string) func(a *Accumulator) State {
	switch name {
	case "$sum", "$count":
		return func(a *Accumulator) State { return &sumState{input: a.input} }
	case "$avg":
		return func(a *Accumulator) State { return &avgState{input: a.input} }
	case "$min":
		return func(a *Accumulator) State { return &extremeState{input: a.input, extreme: extreme{sign: -1}} }
	case "$max":
		return func(a *Accumulator) State { return &extremeState{input: a.input, extreme: extreme{sign: +1}} }
	case "$stdDevPop":
		return func(a *Accumulator) State { return &deviationState{input: a.input} }
	case "$stdDevSamp":
		return func(a *Accumulator) State {
			return &deviationState{input: a.input, deviation: deviation{sample: 1}}
		}
	case "$first":
		return func(a *Accumulator) State { return &firstState{input: a.input} }
	case "$last":
		return func(a *Accumulator) State { return &lastState{input: a.input} }
	case "$push":
		return func(a *Accumulator) State { return &pushState{input: a.input} }
	case "$addToSet":
		return func(a *Accumulator) State { return newSetState(a.input) }
	case "$mergeObjects":
		return func(a *Accumulator) State { return &mergeState{input: a.input} }
	case "$firstN":
		return func(a *Accumulator) State { return &firstNState{acc: a} }
	case "$lastN":
		return func(a *Accumulator) State { return &lastNState{acc: a} }
	case "$minN":
		return func(a *Accumulator) State { return &bestState{acc: a, order: sorting{}, skipNull: true} }
	case "$maxN":
		return func(a *Accumulator) State { return &bestState{acc: a, order: sorting{descend: true}, skipNull: true} }
	case "$top", "$bottom":
		return func(a *Accumulator) State {
			return &bestState{acc: a, order: a.order, last: name == "$bottom", alone: true}
		}
	case "$topN", "$bottomN":
		return func(a *Accumulator) State {
			return &bestState{acc: a, order: a.order, last: name == "$bottomN"}
		}
	}
	return nil
}
