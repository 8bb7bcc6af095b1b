package aggregate

import (
	"encoding/binary"
	"strconv"

	"baas/db/value"
)

// buffer writes one document after another into the same memory. A document is
// borrowed: the next one overwrites it.
type buffer struct{ b []byte }

// begin starts a document.
func (w *buffer) begin() {
	w.b = append(w.b[:0], 0, 0, 0, 0)
}

// doc ends the document that begin started.
func (w *buffer) doc() value.Doc {
	w.end(0)
	return w.b
}

// open starts an object or array as a member; end, given what it returns, ends it.
func (w *buffer) open(t value.Type, key []byte) int {
	w.key(t, key)
	w.b = append(w.b, 0, 0, 0, 0)
	return len(w.b) - 4
}

func (w *buffer) end(start int) {
	w.b = append(w.b, 0)
	binary.LittleEndian.PutUint32(w.b[start:], uint32(len(w.b)-start))
}

func (w *buffer) key(t value.Type, key []byte) {
	w.b = append(w.b, byte(t))
	w.b = append(w.b, key...)
	w.b = append(w.b, 0)
}

// add appends a member; a Missing value is dropped.
func (w *buffer) add(key []byte, v value.Value) {
	if v.IsMissing() {
		return
	}
	w.key(v.Type, key)
	w.b = append(w.b, v.Data...)
}

// element appends element i of an array; a Missing value becomes null.
func (w *buffer) element(i int, v value.Value) {
	if v.IsMissing() {
		v = value.Null()
	}
	w.b = append(w.b, byte(v.Type))
	w.b = strconv.AppendInt(w.b, int64(i), 10)
	w.b = append(w.b, 0)
	w.b = append(w.b, v.Data...)
}
