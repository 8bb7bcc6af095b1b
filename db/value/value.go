// Package value holds documents as raw BSON: a walker, a builder, BSON order
// and the JSON dialects of the wire.
//
// Documents stay bytes from the door to the disk. A [Doc] is one BSON document,
// a [Value] is one element's type and payload, and both are views: nothing is
// decoded into Go maps, and reading a member costs no allocation.
//
// Dangers first:
//
//   - A Value aliases the document it came from. One taken from a Doc that lives
//     in a database page is gone when the transaction ends: [Value.Clone] what
//     outlives it. Never write to the bytes of a Doc or a Value.
//   - Bytes that come from outside must pass [Check] or [ParseJSON] once. After
//     that everything here trusts the depth (at most [MaxDepth]) and recurses.
//     On bytes that were never checked the walker still does not panic: it ends
//     early at the first damage.
//   - Missing is not null. The zero Value is Missing; it has no BSON form, and a
//     Builder drops it.
package value

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"time"
)

// Limits of one document, asked at every entrance (threats.md, "process dies on
// nesting").
const (
	MaxDepth = 100      // levels of objects and arrays, the document itself included
	MaxNodes = 100_000  // members and array elements, all levels together
	MaxBytes = 16 << 20 // size of the BSON form
)

// Type is the type byte of a BSON element.
type Type byte

// The BSON types that documents may hold. Decimal128, JavaScript code, symbols,
// DBPointer, undefined and the min and max keys are refused at the entrance:
// no SDK sends them.
const (
	TypeMissing   Type = 0x00 // no value at all; never stored
	TypeDouble    Type = 0x01
	TypeString    Type = 0x02
	TypeObject    Type = 0x03
	TypeArray     Type = 0x04
	TypeBinary    Type = 0x05
	TypeObjectID  Type = 0x07
	TypeBool      Type = 0x08
	TypeDate      Type = 0x09
	TypeNull      Type = 0x0A
	TypeRegex     Type = 0x0B
	TypeInt32     Type = 0x10
	TypeTimestamp Type = 0x11
	TypeInt64     Type = 0x12
)

// Name returns the type's name as $type and MongoDB's error texts spell it.
func (t Type) Name() string {
	switch t {
	case TypeMissing:
		return "missing"
	case TypeDouble:
		return "double"
	case TypeString:
		return "string"
	case TypeObject:
		return "object"
	case TypeArray:
		return "array"
	case TypeBinary:
		return "binData"
	case TypeObjectID:
		return "objectId"
	case TypeBool:
		return "bool"
	case TypeDate:
		return "date"
	case TypeNull:
		return "null"
	case TypeRegex:
		return "regex"
	case TypeInt32:
		return "int"
	case TypeTimestamp:
		return "timestamp"
	case TypeInt64:
		return "long"
	}
	return "unknown"
}

// IsNumber reports whether t is int32, int64 or double.
func (t Type) IsNumber() bool {
	return t == TypeInt32 || t == TypeInt64 || t == TypeDouble
}

// Value is one BSON value: its type and its payload as it stands behind the
// key. Data may alias a Doc. The zero Value is Missing.
type Value struct {
	Type Type
	Data []byte
}

// String returns a string value. Bytes of s that are not UTF-8 are replaced.
func String(s string) Value {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return Value{TypeString, appendString(make([]byte, 0, len(s)+5), s)}
}

// Int32 returns a 32-bit integer value.
func Int32(n int32) Value {
	return Value{TypeInt32, binary.LittleEndian.AppendUint32(nil, uint32(n))}
}

// Int64 returns a 64-bit integer value.
func Int64(n int64) Value {
	return Value{TypeInt64, binary.LittleEndian.AppendUint64(nil, uint64(n))}
}

// Int returns n as the narrowest integer type that holds it, as the wire does
// (tcb-wire-protocol.md 6.1).
func Int(n int64) Value {
	if n == int64(int32(n)) {
		return Int32(int32(n))
	}
	return Int64(n)
}

// Float returns a double value.
func Float(f float64) Value {
	return Value{TypeDouble, binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))}
}

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{TypeBool, []byte{1}}
	}
	return Value{TypeBool, []byte{0}}
}

// Time returns a date value; a date holds whole milliseconds.
func Time(t time.Time) Value { return Date(t.UnixMilli()) }

// Date returns the date that lies ms milliseconds after 1970-01-01 UTC.
func Date(ms int64) Value {
	return Value{TypeDate, binary.LittleEndian.AppendUint64(nil, uint64(ms))}
}

// Null returns null.
func Null() Value { return Value{Type: TypeNull} }

// FromDoc returns d as an object value that aliases d. A nil Doc is the empty
// object.
func FromDoc(d Doc) Value {
	if len(d) == 0 {
		d = Doc{5, 0, 0, 0, 0}
	}
	return Value{TypeObject, d}
}

// FromArray returns d, a document with the keys "0", "1", …, as an array value
// that aliases d. A nil Doc is the empty array.
func FromArray(d Doc) Value {
	v := FromDoc(d)
	v.Type = TypeArray
	return v
}

// BinaryOf returns a binary value of the generic subtype.
func BinaryOf(b []byte) Value {
	out := binary.LittleEndian.AppendUint32(make([]byte, 0, len(b)+5), uint32(len(b)))
	out = append(out, 0)
	return Value{TypeBinary, append(out, b...)}
}

// ObjectIDOf returns an ObjectId value.
func ObjectIDOf(id [12]byte) Value { return Value{TypeObjectID, id[:]} }

// RegexOf returns a regular expression value. Neither part can hold a NUL; what
// follows one is cut.
func RegexOf(pattern, options string) Value {
	pattern, _, _ = strings.Cut(pattern, "\x00")
	options, _, _ = strings.Cut(options, "\x00")
	out := append(make([]byte, 0, len(pattern)+len(options)+2), pattern...)
	out = append(out, 0)
	out = append(out, options...)
	return Value{TypeRegex, append(out, 0)}
}

// IsMissing reports whether there is no value.
func (v Value) IsMissing() bool { return v.Type == TypeMissing }

// IsNull reports whether v is null; Missing is not.
func (v Value) IsNull() bool { return v.Type == TypeNull }

// Clone returns v with a payload of its own.
func (v Value) Clone() Value {
	return Value{v.Type, append([]byte(nil), v.Data...)}
}

// TextBytes returns a string's UTF-8 bytes without copying them, nil for any
// other type.
func (v Value) TextBytes() []byte {
	if v.Type != TypeString || len(v.Data) < 5 {
		return nil
	}
	return v.Data[4 : len(v.Data)-1]
}

// Text returns a string's text, "" for any other type.
func (v Value) Text() string { return string(v.TextBytes()) }

// AsInt64 returns a number as an int64; ok is false for a value that is not a
// number, is a fraction, or is out of range.
func (v Value) AsInt64() (n int64, ok bool) {
	switch v.Type {
	case TypeInt32:
		return int64(int32(v.bits32())), true
	case TypeInt64:
		return int64(v.bits64()), true
	case TypeDouble:
		f := math.Float64frombits(v.bits64())
		if f >= -1<<63 && f < 1<<63 && f == math.Trunc(f) {
			return int64(f), true
		}
	}
	return 0, false
}

// AsFloat returns a number as a float64 (an int64 beyond 2^53 is rounded); ok
// is false for a value that is not a number.
func (v Value) AsFloat() (f float64, ok bool) {
	switch v.Type {
	case TypeInt32:
		return float64(int32(v.bits32())), true
	case TypeInt64:
		return float64(int64(v.bits64())), true
	case TypeDouble:
		return math.Float64frombits(v.bits64()), true
	}
	return 0, false
}

// IsTrue reports whether v counts as true where MongoDB asks for a flag: true
// and any number but 0 do, as do all values that are neither number, bool, null
// nor missing.
func (v Value) IsTrue() bool {
	switch v.Type {
	case TypeMissing, TypeNull:
		return false
	case TypeBool:
		return len(v.Data) > 0 && v.Data[0] != 0
	case TypeInt32, TypeInt64, TypeDouble:
		f, _ := v.AsFloat()
		return f != 0
	}
	return true
}

// Millis returns a date's milliseconds since 1970-01-01 UTC, 0 for any other
// type.
func (v Value) Millis() int64 {
	if v.Type != TypeDate {
		return 0
	}
	return int64(v.bits64())
}

// Doc returns the payload of an object or array, nil for any other type.
func (v Value) Doc() Doc {
	if v.Type != TypeObject && v.Type != TypeArray {
		return nil
	}
	return Doc(v.Data)
}

// Regex returns a regular expression's pattern and options, empty for any other
// type.
func (v Value) Regex() (pattern, options string) {
	if v.Type != TypeRegex {
		return "", ""
	}
	pattern, options, _ = strings.Cut(string(v.Data), "\x00")
	return pattern, strings.TrimSuffix(options, "\x00")
}

// Binary returns a binary's subtype and its bytes without copying them.
func (v Value) Binary() (subtype byte, data []byte) {
	if v.Type != TypeBinary || len(v.Data) < 5 {
		return 0, nil
	}
	return v.Data[4], v.Data[5:]
}

// Hex returns an ObjectId's 24 hexadecimal digits, "" for any other type.
func (v Value) Hex() string {
	if v.Type != TypeObjectID {
		return ""
	}
	return hex.EncodeToString(v.Data)
}

func (v Value) bits32() uint32 {
	if len(v.Data) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(v.Data)
}

func (v Value) bits64() uint64 {
	if len(v.Data) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(v.Data)
}

func appendString(dst []byte, s string) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)+1))
	dst = append(dst, s...)
	return append(dst, 0)
}
