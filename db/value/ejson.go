package value

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxWraps bounds wrappers inside wrappers. The deepest that means something is
// {"$tcb_server_date": {"offset": {"$numberInt": "0"}}}.
const maxWraps = 3

// isWrapper reports whether an object whose first key is this one is not an
// object but a value in extended JSON. Query and update operators are not among
// them.
func (p *parser) isWrapper(key []byte) bool {
	if len(key) == 0 || key[0] != '$' {
		return false
	}
	switch string(key) {
	case "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal",
		"$oid", "$date", "$tcb_server_date", "$regularExpression",
		"$binary", "$uuid", "$timestamp", "$undefined",
		"$symbol", "$code", "$dbPointer", "$minKey", "$maxKey":
		return true
	case "$regex":
		return p.opts.RegexValues
	}
	return false
}

// wrapper reads the rest of the object whose first key was name, and appends
// the payload of the value it stands for.
func (p *parser) wrapper(name string) (Type, error) {
	if p.wraps == maxWraps {
		return TypeMissing, p.invalid("extended JSON values are nested in each other")
	}
	p.wraps++
	defer func() { p.wraps-- }()

	at := len(p.buf)
	t, err := p.value()
	if err != nil {
		return TypeMissing, err
	}
	if name == "$regex" {
		return p.regexWithOptions(at, t)
	}
	if p.peek() != '}' {
		return TypeMissing, p.invalid("nothing may stand beside %s in its object", name)
	}
	v, err := p.unwrap(name, Value{t, p.buf[at:]})
	if err != nil {
		return TypeMissing, err
	}
	p.leave()
	p.buf = append(p.buf[:at], v.Data...)
	return v.Type, nil
}

// leave takes the closing brace of a wrapper.
func (p *parser) leave() {
	p.at++
	p.path = p.path[:len(p.path)-1]
}

// fixed32 and fixed64 make a value that holds until the next one: these are the
// wrappers that the wire is full of, and none costs an allocation.
func (p *parser) fixed32(n int64) Value {
	binary.LittleEndian.PutUint32(p.fixed[:], uint32(n))
	return Value{TypeInt32, p.fixed[:4]}
}

func (p *parser) fixed64(t Type, bits uint64) Value {
	binary.LittleEndian.PutUint64(p.fixed[:], bits)
	return Value{t, p.fixed[:]}
}

// unwrap returns what {name: inner} stands for. inner aliases buf, the result
// never does, so that it can take inner's place.
func (p *parser) unwrap(name string, inner Value) (Value, error) {
	switch name {
	case "$numberInt":
		n, err := strconv.ParseInt(inner.Text(), 10, 32)
		if err != nil {
			return Value{}, p.invalid("must be a text with a 32-bit integer, such as \"1\"")
		}
		return p.fixed32(n), nil
	case "$numberLong":
		n, err := strconv.ParseInt(inner.Text(), 10, 64)
		if err != nil {
			return Value{}, p.invalid("must be a text with a 64-bit integer, such as \"1\"")
		}
		return p.fixed64(TypeInt64, uint64(n)), nil
	case "$numberDouble":
		f, ok := parseDouble(inner.Text())
		if !ok {
			return Value{}, p.invalid("must be a text with a number, such as \"1.5\", \"Infinity\" or \"NaN\"")
		}
		return p.fixed64(TypeDouble, math.Float64bits(f)), nil
	case "$oid":
		var id [12]byte
		text := inner.TextBytes()
		if len(text) != 24 {
			return Value{}, p.invalid("must be a text of 24 hexadecimal digits")
		}
		if _, err := hex.Decode(id[:], text); err != nil {
			return Value{}, p.invalid("must be a text of 24 hexadecimal digits")
		}
		return ObjectIDOf(id), nil
	case "$date":
		return p.date(inner)
	case "$tcb_server_date":
		return p.serverDate(inner)
	case "$regularExpression":
		return p.regularExpression(inner)
	case "$binary":
		return p.binary(inner)
	case "$uuid":
		return p.uuid(inner)
	case "$timestamp":
		return p.timestamp(inner)
	case "$undefined":
		return Value{}, p.invalid("undefined is not a value; leave the member out or send null")
	}
	return Value{}, p.invalid("values of this type cannot be stored")
}

// date reads the inside of $date: milliseconds, an ISO text or, in the old
// dialect, a server date's offset.
func (p *parser) date(inner Value) (Value, error) {
	switch inner.Type {
	case TypeInt32, TypeInt64:
		return p.fixed64(TypeDate, uint64(inner.int())), nil
	case TypeDouble:
		ms := math.Trunc(inner.float())
		if !(math.Abs(ms) <= 8.64e15) { // the range of a JavaScript Date
			return Value{}, p.invalid("the date is out of range")
		}
		return Date(int64(ms)), nil
	case TypeString:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", time.DateOnly} {
			if t, err := time.Parse(layout, inner.Text()); err == nil {
				return Time(t), nil
			}
		}
		return Value{}, p.invalid("must be an ISO date such as \"2006-01-02T15:04:05.000Z\"")
	case TypeObject:
		return p.serverDate(inner)
	}
	return Value{}, p.invalid("must be milliseconds, an ISO date or {\"offset\": milliseconds}")
}

func (p *parser) serverDate(inner Value) (Value, error) {
	if p.opts.Now.IsZero() {
		return Value{}, p.invalid("a server date cannot be used here")
	}
	d := inner.Doc()
	offset := d.Get("offset")
	if inner.Type != TypeObject || d.Len() > 1 || d.Len() == 1 && !offset.Type.IsNumber() {
		return Value{}, p.invalid("must be {\"offset\": milliseconds}")
	}
	if d.Len() == 0 {
		return Time(p.opts.Now), nil
	}
	ms, _ := offset.AsFloat()
	if !(math.Abs(ms) <= 8.64e15) {
		return Value{}, p.invalid("the offset is out of range")
	}
	return Date(p.opts.Now.UnixMilli() + int64(ms)), nil
}

func (p *parser) regularExpression(inner Value) (Value, error) {
	d := inner.Doc()
	pattern, options := d.Get("pattern"), d.Get("options")
	if pattern.Type != TypeString || !options.IsMissing() && options.Type != TypeString {
		return Value{}, p.invalid("must be {\"pattern\": text, \"options\": text}")
	}
	return p.regex(pattern.Text(), options.Text())
}

// regexWithOptions reads what follows {"$regex": …: nothing or $options.
func (p *parser) regexWithOptions(at int, t Type) (Type, error) {
	pattern := Value{t, p.buf[at:]}.Clone()
	p.buf = p.buf[:at]
	var options Value
	if p.peek() == ',' {
		p.at++
		key, err := p.key()
		if err != nil {
			return TypeMissing, err
		}
		if string(key) != "$options" {
			return TypeMissing, p.invalid("only $options may stand beside $regex in a value")
		}
		p.buf = p.buf[:at]
		t, err := p.value()
		if err != nil {
			return TypeMissing, err
		}
		options = Value{t, p.buf[at:]}.Clone()
		p.buf = p.buf[:at]
	}
	if p.peek() != '}' {
		return TypeMissing, p.invalid("only $options may stand beside $regex in a value")
	}
	if pattern.Type != TypeString || !options.IsMissing() && options.Type != TypeString {
		return TypeMissing, p.invalid("must be {\"$regex\": text, \"$options\": text}")
	}
	v, err := p.regex(pattern.Text(), options.Text())
	if err != nil {
		return TypeMissing, err
	}
	p.leave()
	p.buf = append(p.buf, v.Data...)
	return TypeRegex, nil
}

func (p *parser) regex(pattern, options string) (Value, error) {
	if strings.ContainsRune(pattern, 0) || strings.ContainsRune(options, 0) {
		return Value{}, p.invalid("a regular expression cannot hold the character NUL")
	}
	return RegexOf(pattern, options), nil
}

func (p *parser) binary(inner Value) (Value, error) {
	d := inner.Doc()
	data, err := base64.StdEncoding.DecodeString(d.Get("base64").Text())
	subtype, errSub := strconv.ParseUint(d.Get("subType").Text(), 16, 8)
	if err != nil || errSub != nil || d.Get("base64").Type != TypeString {
		return Value{}, p.invalid("must be {\"base64\": text, \"subType\": two hexadecimal digits}")
	}
	v := BinaryOf(data)
	v.Data[4] = byte(subtype)
	return v, nil
}

func (p *parser) uuid(inner Value) (Value, error) {
	data, err := hex.DecodeString(strings.ReplaceAll(inner.Text(), "-", ""))
	if err != nil || len(data) != 16 {
		return Value{}, p.invalid("must be a text such as \"c8edabc3-f738-4ca3-b68d-ab92a91478a3\"")
	}
	const subtypeUUID = 4
	v := BinaryOf(data)
	v.Data[4] = subtypeUUID
	return v, nil
}

func (p *parser) timestamp(inner Value) (Value, error) {
	d := inner.Doc()
	t, okT := d.Get("t").AsInt64()
	i, okI := d.Get("i").AsInt64()
	if !okT || !okI || t != int64(uint32(t)) || i != int64(uint32(i)) {
		return Value{}, p.invalid("must be {\"t\": seconds, \"i\": counter}")
	}
	return Value{TypeTimestamp, binary.LittleEndian.AppendUint64(nil, uint64(t)<<32|uint64(i))}, nil
}

// parseDouble reads a $numberDouble; of the words strconv knows only the two
// that extended JSON has are taken.
func parseDouble(s string) (float64, bool) {
	switch s {
	case "Infinity":
		return math.Inf(+1), true
	case "-Infinity":
		return math.Inf(-1), true
	case "NaN":
		return math.NaN(), true
	}
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
