package pattern

import (
	"strings"
	"unicode/utf8"
)

// Prefix returns a text that whatever p finds something in begins with, empty
// when there is none to be seen: p must begin with ^, have no alternatives and
// no option that changes what a letter or ^ means.
func (p *Pattern) Prefix() []byte {
	if p.engine == nil {
		if p.anchored {
			return p.literal
		}
		return nil
	}
	rest, anchored := strings.CutPrefix(p.text, "^")
	if !anchored || strings.ContainsAny(p.options, "imx") || strings.ContainsAny(rest, "|") {
		return nil
	}
	var out []byte
	for i := 0; i < len(rest); {
		r, size := utf8.DecodeRuneInString(rest[i:])
		at := i
		switch {
		case r == '\\' && i+1 < len(rest) && isPunctuation(rest[i+1]):
			i, at = i+2, i+1
		case strings.ContainsRune(`\.+*?()[]{}^$`, r):
			return out
		default:
			i += size
		}
		if i < len(rest) && strings.IndexByte("*?{", rest[i]) >= 0 {
			return out // the character need not be there
		}
		out = append(out, rest[at:i]...)
	}
	return out
}
