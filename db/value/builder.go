package value

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Builder writes one document. The zero value is ready. It does not look for
// duplicate keys. Not safe for concurrent use.
type Builder struct{ buf []byte }

// Add appends a member. A Missing value is dropped, as the SDKs drop undefined.
// BSON has no NUL in keys: one is written as U+FFFD.
func (b *Builder) Add(key string, v Value) {
	if v.Type == TypeMissing {
		return
	}
	b.key(v.Type, key)
	b.buf = append(b.buf, v.Data...)
}

// AddRaw appends a member as a [Cursor] gave it, without a copy of its key.
func (b *Builder) AddRaw(key []byte, v Value) {
	b.begin()
	b.buf = append(b.buf, byte(v.Type))
	b.buf = append(b.buf, key...)
	b.buf = append(b.buf, 0)
	b.buf = append(b.buf, v.Data...)
}

// Grow makes room for n more bytes.
func (b *Builder) Grow(n int) {
	b.begin()
	b.buf = slices.Grow(b.buf, n)
}

// AddString appends a string member; bytes that are not UTF-8 are replaced.
func (b *Builder) AddString(key, s string) {
	b.key(TypeString, key)
	b.buf = appendString(b.buf, strings.ToValidUTF8(s, "\uFFFD"))
}

// AddInt32 appends a 32-bit integer member.
func (b *Builder) AddInt32(key string, n int32) {
	b.key(TypeInt32, key)
	b.buf = binary.LittleEndian.AppendUint32(b.buf, uint32(n))
}

// AddInt64 appends a 64-bit integer member.
func (b *Builder) AddInt64(key string, n int64) {
	b.key(TypeInt64, key)
	b.buf = binary.LittleEndian.AppendUint64(b.buf, uint64(n))
}

// AddFloat appends a double member.
func (b *Builder) AddFloat(key string, f float64) {
	b.key(TypeDouble, key)
	b.buf = binary.LittleEndian.AppendUint64(b.buf, math.Float64bits(f))
}

// AddBool appends a boolean member.
func (b *Builder) AddBool(key string, on bool) {
	b.key(TypeBool, key)
	if on {
		b.buf = append(b.buf, 1)
		return
	}
	b.buf = append(b.buf, 0)
}

// AddTime appends a date member, cut to whole milliseconds.
func (b *Builder) AddTime(key string, t time.Time) {
	b.key(TypeDate, key)
	b.buf = binary.LittleEndian.AppendUint64(b.buf, uint64(t.UnixMilli()))
}

// AddNull appends a null member.
func (b *Builder) AddNull(key string) { b.key(TypeNull, key) }

// AddAll appends every member of d.
func (b *Builder) AddAll(d Doc) {
	b.begin()
	c := d.Cursor()
	b.buf = append(b.buf, c.rest()...)
}

// Object appends a member that fill writes. The Builder given to fill is only
// for that call.
func (b *Builder) Object(key string, fill func(*Builder)) {
	b.key(TypeObject, key)
	b.nested(func() { fill(b) })
}

// Array appends an array member whose elements fill writes. The ArrayBuilder
// given to fill is only for that call.
func (b *Builder) Array(key string, fill func(*ArrayBuilder)) {
	b.key(TypeArray, key)
	b.nested(func() { fill(&ArrayBuilder{b: b}) })
}

// Len returns how many bytes have been written so far.
func (b *Builder) Len() int { return len(b.buf) }

// Doc ends the document and returns it; the Builder is empty again and keeps no
// hold on it.
func (b *Builder) Doc() Doc {
	b.begin()
	d := append(b.buf, 0)
	binary.LittleEndian.PutUint32(d, uint32(len(d)))
	b.buf = nil
	return d
}

func (b *Builder) begin() {
	if b.buf == nil {
		b.buf = append(make([]byte, 0, 128), 0, 0, 0, 0)
	}
}

func (b *Builder) key(t Type, key string) {
	b.begin()
	b.buf = append(b.buf, byte(t))
	if strings.IndexByte(key, 0) >= 0 {
		key = strings.ReplaceAll(key, "\x00", "\uFFFD")
	}
	b.buf = append(b.buf, key...)
	b.buf = append(b.buf, 0)
}

func (b *Builder) nested(fill func()) {
	start := len(b.buf)
	b.buf = append(b.buf, 0, 0, 0, 0)
	fill()
	b.buf = append(b.buf, 0)
	binary.LittleEndian.PutUint32(b.buf[start:], uint32(len(b.buf)-start))
}

// ArrayBuilder writes the elements of one array. The zero value is ready for an
// array of its own ([ArrayBuilder.Value]); [Builder.Array] gives one that writes
// into a document. Not safe for concurrent use.
type ArrayBuilder struct {
	b *Builder
	n int
}

// Add appends an element. A Missing value becomes null: dropping it would move
// the others.
func (a *ArrayBuilder) Add(v Value) {
	if v.Type == TypeMissing {
		v = Null()
	}
	a.owner().Add(a.index(), v)
}

// AddString appends a string; bytes that are not UTF-8 are replaced.
func (a *ArrayBuilder) AddString(s string) { a.owner().AddString(a.index(), s) }

// AddInt32 appends a 32-bit integer.
func (a *ArrayBuilder) AddInt32(n int32) { a.owner().AddInt32(a.index(), n) }

// AddInt64 appends a 64-bit integer.
func (a *ArrayBuilder) AddInt64(n int64) { a.owner().AddInt64(a.index(), n) }

// AddFloat appends a double.
func (a *ArrayBuilder) AddFloat(f float64) { a.owner().AddFloat(a.index(), f) }

// AddBool appends a boolean.
func (a *ArrayBuilder) AddBool(on bool) { a.owner().AddBool(a.index(), on) }

// AddTime appends a date, cut to whole milliseconds.
func (a *ArrayBuilder) AddTime(t time.Time) { a.owner().AddTime(a.index(), t) }

// AddNull appends null.
func (a *ArrayBuilder) AddNull() { a.owner().AddNull(a.index()) }

// Object appends an object that fill writes.
func (a *ArrayBuilder) Object(fill func(*Builder)) { a.owner().Object(a.index(), fill) }

// Array appends an array whose elements fill writes.
func (a *ArrayBuilder) Array(fill func(*ArrayBuilder)) { a.owner().Array(a.index(), fill) }

// Len returns how many elements have been written.
func (a *ArrayBuilder) Len() int { return a.n }

// Value ends an array of its own and returns it; the ArrayBuilder is empty
// again. It must not be called on one that Builder.Array gave.
func (a *ArrayBuilder) Value() Value {
	d := a.owner().Doc()
	a.n = 0
	return FromArray(d)
}

func (a *ArrayBuilder) owner() *Builder {
	if a.b == nil {
		a.b = &Builder{}
	}
	return a.b
}

func (a *ArrayBuilder) index() string {
	a.n++
	return strconv.Itoa(a.n - 1)
}
