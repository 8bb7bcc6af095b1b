// Package keyenc turns values into keys whose byte order is BSON order, so
// that an ordered store can look them up and walk them (db-engine.md section
// 4). It is pure.
//
// Dangers:
//   - Missing and null have one encoding, as in MongoDB's indexes, while
//     value.Compare tells them apart.
//   - Numbers are encoded by value: 1 and 1.0 share a key, so a key does not
//     give its value back. Keep the document, not the key.
//   - An encoding is as long as its value and more. Whoever stores one checks
//     it against the store's limit.
//
// No encoding is the beginning of another, so that they follow each other, and
// anything follows them, without separators: for values a1, b1 and a2, b2 the
// concatenations compare as the pairs do. A descending part is the bitwise
// complement of the ascending one and may be mixed in anywhere.
package keyenc

import (
	"encoding/binary"
	"math"

	"baas/db/value"
)

// The tag bytes, in BSON order. All are above end, so that a shorter array or
// object comes before a longer one.
const (
	tagNull      = 0x10 // and missing
	tagNumber    = 0x20
	tagString    = 0x30
	tagObject    = 0x40
	tagArray     = 0x50
	tagBinary    = 0x60
	tagObjectID  = 0x70
	tagFalse     = 0x80
	tagTrue      = 0x81
	tagDate      = 0x90
	tagTimestamp = 0x98
	tagRegex     = 0xA0

	end = 0x00

	// What follows a 00 in a string says whether it is part of the text or its
	// end. A bare 00 as the end, one byte less, would not order descending
	// strings that hold NULs.
	textEnd  = 0x01
	textGoes = 0xFF
)

// signBit, flipped, makes two's complement order as unsigned.
const signBit = 1 << 63

// Append appends the ascending encoding of v. The value must have passed
// value.Check or value.ParseJSON: its depth is trusted.
func Append(dst []byte, v value.Value) []byte {
	switch v.Type {
	case value.TypeDouble, value.TypeInt32, value.TypeInt64:
		return appendNumber(append(dst, tagNumber), v)
	case value.TypeString:
		return appendText(append(dst, tagString), v.TextBytes())
	case value.TypeObject:
		return appendObject(append(dst, tagObject), v.Doc())
	case value.TypeArray:
		return appendArray(append(dst, tagArray), v.Doc())
	case value.TypeBinary:
		return appendBinary(append(dst, tagBinary), v)
	case value.TypeObjectID:
		return append(append(dst, tagObjectID), v.Data...)
	case value.TypeBool:
		if v.IsTrue() {
			return append(dst, tagTrue)
		}
		return append(dst, tagFalse)
	case value.TypeDate:
		return binary.BigEndian.AppendUint64(append(dst, tagDate), uint64(v.Millis())^signBit)
	case value.TypeTimestamp:
		return binary.BigEndian.AppendUint64(append(dst, tagTimestamp), binary.LittleEndian.Uint64(v.Data))
	case value.TypeRegex:
		pattern, options := v.Regex()
		dst = append(append(dst, tagRegex), pattern...) // neither part holds a NUL
		dst = append(append(dst, end), options...)
		return append(dst, end)
	}
	return append(dst, tagNull)
}

// AppendDescending appends the complement of Append's encoding: it orders the
// other way round.
func AppendDescending(dst []byte, v value.Value) []byte {
	start := len(dst)
	dst = Append(dst, v)
	for i := start; i < len(dst); i++ {
		dst[i] = ^dst[i]
	}
	return dst
}

// appendNumber appends the float64 at or below the number, order-flipped, and
// from 2^53 on what it lies above that: floats are up to 1,024 apart there.
func appendNumber(dst []byte, v value.Value) []byte {
	f, residual := split(v)
	if math.IsNaN(f) {
		return append(dst, 0, 0, 0, 0, 0, 0, 0, 0) // below minus infinity
	}
	bits := math.Float64bits(f)
	if bits&signBit != 0 {
		bits = ^bits
	} else {
		bits |= signBit
	}
	dst = binary.BigEndian.AppendUint64(dst, bits)
	if math.Abs(f) >= 1<<53 {
		dst = binary.BigEndian.AppendUint16(dst, residual)
	}
	return dst
}

func split(v value.Value) (f float64, residual uint16) {
	f, _ = v.AsFloat()
	if v.Type != value.TypeInt64 {
		return f + 0, 0 // minus zero becomes zero
	}
	n, _ := v.AsInt64()
	if f >= 1<<63 || int64(f) > n { // rounded up
		f = math.Nextafter(f, math.Inf(-1))
	}
	return f, uint16(n - int64(f))
}

// appendText appends text with its NULs escaped and an end.
func appendText(dst, text []byte) []byte {
	for _, c := range text {
		dst = append(dst, c)
		if c == 0 {
			dst = append(dst, textGoes)
		}
	}
	return append(dst, 0, textEnd)
}

// appendObject appends the members in order, each as type, name, value: that
// is the order in which value.Compare looks at them.
func appendObject(dst []byte, d value.Doc) []byte {
	c := d.Cursor()
	for name, v, ok := c.Next(); ok; name, v, ok = c.Next() {
		dst = append(dst, typeTag(v.Type))
		dst = append(append(dst, name...), end) // names hold no NUL
		dst = Append(dst, v)
	}
	return append(dst, end)
}

func typeTag(t value.Type) byte {
	switch t {
	case value.TypeDouble, value.TypeInt32, value.TypeInt64:
		return tagNumber
	case value.TypeString:
		return tagString
	case value.TypeObject:
		return tagObject
	case value.TypeArray:
		return tagArray
	case value.TypeBinary:
		return tagBinary
	case value.TypeObjectID:
		return tagObjectID
	case value.TypeBool:
		return tagFalse
	case value.TypeDate:
		return tagDate
	case value.TypeTimestamp:
		return tagTimestamp
	case value.TypeRegex:
		return tagRegex
	}
	return tagNull
}

func appendArray(dst []byte, d value.Doc) []byte {
	c := d.Cursor()
	for _, v, ok := c.Next(); ok; _, v, ok = c.Next() {
		dst = Append(dst, v)
	}
	return append(dst, end)
}

func appendBinary(dst []byte, v value.Value) []byte {
	subtype, data := v.Binary()
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
	return append(append(dst, subtype), data...)
}
