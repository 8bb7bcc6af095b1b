package query

import (
	"strings"
	"time"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// projector collects the rules of a projection.
type projector struct {
	root     rule
	included bool        // some path but _id is kept
	excluded bool        // some path but _id is dropped
	sliced   bool        // some path has $slice
	picked   bool        // some path has $elemMatch
	scored   bool        // some path has $meta
	id       value.Value // what the projection says about _id
	found    path        // of the positional one
	filter   *Filter
}

func (c *projector) finish() *Projection {
	p := &Projection{root: c.root, found: c.found, filter: c.filter, scopes: &scopes{now: time.Now()}}
	switch {
	case c.included:
		p.include = true
	case c.excluded, c.sliced, c.scored:
	default:
		p.include = c.picked || c.id.IsTrue()
	}
	if p.include && p.root.find([]byte("_id")) == nil {
		p.root.add(&rule{name: "_id"})
	}
	for _, r := range p.root.subs {
		r.computes = r.makes(p.include)
		p.computes = p.computes || r.computes
	}
	return p
}

// makes reports whether r or a rule below it makes a value, and notes it in
// those below.
func (r *rule) makes(include bool) bool {
	made := r.action == compute || r.action == score || r.action == pick && include
	for _, sub := range r.subs {
		sub.computes = sub.makes(include)
		made = made || sub.computes
	}
	return made
}

// object reads one level of the projection; prefix is the path above it.
func (c *projector) object(prefix string, d value.Doc) error {
	for key, v := range d.All() {
		text := prefix + key
		at := "projection." + text
		switch {
		case hasEmptyPart(key) || strings.Count(text, ".") >= value.MaxDepth:
			return fault.Refused(at, "must be the path of a member")
		case strings.HasSuffix(key, ".$"):
			if err := c.positional(at, strings.TrimSuffix(text, ".$"), v); err != nil {
				return err
			}
			continue
		case strings.HasPrefix(key, "$") || strings.Contains(key, ".$"):
			return fault.Refused(at, "a member's name cannot begin with $")
		}
		if err := c.path(at, text, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *projector) path(at, text string, v value.Value) error {
	r := rule{}
	switch v.Type {
	case value.TypeBool, value.TypeInt32, value.TypeInt64, value.TypeDouble:
		if !v.IsTrue() {
			r.action = drop
		}
		if err := c.mode(at, text, v); err != nil {
			return err
		}
	case value.TypeObject:
		switch {
		case v.Doc().IsEmpty():
			return fault.Refused(at, "An empty sub-projection is not a valid value; must be 1, 0, a command or an expression")
		case !isOperators(v):
			return c.object(text+".", v.Doc())
		}
		if err := c.command(at, text, v, &r); err != nil {
			return err
		}
	default:
		if err := c.computed(at, text, v, &r); err != nil {
			return err
		}
	}
	return c.insert(at, text, r)
}

// positional reads "a.$": 1.
func (c *projector) positional(at, text string, v value.Value) error {
	switch {
	case v.Type == value.TypeObject:
		return fault.Refused(at, "Positional projection is not allowed when applied to an expression or sub object")
	case v.Type != value.TypeBool && !v.Type.IsNumber():
		return fault.Refused(at, "Positional projection is not applicable when working with a literal value")
	case !v.IsTrue():
		return fault.Refused(at, "Cannot exclude array elements with the positional operator")
	case strings.Contains(text, "$"):
		return fault.Refused(at, "Positional projection may only be used at the end of a path")
	case c.found != nil:
		return fault.Refused(at, "Cannot specify more than one positional projection per query.")
	case c.picked:
		return fault.Refused(at, "Cannot specify both positional operator and $elemMatch in one projection")
	}
	c.found = splitPath(text)
	return c.path(at, text, v)
}

// mode notes that a path is kept or dropped, and refuses the mixture.
func (c *projector) mode(at, text string, v value.Value) error {
	if text == "_id" {
		c.id = v
		return nil
	}
	if v.IsTrue() {
		c.included = true
	} else {
		c.excluded = true
	}
	return c.mixture(at, text, v.IsTrue())
}

// mixture refuses to keep some members and drop others; _id apart.
func (c *projector) mixture(at, text string, keeps bool) error {
	switch {
	case !c.included || !c.excluded:
		return nil
	case keeps:
		return fault.Refused(at, "Cannot do inclusion on field %s in exclusion projection", text)
	}
	return fault.Refused(at, "Cannot do exclusion on field %s in inclusion projection", text)
}

// computed reads an expression.
func (c *projector) computed(at, text string, v value.Value, r *rule) (err error) {
	c.included = true
	if err := c.mixture(at, text, true); err != nil {
		return err
	}
	r.action = compute
	r.expr, err = expr.Compile(at, v, expr.Options{})
	return err
}

// command reads {"$slice": …} and the others that only a find has; what begins
// with another $ is an expression.
func (c *projector) command(at, text string, v value.Value, r *rule) error {
	name := firstKey(v.Doc())
	arg := v.Doc().Get(name)
	where := at + "." + name
	switch name {
	case "$slice", "$elemMatch", "$meta":
		if v.Doc().Len() > 1 {
			return fault.Refused(where, "must be the only command of its path")
		}
	}
	switch name {
	case "$slice":
		if isSliceExpression(arg) {
			break
		}
		r.action = slice
		c.sliced = true
		return readSlice(where, arg, r)
	case "$elemMatch":
		return c.elemMatch(where, text, arg, r)
	case "$meta":
		if arg.Text() != "textScore" {
			return fault.Refused(where, "must be \"textScore\"")
		}
		r.action = score
		c.scored = true
		return nil
	}
	return c.computed(at, text, v, r)
}

func (c *projector) elemMatch(at, text string, arg value.Value, r *rule) error {
	switch {
	case strings.Contains(text, "."):
		return fault.Refused(at, "Cannot use $elemMatch projection on a nested field")
	case c.found != nil:
		return fault.Refused(at, "Cannot specify both positional operator and $elemMatch in one projection")
	}
	r.action = pick
	c.picked = true
	n, err := compiler{}.elemMatch(operand{at: at, v: arg})
	r.elem = n
	return err
}

// isSliceExpression tells {$slice: ["$a", 2]}, which computes a value, from
// {$slice: [1, 2]}, which takes a part of the member.
func isSliceExpression(arg value.Value) bool {
	if arg.Type != value.TypeArray {
		return false
	}
	first := arg.Doc().At(0)
	return arg.Doc().Len() == 3 || !first.IsMissing() && !first.Type.IsNumber() ||
		arg.Doc().Len() == 2 && !arg.Doc().At(1).Type.IsNumber()
}

// readSlice reads n (the first n, or the last -n) or [skip, n].
func readSlice(at string, v value.Value, r *rule) error {
	if v.Type != value.TypeArray {
		n, ok := clamped(v)
		if !ok {
			return fault.Refused(at, "must be a number or [skip, number]")
		}
		r.skip, r.limit = min(n, 0), n
		if n < 0 {
			r.limit = -1
		}
		return nil
	}
	skip, okSkip := clamped(v.Doc().At(0))
	limit, okLimit := clamped(v.Doc().At(1))
	if v.Doc().Len() != 2 || !okSkip || !okLimit || limit <= 0 {
		return fault.Refused(at, "must be [skip, number], the number larger than 0")
	}
	r.skip, r.limit = skip, limit
	return nil
}

// clamped returns a number without its fraction, within 32 bits: no array is
// longer.
func clamped(v value.Value) (int64, bool) {
	f, ok := v.AsFloat()
	if !ok || f != f {
		return 0, false
	}
	const most = 1<<31 - 1
	return int64(max(-most, min(f, most))), true
}

// insert hangs the rule into the tree; no path may stand twice or below another.
func (c *projector) insert(at, text string, r rule) error {
	above := &c.root
	names := strings.Split(text, ".")
	for i, name := range names {
		old := above.find([]byte(name))
		last := i == len(names)-1
		switch {
		case old != nil && (last || old.action != descend):
			return fault.Refused(at, "collides with another path of the projection")
		case old != nil:
			above = old
			continue
		}
		next := &rule{name: name, action: descend}
		if last {
			r.name = name
			*next = r
		}
		above.add(next)
		above = next
	}
	return nil
}
