package expr

import (
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

func regexes(name string) (operator, bool) {
	switch name {
	case "$regexMatch":
		return ofParse(compileSearch(searchMatch)), true
	case "$regexFind":
		return ofParse(compileSearch(searchOne)), true
	case "$regexFindAll":
		return ofParse(compileSearch(searchAll)), true
	}
	return operator{}, false
}

// searching is what a regular expression is asked for.
type searching uint8

const (
	searchMatch searching = iota // whether it matches
	searchOne                    // its first match
	searchAll                    // all its matches
)

// search is $regexMatch, $regexFind and $regexFindAll: {input, regex, options}.
type search struct {
	call
	want  searching
	fixed *pattern.Pattern // when regex and options are constant
}

func compileSearch(want searching) func(*compiler, string, value.Value) (node, error) {
	return func(c *compiler, at string, v value.Value) (node, error) {
		op := ofNames(2, nil, "input", "regex", "options")
		args, err := c.named(at, op, v)
		if err != nil {
			return nil, err
		}
		c.nests = true
		n := &search{call: call{operator: op, at: at, args: args}, want: want}
		if _, ok := args[1].(*constant); !ok {
			return n, nil
		}
		if _, ok := args[2].(*constant); !ok && args[2] != nil {
			return n, nil
		}
		n.fixed, err = n.pattern(&Scope{due: maxSteps})
		return n, err
	}
}

func (n *search) eval(s *Scope) (value.Value, error) {
	s.steps++
	input, err := n.args[0].eval(s)
	if err != nil {
		return value.Value{}, err
	}
	if !nullish(input) && input.Type != value.TypeString {
		return n.fail("needs 'input' to be of type string, found: %s", input.Type.Name())
	}
	p := n.fixed
	if p == nil {
		if p, err = n.pattern(s); err != nil {
			return value.Value{}, err
		}
	}
	switch {
	case n.want == searchMatch && (p == nil || nullish(input)):
		return s.bool(false), nil
	case n.want == searchMatch:
		found, err := p.Match(&s.match, input.TextBytes())
		return s.bool(found), err
	case n.want == searchOne && (p == nil || nullish(input)):
		return null()
	}
	out := s.array(0)
	if p != nil && !nullish(input) {
		if err := n.collect(s, &out, p, input.TextBytes()); err != nil {
			return value.Value{}, err
		}
	}
	all, err := out.value()
	if err != nil || n.want == searchAll {
		return all, err
	}
	if one := all.Doc().At(0); !one.IsMissing() {
		return one, nil
	}
	return null()
}

// pattern compiles the operands regex and options; nil when one is null. What
// was compiled last is kept in the Scope.
func (n *search) pattern(s *Scope) (*pattern.Pattern, error) {
	regex, err := n.args[1].eval(s)
	if err != nil {
		return nil, err
	}
	given, err := n.arg(s, 2)
	if err != nil {
		return nil, err
	}
	text, options := regex.Regex()
	switch {
	case !nullish(given) && given.Type != value.TypeString:
		return nil, fault.Refused(n.at, "needs 'options' to be of type string, found: %s", given.Type.Name())
	case nullish(regex):
		return nil, nil
	case regex.Type == value.TypeString:
		text = regex.Text()
	case regex.Type != value.TypeRegex:
		return nil, fault.Refused(n.at, "needs 'regex' to be of type string or regex, found: %s", regex.Type.Name())
	}
	if !nullish(given) {
		if options != "" {
			return nil, fault.Refused(n.at, "found regex options specified in both 'regex' and 'options' fields")
		}
		options = given.Text()
	}
	if s.regex == nil || !s.regex.Is(text, options) {
		p, err := pattern.Compile(n.at, text, options)
		if err != nil {
			return nil, err
		}
		s.regex = p
	}
	return s.regex, nil
}

// collect appends the matches to out. A search that would begin at the end of
// the text is not made.
func (n *search) collect(s *Scope, out *builder, p *pattern.Pattern, text []byte) error {
	at, idx := 0, 0 // a place in bytes and in code points
	next := -1      // where the search for this match began
	var failed error
	err := p.Each(&s.match, text, func(groups []int) bool {
		if next >= len(text) {
			return false
		}
		if next = groups[1]; groups[0] == groups[1] {
			next++
		}
		idx += utf8.RuneCount(text[at:groups[0]])
		at = groups[0]
		failed = s.addMatch(out, text, groups, idx)
		return failed == nil && n.want == searchAll
	})
	if failed != nil {
		return failed
	}
	return err
}

// addMatch appends {match, idx, captures}.
func (s *Scope) addMatch(out *builder, text []byte, groups []int, idx int) error {
	captures := s.array(0)
	for i := 2; i < len(groups); i += 2 {
		if groups[i] < 0 {
			if err := captures.add(value.Null()); err != nil {
				return err
			}
			continue
		}
		if err := captures.addText(text[groups[i]:groups[i+1]]); err != nil {
			return err
		}
	}
	list, err := captures.value()
	if err != nil {
		return err
	}
	found, err := s.text(string(text[groups[0]:groups[1]]))
	if err != nil {
		return err
	}
	one := s.object(0)
	var number [4]byte
	for _, member := range []struct {
		name string
		v    value.Value
	}{{"match", found}, {"idx", int32In(number[:], int32(idx))}, {"captures", list}} {
		if err := one.set(member.name, member.v); err != nil {
			return err
		}
	}
	return s.addBuilt(out, &one)
}
