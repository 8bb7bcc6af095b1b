package value

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// dialect is how values that plain JSON lacks are written.
type dialect uint8

const (
	plain dialect = iota
	canonical
	readable // see AppendReadable
	strict   // see AppendStrict
)

// AppendCanonical appends v as canonical extended JSON, the form of the new
// dialect and of /v1 replies: {"$numberInt":"1"}, {"$date":{"$numberLong":"5"}}
// and so on. An ObjectId is a plain string (tcb-wire-protocol.md 6.1); Missing
// is null. The output is valid JSON for any checked document.
func AppendCanonical(dst []byte, v Value) []byte { return canonical.value(dst, v) }

// AppendPlain appends v in the old dialect: plain numbers as JavaScript prints
// them (a double that is whole prints as an integer, NaN and the infinities as
// null, as JSON.stringify does), {"$date":ms}, {"$regex":"x","$options":"i"},
// an ObjectId as a plain string; Missing is null.
func AppendPlain(dst []byte, v Value) []byte { return plain.value(dst, v) }

func (l dialect) value(dst []byte, v Value) []byte {
	switch v.Type {
	case TypeString:
		return appendQuoted(dst, v.TextBytes())
	case TypeObject:
		return l.object(dst, v.Doc())
	case TypeArray:
		return l.array(dst, v.Doc())
	case TypeBool:
		return strconv.AppendBool(dst, v.IsTrue())
	case TypeInt32, TypeInt64, TypeDouble, TypeDate:
		switch l {
		case plain:
			return plainNumber(dst, v)
		case readable:
			return readableNumber(dst, v)
		}
		return canonicalNumber(dst, v)
	case TypeObjectID:
		if l >= readable {
			dst = append(dst, `{"$oid":"`...)
			dst = append(dst, v.Hex()...)
			return append(dst, `"}`...)
		}
		dst = append(dst, '"')
		dst = append(dst, v.Hex()...)
		return append(dst, '"')
	case TypeRegex:
		return l.regex(dst, v)
	case TypeBinary:
		return appendBinary(dst, v)
	case TypeTimestamp:
		n := v.bits64()
		dst = append(dst, `{"$timestamp":{"t":`...)
		dst = strconv.AppendUint(dst, n>>32, 10)
		dst = append(dst, `,"i":`...)
		dst = strconv.AppendUint(dst, n&math.MaxUint32, 10)
		return append(dst, `}}`...)
	}
	return append(dst, `null`...)
}

func (l dialect) object(dst []byte, d Doc) []byte {
	dst = append(dst, '{')
	c := d.Cursor()
	for first := true; ; first = false {
		key, v, ok := c.Next()
		if !ok {
			return append(dst, '}')
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, key)
		dst = append(dst, ':')
		dst = l.value(dst, v)
	}
}

func (l dialect) array(dst []byte, d Doc) []byte {
	dst = append(dst, '[')
	c := d.Cursor()
	for first := true; ; first = false {
		_, v, ok := c.Next()
		if !ok {
			return append(dst, ']')
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = l.value(dst, v)
	}
}

func canonicalNumber(dst []byte, v Value) []byte {
	switch v.Type {
	case TypeInt32:
		dst = append(dst, `{"$numberInt":"`...)
		dst = strconv.AppendInt(dst, v.int(), 10)
	case TypeInt64:
		dst = append(dst, `{"$numberLong":"`...)
		dst = strconv.AppendInt(dst, v.int(), 10)
	case TypeDouble:
		dst = append(dst, `{"$numberDouble":"`...)
		dst = appendDouble(dst, v.float())
	case TypeDate:
		dst = append(dst, `{"$date":{"$numberLong":"`...)
		dst = strconv.AppendInt(dst, v.Millis(), 10)
		return append(dst, `"}}`...)
	}
	return append(dst, `"}`...)
}

// appendDouble writes the shortest text that reads back as f, always with a
// point or an exponent, as extended JSON demands.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `NaN`...)
	case math.IsInf(f, +1):
		return append(dst, `Infinity`...)
	case math.IsInf(f, -1):
		return append(dst, `-Infinity`...)
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		return append(dst, `.0`...)
	}
	return strconv.AppendFloat(dst, f, 'G', -1, 64)
}

func plainNumber(dst []byte, v Value) []byte {
	switch v.Type {
	case TypeDate:
		dst = append(dst, `{"$date":`...)
		dst = strconv.AppendInt(dst, v.Millis(), 10)
		return append(dst, '}')
	case TypeDouble:
		f := v.float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return append(dst, `null`...)
		}
		if f == 0 {
			return append(dst, '0') // -0 too
		}
		if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
			return strconv.AppendFloat(dst, f, 'e', -1, 64)
		}
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendInt(dst, v.int(), 10)
}

func (l dialect) regex(dst []byte, v Value) []byte {
	pattern, options := v.Regex()
	open, middle, end := `{"$regex":`, `,"$options":`, `}`
	if l != plain {
		open, middle, end = `{"$regularExpression":{"pattern":`, `,"options":`, `}}`
	}
	dst = append(dst, open...)
	dst = appendQuoted(dst, []byte(pattern))
	dst = append(dst, middle...)
	dst = appendQuoted(dst, []byte(options))
	return append(dst, end...)
}

func appendBinary(dst []byte, v Value) []byte {
	const digits = "0123456789abcdef"
	subtype, data := v.Binary()
	dst = append(dst, `{"$binary":{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, data)
	dst = append(dst, `","subType":"`...)
	dst = append(dst, digits[subtype>>4], digits[subtype&15])
	return append(dst, `"}}`...)
}

// appendQuoted writes a JSON string. Most texts need no escape and are copied
// as they are; the rest, and bytes that are not UTF-8, are jsontext's business.
func appendQuoted(dst, text []byte) []byte {
	n, ascii := ordinary(text)
	if n < len(text) || !ascii && !utf8.Valid(text) {
		return appendEscaped(dst, text)
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

func appendEscaped(dst, text []byte) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // its error only says that it replaced bytes
	return dst
}
