// Package pattern runs users' regular expressions within bounds of time: the
// common subset of JavaScript and PCRE, as MongoDB reads it. Plain texts, the
// bulk of what apps search for, never reach the backtracking engine.
package pattern

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"baas/db/effort"
	"baas/db/fault"

	"github.com/dlclark/regexp2/v2"
)

const (
	// MaxBytes is the longest pattern in bytes (threats.md, ReDoS).
	MaxBytes = 1024
	// matchTimeout bounds one match. The engine's clock ticks at 100 ms, so a
	// match ends within 200 ms.
	matchTimeout = 100 * time.Millisecond
	// matchBudget bounds all matches on one document together.
	matchBudget = 500 * time.Millisecond
)

// Pattern is a compiled regular expression. It is immutable and safe for
// concurrent use.
type Pattern struct {
	text, options string
	literal       []byte // when engine is nil: the text to find
	anchored      bool   // the literal must stand at the beginning
	engine        *regexp2.Regexp
}

// Compile reads a pattern in the common subset of JavaScript and PCRE
// with the options i, m, s, x and u. Classes and word boundaries are ASCII, and
// $ also stands before a final newline, as in MongoDB.
func Compile(at, text, options string) (*Pattern, error) {
	if len(text) > MaxBytes {
		return nil, fault.Invalid(at, "the regular expression has more than %d bytes", MaxBytes)
	}
	if strings.ContainsRune(text, 0) {
		return nil, fault.Refused(at, "a regular expression cannot hold the character NUL")
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
			return nil, fault.Refused(at, "the option %q is not one of i, m, s, x, u", option)
		}
	}
	p := &Pattern{text: text, options: options}
	rest, anchored := strings.CutPrefix(text, "^")
	if literal, ok := unescape(rest); ok && plain && !(anchored && flags&regexp2.Multiline != 0) {
		p.literal, p.anchored = literal, anchored
		return p, nil
	}
	engine, err := regexp2.Compile(asPCRE(text), flags, regexp2.OptionMaintainCaptureOrder())
	if err != nil {
		return nil, &fault.Error{Code: fault.DatabaseFailed, Field: at, Msg: at + ": not a valid regular expression", Err: err}
	}
	engine.MatchTimeout = matchTimeout
	p.engine = engine
	return p, nil
}

// String returns the pattern's text and options as /text/options.
func (p *Pattern) String() string { return "/" + p.text + "/" + p.options }

// Is reports whether p was compiled from this text with these options.
func (p *Pattern) Is(text, options string) bool { return text == p.text && options == p.options }

// Literal returns the text that p finds when it is a plain one, and whether it
// must stand at the beginning; ok is false for a pattern with special
// characters or options that change what a letter means.
func (p *Pattern) Literal() (text []byte, anchored, ok bool) {
	return p.literal, p.anchored, p.engine == nil
}

// Run is the time that matches on one document take together. The zero value
// bounds that document alone.
type Run struct {
	// Meter counts for the whole request; may be nil.
	Meter *effort.Meter
	took  time.Duration
}

// Match reports whether p finds something in a text. The error is a
// DatabaseFailed when that took too long; the texts of errors never quote the
// document.
func (p *Pattern) Match(r *Run, text []byte) (bool, error) {
	if p.engine == nil {
		if p.anchored {
			return bytes.HasPrefix(text, p.literal), nil
		}
		return bytes.Contains(text, p.literal), nil
	}
	start := time.Now()
	found, err := twice(func() (bool, error) { return p.engine.MatchString(string(text)) })
	if err = r.add(time.Since(start), err); err != nil {
		return false, err
	}
	return found, nil
}

// add counts the time of one match that ended with err.
func (r *Run) add(took time.Duration, err error) error {
	if r.took += took; err == nil && r.took > matchBudget {
		err = errBudget
	}
	if spent := r.Meter.Matched(took); err == nil {
		err = spent
	}
	if err != nil {
		return tooSlow(err)
	}
	return nil
}

var (
	errBudget  = errors.New("pattern: the matches exceed their time budget")
	errTimeout = errors.New("pattern: a match exceeds its time")
)

// twice runs a match once more that has timed out: the engine's clock goes on
// while the goroutine waits for a core, so that on a busy machine even a simple
// match may seem to have taken too long.
func twice[T any](match func() (T, error)) (T, error) {
	found, err := match()
	if err != nil && !errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		return match()
	}
	return found, err
}

// tooSlow does not keep the engine's own error of a timeout: it quotes the
// document, and would carry it into the log.
func tooSlow(err error) error {
	if errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		return fault.Wrap(fault.DatabaseFailed, err, "the regular expression backtracks too deep; make it simpler")
	}
	if !errors.Is(err, errBudget) && !errors.Is(err, effort.ErrPatterns) {
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
