package expr

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

func types(name string) (operator, bool) {
	switch name {
	case "$type":
		return ofOne(typeOf), true
	case "$isNumber":
		return ofOne(func(_ *call, s *Scope, x value.Value) (value.Value, error) {
			return s.bool(x.Type.IsNumber()), nil
		}), true
	case "$convert":
		return ofParse(compileConvert), true
	case "$toBool":
		return shorthand(value.TypeBool), true
	case "$toDate":
		return shorthand(value.TypeDate), true
	case "$toDouble", "$toDecimal":
		return shorthand(value.TypeDouble), true
	case "$toInt":
		return shorthand(value.TypeInt32), true
	case "$toLong":
		return shorthand(value.TypeInt64), true
	case "$toObjectId":
		return shorthand(value.TypeObjectID), true
	case "$toString":
		return shorthand(value.TypeString), true
	case "$toUUID":
		return ofOne(toUUID), true
	case "$binarySize":
		return ofOne(binarySize), true
	case "$bsonSize":
		return ofOne(bsonSize), true
	case "$tsSecond":
		return ofOne(timestampPart(func(n uint64) uint64 { return n >> 32 })), true
	case "$tsIncrement":
		return ofOne(timestampPart(func(n uint64) uint64 { return n & math.MaxUint32 })), true
	}
	return operator{}, false
}

func typeOf(_ *call, s *Scope, x value.Value) (value.Value, error) {
	return s.text(x.Type.Name())
}

// binarySize is the number of bytes of a text or of binary data.
func binarySize(c *call, s *Scope, x value.Value) (value.Value, error) {
	switch {
	case nullish(x):
		return null()
	case x.Type == value.TypeString:
		return s.int32(int32(len(x.TextBytes()))), nil
	case x.Type == value.TypeBinary:
		_, data := x.Binary()
		return s.int32(int32(len(data))), nil
	}
	return c.fail("$binarySize requires a string or BinData argument, found: %s", x.Type.Name())
}

func bsonSize(c *call, s *Scope, x value.Value) (value.Value, error) {
	switch {
	case nullish(x):
		return null()
	case x.Type == value.TypeObject:
		return s.int32(int32(len(x.Data))), nil
	}
	return c.fail("$bsonSize requires a document input, found: %s", x.Type.Name())
}

func timestampPart(part func(uint64) uint64) func(*call, *Scope, value.Value) (value.Value, error) {
	return func(c *call, s *Scope, x value.Value) (value.Value, error) {
		if nullish(x) {
			return null()
		}
		if x.Type != value.TypeTimestamp {
			return c.fail("requires a timestamp, found: %s", x.Type.Name())
		}
		return s.int64(int64(part(timestampBits(x)))), nil
	}
}

// shorthand is $toInt and so on: $convert without onError and onNull.
func shorthand(to value.Type) operator {
	return ofOne(func(c *call, s *Scope, x value.Value) (value.Value, error) {
		if nullish(x) {
			return null()
		}
		return convert(c.at, s, x, target{kind: to})
	})
}

// compileConvert reads $convert: {input, to, onError, onNull, format}.
func compileConvert(c *compiler, at string, v value.Value) (node, error) {
	op := ofNames(2, converted, "input", "to", "onError", "onNull", "format")
	args, err := c.named(at, op, v)
	if err != nil {
		return nil, err
	}
	if to, ok := args[1].(*constant); ok && !nullish(to.v) {
		if _, err := targetOf(at+".to", to.v); err != nil {
			return nil, err
		}
	}
	return fold(&call{operator: op, at: at, args: args})
}

func converted(c *call, s *Scope) (value.Value, error) {
	x, err := c.args[0].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	to, err := c.args[1].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	format, err := c.arg(s, 4)
	if err != nil {
		return value.Value{}, err
	}
	if nullish(x) && c.given(3) {
		return c.args[3].eval(s)
	}
	if nullish(x) || nullish(to) {
		return null()
	}
	t, err := targetOf(c.at+".to", to)
	if err != nil {
		return value.Value{}, err
	}
	t.format = format.Text()
	v, err := convert(c.at, s, x, t)
	if err != nil && c.given(2) && fault.Is(err, fault.DatabaseFailed) {
		return c.args[2].eval(s)
	}
	return v, err
}

// targetType reads the type's name or number that $convert goes to.
func targetType(at string, v value.Value) (value.Type, error) {
	if v.Type == value.TypeString {
		switch v.Text() {
		case "double", "decimal":
			return value.TypeDouble, nil
		case "string":
			return value.TypeString, nil
		case "objectId":
			return value.TypeObjectID, nil
		case "bool":
			return value.TypeBool, nil
		case "date":
			return value.TypeDate, nil
		case "int":
			return value.TypeInt32, nil
		case "long":
			return value.TypeInt64, nil
		case "binData":
			return value.TypeBinary, nil
		}
		return 0, fault.Refused(at, "must be one of double, string, objectId, bool, date, int, long, binData")
	}
	n, ok := v.AsInt64()
	if !ok {
		return 0, fault.Refused(at, "must be the name or number of a type, found: %s", v.Type.Name())
	}
	const decimal = 19
	switch t := value.Type(n); {
	case n == decimal:
		return value.TypeDouble, nil
	case n < 0 || n > decimal:
	case t == value.TypeDouble, t == value.TypeString, t == value.TypeObjectID, t == value.TypeBool,
		t == value.TypeDate, t == value.TypeInt32, t == value.TypeInt64, t == value.TypeBinary:
		return t, nil
	}
	return 0, fault.Refused(at, "must be the number of double, string, objectId, bool, date, int, long or binData")
}

// convert returns x, which is not null, in another type.
func convert(at string, s *Scope, x value.Value, to target) (value.Value, error) {
	if x.Type == to.kind {
		if subtype, _ := x.Binary(); subtype != to.subtype {
			return value.Value{}, fault.Refused(at, "conversions between different subtypes of binary data are not supported")
		}
		return x, nil
	}
	switch to.kind {
	case value.TypeBool:
		return s.bool(Truthy(x)), nil
	case value.TypeString:
		return toText(at, s, x, to)
	case value.TypeDouble, value.TypeInt32, value.TypeInt64:
		return toNumber(at, s, x, to.kind)
	case value.TypeBinary:
		return toBinary(at, x, to)
	case value.TypeDate:
		return toDate(at, s, x)
	case value.TypeObjectID:
		if x.Type == value.TypeString {
			return toObjectID(at, x)
		}
	}
	return value.Value{}, unsupported(at, x, to.kind)
}

func unsupported(at string, x value.Value, to value.Type) error {
	return fault.Refused(at, "Unsupported conversion from %s to %s in $convert with no onError value", x.Type.Name(), to.Name())
}

func toObjectID(at string, x value.Value) (value.Value, error) {
	data, err := hex.DecodeString(x.Text())
	if err != nil || len(data) != 12 {
		return value.Value{}, fault.Refused(at, "Failed to parse objectId: it must have 24 hexadecimal digits")
	}
	return value.Value{Type: value.TypeObjectID, Data: data}, nil
}

func toText(at string, s *Scope, x value.Value, to target) (value.Value, error) {
	switch x.Type {
	case value.TypeBool, value.TypeObjectID, value.TypeInt32, value.TypeInt64, value.TypeDouble, value.TypeDate:
		return s.text(string(appendText(nil, x)))
	case value.TypeBinary:
		text, err := fromBinary(nil, at, x, to)
		if err != nil {
			return value.Value{}, err
		}
		return s.text(string(text))
	}
	return value.Value{}, unsupported(at, x, value.TypeString)
}

// appendText appends what a value is as a text.
func appendText(dst []byte, v value.Value) []byte {
	switch v.Type {
	case value.TypeString:
		return append(dst, v.TextBytes()...)
	case value.TypeInt32, value.TypeInt64:
		n, _ := v.AsInt64()
		return strconv.AppendInt(dst, n, 10)
	case value.TypeDouble:
		f, _ := v.AsFloat()
		return appendFloat(dst, f)
	case value.TypeBool:
		return strconv.AppendBool(dst, v.IsTrue())
	case value.TypeObjectID:
		return append(dst, v.Hex()...)
	case value.TypeDate:
		return isoText(dst, v.Millis())
	case value.TypeTimestamp:
		n := timestampBits(v)
		dst = time.Unix(int64(n>>32), 0).UTC().AppendFormat(dst, "Jan _2 15:04:05:")
		return strconv.AppendUint(dst, n&math.MaxUint32, 10)
	}
	return dst
}

// appendFloat writes a double as MongoDB does: whole ones without a point,
// from 17 digits on with an exponent.
func appendFloat(dst []byte, f float64) []byte {
	size := math.Abs(f)
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, +1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case size != 0 && (size < 1e-4 || size >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// toNumber goes to an int32, an int64 or a double.
func toNumber(at string, s *Scope, x value.Value, to value.Type) (value.Value, error) {
	switch x.Type {
	case value.TypeBool:
		n := int64(0)
		if x.IsTrue() {
			n = 1
		}
		return s.number(to, n), nil
	case value.TypeDate:
		if to == value.TypeInt32 {
			return value.Value{}, unsupported(at, x, to)
		}
		return s.number(to, x.Millis()), nil
	case value.TypeString:
		return parseNumber(at, s, x.Text(), to)
	case value.TypeInt32, value.TypeInt64, value.TypeDouble:
	default:
		return value.Value{}, unsupported(at, x, to)
	}
	if to == value.TypeDouble {
		f, _ := x.AsFloat()
		return s.float(f), nil
	}
	if f, _ := x.AsFloat(); x.Type == value.TypeDouble {
		whole := math.Trunc(f)
		if !(whole >= -1<<63 && whole < 1<<63) {
			return value.Value{}, overflow(at)
		}
		x = s.int64(int64(whole))
	}
	n, _ := x.AsInt64()
	if to == value.TypeInt32 && n != int64(int32(n)) {
		return value.Value{}, overflow(at)
	}
	return s.number(to, n), nil
}

func overflow(at string) error {
	return fault.Refused(at, "Conversion would overflow target type in $convert with no onError value")
}

// number returns n, which fits, in a type of numbers.
func (s *Scope) number(t value.Type, n int64) value.Value {
	switch t {
	case value.TypeInt32:
		return s.int32(int32(n))
	case value.TypeDouble:
		return s.float(float64(n))
	}
	return s.int64(n)
}

func parseNumber(at string, s *Scope, text string, to value.Type) (value.Value, error) {
	failed := fault.Refused(at, "Failed to parse number in $convert with no onError value")
	if to != value.TypeDouble {
		size := 64
		if to == value.TypeInt32 {
			size = 32
		}
		n, err := strconv.ParseInt(text, 10, size)
		if err != nil || text[0] == '+' {
			return value.Value{}, failed
		}
		return s.number(to, n), nil
	}
	if strings.ContainsAny(text, "xX_pP") { // Go's own forms
		return value.Value{}, failed
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return value.Value{}, failed
	}
	return s.float(f), nil
}

func toDate(at string, s *Scope, x value.Value) (value.Value, error) {
	switch x.Type {
	case value.TypeString:
		ms, err := parseDate(x.Text(), time.UTC)
		if err != nil {
			return value.Value{}, fault.Refused(at, "Error parsing date string in $convert with no onError value: %v", err)
		}
		return s.date(ms), nil
	case value.TypeInt64:
		n, _ := x.AsInt64()
		return s.date(n), nil
	case value.TypeDouble:
		f, _ := x.AsFloat()
		if f = math.Trunc(f); !(f >= -1<<63 && f < 1<<63) {
			return value.Value{}, overflow(at)
		}
		return s.date(int64(f)), nil
	case value.TypeObjectID, value.TypeTimestamp:
		ms, _ := millisOf(x)
		return s.date(ms), nil
	}
	return value.Value{}, unsupported(at, x, value.TypeDate)
}

func timestampBits(v value.Value) uint64 {
	if len(v.Data) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(v.Data)
}
