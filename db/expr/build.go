package expr

import (
	"encoding/binary"
	"math"
	"strconv"

	"baas/db/fault"
	"baas/db/value"
)

// The sizes of the chunks that small results are cut from.
const (
	firstChunk = 64
	mostChunk  = 4096
)

// alloc returns n bytes of the Scope's memory, n being small.
func (s *Scope) alloc(n int) []byte {
	if len(s.memory) < n {
		size := min(max(2*len(s.chunk), firstChunk, n), mostChunk)
		s.chunk = make([]byte, size)
		s.memory = s.chunk
	}
	out := s.memory[:n:n]
	s.memory = s.memory[n:]
	return out
}

func (s *Scope) int32(n int32) value.Value {
	return int32In(s.alloc(4), n)
}

// int32In returns n in the four bytes of b.
func int32In(b []byte, n int32) value.Value {
	binary.LittleEndian.PutUint32(b, uint32(n))
	return value.Value{Type: value.TypeInt32, Data: b}
}

func (s *Scope) word(t value.Type, n uint64) value.Value {
	b := s.alloc(8)
	binary.LittleEndian.PutUint64(b, n)
	return value.Value{Type: t, Data: b}
}

func (s *Scope) int64(n int64) value.Value { return s.word(value.TypeInt64, uint64(n)) }

func (s *Scope) float(f float64) value.Value {
	return s.word(value.TypeDouble, math.Float64bits(f))
}

func (s *Scope) date(ms int64) value.Value { return s.word(value.TypeDate, uint64(ms)) }

// int returns n as the narrowest integer that holds it.
func (s *Scope) int(n int64) value.Value {
	if n == int64(int32(n)) {
		return s.int32(int32(n))
	}
	return s.int64(n)
}

func (s *Scope) bool(b bool) value.Value {
	data := s.alloc(1)
	data[0] = 0
	if b {
		data[0] = 1
	}
	return value.Value{Type: value.TypeBool, Data: data}
}

// null is the result for null and missing operands.
func null() (value.Value, error) { return value.Null(), nil }

// text returns a string value; the bytes must be UTF-8.
func (s *Scope) text(parts ...string) (value.Value, error) {
	n := 5
	for _, p := range parts {
		n += len(p)
	}
	out, err := s.room(n)
	if err != nil {
		return value.Value{}, err
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(n-4))
	for _, p := range parts {
		out = append(out, p...)
	}
	return value.Value{Type: value.TypeString, Data: append(out, 0)}, nil
}

// room returns an empty slice for a value of n bytes.
func (s *Scope) room(n int) ([]byte, error) {
	if n <= firstChunk {
		return s.alloc(n)[:0], nil
	}
	if err := s.fits(n); err != nil {
		return nil, err
	}
	return make([]byte, 0, n), nil
}

// fits counts a new value of n bytes.
func (s *Scope) fits(n int) error {
	if n > value.MaxBytes {
		return tooLarge()
	}
	return s.hold(n)
}

func tooLarge() error {
	return fault.New(fault.DatabaseFailed, "a value of the expression is larger than %d bytes", value.MaxBytes)
}

// builder writes an object or an array; its size is bounded.
type builder struct {
	s    *Scope
	kind value.Type
	buf  []byte
	n    int // elements so far
	held int // of buf, the bytes that s knows
}

// array begins an array of about so many bytes.
func (s *Scope) array(size int) builder { return s.build(value.TypeArray, size) }

// object begins an object of about so many bytes.
func (s *Scope) object(size int) builder { return s.build(value.TypeObject, size) }

func (s *Scope) build(kind value.Type, size int) builder {
	return builder{s: s, kind: kind, buf: make([]byte, 4, min(max(size, firstChunk), value.MaxBytes))}
}

// add appends an element; Missing becomes null.
func (b *builder) add(v value.Value) error {
	if v.Type == value.TypeMissing {
		v.Type = value.TypeNull
	}
	b.buf = append(b.buf, byte(v.Type))
	b.buf = strconv.AppendInt(b.buf, int64(b.n), 10)
	return b.finish(v)
}

// addText appends a text.
func (b *builder) addText(text []byte) error {
	b.buf = append(b.buf, byte(value.TypeString))
	b.buf = strconv.AppendInt(b.buf, int64(b.n), 10)
	b.buf = append(b.buf, 0)
	b.buf = binary.LittleEndian.AppendUint32(b.buf, uint32(len(text)+1))
	b.buf = append(b.buf, text...)
	return b.finish(value.Value{}) // its NUL ends the text
}

// set appends a member; Missing is dropped.
func (b *builder) set(key string, v value.Value) error {
	if v.Type == value.TypeMissing {
		return nil
	}
	b.buf = append(b.buf, byte(v.Type))
	b.buf = append(b.buf, key...)
	return b.finish(v)
}

// keep appends a member as a cursor gave it.
func (b *builder) keep(key []byte, v value.Value) error {
	b.buf = append(b.buf, byte(v.Type))
	b.buf = append(b.buf, key...)
	return b.finish(v)
}

func (b *builder) finish(v value.Value) error {
	b.buf = append(b.buf, 0)
	b.buf = append(b.buf, v.Data...)
	b.n++
	if len(b.buf)-b.held < mostChunk {
		return nil
	}
	return b.count()
}

// count tells the Scope how much has been written since it was last told.
func (b *builder) count() error {
	if len(b.buf) > value.MaxBytes {
		return tooLarge()
	}
	grown := len(b.buf) - b.held
	b.held = len(b.buf)
	return b.s.hold(grown)
}

func (b *builder) value() (value.Value, error) {
	b.buf = append(b.buf, 0)
	if err := b.count(); err != nil {
		return value.Value{}, err
	}
	binary.LittleEndian.PutUint32(b.buf, uint32(len(b.buf)))
	return value.Value{Type: b.kind, Data: b.buf}, nil
}
