package aggregate

import (
	"slices"

	"baas/db/keyenc"
	"baas/db/value"
)

// table holds documents of another collection and finds those that have a key.
type table struct {
	keys   func(d value.Doc, fn func(value.Value)) // passes the keys of a document
	docs   []value.Doc
	byKey  map[string][]int32 // encoded value → indexes into docs, ascending
	memory account
	key    []byte
}

// newTable returns a table that finds what the condition {path: {$in: values}}
// selects.
func newTable(r *run, stage, path string) *table {
	return newTableOf(r, stage, parseQueryPath(path).each)
}

func newTableOf(r *run, stage string, keys func(value.Doc, func(value.Value))) *table {
	return &table{keys: keys, byKey: map[string][]int32{}, memory: r.account(stage, r.budget.Stage)}
}

// noKeys is for tables that are only gone through.
func noKeys(value.Doc, func(value.Value)) {}

// push keeps a document. ResultTooLarge when there is no more room.
func (t *table) push(d value.Doc) error {
	at := int32(len(t.docs))
	t.docs = append(t.docs, slices.Clone(d))
	bytes := len(d) + overhead
	t.keys(t.docs[at], func(v value.Value) {
		t.key = keyenc.Append(t.key[:0], v)
		list := t.byKey[string(t.key)]
		if n := len(list); n > 0 && list[n-1] == at {
			return
		}
		if list == nil {
			bytes += len(t.key) + overhead
		}
		bytes += 8
		t.byKey[string(t.key)] = append(list, at)
	})
	return t.memory.charge(bytes)
}

func (t *table) close() error { return nil }

// find returns the indexes of the documents that hold one of the values,
// ascending, each once. Missing stands for null.
func (t *table) find(values []value.Value) []int32 {
	var out []int32
	for _, v := range values {
		t.key = keyenc.Append(t.key[:0], v)
		list := t.byKey[string(t.key)]
		if len(values) == 1 {
			return list
		}
		out = append(out, list...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// clear forgets all documents.
func (t *table) clear() {
	t.docs = nil
	clear(t.byKey)
	t.memory.release()
}
