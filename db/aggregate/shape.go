package aggregate

import (
	"bytes"
	"slices"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// action is what a stage does with one member.
type action uint8

const (
	keep    action = iota // take it as it is
	drop                  // leave it out
	compute               // the value of an expression
	descend               // subs decide
)

// rule is a node of the tree of paths that $project, $addFields and $unset name.
type rule struct {
	name     []byte
	action   action
	value    *expr.Expr       // of compute
	subs     []*rule          // of descend, in the order in which they were named
	byName   map[string]*rule // the same, when they are many
	computes bool             // it or some rule below it computes
}

// fewRules is up to how many a search one by one is faster than a map.
const fewRules = 8

// find returns the rule for a member, nil when there is none.
func (r *rule) find(key []byte) *rule {
	if r.byName != nil {
		return r.byName[string(key)]
	}
	for _, sub := range r.subs {
		if len(sub.name) == len(key) && bytes.Equal(sub.name, key) {
			return sub
		}
	}
	return nil
}

func (r *rule) add(sub *rule) {
	r.subs = append(r.subs, sub)
	if len(r.subs) <= fewRules {
		return
	}
	if r.byName == nil {
		r.byName = map[string]*rule{}
		for _, old := range r.subs {
			r.byName[string(old.name)] = old
		}
	}
	r.byName[string(sub.name)] = sub
}

// hang puts a leaf at the path; no path may stand twice or below another.
func hang(at string, above *rule, p fieldPath, leaf rule) error {
	for i, name := range p {
		above.computes = above.computes || leaf.action == compute // of the root, too
		old := above.find(name)
		last := i == len(p)-1
		switch {
		case old != nil && (last || old.action != descend):
			return fault.Refused(at, "collides with another path of the stage")
		case old != nil:
			above = old
			continue
		}
		next := &rule{name: name, action: descend}
		if last {
			leaf.name, leaf.computes = name, leaf.action == compute
			*next = leaf
		}
		above.add(next)
		above = next
	}
	return nil
}

// shaper reads the argument of $project or $addFields.
type shaper struct {
	c    *compiler
	root rule
	// leaf reads what stands at a path, unless it is an object of more paths.
	leaf func(at string, p fieldPath, v value.Value) (r rule, err error)
}

// object reads one level of the argument; above is the path to it.
func (s *shaper) object(at string, above fieldPath, d value.Doc) error {
	for key, v := range d.All() {
		where := at + "." + key
		p, err := parseField(where, key)
		if err != nil {
			return err
		}
		p = append(slices.Clip(above), p...)
		if len(p) >= value.MaxDepth {
			return fault.Refused(where, "the path has more than %d parts", value.MaxDepth)
		}
		if v.Type == value.TypeObject && !isExpression(v.Doc()) {
			if v.Doc().IsEmpty() {
				return fault.Refused(where, "an empty object is no value here; use {$literal: {}}")
			}
			if err := s.object(where, p, v.Doc()); err != nil {
				return err
			}
			continue
		}
		r, err := s.leaf(where, p, v)
		if err != nil {
			return err
		}
		if err := hang(where, &s.root, p, r); err != nil {
			return err
		}
	}
	return nil
}

// isExpression reports whether an object is an operator rather than paths: its
// first key begins with $.
func isExpression(d value.Doc) bool {
	c := d.Cursor()
	key, _, ok := c.Next()
	return ok && len(key) > 0 && key[0] == '$'
}

// expression compiles an expression with the variables in scope.
func (c *compiler) expression(at string, v value.Value, more ...string) (*expr.Expr, error) {
	return expr.Compile(at, v, expr.Options{Vars: append(slices.Clip(c.vars), more...)})
}

func (s *shaper) computed(at string, v value.Value) (rule, error) {
	e, err := s.c.expression(at, v)
	return rule{action: compute, value: e}, err
}

// names returns the top-level members that the rules below r name.
func (r *rule) names() []string {
	out := make([]string, len(r.subs))
	for i, sub := range r.subs {
		out[i] = string(sub.name)
	}
	return out
}

// shaping writes documents by rules.
type shaping struct {
	scope expr.Scope
	w     buffer
	stage string
}

func (r *run) shaping(stage string) shaping {
	return shaping{scope: r.scope(), stage: stage}
}

// scope returns a fresh scope for the expressions of one stage.
func (r *run) scope() expr.Scope {
	return expr.Scope{Now: r.now, Vars: r.vars, Meter: r.meter}
}

// compute writes the member of a rule that computes. level is how deep the
// object around it is nested.
func (s *shaping) compute(r *rule, level int) error {
	v, err := r.value.Eval(&s.scope)
	if err != nil {
		return err
	}
	if deeper(v, value.MaxDepth-level) {
		return tooDeep(s.stage)
	}
	s.w.add(r.name, v)
	return s.room()
}

// room refuses a document that has become too large.
func (s *shaping) room() error {
	if len(s.w.b) > value.MaxBytes {
		return tooLarge(s.stage)
	}
	return nil
}

func tooDeep(stage string) error {
	return fault.New(fault.DatabaseFailed, "%s makes a document that nests deeper than %d levels", stage, value.MaxDepth)
}

func tooLarge(stage string) error {
	return fault.New(fault.DatabaseFailed, "%s makes a document of more than %d MB; keep fewer or smaller members", stage, value.MaxBytes>>20)
}

// deeper reports whether v nests in more levels.
func deeper(v value.Value, levels int) bool {
	if v.Type != value.TypeObject && v.Type != value.TypeArray {
		return false
	}
	if levels <= 0 {
		return true
	}
	c := v.Doc().Cursor()
	for {
		_, member, ok := c.Next()
		if !ok {
			return false
		}
		if deeper(member, levels-1) {
			return true
		}
	}
}

// eachIn writes an array of what fn makes of its elements. fn writes an element
// of the position that it is given, or nothing and then returns false.
func (s *shaping) eachIn(key []byte, array value.Doc, fn func(i int, v value.Value) (bool, error)) error {
	start := s.w.open(value.TypeArray, key)
	n := 0
	for c := array.Cursor(); ; {
		_, v, ok := c.Next()
		if !ok {
			break
		}
		wrote, err := fn(n, v)
		if err != nil {
			return err
		}
		if wrote {
			n++
		}
	}
	s.w.end(start)
	return s.room()
}

// digits returns the key of an element.
func digits(scratch []byte, i int) []byte {
	if i < 10 {
		return append(scratch[:0], byte('0'+i))
	}
	return append(digits(scratch, i/10), byte('0'+i%10))
}
