package pattern

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Each calls found for each match in a text, from left to right, until it
// returns false. groups holds where group i begins and ends, in bytes, at 2i and
// 2i+1, -1 for a group that took no part; group 0 is the match. It is only for
// that call. A match without length moves on by one character. The errors are
// those of [Pattern.Match].
func (p *Pattern) Each(r *Run, text []byte, found func(groups []int) bool) error {
	if p.engine == nil {
		p.eachLiteral(text, found)
		return nil
	}
	start := time.Now()
	m, err := twice(func() (*regexp2.Match, error) { return p.engine.FindStringMatch(string(text)) })
	if err = r.add(time.Since(start), err); err != nil {
		return err
	}
	var groups []int
	for m != nil {
		groups = ranges(groups[:0], m)
		if !found(groups) {
			return nil
		}
		start := time.Now()
		last := m
		m, err = twice(func() (*regexp2.Match, error) { return p.engine.FindNextMatch(last) })
		if err = r.add(time.Since(start), err); err != nil {
			return err
		}
	}
	return nil
}

func ranges(out []int, m *regexp2.Match) []int {
	for _, g := range m.Groups() {
		if len(g.Captures) == 0 {
			out = append(out, -1, -1)
			continue
		}
		at, length := g.ByteRange()
		out = append(out, at, at+length)
	}
	return out
}

func (p *Pattern) eachLiteral(text []byte, found func(groups []int) bool) {
	for from := 0; from <= len(text); {
		i := bytes.Index(text[from:], p.literal)
		if i < 0 || p.anchored && from+i > 0 {
			return
		}
		from += i
		end := from + len(p.literal)
		if !found([]int{from, end}) {
			return
		}
		if from = end; len(p.literal) == 0 {
			_, width := utf8.DecodeRune(text[from:])
			from += max(1, width)
		}
	}
}
