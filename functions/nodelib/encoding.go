package nodelib

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// bindEncoding gives encoding.js the codecs of TextEncoder and TextDecoder.
func bindEncoding(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		"encode": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(vm.NewArrayBuffer([]byte(call.Argument(0).String())))
		},
		// encodeInto(text, view) → [UTF-16 units read, bytes written]
		"encodeInto": func(call goja.FunctionCall) goja.Value {
			text, to := call.Argument(0).String(), Bytes(vm, call.Argument(1))
			read, written := 0, 0
			for _, c := range text {
				size := utf8.RuneLen(c)
				if written+size > len(to) {
					break
				}
				written += utf8.EncodeRune(to[written:], c)
				read++
				if c > 0xFFFF {
					read++
				}
			}
			return vm.NewArray(read, written)
		},
		// encodingOf(label) → the encoding's name, or undefined
		"encodingOf": func(call goja.FunctionCall) goja.Value {
			e, err := htmlindex.Get(call.Argument(0).String())
			if err != nil {
				return goja.Undefined()
			}
			name, err := htmlindex.Name(e)
			if err != nil {
				return goja.Undefined()
			}
			return vm.ToValue(name)
		},
		// decode(name, bytes, more) → [text, bytes left for the next part, whether any were broken]
		"decode": func(call goja.FunctionCall) goja.Value {
			b, more := Bytes(vm, call.Argument(1)), call.Argument(2).ToBoolean()
			name := call.Argument(0).String()
			if name == "utf-8" {
				left := 0
				if more {
					left = unfinished(b)
				}
				b = b[:len(b)-left]
				return vm.NewArray(utf8Text(b), left, !utf8.Valid(b))
			}
			text, left, broken, err := decodeLegacy(name, b, more)
			if err != nil {
				throw(vm, err)
			}
			return vm.NewArray(text, left, broken)
		},
	}.Object(vm)
}

// unfinished counts the bytes at the end of b that begin a character.
func unfinished(b []byte) int {
	for n := 1; n <= min(3, len(b)); n++ {
		c := b[len(b)-n]
		if !utf8.RuneStart(c) {
			continue
		}
		if brokenPart(b[len(b)-n:]) == n && !utf8.FullRune(b[len(b)-n:]) {
			return n
		}
		return 0
	}
	return 0
}

// decodeLegacy decodes the other encodings of the web: gbk, big5, utf-16 …
func decodeLegacy(name string, b []byte, more bool) (text string, left int, broken bool, err error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return "", 0, false, err
	}
	decoder := e.NewDecoder()
	out := make([]byte, 0, 2*len(b)+16)
	for {
		n, read, err := decoder.Transform(out[len(out):cap(out)], b, !more)
		out, b = out[:len(out)+n], b[read:]
		switch {
		case errors.Is(err, transform.ErrShortDst):
			out = append(make([]byte, 0, 2*cap(out)+16), out...)
		case errors.Is(err, transform.ErrShortSrc):
			return string(out), len(b), containsReplacement(out), nil
		case err != nil && !errors.Is(err, encoding.ErrInvalidUTF8):
			return "", 0, false, err
		default:
			return string(out), 0, containsReplacement(out), nil
		}
	}
}

// containsReplacement reports whether text holds U+FFFD, which is how x/text
// shows bytes that stand for nothing.
func containsReplacement(b []byte) bool { return bytes.ContainsRune(b, utf8.RuneError) }
