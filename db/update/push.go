package update

import (
	"math"
	"slices"
	"strings"

	"baas/db/effort"
	"baas/db/value"
)

// push is $push: insert at the position, then sort, then slice, in this order
// whatever the order of the modifiers (wx-cloud-api.md 4.3).
type push struct {
	path     string
	values   []value.Value
	position int // math.MaxInt: at the end; negative: from the end
	keys     []sortKey
	slice    int // math.MaxInt: everything; negative: the last ones
}

// maxSortKeys bounds the members that elements are sorted by.
const maxSortKeys = 32

// sortKey is one key of $sort; without a path the element itself is compared.
type sortKey struct {
	path []string
	desc bool
}

func compilePush(at, path string, operand value.Value) (edit, error) {
	e := push{path: path, position: math.MaxInt, slice: math.MaxInt}
	values, ok, err := each(at, operand, false)
	if err != nil {
		return nil, err
	}
	if !ok {
		e.values = []value.Value{operand}
		return e, storable(path, operand)
	}
	e.values = values
	for name, v := range operand.Doc().All() {
		switch name {
		case "$each":
		case "$position":
			e.position, err = wholeNumber(at+".$position", v)
		case "$slice":
			e.slice, err = wholeNumber(at+".$slice", v)
		case "$sort":
			e.keys, err = compileSortKeys(at+".$sort", v)
		default:
			err = failed(at+"."+name, "must be one of $each, $position, $sort, $slice")
		}
		if err != nil {
			return nil, err
		}
	}
	return e, storableAll(path, values)
}

// wholeNumber reads an int that fits 32 bits; a larger one means as much.
func wholeNumber(at string, v value.Value) (int, error) {
	n, ok := v.AsInt64()
	if !ok {
		return 0, failed(at, "must be a whole number, it is of type %s", v.Type.Name())
	}
	return int(max(-math.MaxInt32, min(n, math.MaxInt32))), nil
}

func compileSortKeys(at string, v value.Value) ([]sortKey, error) {
	if v.Type != value.TypeObject {
		desc, err := direction(at, v)
		return []sortKey{{desc: desc}}, err
	}
	if v.Doc().IsEmpty() {
		return nil, failed(at, "must be 1, -1 or name at least one member")
	}
	if v.Doc().Len() > maxSortKeys {
		return nil, failed(at, "has more than %d members", maxSortKeys)
	}
	var keys []sortKey
	for path, v := range v.Doc().All() {
		parts := strings.Split(path, ".")
		if slices.Contains(parts, "") {
			return nil, failed(at, "the path '%s' has an empty part", path)
		}
		desc, err := direction(at+"."+path, v)
		if err != nil {
			return nil, err
		}
		keys = append(keys, sortKey{parts, desc})
	}
	return keys, nil
}

func direction(at string, v value.Value) (desc bool, err error) {
	n, ok := v.AsInt64()
	if !ok || n != 1 && n != -1 {
		return false, failed(at, "The $sort element value must be either 1 or -1")
	}
	return n < 0, nil
}

func (push) creates(*state) bool { return true }
func (push) strict(*state) bool  { return true }

func (e push) apply(s *state, v value.Value) (value.Value, error) {
	list, ok := elements(v)
	if !ok && !v.IsMissing() {
		return v, notArray(e.path, v)
	}
	at := min(e.position, len(list))
	if at < 0 {
		at = max(0, len(list)+at)
	}
	list = slices.Insert(list, at, e.values...)
	if e.keys != nil {
		e.sort(s, list)
	}
	switch {
	case e.slice < 0:
		list = list[max(0, len(list)+e.slice):]
	case e.slice < len(list):
		list = list[:e.slice]
	}
	return arrayOf(list), nil
}

// sort gives up when the request has spent what it may; the error is the run's.
func (e push) sort(s *state, list []value.Value) {
	steps := 0
	slices.SortStableFunc(list, func(x, y value.Value) int {
		if steps += len(e.keys); steps >= effort.Stride {
			if err := s.Meter.Spend(steps); err != nil {
				s.fail(err)
			}
			steps = 0
		}
		if s.err != nil {
			return 0
		}
		return e.compare(x, y)
	})
}

func (e push) compare(x, y value.Value) int {
	for _, key := range e.keys {
		c := value.Compare(key.of(x), key.of(y))
		if c != 0 && key.desc {
			return -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// of returns what an element is sorted by. The path begins in an object, and
// goes through arrays by position only; missing sorts as null.
func (k sortKey) of(v value.Value) value.Value {
	if len(k.path) > 0 && v.Type != value.TypeObject {
		return value.Null()
	}
	for _, name := range k.path {
		v = v.Doc().Get(name)
	}
	if v.IsMissing() {
		return value.Null()
	}
	return v
}
