package nodelib

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// Buffer makes a Buffer of bytes, which it takes over.
func (l *Loader) Buffer(b []byte) goja.Value {
	wrap, _ := goja.AssertFunction(l.Load("buffer").(*goja.Object).Get("Buffer").(*goja.Object).Get("from"))
	vm := l.realm.VM()
	v, err := wrap(goja.Undefined(), vm.ToValue(vm.NewArrayBuffer(b)))
	if err != nil {
		panic(err)
	}
	return v
}

// BufferPrototype returns Buffer.prototype, or nil if nobody has loaded the
// module yet.
func (l *Loader) BufferPrototype() *goja.Object {
	m, ok := l.loaded["internal/npm/buffer"]
	if !ok {
		return nil
	}
	exports, ok := m.Get("exports").(*goja.Object)
	if !ok {
		return nil
	}
	ctor, ok := exports.Get("Buffer").(*goja.Object)
	if !ok {
		return nil
	}
	proto, _ := ctor.Get("prototype").(*goja.Object)
	return proto
}

// bindBuffer gives buffer.js the codecs and searches.
func bindBuffer(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		// encode(view, encoding, start, end) → string
		"encode": func(call goja.FunctionCall) goja.Value {
			b := Bytes(vm, call.Argument(0))
			start := clamp(call.Argument(2), 0, len(b))
			end := clamp(call.Argument(3), len(b), len(b))
			if start >= end {
				return vm.ToValue("")
			}
			return encodeText(vm, b[start:end], call.Argument(1).String())
		},
		// decode(string, encoding) → ArrayBuffer
		"decode": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(vm.NewArrayBuffer(decodeText(call.Argument(0), call.Argument(1).String())))
		},
		// write(view, string, offset, length, encoding) → bytes written
		"write": func(call goja.FunctionCall) goja.Value {
			b := Bytes(vm, call.Argument(0))
			encoding := call.Argument(4).String()
			offset := clamp(call.Argument(2), 0, len(b))
			room := min(clamp(call.Argument(3), len(b)-offset, len(b)-offset), len(b)-offset)
			data := whole(decodeText(call.Argument(1), encoding), room, encoding)
			return vm.ToValue(copy(b[offset:], data))
		},
		"byteLength": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(len(decodeText(call.Argument(0), call.Argument(1).String())))
		},
		"compare": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(bytes.Compare(Bytes(vm, call.Argument(0)), Bytes(vm, call.Argument(1))))
		},
		// indexOf(view, needle, from, last) → index or -1
		"indexOf": func(call goja.FunctionCall) goja.Value {
			b, needle := Bytes(vm, call.Argument(0)), Bytes(vm, call.Argument(1))
			from := clamp(call.Argument(2), 0, len(b))
			if call.Argument(3).ToBoolean() {
				return vm.ToValue(bytes.LastIndex(b[:min(from+len(needle), len(b))], needle))
			}
			at := bytes.Index(b[from:], needle)
			if at >= 0 {
				at += from
			}
			return vm.ToValue(at)
		},
		"isUtf8": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(utf8.Valid(Bytes(vm, call.Argument(0))))
		},
	}.Object(vm)
}

// clamp reads an optional index between 0 and limit.
func clamp(v goja.Value, otherwise, limit int) int {
	if goja.IsUndefined(v) {
		return otherwise
	}
	return int(min(max(v.ToInteger(), 0), int64(limit)))
}

func encodeText(vm *goja.Runtime, b []byte, encoding string) goja.Value {
	switch encoding {
	case "hex":
		return vm.ToValue(hex.EncodeToString(b))
	case "base64":
		return vm.ToValue(base64.StdEncoding.EncodeToString(b))
	case "base64url":
		return vm.ToValue(base64.RawURLEncoding.EncodeToString(b))
	case "latin1", "ascii":
		units := make([]uint16, len(b))
		for i, c := range b {
			units[i] = uint16(c)
			if encoding == "ascii" {
				units[i] &= 0x7F
			}
		}
		return goja.StringFromUTF16(units)
	case "utf16le":
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return goja.StringFromUTF16(units)
	}
	return vm.ToValue(utf8Text(b))
}

// utf8Text decodes as the web does: each maximal part of a broken sequence
// becomes one U+FFFD.
func utf8Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	out.Grow(len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			size = brokenPart(b)
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String()
}

// brokenPart returns the length of the maximal part of a broken sequence: the
// longest start of a well-formed one.
func brokenPart(b []byte) int {
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c == 0xE0:
		need, low = 2, 0xA0
	case c == 0xED:
		need, high = 2, 0x9F
	case c >= 0xE1 && c <= 0xEF:
		need = 2
	case c == 0xF0:
		need, low = 3, 0x90
	case c == 0xF4:
		need, high = 3, 0x8F
	case c >= 0xF1 && c <= 0xF3:
		need = 3
	}
	size := 1
	for ; size <= need && size < len(b); size++ {
		if b[size] < low || b[size] > high {
			break
		}
		low, high = 0x80, 0xBF
	}
	return size
}

func decodeText(v goja.Value, encoding string) []byte {
	text := v.String()
	switch encoding {
	case "hex":
		text = text[:len(text)/2*2]
		b, err := hex.DecodeString(text)
		if err != nil {
			return b // up to the first wrong digit, as Node does
		}
		return b
	case "base64", "base64url":
		return decodeBase64(text)
	case "latin1", "ascii":
		units := utf16.Encode([]rune(text))
		b := make([]byte, len(units))
		for i, u := range units {
			b[i] = byte(u)
		}
		return b
	case "utf16le":
		s, ok := v.(goja.String)
		if !ok {
			s = v.ToString().(goja.String)
		}
		b := make([]byte, 2*s.Length())
		for i := range s.Length() {
			b[2*i], b[2*i+1] = byte(s.CharAt(i)), byte(s.CharAt(i)>>8)
		}
		return b
	}
	return []byte(text)
}

// decodeBase64 takes both alphabets, skips what belongs to neither and ends at
// the first "=", as Node does.
func decodeBase64(text string) []byte {
	clean := make([]byte, 0, len(text))
	for i := range len(text) {
		c := text[i]
		if c == '=' {
			break
		}
		switch {
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == '+', c == '/', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	b := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(b, clean) // the alphabet was checked
	return b[:n]
}

// whole cuts data to the room there is, never inside a character.
func whole(data []byte, room int, encoding string) []byte {
	if len(data) <= room {
		return data
	}
	switch encoding {
	case "utf16le":
		room -= room % 2
	case "utf8":
		for room > 0 && !utf8.RuneStart(data[room]) {
			room--
		}
	}
	return data[:room]
}
