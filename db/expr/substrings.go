package expr

import (
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/value"
)

// window evaluates the operands of $substr…: [text, start, count].
func (c *call) window(s *Scope) (text []byte, start, count int, err error) {
	x, err := c.args[0].eval(s)
	if err != nil {
		return nil, 0, 0, err
	}
	if text, err = c.asText(x); err != nil {
		return nil, 0, 0, err
	}
	var numbers [2]int
	for i, arg := range c.args[1:] {
		v, err := arg.eval(s)
		if err != nil {
			return nil, 0, 0, err
		}
		f, ok := v.AsFloat()
		if !ok {
			return nil, 0, 0, fault.Refused(c.at, "the starting index and the length must be numbers, found: %s", v.Type.Name())
		}
		numbers[i] = int(max(-1<<31, min(f, 1<<31)))
	}
	return text, numbers[0], numbers[1], nil
}

func substrBytes(c *call, s *Scope) (value.Value, error) {
	text, start, count, err := c.window(s)
	if err != nil {
		return value.Value{}, err
	}
	if start < 0 || start >= len(text) {
		return s.text("")
	}
	end := len(text)
	if count >= 0 {
		end = min(end, start+count)
	}
	if !utf8.RuneStart(text[start]) {
		return c.fail("invalid range, starting index is a UTF-8 continuation byte")
	}
	if end < len(text) && !utf8.RuneStart(text[end]) {
		return c.fail("invalid range, ending index is in the middle of a UTF-8 character")
	}
	return s.text(string(text[start:end]))
}

func substrCP(c *call, s *Scope) (value.Value, error) {
	text, start, count, err := c.window(s)
	switch {
	case err != nil:
		return value.Value{}, err
	case start < 0:
		return c.fail("the starting index must be a non-negative integer")
	case count < 0:
		return c.fail("the length must be a non-negative integer")
	}
	if err := s.spend(len(text) / copyStep); err != nil {
		return value.Value{}, err
	}
	from, _ := runeAt(text, start)
	size, _ := runeAt(text[from:], count)
	return s.text(string(text[from : from+size]))
}
