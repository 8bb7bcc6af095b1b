package expr

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/value"
)

func texts(name string) (operator, bool) {
	switch name {
	case "$concat":
		return ofMany(0, -1, concat), true
	case "$indexOfBytes":
		return ofMany(2, 4, indexOfBytes), true
	case "$indexOfCP":
		return ofMany(2, 4, indexOfCP), true
	case "$split":
		return ofTwo(split), true
	case "$strLenBytes":
		return ofOne(length(func(b []byte) int { return len(b) })), true
	case "$strLenCP":
		return ofOne(length(utf8.RuneCount)), true
	case "$strcasecmp":
		return ofTwo(strcasecmp), true
	case "$substr", "$substrBytes":
		return ofMany(3, 3, substrBytes), true
	case "$substrCP":
		return ofMany(3, 3, substrCP), true
	case "$toLower":
		return ofOne(folded('A', 'Z')), true
	case "$toUpper":
		return ofOne(folded('a', 'z')), true
	case "$trim":
		return ofNames(1, trimmed(true, true), "input", "chars"), true
	case "$ltrim":
		return ofNames(1, trimmed(true, false), "input", "chars"), true
	case "$rtrim":
		return ofNames(1, trimmed(false, true), "input", "chars"), true
	case "$replaceOne":
		return ofNames(3, replaced(1), "input", "find", "replacement"), true
	case "$replaceAll":
		return ofNames(3, replaced(-1), "input", "find", "replacement"), true
	}
	return operator{}, false
}

// asText returns what a value is as a text where any number or date will do; null
// is the empty one.
func (c *call) asText(v value.Value) ([]byte, error) {
	switch v.Type {
	case value.TypeString:
		return v.TextBytes(), nil
	case value.TypeNull, value.TypeMissing:
		return nil, nil
	case value.TypeInt32, value.TypeInt64, value.TypeDouble, value.TypeDate, value.TypeTimestamp:
		return appendText(nil, v), nil
	}
	return nil, fault.Refused(c.at, "can't convert from BSON type %s to String", v.Type.Name())
}

func concat(c *call, s *Scope) (value.Value, error) {
	out := textBuilder{s: s}
	for _, arg := range c.args {
		v, err := arg.eval(s)
		switch {
		case err != nil:
			return value.Value{}, err
		case nullish(v):
			return null()
		case v.Type != value.TypeString:
			return c.fail("$concat only supports strings, not %s", v.Type.Name())
		}
		if err := out.write(v.TextBytes()); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// textBuilder writes a text; its size is bounded.
type textBuilder struct {
	s    *Scope
	buf  []byte
	held int // of buf, the bytes that s knows
}

func (b *textBuilder) write(text []byte) error {
	if b.buf == nil {
		b.buf = make([]byte, 4, max(firstChunk, len(text)+8))
	}
	b.buf = append(b.buf, text...)
	if len(b.buf)-b.held < mostChunk {
		return nil
	}
	if len(b.buf) > value.MaxBytes {
		return tooLarge()
	}
	grown := len(b.buf) - b.held
	b.held = len(b.buf)
	return b.s.hold(grown)
}

func (b *textBuilder) value() (value.Value, error) {
	if err := b.write([]byte{0}); err != nil {
		return value.Value{}, err
	}
	int32In(b.buf[:4], int32(len(b.buf)-4))
	return value.Value{Type: value.TypeString, Data: b.buf}, nil
}

// needle evaluates the first two operands of $indexOf…; ok is false when the
// first one is null.
func (c *call) needle(s *Scope) (text, find []byte, ok bool, err error) {
	x, err := c.args[0].eval(s)
	if err != nil || nullish(x) {
		return nil, nil, false, err
	}
	if x.Type != value.TypeString {
		return nil, nil, false, fault.Refused(c.at, "requires a string as the first argument, found: %s", x.Type.Name())
	}
	y, err := c.args[1].eval(s)
	if err == nil && y.Type != value.TypeString {
		err = fault.Refused(c.at, "requires a string as the second argument, found: %s", y.Type.Name())
	}
	return x.TextBytes(), y.TextBytes(), true, err
}

func indexOfBytes(c *call, s *Scope) (value.Value, error) {
	text, find, ok, err := c.needle(s)
	if err != nil || !ok {
		return value.Null(), err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return value.Value{}, err
	}
	to = min(to, len(text))
	if from > to || from > len(text) {
		return s.int32(-1), nil
	}
	if err := s.spend(len(text) / copyStep); err != nil {
		return value.Value{}, err
	}
	i := bytes.Index(text[from:to], find)
	if i < 0 {
		return s.int32(-1), nil
	}
	return s.int32(int32(from + i)), nil
}

func indexOfCP(c *call, s *Scope) (value.Value, error) {
	text, find, ok, err := c.needle(s)
	if err != nil || !ok {
		return value.Null(), err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return value.Value{}, err
	}
	if err := s.spend(len(text) / copyStep); err != nil {
		return value.Value{}, err
	}
	start, missing := runeAt(text, from)
	if missing > 0 || from > to {
		return s.int32(-1), nil
	}
	end, _ := runeAt(text[start:], to-from)
	i := bytes.Index(text[start:start+end], find)
	if i < 0 {
		return s.int32(-1), nil
	}
	return s.int32(int32(from + utf8.RuneCount(text[start:start+i]))), nil
}

// runeAt returns where code point n of a text begins, or else its end and how
// many code points are missing.
func runeAt(text []byte, n int) (at, missing int) {
	for ; n > 0 && at < len(text); n-- {
		_, width := utf8.DecodeRune(text[at:])
		at += width
	}
	return at, n
}

func split(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	switch {
	case nullish(x) || nullish(y):
		return null()
	case x.Type != value.TypeString:
		return c.fail("$split requires an expression that evaluates to a string as a first argument, found: %s", x.Type.Name())
	case y.Type != value.TypeString:
		return c.fail("$split requires an expression that evaluates to a string as a second argument, found: %s", y.Type.Name())
	case len(y.TextBytes()) == 0:
		return c.fail("$split requires a non-empty separator")
	}
	text := x.TextBytes()
	if err := s.spend(len(text) / copyStep); err != nil {
		return value.Value{}, err
	}
	out := s.array(2 * len(x.Data))
	for more := true; more; {
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		var part []byte
		part, text, more = bytes.Cut(text, y.TextBytes())
		if err := out.addText(part); err != nil {
			return value.Value{}, err
		}
	}
	return out.value()
}

// length makes $strLenBytes and $strLenCP.
func length(count func([]byte) int) func(*call, *Scope, value.Value) (value.Value, error) {
	return func(c *call, s *Scope, x value.Value) (value.Value, error) {
		if x.Type != value.TypeString {
			return c.fail("requires a string argument, found: %s", x.Type.Name())
		}
		return s.int32(int32(count(x.TextBytes()))), s.spend(len(x.Data) / copyStep)
	}
}

// strcasecmp compares by bytes, with ASCII letters alike.
func strcasecmp(c *call, s *Scope, x, y value.Value) (value.Value, error) {
	a, err := c.asText(x)
	if err != nil {
		return value.Value{}, err
	}
	b, err := c.asText(y)
	if err != nil {
		return value.Value{}, err
	}
	if err := s.spend(min(len(a), len(b)) / copyStep); err != nil {
		return value.Value{}, err
	}
	for i := range min(len(a), len(b)) {
		if order := cmp.Compare(upper(a[i]), upper(b[i])); order != 0 {
			return s.int32(int32(order)), nil
		}
	}
	return s.int32(int32(cmp.Compare(len(a), len(b)))), nil
}

func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		b -= 'a' - 'A'
	}
	return b
}

// folded makes $toLower and $toUpper: ASCII letters from first to last change
// their case.
func folded(first, last byte) func(*call, *Scope, value.Value) (value.Value, error) {
	return func(c *call, s *Scope, x value.Value) (value.Value, error) {
		text, err := c.asText(x)
		if err != nil {
			return value.Value{}, err
		}
		out, err := s.text(string(text))
		if err != nil {
			return value.Value{}, err
		}
		changed := out.TextBytes()
		for i, b := range changed {
			if first <= b && b <= last {
				changed[i] = b ^ 0x20
			}
		}
		return out, nil
	}
}

// trimmed makes $trim, $ltrim and $rtrim: {input, chars}.
func trimmed(left, right bool) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		input, err := c.args[0].eval(s)
		if err != nil || nullish(input) {
			return value.Null(), err
		}
		if input.Type != value.TypeString {
			return c.fail("requires its input to be a string, found: %s", input.Type.Name())
		}
		const whitespace = "\x00 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
		chars := whitespace
		if c.given(1) {
			v, err := c.args[1].eval(s)
			if err != nil || nullish(v) {
				return value.Null(), err
			}
			if v.Type != value.TypeString {
				return c.fail("requires 'chars' to be a string, found: %s", v.Type.Name())
			}
			chars = v.Text()
		}
		text := input.Text()
		if err := s.spend(len(text) * (1 + len(chars)/copyStep) / copyStep); err != nil {
			return value.Value{}, err
		}
		if left {
			text = strings.TrimLeft(text, chars)
		}
		if right {
			text = strings.TrimRight(text, chars)
		}
		return s.text(text)
	}
}

// replaced makes $replaceOne and $replaceAll: {input, find, replacement}.
func replaced(most int) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		var operands [3][]byte
		isNull := false
		for i, arg := range c.args {
			v, err := arg.eval(s)
			switch {
			case err != nil:
				return value.Value{}, err
			case nullish(v):
				isNull = true
			case v.Type != value.TypeString:
				return c.fail("requires that '%s' be a string, found: %s", c.names[i], v.Type.Name())
			}
			operands[i] = v.TextBytes()
		}
		if isNull {
			return null()
		}
		return s.replace(operands[0], operands[1], operands[2], most)
	}
}

func (s *Scope) replace(text, find, by []byte, most int) (value.Value, error) {
	out := textBuilder{s: s}
	for n := 0; n != most; n++ {
		if err := s.spend(1 + len(find)/copyStep); err != nil {
			return value.Value{}, err
		}
		i := bytes.Index(text, find)
		if i < 0 {
			break
		}
		kept := i
		if len(find) == 0 && n > 0 { // once more behind each character
			_, kept = utf8.DecodeRune(text)
		}
		if err := out.write(text[:kept]); err != nil {
			return value.Value{}, err
		}
		if err := out.write(by); err != nil {
			return value.Value{}, err
		}
		text = text[max(kept, i+len(find)):]
		if len(text) == 0 {
			break
		}
	}
	if err := out.write(text); err != nil {
		return value.Value{}, err
	}
	return out.value()
}
