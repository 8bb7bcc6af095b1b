package script

import (
	"math"
	"strconv"
	"strings"

	"baas/db/value"
)

// expression reads a value with the property accesses and calls behind it.
func (p *parser) expression() (node, error) {
	t, err := p.peek(true)
	if err != nil {
		return nil, err
	}
	if err := p.enter(t.at); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if t.kind == markToken && (t.text == "-" || t.text == "+") {
		p.take()
		return p.signed(t)
	}
	n, err := p.primary(t)
	if err != nil {
		return nil, err
	}
	return p.chain(n, true)
}

// signed reads the number behind a sign.
func (p *parser) signed(sign token) (node, error) {
	t, err := p.peek(true)
	if err != nil {
		return nil, err
	}
	p.take()
	if t.kind == nameToken && t.text == "Infinity" {
		return &literal{sign.at, value.Float(math.Inf(map[string]int{"-": -1, "+": 1}[sign.text]))}, nil
	}
	if t.kind != numberToken && t.kind != bigintToken {
		return nil, fail(t.at, "expected a number behind the sign, found %s; there is no arithmetic", t)
	}
	if sign.text == "-" {
		t.text = "-" + t.text
	}
	return number(t)
}

// primary reads a value without what may follow it.
func (p *parser) primary(t token) (node, error) {
	p.take()
	switch t.kind {
	case numberToken, bigintToken:
		return number(t)
	case stringToken:
		return &literal{t.at, value.String(t.text)}, nil
	case regexToken:
		return regexLiteral(t)
	case nameToken:
		return p.named(t)
	case markToken:
		switch t.text {
		case "{":
			return p.object(t.at)
		case "[":
			items, err := p.list("]")
			return &arrayNode{t.at, items}, err
		case "(":
			n, err := p.expression()
			if err != nil {
				return nil, err
			}
			return n, p.expect(")", "behind the value")
		}
	}
	return nil, fail(t.at, "expected a value, found %s", t)
}

func (p *parser) named(t token) (node, error) {
	switch t.text {
	case "null":
		return &literal{t.at, value.Null()}, nil
	case "true", "false":
		return &literal{t.at, value.Bool(t.text == "true")}, nil
	case "undefined":
		return &literal{t.at, value.Value{}}, nil
	case "NaN":
		return &literal{t.at, value.Float(math.NaN())}, nil
	case "Infinity":
		return &literal{t.at, value.Float(math.Inf(1))}, nil
	case "new":
		return p.construct(t)
	case "function", "async", "typeof", "void", "delete", "class", "this", "if", "await":
		return nil, fail(t.at, "%q is not part of the script language", t.text)
	}
	return &nameNode{t.at, t.text}, nil
}

// construct reads what follows new: a name with properties, then arguments.
func (p *parser) construct(t token) (node, error) {
	name, err := p.peek(true)
	if err != nil {
		return nil, err
	}
	if name.kind != nameToken {
		return nil, fail(name.at, "expected a name behind new, found %s", name)
	}
	p.take()
	callee, err := p.chain(&nameNode{name.at, name.text}, false)
	if err != nil {
		return nil, err
	}
	call := &callNode{at: t.at, callee: callee, isNew: true}
	open, err := p.accept("(", false)
	if err != nil || !open {
		return call, err
	}
	call.args, err = p.list(")")
	return call, err
}

// chain reads the accesses and calls behind a value. They nest to the left, so
// that a long chain is deep as a tree: it is bounded like depth.
func (p *parser) chain(n node, calls bool) (node, error) {
	for links := 0; ; links++ {
		t, err := p.peek(false)
		if err != nil {
			return nil, err
		}
		if t.kind != markToken {
			return n, nil
		}
		if links >= 4*maxDepth {
			return nil, fail(t.at, "this chain has more than %d calls and members", 4*maxDepth)
		}
		switch {
		case t.text == ".":
			p.take()
			name, err := p.peek(false)
			if err != nil {
				return nil, err
			}
			if name.kind != nameToken {
				return nil, fail(name.at, "expected a name behind the point, found %s", name)
			}
			p.take()
			n = &memberNode{at: name.at, object: n, name: name.text}
		case t.text == "[":
			p.take()
			key, err := p.expression()
			if err != nil {
				return nil, err
			}
			if err := p.expect("]", "behind the member's name"); err != nil {
				return nil, err
			}
			n = &memberNode{at: t.at, object: n, key: key}
		case t.text == "(" && calls:
			p.take()
			args, err := p.list(")")
			if err != nil {
				return nil, err
			}
			n = &callNode{at: t.at, callee: n, args: args}
		default:
			return n, nil
		}
	}
}

// list reads values up to a closing mark.
func (p *parser) list(closing string) ([]node, error) {
	var items []node
	for {
		end, err := p.accept(closing, true)
		if err != nil || end {
			return items, err
		}
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, n)
		if done, err := p.separated(closing, "behind the value"); done || err != nil {
			return items, err
		}
	}
}

// object reads what follows the { of an object.
func (p *parser) object(at int) (node, error) {
	o := &objectNode{at: at}
	for {
		end, err := p.accept("}", true)
		if err != nil || end {
			return o, err
		}
		m, err := p.member()
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, m)
		if done, err := p.separated("}", "behind the member"); done || err != nil {
			return o, err
		}
	}
}

func (p *parser) member() (m member, err error) {
	t, err := p.peek(true)
	if err != nil {
		return m, err
	}
	p.take()
	m.at, m.name = t.at, t.text
	switch {
	case t.kind == nameToken, t.kind == stringToken:
	case t.kind == numberToken:
		n, err := number(t)
		if err != nil {
			return m, err
		}
		m.name = string(value.AppendPlain(nil, n.v))
	case t.kind == markToken && t.text == "[":
		if m.key, err = p.expression(); err != nil {
			return m, err
		}
		if err := p.expect("]", "behind the member's name"); err != nil {
			return m, err
		}
	default:
		return m, fail(t.at, "expected the name of a member, found %s", t)
	}
	colon, err := p.accept(":", false)
	if err != nil {
		return m, err
	}
	if colon {
		m.value, err = p.expression()
		return m, err
	}
	if t.kind != nameToken || reserved(t.text) {
		return m, p.expect(":", "behind the member's name")
	}
	m.value = &nameNode{t.at, t.text}
	return m, nil
}

// number converts the digits of a number: a whole one is an integer.
func number(t token) (*literal, error) {
	if n, err := strconv.ParseInt(t.text, 0, 64); err == nil && !octal(t.text) {
		if t.kind == bigintToken {
			return &literal{t.at, value.Int64(n)}, nil
		}
		return &literal{t.at, value.Int(n)}, nil
	}
	f, err := strconv.ParseFloat(t.text, 64)
	plain := strings.Trim(t.text, "0123456789+-.eE") == ""
	if t.kind == bigintToken || !plain || octal(t.text) || err != nil && !math.IsInf(f, 0) {
		return nil, fail(t.at, "%s is not a number", t)
	}
	return &literal{t.at, value.Float(f)}, nil
}

// octal reports whether a number begins with a needless 0, which JavaScript
// would read to another base.
func octal(text string) bool {
	text = strings.TrimLeft(text, "+-")
	return len(text) > 1 && text[0] == '0' && (text[1] >= '0' && text[1] <= '9' || strings.ContainsAny(text[1:2], "oObB_")) || strings.Contains(text, "_")
}

func regexLiteral(t token) (node, error) {
	flags, err := regexFlags(t.at, t.flags)
	if err != nil {
		return nil, err
	}
	if strings.ContainsRune(t.text, 0) {
		return nil, fail(t.at, "a regular expression cannot hold the character NUL")
	}
	return &literal{t.at, value.RegexOf(t.text, flags)}, nil
}

// regexFlags keeps the flags that the database knows, in order; those that only
// say how JavaScript goes on after a match mean nothing here.
func regexFlags(at int, given string) (string, error) {
	var known []byte
	for _, f := range "imsx" {
		if strings.ContainsRune(given, f) {
			known = append(known, byte(f))
		}
	}
	if strings.Trim(given, "imsxgu") != "" {
		return "", fail(at, "unknown flag of a regular expression in %q; use i, m, s", given)
	}
	return string(known), nil
}
