package gojart

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// valueError says why a value is no JSON, in the words of V8 where it has some.
type valueError string

func (e valueError) Error() string { return string(e) }

const (
	errCircular valueError = "Converting circular structure to JSON"
	errBigInt   valueError = "Do not know how to serialize a BigInt"
	errTooDeep  valueError = "the value is nested deeper than 1000 levels"
	errTooLarge valueError = "the JSON text is longer than the limit"
)

// What goja exports for the primitive types.
var (
	typeInt   = reflect.TypeFor[int64]()
	typeFloat = reflect.TypeFor[float64]()
	typeBool  = reflect.TypeFor[bool]()
	proxyType = reflect.TypeFor[goja.Proxy]()
)

// encoder writes values as JSON.stringify does: toJSON is asked, functions,
// symbols and undefined are left out of objects and null in arrays, NaN is
// null. It stops at maxDepth levels and at limit bytes.
//
// It runs user code (toJSON, getters, proxies), so it must run inside a VM
// entry, where their exceptions travel as panics.
type encoder struct {
	buf    []byte
	limit  int          // bytes, 0 for none
	buffer *goja.Object // Buffer.prototype, whose objects are written without their toJSON; may be nil
	above  []*goja.Object
}

// encode appends v and reports whether it has a JSON form at all; undefined,
// functions and symbols have none. The key is what toJSON gets.
func (e *encoder) encode(v goja.Value, key string) (bool, error) {
	if e.limit > 0 && len(e.buf) > e.limit {
		return false, errTooLarge
	}
	switch v := v.(type) {
	case nil:
		return false, nil
	case *goja.Object:
		return e.object(v, key)
	case goja.String:
		e.quote(v)
		return true, nil
	case *goja.Symbol:
		return false, nil
	}
	if goja.IsUndefined(v) {
		return false, nil
	}
	if goja.IsNull(v) {
		e.buf = append(e.buf, "null"...)
		return true, nil
	}
	switch v.ExportType() {
	case typeInt:
		e.buf = strconv.AppendInt(e.buf, v.ToInteger(), 10)
	case typeFloat:
		e.float(v)
	case typeBool:
		e.buf = strconv.AppendBool(e.buf, v.ToBoolean())
	default:
		if goja.IsBigInt(v) {
			return false, errBigInt
		}
		return false, nil
	}
	return true, nil
}

func (e *encoder) float(v goja.Value) {
	f := v.ToFloat()
	switch {
	case math.IsNaN(f), math.IsInf(f, 0):
		e.buf = append(e.buf, "null"...)
	case f == 0:
		e.buf = append(e.buf, '0') // -0 as well
	default:
		e.buf = append(e.buf, v.String()...)
	}
}

func (e *encoder) object(o *goja.Object, key string) (bool, error) {
	if e.buffer != nil && o.Prototype() == e.buffer {
		if b, ok := o.Export().([]byte); ok {
			e.bytes(b)
			return true, nil
		}
	}
	if toJSON, ok := goja.AssertFunction(o.Get("toJSON")); ok {
		v, err := toJSON(o, goja.StringFromUTF16(utf16.Encode([]rune(key))))
		if err != nil {
			panic(err) // an exception: to whoever entered the VM
		}
		inner, isObject := v.(*goja.Object)
		if !isObject {
			return e.encode(v, key)
		}
		o = inner
	}
	switch o.ClassName() {
	case "Number":
		return e.encode(o.ToNumber(), key)
	case "String":
		return e.encode(o.ToString(), key)
	case "Boolean":
		b, _ := o.Export().(bool)
		e.buf = strconv.AppendBool(e.buf, b)
		return true, nil
	case "RawJSON":
		e.buf = append(e.buf, o.Get("rawJSON").String()...)
		return true, nil
	}
	if _, callable := goja.AssertFunction(o); callable {
		return false, nil
	}
	if slices.Contains(e.above, o) {
		return false, errCircular
	}
	if len(e.above) >= maxDepth {
		return false, errTooDeep
	}
	e.above = append(e.above, o)
	var err error
	if isArray(o) {
		err = e.items(o)
	} else {
		err = e.members(o)
	}
	e.above = e.above[:len(e.above)-1]
	return true, err
}

// isArray is Array.isArray: a proxy is what its target is.
func isArray(o *goja.Object) bool {
	for o.ExportType() == proxyType {
		o = o.Export().(goja.Proxy).Target()
	}
	return o.ClassName() == "Array"
}

func (e *encoder) items(o *goja.Object) error {
	e.buf = append(e.buf, '[')
	n := o.Get("length").ToInteger()
	for i := range n {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		key := strconv.FormatInt(i, 10)
		ok, err := e.encode(o.Get(key), key)
		if err != nil {
			return err
		}
		if !ok {
			e.buf = append(e.buf, "null"...)
		}
	}
	e.buf = append(e.buf, ']')
	return nil
}

func (e *encoder) members(o *goja.Object) error {
	e.buf = append(e.buf, '{')
	first := true
	for _, key := range o.Keys() {
		v := o.Get(key)
		before := len(e.buf)
		if !first {
			e.buf = append(e.buf, ',')
		}
		e.quoteText(key)
		e.buf = append(e.buf, ':')
		ok, err := e.encode(v, key)
		if err != nil {
			return err
		}
		if !ok {
			e.buf = e.buf[:before]
			continue
		}
		first = false
	}
	e.buf = append(e.buf, '}')
	return nil
}

// bytes writes a Buffer in the form of its toJSON.
func (e *encoder) bytes(b []byte) {
	e.buf = append(e.buf, `{"type":"Buffer","data":[`...)
	for i, c := range b {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.buf = strconv.AppendUint(e.buf, uint64(c), 10)
		if e.limit > 0 && len(e.buf) > e.limit {
			return // encode or its caller sees it
		}
	}
	e.buf = append(e.buf, "]}"...)
}

// quote writes a string. Lone surrogates are escaped, as well-formed
// JSON.stringify does.
func (e *encoder) quote(s goja.String) {
	text := s.String()
	if !mayHoldSurrogates(text) {
		e.quoteText(text)
		return
	}
	e.buf = append(e.buf, '"')
	units := make([]uint16, s.Length())
	for i := range units {
		units[i] = s.CharAt(i)
	}
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if i+1 < len(units) {
				pair = utf16.DecodeRune(r, rune(units[i+1]))
			}
			if pair == utf8.RuneError {
				e.unicode(r)
				continue
			}
			r = pair
			i++
		}
		e.char(r)
	}
	e.buf = append(e.buf, '"')
}

// mayHoldSurrogates reports whether goja's conversion to Go text may have put
// U+FFFD in the place of a lone surrogate.
func mayHoldSurrogates(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError {
			return true
		}
	}
	return false
}

func (e *encoder) quoteText(s string) {
	e.buf = append(e.buf, '"')
	start := 0
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		e.buf = append(e.buf, s[start:i]...)
		e.char(rune(s[i]))
		start = i + 1
	}
	e.buf = append(e.buf, s[start:]...)
	e.buf = append(e.buf, '"')
}

func (e *encoder) char(r rune) {
	switch {
	case r == '"', r == '\\':
		e.buf = append(e.buf, '\\', byte(r))
	case r == '\n':
		e.buf = append(e.buf, `\n`...)
	case r == '\r':
		e.buf = append(e.buf, `\r`...)
	case r == '\t':
		e.buf = append(e.buf, `\t`...)
	case r == '\b':
		e.buf = append(e.buf, `\b`...)
	case r == '\f':
		e.buf = append(e.buf, `\f`...)
	case r < ' ':
		e.unicode(r)
	default:
		e.buf = utf8.AppendRune(e.buf, r)
	}
}

func (e *encoder) unicode(r rune) {
	const digits = "0123456789abcdef"
	e.buf = append(e.buf, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
