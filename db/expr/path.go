package expr

import (
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// base is what a path starts from.
type base uint8

const (
	baseCurrent base = iota // $$CURRENT
	baseRoot                // $$ROOT
	baseNow                 // $$NOW
	baseOuter               // Scope.Vars[slot]
	baseLocal               // Scope.locals[slot]
)

// path reads a variable or a member of one: "$a.b", "$$ROOT", "$$this.x".
type path struct {
	base  base
	slot  int
	parts []string
	text  string // the parts with dots
}

func (p *path) eval(s *Scope) (value.Value, error) {
	switch p.base {
	case baseRoot:
		return p.of(s, value.FromDoc(s.Root))
	case baseOuter:
		if p.slot >= len(s.Vars) {
			return value.Value{}, nil
		}
		return p.of(s, s.Vars[p.slot])
	case baseLocal:
		return p.of(s, s.locals[p.slot])
	case baseNow:
		return p.of(s, s.date(s.Now.UnixMilli()))
	}
	return p.of(s, s.current())
}

// of goes down from v: through objects, and into the objects of an array, of
// which it returns an array.
func (p *path) of(s *Scope, v value.Value) (value.Value, error) {
	return reach(s, v, p.parts)
}

func reach(s *Scope, v value.Value, parts []string) (value.Value, error) {
	for i, name := range parts {
		switch v.Type {
		case value.TypeObject:
			var err error
			if v, err = s.lookup(v.Doc(), name); err != nil {
				return value.Value{}, err
			}
		case value.TypeArray:
			return reachEach(s, v.Doc(), parts[i:])
		default:
			return value.Value{}, nil
		}
	}
	return v, nil
}

// reachEach collects what the path finds in the elements that are objects;
// arrays directly inside an array are passed over.
func reachEach(s *Scope, array value.Doc, parts []string) (value.Value, error) {
	out := s.array(0)
	c := array.Cursor()
	for {
		_, element, ok := c.Next()
		if !ok {
			return out.value()
		}
		if err := s.spend(1); err != nil {
			return value.Value{}, err
		}
		if element.Type != value.TypeObject {
			continue
		}
		v, err := reach(s, element, parts)
		if err != nil {
			return value.Value{}, err
		}
		if v.Type == value.TypeMissing {
			continue
		}
		if err := out.add(v); err != nil {
			return value.Value{}, err
		}
	}
}

// compilePath reads a text that begins with $.
func (c *compiler) compilePath(at, text string) (node, error) {
	if name, ok := strings.CutPrefix(text, "$$"); ok {
		return c.compileVariable(at, name)
	}
	parts, err := splitPath(at, text[1:])
	if err != nil {
		return nil, err
	}
	return c.member("CURRENT", parts), nil
}

// compileVariable reads what follows $$: a variable, or a member of one.
func (c *compiler) compileVariable(at, text string) (node, error) {
	name, rest, dotted := strings.Cut(text, ".")
	var parts []string
	if dotted {
		var err error
		if parts, err = splitPath(at, rest); err != nil {
			return nil, err
		}
	}
	if name == "" {
		return nil, fault.Refused(at, "empty variable names are not allowed")
	}
	if n := c.member(name, parts); n != nil {
		return n, nil
	}
	return nil, fault.Refused(at, "Use of undefined variable: %s", name)
}

// member returns the node for a member of the variable, nil when there is no
// variable of that name.
func (c *compiler) member(name string, parts []string) node {
	p := &path{parts: parts, text: strings.Join(parts, ".")}
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i].name == name {
			p.base, p.slot = c.vars[i].base, c.vars[i].slot
			return p
		}
	}
	switch name {
	case "CURRENT":
		c.reads(parts)
		return p
	case "ROOT":
		c.reads(parts)
		p.base = baseRoot
		return p
	case "NOW":
		p.base = baseNow
		return p
	case "REMOVE":
		return &constant{}
	}
	return nil
}

// reads notes the top-level member that a path begins with.
func (c *compiler) reads(parts []string) {
	if len(parts) == 0 {
		c.whole = true
		return
	}
	for _, f := range c.fields {
		if f == parts[0] {
			return
		}
	}
	c.fields = append(c.fields, parts[0])
}

// splitPath splits a dotted path and refuses names that no path can have.
func splitPath(at, text string) ([]string, error) {
	parts := strings.Split(text, ".")
	if len(parts) > value.MaxDepth {
		return nil, fault.Refused(at, "FieldPath is too long: more than %d names", value.MaxDepth)
	}
	for _, name := range parts {
		if err := checkName(at, name); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// checkName refuses a name that no member of a path can have.
func checkName(at, name string) error {
	switch {
	case name == "":
		return fault.Refused(at, "FieldPath field names may not be empty")
	case name[0] == '$':
		return fault.Refused(at, "FieldPath field names may not start with '$'. Consider using $getField or $setField")
	case strings.IndexByte(name, 0) >= 0:
		return fault.Refused(at, "FieldPath field names may not contain the character NUL")
	}
	return nil
}
