package query

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/value"

	"github.com/dlclark/regexp2/v2"
)

const (
	// maxPattern is the longest pattern in bytes (threats.md, ReDoS).
	maxPattern = 1024
	// matchTimeout bounds one match. The engine's clock ticks at 100 ms, so a
	// match ends within 200 ms.
	matchTimeout = 100 * time.Millisecond
	// matchBudget bounds all matches on one document together.
	matchBudget = 500 * time.Millisecond
)

// pattern is a compiled regular expression. Plain texts, the bulk of what apps
// search for, do not reach the backtracking engine.
type pattern struct {
	text, options string
	literal       []byte // when engine is nil: the text to find
	anchored      bool   // the literal must stand at the beginning
	engine        *regexp2.Regexp
}

// compilePattern reads a pattern in the common subset of JavaScript and PCRE
// with the options i, m, s, x and u. Classes and word boundaries are ASCII, and
// $ also stands before a final newline, as in MongoDB.
func compilePattern(at, text, options string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, fault.Invalid(at, "the regular expression has more than %d bytes", maxPattern)
	}
	if strings.ContainsRune(text, 0) {
		return nil, wrong(at, "a regular expression cannot hold the character NUL")
	}
	flags := regexp2.RE2 // ASCII classes and POSIX names, otherwise PCRE
	plain := true
	for _, option := range options {
		switch option {
		case 'i':
			flags |= regexp2.IgnoreCase
			plain = false
		case 'm':
			flags |= regexp2.Multiline
		case 's':
			flags |= regexp2.Singleline
		case 'x':
			flags |= regexp2.IgnorePatternWhitespace
			plain = false
		case 'u': // texts are Unicode anyway
		default:
			return nil, wrong(at, "the option %q is not one of i, m, s, x, u", option)
		}
	}
	p := &pattern{text: text, options: options}
	rest, anchored := strings.CutPrefix(text, "^")
	if literal, ok := unescape(rest); ok && plain && !(anchored && flags&regexp2.Multiline != 0) {
		p.literal, p.anchored = literal, anchored
		return p, nil
	}
	engine, err := regexp2.Compile(asPCRE(text), flags)
	if err != nil {
		return nil, &fault.Error{Code: fault.DatabaseFailed, Field: at, Msg: at + ": not a valid regular expression", Err: err}
	}
	engine.MatchTimeout = matchTimeout
	p.engine = engine
	return p, nil
}

// match reports whether v is a text that p finds something in, or this very
// regular expression.
func (p *pattern) match(r *run, v value.Value) bool {
	if v.Type == value.TypeRegex {
		text, options := v.Regex()
		return text == p.text && options == p.options
	}
	if v.Type != value.TypeString {
		return false
	}
	text := v.TextBytes()
	if p.engine == nil {
		if p.anchored {
			return bytes.HasPrefix(text, p.literal)
		}
		return bytes.Contains(text, p.literal)
	}
	if r.err != nil {
		return false
	}
	start := time.Now()
	found, err := p.engine.MatchString(string(text))
	took := time.Since(start)
	if r.matching += took; err == nil && r.matching > matchBudget {
		err = errBudget
	}
	if spent := r.effort.match(took); err == nil {
		err = spent
	}
	if err != nil {
		r.err = tooSlow(err)
	}
	return found && err == nil
}

var (
	errBudget  = errors.New("query: the matches exceed their time budget")
	errTimeout = errors.New("query: a match exceeds its time")
)

// tooSlow does not keep the engine's own error of a timeout: it quotes the
// document, and would carry it into the log.
func tooSlow(err error) error {
	if errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		return fault.Wrap(fault.DatabaseFailed, err, "the regular expression backtracks too deep; make it simpler")
	}
	if !errors.Is(err, errBudget) {
		err = errTimeout
	}
	return fault.Wrap(fault.DatabaseFailed, err, "the regular expression takes too long; make it simpler")
}

// unescape returns the text that a pattern without special characters stands
// for.
func unescape(text string) ([]byte, bool) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' {
			i++
			if i == len(text) || !isPunctuation(text[i]) {
				return nil, false
			}
			out = append(out, text[i])
			continue
		}
		if strings.IndexByte(".+*?()|[]{}^$", c) >= 0 {
			return nil, false
		}
		out = append(out, c)
	}
	return out, true
}

func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7F && !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_')
}

// asPCRE spells out what the engine would read differently: \b and \B as ASCII
// word boundaries, $ as the end or before the final newline.
func asPCRE(text string) string {
	const (
		word     = `[0-9A-Za-z_]`
		boundary = `(?:(?<=` + word + `)(?!` + word + `)|(?<!` + word + `)(?=` + word + `))`
		inside   = `(?:(?<=` + word + `)(?=` + word + `)|(?<!` + word + `)(?!` + word + `))`
		end      = `(?:$|(?=\n\z))`
	)
	var out strings.Builder
	class := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			switch {
			case text[i] == 'Q':
				quoted, _, _ := strings.Cut(text[i+1:], `\E`)
				out.WriteString(text[i-1 : i+1+len(quoted)])
				i += len(quoted)
			case text[i] == 'b' && !class:
				out.WriteString(boundary)
			case text[i] == 'B' && !class:
				out.WriteString(inside)
			default:
				out.WriteString(text[i-1 : i+1])
			}
			continue
		case c == '[' && !class:
			class = true
			if strings.HasPrefix(text[i+1:], "]") || strings.HasPrefix(text[i+1:], "^]") {
				end := strings.IndexByte(text[i:], ']') + 1 // a leading ] is a member
				out.WriteString(text[i : i+end])
				i += end - 1
				continue
			}
		case c == '[' && strings.HasPrefix(text[i:], "[:"):
			if name := strings.Index(text[i:], ":]"); name > 0 {
				out.WriteString(text[i : i+name+2])
				i += name + 1
				continue
			}
		case c == ']':
			class = false
		case c == '$' && !class:
			out.WriteString(end)
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}
