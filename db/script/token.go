package script

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	numberToken
	bigintToken
	stringToken
	regexToken
	markToken // one character of punctuation
)

type token struct {
	kind tokenKind
	at   int
	// text is a name, a mark, the decoded text of a string, the digits of a
	// number, the pattern of a regular expression.
	text  string
	flags string // of a regular expression
	// fresh says that a line ends between the token before and this one.
	fresh bool
}

func (t token) String() string {
	switch t.kind {
	case endToken:
		return "the end"
	case stringToken:
		return "a text"
	case regexToken:
		return "a regular expression"
	}
	return strconv.Quote(t.text)
}

// lexer cuts a script into tokens. Whether '/' begins a regular expression only
// the parser knows, so that it asks with operand set where a value may stand.
type lexer struct {
	text string
	at   int
}

func (l *lexer) next(operand bool) (token, error) {
	fresh, err := l.space()
	if err != nil {
		return token{}, err
	}
	t := token{at: l.at, fresh: fresh}
	if l.at == len(l.text) {
		return t, nil
	}
	r, n := utf8.DecodeRuneInString(l.text[l.at:])
	switch {
	case isNameStart(r):
		t.kind, t.text = nameToken, l.name()
		return t, nil
	case r >= '0' && r <= '9', r == '.' && l.digitAt(l.at+1):
		return l.number(t)
	case r == '"' || r == '\'' || r == '`':
		return l.quoted(t, r)
	case r == '/' && operand:
		return l.regex(t)
	case strings.ContainsRune("{}[]().,:;=-+", r):
		l.at += n
		t.kind, t.text = markToken, string(r)
		return t, nil
	}
	return t, fail(l.at, "%q is not part of the script language", r)
}

func isNameStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

func (l *lexer) digitAt(i int) bool { return i < len(l.text) && l.text[i] >= '0' && l.text[i] <= '9' }

// space passes spaces and comments; fresh says that a line has ended.
func (l *lexer) space() (fresh bool, err error) {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		r, n := utf8.DecodeRuneInString(rest)
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029':
			fresh = true
			l.at += n
		case unicode.IsSpace(r) || r == '\ufeff':
			l.at += n
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return fresh, fail(l.at, "this comment does not end; close it with */")
			}
			fresh = fresh || strings.Contains(rest[:end+2], "\n")
			l.at += end + 4
		default:
			return fresh, nil
		}
	}
	return fresh, nil
}

func (l *lexer) name() string {
	start := l.at
	for l.at < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.at:])
		if !isNameStart(r) && !unicode.IsDigit(r) {
			break
		}
		l.at += n
	}
	return l.text[start:l.at]
}

// number reads a decimal or hexadecimal number; whether it is one in the end,
// whoever converts it says.
func (l *lexer) number(t token) (token, error) {
	start := l.at
	hex := strings.HasPrefix(l.text[start:], "0x") || strings.HasPrefix(l.text[start:], "0X")
	for l.at < len(l.text) {
		c := l.text[l.at]
		sign := (c == '+' || c == '-') && !hex && (l.text[l.at-1]|0x20) == 'e' && l.at > start
		if !sign && c != '.' && !isNameStart(rune(c)) && (c < '0' || c > '9') {
			break
		}
		l.at++
	}
	t.kind, t.text = numberToken, l.text[start:l.at]
	if digits, big := strings.CutSuffix(t.text, "n"); big {
		t.kind, t.text = bigintToken, digits
	}
	return t, nil
}

// quoted reads a text in one of the three kinds of quotes.
func (l *lexer) quoted(t token, quote rune) (token, error) {
	var b strings.Builder
	l.at++
	for l.at < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.at:])
		switch {
		case r == quote:
			l.at++
			t.kind, t.text = stringToken, b.String()
			return t, nil
		case r == '\\':
			if err := l.escape(&b); err != nil {
				return t, err
			}
			continue
		case r == '\n' && quote != '`':
			return t, fail(l.at, "the text ends with its line; close it with %c", quote)
		case quote == '`' && strings.HasPrefix(l.text[l.at:], "${"):
			return t, fail(l.at, "templates hold no expressions here; write the text out")
		}
		b.WriteRune(r)
		l.at += n
	}
	return t, fail(t.at, "this text does not end; close it with %c", quote)
}

// escape reads what a backslash begins.
func (l *lexer) escape(b *strings.Builder) error {
	at := l.at
	l.at++
	if l.at == len(l.text) {
		return fail(at, "the script ends inside a text")
	}
	r, n := utf8.DecodeRuneInString(l.text[l.at:])
	l.at += n
	switch r {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'v':
		b.WriteByte('\v')
	case '0':
		b.WriteByte(0)
	case '\n':
	case 'x':
		return l.hex(b, at, 2)
	case 'u':
		return l.unicode(b, at)
	default:
		b.WriteRune(r)
	}
	return nil
}

func (l *lexer) hex(b *strings.Builder, at, digits int) error {
	if l.at+digits > len(l.text) {
		return fail(at, "this escape needs %d hexadecimal digits", digits)
	}
	n, err := strconv.ParseUint(l.text[l.at:l.at+digits], 16, 32)
	if err != nil {
		return fail(at, "this escape needs %d hexadecimal digits", digits)
	}
	l.at += digits
	b.WriteRune(rune(n))
	return nil
}

// unicode reads \uXXXX, a pair of these, or \u{X…}.
func (l *lexer) unicode(b *strings.Builder, at int) error {
	if strings.HasPrefix(l.text[l.at:], "{") {
		end := strings.IndexByte(l.text[l.at:], '}')
		if end < 2 || end > 8 {
			return fail(at, "this escape is \\u{ and up to 6 hexadecimal digits and }")
		}
		l.at++
		if err := l.hex(b, at, end-1); err != nil {
			return err
		}
		l.at++
		return nil
	}
	var first, second strings.Builder
	if err := l.hex(&first, at, 4); err != nil {
		return err
	}
	high, _ := strconv.ParseUint(l.text[l.at-4:l.at], 16, 32)
	if high < 0xd800 || high > 0xdbff || !strings.HasPrefix(l.text[l.at:], `\u`) {
		b.WriteString(first.String())
		return nil
	}
	l.at += 2
	if err := l.hex(&second, at, 4); err != nil {
		return err
	}
	low, _ := strconv.ParseUint(l.text[l.at-4:l.at], 16, 32)
	if low < 0xdc00 || low > 0xdfff {
		return fail(at, "this escape is half of a character")
	}
	b.WriteRune(rune((high-0xd800)<<10|(low-0xdc00)) + 0x10000)
	return nil
}

// regex reads /pattern/flags.
func (l *lexer) regex(t token) (token, error) {
	start, class := l.at+1, false
	for l.at = start; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; {
		case c == '\n':
			return t, fail(t.at, "this regular expression ends with its line; close it with /")
		case c == '\\' && l.at+1 < len(l.text) && l.text[l.at+1] != '\n':
			l.at++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			t.kind, t.text = regexToken, l.text[start:l.at]
			l.at++
			t.flags = l.name()
			return t, nil
		}
	}
	return t, fail(t.at, "this regular expression does not end; close it with /")
}
