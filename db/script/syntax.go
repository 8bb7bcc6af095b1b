package script

import (
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
