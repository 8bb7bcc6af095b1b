package gojart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// maxDepth bounds the nesting of JSON text in both directions: goja's own
// parser recurses until Go's stack is full, which no recover catches, and the
// text may come from a stranger.
const maxDepth = 1000

// keepWhole is the length of text from which decoded strings are copied out of
// it, so that one short string does not keep megabytes alive.
const keepWhole = 64 << 10

// syntaxError says what is wrong with JSON text, in the words of Node 18.
type syntaxError struct {
	msg string
}

func (e *syntaxError) Error() string { return e.msg }

// decoder reads JSON text into ordinary JavaScript values: members stay in the
// order of the text, "__proto__" is a member like any other, and lone
// surrogates survive.
type decoder struct {
	vm    *goja.Runtime
	src   string
	pos   int
	depth int
	clone bool
}

// decodeJSON makes the value of one JSON text. The text may be WTF-8, which is
// how a JavaScript string with lone surrogates arrives.
func decodeJSON(vm *goja.Runtime, src string) (goja.Value, error) {
	d := decoder{vm: vm, src: src, clone: len(src) > keepWhole}
	d.space()
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	d.space()
	if d.pos < len(d.src) {
		return nil, d.unexpected()
	}
	return v, nil
}

func (d *decoder) space() {
	for d.pos < len(d.src) {
		switch d.src[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) value() (goja.Value, error) {
	if d.pos >= len(d.src) {
		return nil, d.unexpected()
	}
	switch c := d.src[d.pos]; {
	case c == '{':
		return d.object()
	case c == '[':
		return d.array()
	case c == '"':
		return d.str()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	case c == 't':
		return d.word("true", d.vm.ToValue(true))
	case c == 'f':
		return d.word("false", d.vm.ToValue(false))
	case c == 'n':
		return d.word("null", goja.Null())
	}
	return nil, d.unexpected()
}

func (d *decoder) word(text string, v goja.Value) (goja.Value, error) {
	for i := range len(text) {
		if d.pos >= len(d.src) || d.src[d.pos] != text[i] {
			return nil, d.unexpected()
		}
		d.pos++
	}
	return v, nil
}

// enter counts one level of nesting.
func (d *decoder) enter() error {
	d.pos++
	d.depth++
	if d.depth > maxDepth {
		return &syntaxError{fmt.Sprintf("JSON is nested deeper than %d levels", maxDepth)}
	}
	d.space()
	return nil
}

func (d *decoder) object() (goja.Value, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	o := d.vm.NewObject()
	if d.take('}') {
		d.depth--
		return o, nil
	}
	for {
		if d.pos >= len(d.src) || d.src[d.pos] != '"' {
			return nil, d.unexpected()
		}
		key, err := d.key()
		if err != nil {
			return nil, err
		}
		d.space()
		if !d.take(':') {
			return nil, d.unexpected()
		}
		d.space()
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		if err := define(o, key, v); err != nil {
			return nil, err
		}
		d.space()
		if d.take('}') {
			d.depth--
			return o, nil
		}
		if !d.take(',') {
			return nil, d.unexpected()
		}
		d.space()
	}
}

// define adds an own data property, whatever setters the prototype may have.
func define(o *goja.Object, key string, v goja.Value) error {
	return o.DefineDataProperty(key, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
}

func (d *decoder) array() (goja.Value, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	var items []any
	if d.take(']') {
		d.depth--
		return d.vm.NewArray(), nil
	}
	for {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		d.space()
		if d.take(']') {
			d.depth--
			return d.vm.NewArray(items...), nil
		}
		if !d.take(',') {
			return nil, d.unexpected()
		}
		d.space()
	}
}

func (d *decoder) take(c byte) bool {
	if d.pos < len(d.src) && d.src[d.pos] == c {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) number() (goja.Value, error) {
	start := d.pos
	d.take('-')
	switch {
	case d.take('0'):
	case d.digits():
	default:
		return nil, d.unexpected()
	}
	whole := true
	if d.take('.') {
		whole = false
		if !d.digits() {
			return nil, d.unexpected()
		}
	}
	if d.pos < len(d.src) && (d.src[d.pos] == 'e' || d.src[d.pos] == 'E') {
		whole = false
		d.pos++
		if d.pos < len(d.src) && (d.src[d.pos] == '+' || d.src[d.pos] == '-') {
			d.pos++
		}
		if !d.digits() {
			return nil, d.unexpected()
		}
	}
	text := d.src[start:d.pos]
	if whole && len(text) <= 15 && text != "-0" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			return d.vm.ToValue(n), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, d.unexpected()
	}
	return d.vm.ToValue(f), nil
}

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.src) && d.src[d.pos] >= '0' && d.src[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > start
}

// scan passes over a string's body up to its closing quote and reports whether
// it is plain: no escapes, and text that Go can hold.
func (d *decoder) scan() (raw string, plain bool, err error) {
	d.pos++
	start, ascii, escaped := d.pos, true, false
	for d.pos < len(d.src) {
		switch c := d.src[d.pos]; {
		case c == '"':
			raw = d.src[start:d.pos]
			d.pos++
			return raw, !escaped && (ascii || utf8.ValidString(raw)), nil
		case c == '\\':
			escaped = true
			d.pos++
			if d.pos >= len(d.src) {
				return "", false, d.unexpected()
			}
			if !strings.ContainsRune(`"\/bfnrtu`, rune(d.src[d.pos])) {
				return "", false, d.unexpected()
			}
			if d.src[d.pos] == 'u' {
				if err := d.hex4(); err != nil {
					return "", false, err
				}
				continue
			}
		case c < ' ':
			return "", false, d.unexpected()
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.pos++
	}
	return "", false, d.unexpected()
}

// hex4 passes over the u and four digits of an escape.
func (d *decoder) hex4() error {
	d.pos++
	for range 4 {
		if d.pos >= len(d.src) || !isHex(d.src[d.pos]) {
			return d.unexpected()
		}
		d.pos++
	}
	return nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (d *decoder) str() (goja.Value, error) {
	raw, plain, err := d.scan()
	if err != nil {
		return nil, err
	}
	if !plain {
		return goja.StringFromUTF16(unescape(raw)), nil
	}
	if d.clone {
		raw = strings.Clone(raw)
	}
	return d.vm.ToValue(raw), nil
}

// key reads a member's name. A lone surrogate in a name becomes U+FFFD: goja's
// API takes names as Go strings.
func (d *decoder) key() (string, error) {
	raw, plain, err := d.scan()
	if err != nil {
		return "", err
	}
	if !plain {
		return string(utf16.Decode(unescape(raw))), nil
	}
	if d.clone {
		raw = strings.Clone(raw)
	}
	return raw, nil
}

// unescape makes the UTF-16 of a string's body that scan has checked. Bytes
// that are no UTF-8 are read as WTF-8 surrogates or become U+FFFD.
func unescape(raw string) []uint16 {
	out := make([]uint16, 0, len(raw))
	for i := 0; i < len(raw); {
		c := raw[i]
		if c == '\\' {
			i++
			if raw[i] == 'u' {
				n, _ := strconv.ParseUint(raw[i+1:i+5], 16, 16)
				out = append(out, uint16(n))
				i += 5
				continue
			}
			out = append(out, uint16(unescaped(raw[i])))
			i++
			continue
		}
		if unit, ok := surrogate(raw[i:]); ok {
			out = append(out, unit)
			i += 3
			continue
		}
		r, size := utf8.DecodeRuneInString(raw[i:])
		out = utf16.AppendRune(out, r)
		i += size
	}
	return out
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// surrogate reads one UTF-16 surrogate in WTF-8: ED, A0–BF, 80–BF.
func surrogate(s string) (uint16, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1] < 0xA0 || s[1] > 0xBF || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[1]&0x3F)<<6 | uint16(s[2]&0x3F), true
}

// unexpected describes the character at the current position.
func (d *decoder) unexpected() error {
	if d.pos >= len(d.src) {
		return &syntaxError{"Unexpected end of JSON input"}
	}
	r, size := utf8.DecodeRuneInString(d.src[d.pos:])
	token := string(r)
	if r == utf8.RuneError && size == 1 {
		token = "\uFFFD"
	}
	at := 0
	for _, r := range d.src[:d.pos] {
		at += max(utf16.RuneLen(r), 1)
	}
	return &syntaxError{fmt.Sprintf("Unexpected token %s in JSON at position %d", token, at)}
}
