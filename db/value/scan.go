package value

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"baas/db/fault"
)

// scanner takes JSON apart (RFC 8259), strictly: it knows where it stands and
// what stands there, and nothing of what it means. It is a part of parser, and
// the reason why reading a kilobyte costs microseconds.
type scanner struct {
	text []byte
	at   int
}

// peek skips white space and returns the first byte of what follows, 0 at the
// end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take skips white space and the byte c, which must follow.
func (s *scanner) take(c byte) error {
	if s.peek() != c {
		return s.unexpected()
	}
	s.at++
	return nil
}

// word skips one of the literals.
func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.text[s.at:], []byte(w)) {
		return s.unexpected()
	}
	s.at += len(w)
	return nil
}

// quoted skips a string and returns what stands between its quotes, and whether
// that is the text as it is meant: valid UTF-8 without escapes.
func (s *scanner) quoted() (raw []byte, plain bool, err error) {
	if s.peek() != '"' {
		return nil, false, s.unexpected()
	}
	start := s.at + 1
	plain = true
	ascii := true
	for i := start; ; i++ {
		n, pure := ordinary(s.text[i:])
		ascii = ascii && pure
		if i += n; i >= len(s.text) {
			return nil, false, errTooEarly()
		}
		switch s.text[i] {
		case '"':
			raw = s.text[start:i]
			if !ascii && !utf8.Valid(raw) {
				s.at = start + invalidUTF8(raw)
				return nil, false, s.unexpected()
			}
			s.at = i + 1
			return raw, plain, nil
		case '\\':
			plain = false
			i++ // what it is, unquote looks at; a quote does not end the string
			if i >= len(s.text) {
				return nil, false, errTooEarly()
			}
		default:
			s.at = i
			return nil, false, s.unexpected()
		}
	}
}

// ordinary returns how many bytes of text stand before the first quote,
// backslash or control character, and whether they are all ASCII. It looks at
// eight at a time.
func ordinary(text []byte) (n int, ascii bool) {
	const (
		each = 0x0101010101010101
		high = 0x80 * each
	)
	var seen uint64
	for ; len(text)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(text[n:])
		quote, slash := w^'"'*each, w^'\\'*each
		if ((w-' '*each)&^w|(quote-each)&^quote|(slash-each)&^slash)&high != 0 {
			break
		}
		seen |= w
	}
	for ; n < len(text); n++ {
		c := text[n]
		if c < ' ' || c == '"' || c == '\\' {
			break
		}
		seen |= uint64(c)
	}
	return n, seen&high == 0
}

// invalidUTF8 returns where text stops being UTF-8.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// unquote appends the text that raw, as quoted returned it, stands for. A lone
// surrogate, which JavaScript texts can hold and UTF-8 cannot, becomes U+FFFD.
func (s *scanner) unquote(dst, raw []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...), nil
		}
		dst = append(dst, raw[:i]...)
		var ok bool
		if dst, raw, ok = appendEscape(dst, raw[i+1:]); !ok {
			s.at -= len(raw) + 1 // behind the string's closing quote
			return nil, s.unexpected()
		}
	}
}

// appendEscape appends what the escape at the beginning of raw, whose backslash
// is gone already, stands for.
func appendEscape(dst, raw []byte) (out, rest []byte, ok bool) {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if len(raw) == 0 {
		return dst, raw, false
	}
	if i := bytes.IndexByte([]byte(from), raw[0]); i >= 0 {
		return append(dst, to[i]), raw[1:], true
	}
	r, ok := hexRune(raw)
	if !ok {
		return dst, raw, false
	}
	rest = raw[5:]
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if len(rest) > 0 && rest[0] == '\\' {
			low, ok = hexRune(rest[1:])
		}
		pair := utf16.DecodeRune(r, low)
		if ok && pair != utf8.RuneError {
			return utf8.AppendRune(dst, pair), rest[6:], true
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(dst, r), rest, true
}

// hexRune reads uXXXX.
func hexRune(raw []byte) (rune, bool) {
	if len(raw) < 5 || raw[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[1:5]), 16, 16)
	return rune(n), err == nil
}

// number skips a number and returns its text, and whether it is a whole one.
func (s *scanner) number() (raw []byte, whole bool, err error) {
	start := s.at
	if s.text[s.at] == '-' {
		s.at++
	}
	if zero := s.at; s.digits() == 0 || s.text[zero] == '0' && s.at > zero+1 {
		return nil, false, s.unexpected()
	}
	whole = true
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		whole = false
		if s.digits() == 0 {
			return nil, false, s.unexpected()
		}
	}
	if s.at < len(s.text) && s.text[s.at]|0x20 == 'e' {
		s.at++
		whole = false
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		if s.digits() == 0 {
			return nil, false, s.unexpected()
		}
	}
	return s.text[start:s.at], whole, nil
}

func (s *scanner) digits() int {
	start := s.at
	for s.at < len(s.text) && s.text[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at - start
}

// unexpected is the error for what stands here.
func (s *scanner) unexpected() error {
	if s.at >= len(s.text) {
		return errTooEarly()
	}
	return fault.Invalid("JSON", "not valid JSON at byte %d: %q does not belong there", s.at, s.text[s.at])
}

func errTooEarly() error { return fault.Invalid("JSON", "the text ends too early") }
