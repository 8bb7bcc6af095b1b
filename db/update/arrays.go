package update

import (
	"slices"
	"strconv"

	"baas/db/query"
	"baas/db/value"
)

// elements returns an array's elements; ok is false when v is no array.
func elements(v value.Value) (out []value.Value, ok bool) {
	if v.Type != value.TypeArray {
		return nil, false
	}
	c := v.Doc().Cursor()
	for {
		_, element, ok := c.Next()
		if !ok {
			return out, true
		}
		out = append(out, element)
	}
}

func arrayOf(elements []value.Value) value.Value {
	var a value.ArrayBuilder
	for _, v := range elements {
		a.Add(v)
	}
	return a.Value()
}

// notArray makes the error for an operator that needs an array.
func notArray(path string, v value.Value) error {
	return failed(path, "The field '%s' must be an array but is of type %s", path, v.Type.Name())
}

// each returns the values that {"$each": […]} lists; ok is false when operand is
// not of that form. The form {"each": […]}, which an SDK sends by mistake for
// $addToSet, counts too when sdk is set (tcb-wire-protocol.md 6.3).
func each(at string, operand value.Value, sdk bool) (values []value.Value, ok bool, err error) {
	if operand.Type != value.TypeObject {
		return nil, false, nil
	}
	d := operand.Doc()
	list := d.Get("$each")
	if bare := d.Get("each"); sdk && list.IsMissing() && bare.Type == value.TypeArray && d.Len() == 1 {
		list = bare
	}
	if list.IsMissing() {
		return nil, false, nil
	}
	values, isArray := elements(list)
	if !isArray {
		return nil, false, failed(at+".$each", "must be an array, it is of type %s", list.Type.Name())
	}
	return values, true, nil
}

// pop is $pop.
type pop struct {
	path  string
	first bool
}

func compilePop(at, path string, operand value.Value) (edit, error) {
	n, ok := operand.AsInt64()
	if !ok || n != 1 && n != -1 {
		return nil, failed(at, "must be 1 (the last element) or -1 (the first)")
	}
	return pop{path, n < 0}, nil
}

func (pop) creates(*state) bool { return false }
func (pop) strict(*state) bool  { return true }

func (e pop) apply(_ *state, v value.Value) (value.Value, error) {
	list, ok := elements(v)
	switch {
	case !ok:
		return v, notArray(e.path, v)
	case len(list) == 0:
		return v, nil
	case e.first:
		return arrayOf(list[1:]), nil
	}
	return arrayOf(list[:len(list)-1]), nil
}

// addToSet is $addToSet: equal by value, in any numeric type.
type addToSet struct {
	path   string
	values []value.Value
}

func compileAddToSet(at, path string, operand value.Value) (edit, error) {
	values, ok, err := each(at, operand, true)
	if err != nil {
		return nil, err
	}
	if !ok {
		values = []value.Value{operand}
	} else if operand.Doc().Len() > 1 {
		return nil, failed(at, "only $each may stand there")
	}
	return addToSet{path, values}, storableAll(path, values)
}

func (addToSet) creates(*state) bool { return true }
func (addToSet) strict(*state) bool  { return true }

func (e addToSet) apply(_ *state, v value.Value) (value.Value, error) {
	list, ok := elements(v)
	if !ok && !v.IsMissing() {
		return v, notArray(e.path, v)
	}
	fresh := newcomers(list, e.values)
	if len(fresh) == 0 && !v.IsMissing() {
		return v, nil
	}
	return arrayOf(append(list, fresh...)), nil
}

// newcomers returns the candidates that are not in list, each once, in order.
func newcomers(list, candidates []value.Value) []value.Value {
	known := newValueSet(list)
	order := make([]int, len(candidates))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return value.Compare(candidates[i], candidates[j]) })
	repeated := make([]bool, len(candidates))
	for n := 1; n < len(order); n++ {
		repeated[order[n]] = value.Equal(candidates[order[n-1]], candidates[order[n]])
	}
	var out []value.Value
	for i, v := range candidates {
		if !repeated[i] && !known.holds(v) {
			out = append(out, v)
		}
	}
	return out
}

// pull is $pull.
type pull struct {
	path      string
	condition *query.Element
}

func compilePull(at, path string, operand value.Value) (edit, error) {
	condition, err := query.CompileElement(at, operand)
	return pull{path, condition}, err
}

func (pull) creates(*state) bool { return false }
func (pull) strict(*state) bool  { return true }

func (e pull) apply(s *state, v value.Value) (value.Value, error) {
	return without(e.path, v, func(list []value.Value) ([]bool, error) {
		return e.condition.Matches(s.Meter, list)
	})
}

// pullAll is $pullAll: elements equal to one of the values.
type pullAll struct {
	path   string
	values valueSet
}

func compilePullAll(at, path string, operand value.Value) (edit, error) {
	values, ok := elements(operand)
	if !ok {
		return nil, failed(at, "must be an array, it is of type %s", operand.Type.Name())
	}
	return pullAll{path, newValueSet(values)}, nil
}

func (pullAll) creates(*state) bool { return false }
func (pullAll) strict(*state) bool  { return true }

func (e pullAll) apply(_ *state, v value.Value) (value.Value, error) {
	return without(e.path, v, func(list []value.Value) ([]bool, error) {
		gone := make([]bool, len(list))
		for i, element := range list {
			gone[i] = e.values.holds(element)
		}
		return gone, nil
	})
}

// without returns the array without the elements that goes selects.
func without(path string, v value.Value, goes func([]value.Value) ([]bool, error)) (value.Value, error) {
	list, ok := elements(v)
	if !ok {
		return v, notArray(path, v)
	}
	gone, err := goes(list)
	if err != nil || !slices.Contains(gone, true) {
		return v, err
	}
	var kept value.ArrayBuilder
	for i, element := range list {
		if !gone[i] {
			kept.Add(element)
		}
	}
	return kept.Value(), nil
}

// valueSet holds distinct values in BSON order.
type valueSet struct{ sorted []value.Value }

func newValueSet(values []value.Value) valueSet {
	sorted := slices.Clone(values)
	slices.SortFunc(sorted, value.Compare)
	return valueSet{slices.CompactFunc(sorted, value.Equal)}
}

func (s valueSet) holds(v value.Value) bool {
	_, found := slices.BinarySearchFunc(s.sorted, v, value.Compare)
	return found
}

func storableAll(path string, values []value.Value) error {
	for i, v := range values {
		if err := storable(path+"."+strconv.Itoa(i), v); err != nil {
			return err
		}
	}
	return nil
}
