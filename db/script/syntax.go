package script

import (
	"math"
	"strconv"
	"strings"

	"baas/db/value"
)

// Bounds of a script's syntax tree.
const (
	maxDepth = 100
	maxNodes = 100_000
)

// node is one expression.
type node interface{ pos() int }

type (
	literal struct {
		at int
		v  value.Value // Missing is undefined
	}
	nameNode struct {
		at   int
		name string
	}
	arrayNode struct {
		at    int
		items []node
	}
	objectNode struct {
		at      int
		members []member
	}
	// memberNode is object.name or object[key].
	memberNode struct {
		at     int
		object node
		name   string
		key    node // nil: name
	}
	callNode struct {
		at     int
		callee node
		args   []node
		isNew  bool
	}
)

type member struct {
	at    int
	name  string
	key   node // computed; nil: name
	value node
}

func (n *literal) pos() int    { return n.at }
func (n *nameNode) pos() int   { return n.at }
func (n *arrayNode) pos() int  { return n.at }
func (n *objectNode) pos() int { return n.at }
func (n *memberNode) pos() int { return n.at }
func (n *callNode) pos() int   { return n.at }

// statement declares names, or is an expression when target is nil.
type statement struct {
	at     int
	target *target
	value  node
}

// target is what a declaration gives names to: one name, or members of an
// object.
type target struct {
	at      int
	name    string
	members []binding // of an object pattern
	object  bool
}

// binding takes a member of an object apart.
type binding struct {
	at   int
	key  string
	into *target
}

// parser reads tokens into statements, by recursive descent.
type parser struct {
	lex   lexer
	ahead *token
	depth int
	nodes int
}

// peek returns the next token; operand says that a value may stand here.
func (p *parser) peek(operand bool) (token, error) {
	if p.ahead == nil {
		t, err := p.lex.next(operand)
		if err != nil {
			return t, err
		}
		p.ahead = &t
	}
	return *p.ahead, nil
}

func (p *parser) take() { p.ahead = nil }

// accept takes the mark if it comes next.
func (p *parser) accept(mark string, operand bool) (bool, error) {
	t, err := p.peek(operand)
	if err != nil || t.kind != markToken || t.text != mark {
		return false, err
	}
	p.take()
	return true, nil
}

func (p *parser) expect(mark, where string) error {
	ok, err := p.accept(mark, false)
	if err != nil || ok {
		return err
	}
	t := *p.ahead
	return fail(t.at, "expected %s %s, found %s", mark, where, t)
}

// program reads all statements.
func (p *parser) program() ([]statement, error) {
	var list []statement
	for {
		t, err := p.peek(true)
		if err != nil {
			return nil, err
		}
		if t.kind == endToken {
			return list, nil
		}
		if t.kind == markToken && t.text == ";" {
			p.take()
			continue
		}
		s, err := p.statement(t)
		if err != nil {
			return nil, err
		}
		list = append(list, s...)
		if t, err = p.peek(false); err != nil {
			return nil, err
		}
		if t.kind != endToken && !t.fresh && t.text != ";" {
			return nil, fail(t.at, "expected ; or a new line, found %s", t)
		}
	}
}

func (p *parser) statement(t token) ([]statement, error) {
	if t.kind == nameToken {
		switch t.text {
		case "const", "let", "var":
			p.take()
			return p.declarations()
		case "await", "return":
			p.take()
		case "function", "if", "for", "while", "do", "switch", "try", "throw", "class", "async", "import", "export", "delete", "typeof", "void", "with":
			return nil, fail(t.at, "%q: the script language has declarations and one call chain on db, nothing else", t.text)
		}
	}
	e, err := p.expression()
	return []statement{{at: t.at, value: e}}, err
}

func (p *parser) declarations() ([]statement, error) {
	var list []statement
	for {
		to, err := p.target()
		if err != nil {
			return nil, err
		}
		if err := p.expect("=", "after the name"); err != nil {
			return nil, err
		}
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		list = append(list, statement{to.at, to, e})
		more, err := p.accept(",", false)
		if err != nil || !more {
			return list, err
		}
	}
}

func (p *parser) enter(at int) error {
	if p.depth++; p.depth > maxDepth {
		return fail(at, "nested deeper than %d levels", maxDepth)
	}
	if p.nodes++; p.nodes > maxNodes {
		return fail(at, "the script has more than %d parts", maxNodes)
	}
	return nil
}

// target reads a name or an object pattern.
func (p *parser) target() (*target, error) {
	t, err := p.peek(true)
	if err != nil {
		return nil, err
	}
	if err := p.enter(t.at); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.take()
	switch {
	case t.kind == nameToken && !reserved(t.text):
		return &target{at: t.at, name: t.text}, nil
	case t.kind == markToken && t.text == "{":
		return p.pattern(t.at)
	}
	return nil, fail(t.at, "expected a name or {names}, found %s", t)
}

// pattern reads what follows the { of an object pattern.
func (p *parser) pattern(at int) (*target, error) {
	to := &target{at: at, object: true}
	for {
		t, err := p.peek(true)
		if err != nil {
			return nil, err
		}
		p.take()
		if t.kind == markToken && t.text == "}" {
			return to, nil
		}
		if t.kind != nameToken && t.kind != stringToken {
			return nil, fail(t.at, "expected the name of a member, found %s", t)
		}
		b := binding{at: t.at, key: t.text, into: &target{at: t.at, name: t.text}}
		renamed, err := p.accept(":", false)
		if err != nil {
			return nil, err
		}
		if renamed {
			if b.into, err = p.target(); err != nil {
				return nil, err
			}
		} else if t.kind == stringToken || reserved(t.text) {
			return nil, fail(t.at, "give this member a name: %q: name", t.text)
		}
		to.members = append(to.members, b)
		if done, err := p.separated("}", "in the list of names"); done || err != nil {
			return to, err
		}
	}
}

// separated takes the comma between two parts of a list, or the mark that
// closes it.
func (p *parser) separated(closing, where string) (done bool, err error) {
	comma, err := p.accept(",", false)
	if err != nil || comma {
		return false, err
	}
	return true, p.expect(closing, where)
}

func reserved(name string) bool {
	switch name {
	case "null", "true", "false", "new", "const", "let", "var", "this", "function", "return", "await":
		return true
	}
	return false
}

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
