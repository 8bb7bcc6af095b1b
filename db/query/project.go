package query

import (
	"bytes"
	"strings"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

// Projection is a compiled choice of members.
type Projection struct {
	include bool    // of members without a rule of their own: false keeps them
	rules   []*rule // empty: everything
	appends []*rule // $elemMatch of an including projection, behind the others
	found   path    // of "a.$": of the first array on it, only the element that filter finds stays
	filter  *Filter
}

// action is what a projection does with one member.
type action uint8

const (
	keep    action = iota // take it whole
	drop                  // leave it out
	descend               // subs decide
	slice                 // take a part of the array
	pick                  // take the first element that fits: $elemMatch
)

// rule is a node of the tree of paths.
type rule struct {
	name        string
	action      action
	subs        []*rule
	skip, limit int64 // of slice: from, and how many; limit < 0 means to the end
	elem        node  // of pick
}

// CompileProjection reads {path: 1 or 0 or a command}. Either the named members
// are kept (and _id, unless it is 0) or the named ones are dropped, never both;
// objects nest ({a: {b: 1}} is {"a.b": 1}). The commands are $slice and, for a
// top-level path, $elemMatch; {"a.$": 1} keeps the element of a that the
// condition found. A nil or empty one keeps everything. A mixture, two
// rules for one path or a wrong operand is a DatabaseFailed, an unknown operator
// a DatabaseOperator, both naming the path. f is the condition that found the
// documents, nil for none: the positional "a.$" speaks of it.
func CompileProjection(d value.Doc, f *Filter) (*Projection, error) {
	if len(d) == 0 {
		return &Projection{}, nil
	}
	if err := value.Check(d); err != nil {
		return nil, err
	}
	if d.IsEmpty() {
		return &Projection{}, nil
	}
	c := projector{filter: f}
	if err := c.object("", append(value.Doc(nil), d...)); err != nil {
		return nil, err
	}
	return c.finish(), nil
}

// Apply returns the chosen members of d in their order, in a document of its
// own. The error is that of [Filter.Match], from a $elemMatch.
func (p *Projection) Apply(d value.Doc) (value.Doc, error) { return p.ApplyWithin(nil, d) }

// ApplyWithin is Apply for one document of a request.
func (p *Projection) ApplyWithin(m *effort.Meter, d value.Doc) (value.Doc, error) {
	if len(p.rules) == 0 && len(p.appends) == 0 {
		return append(value.Doc(nil), d...), nil
	}
	a := applier{include: p.include, run: run{patterns: pattern.Run{Meter: m}}}
	var b value.Builder
	a.object(&b, d, p.rules, false)
	for _, r := range p.appends {
		a.member(&b, r.name, d.Get(r.name), r, false)
	}
	out := b.Doc()
	if err := a.run.end(); err != nil || p.found == nil {
		return out, err
	}
	return p.cut(m, d, out)
}

// cut leaves one element of the array that the positional path leads to.
func (p *Projection) cut(m *effort.Meter, d, out value.Doc) (value.Doc, error) {
	at := -1
	if p.filter != nil {
		var err error
		if at, _, err = p.filter.Locate(m, d); err != nil {
			return nil, err
		}
	}
	var b value.Builder
	if !only(&b, out, p.found, at) {
		return nil, fault.Refused("projection."+p.found.String()+".$", "Executor error during find command :: caused by :: "+
			"positional operator '.$' couldn't find a matching element in the array")
	}
	return b.Doc(), nil
}

// only appends d with the first array on the path cut to the element at that
// position; false means that there is no such element.
func only(b *value.Builder, d value.Doc, p path, at int) bool {
	ok := true
	for key, v := range d.All() {
		switch {
		case key != p[0].name:
			b.Add(key, v)
		case v.Type == value.TypeArray:
			element := v.Doc().At(at)
			ok = !element.IsMissing()
			b.Array(key, func(a *value.ArrayBuilder) { a.Add(element) })
		case v.Type == value.TypeObject && len(p) > 1:
			b.Object(key, func(b *value.Builder) { ok = only(b, v.Doc(), p[1:], at) })
		default:
			b.Add(key, v)
		}
	}
	return ok
}

// applier is the state of one Apply.
type applier struct {
	include bool
	run     run
}

// object appends the chosen members of d. Inside an array of an array, $slice
// has no effect.
func (a *applier) object(b *value.Builder, d value.Doc, rules []*rule, inner bool) {
	c := d.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			return
		}
		switch r := find(rules, key); {
		case r != nil:
			a.member(b, r.name, v, r, inner)
		case !a.include:
			b.Add(string(key), v)
		}
	}
}

func (a *applier) member(b *value.Builder, name string, v value.Value, r *rule, inner bool) {
	switch r.action {
	case keep:
		b.Add(name, v)
	case descend:
		a.descend(b, name, v, r, inner)
	case slice:
		if inner || v.Type != value.TypeArray {
			b.Add(name, v)
			return
		}
		b.Add(name, r.slice(v))
	case pick:
		if element := a.pick(v, r); !element.IsMissing() {
			b.Array(name, func(out *value.ArrayBuilder) { out.Add(element) })
		}
	}
}

// descend goes into an object, or into each element of an array; what is
// neither has no members to choose.
func (a *applier) descend(b *value.Builder, name string, v value.Value, r *rule, inner bool) {
	switch {
	case v.Type == value.TypeObject:
		b.Object(name, func(b *value.Builder) { a.object(b, v.Doc(), r.subs, inner) })
	case v.Type == value.TypeArray:
		b.Array(name, func(out *value.ArrayBuilder) { a.elements(out, v.Doc(), r, inner) })
	case !a.include:
		b.Add(name, v)
	}
}

func (a *applier) elements(out *value.ArrayBuilder, array value.Doc, r *rule, inner bool) {
	for _, v := range array.All() {
		switch {
		case v.Type == value.TypeObject:
			out.Object(func(b *value.Builder) { a.object(b, v.Doc(), r.subs, inner) })
		case v.Type == value.TypeArray:
			out.Array(func(out *value.ArrayBuilder) { a.elements(out, v.Doc(), r, true) })
		case !a.include:
			out.Add(v)
		}
	}
}

func (a *applier) pick(v value.Value, r *rule) value.Value {
	if v.Type != value.TypeArray {
		return value.Value{}
	}
	for _, element := range v.Doc().All() {
		if !a.run.step() {
			break
		}
		if r.elem.element(&a.run, element) {
			return element
		}
	}
	return value.Value{}
}

// slice returns the part of the array that the rule asks for.
func (r *rule) slice(v value.Value) value.Value {
	from, length := r.skip, int64(v.Doc().Len())
	if from < 0 {
		from = max(0, length+from)
	}
	var out value.ArrayBuilder
	i := int64(0)
	for _, element := range v.Doc().All() {
		if i >= from && (r.limit < 0 || i-from < r.limit) {
			out.Add(element)
		}
		i++
	}
	return out.Value()
}

func find(rules []*rule, key []byte) *rule {
	for _, r := range rules {
		if len(r.name) == len(key) && bytes.Equal([]byte(r.name), key) {
			return r
		}
	}
	return nil
}

// projector collects the rules of a projection.
type projector struct {
	root     rule
	included bool        // some path but _id is kept
	excluded bool        // some path but _id is dropped
	sliced   bool        // some path has $slice
	picked   bool        // some path has $elemMatch
	id       value.Value // what the projection says about _id
	found    path        // of the positional one
	filter   *Filter
}

func (c *projector) finish() *Projection {
	p := &Projection{rules: c.root.subs, found: c.found, filter: c.filter}
	switch {
	case c.included:
		p.include = true
	case c.excluded, c.sliced:
	default:
		p.include = c.picked || c.id.IsTrue()
	}
	if p.include && c.id.IsMissing() {
		p.rules = append(p.rules, &rule{name: "_id"})
	}
	if !p.include {
		return p
	}
	rest := p.rules[:0:0]
	for _, r := range p.rules {
		if r.action == pick {
			p.appends = append(p.appends, r)
			continue
		}
		rest = append(rest, r)
	}
	p.rules = rest
	return p
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
		if !isOperators(v) {
			if v.Doc().IsEmpty() {
				return fault.Refused(at, "must be 1, 0 or a command")
			}
			return c.object(text+".", v.Doc())
		}
		if err := c.command(at, text, v.Doc(), &r); err != nil {
			return err
		}
	default:
		return fault.Refused(at, "must be 1, 0 or a command, it is of type %s", v.Type.Name())
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
	if c.included && c.excluded {
		return fault.Refused(at, "a projection either keeps (1) or drops (0) members; only _id may differ")
	}
	return nil
}

func (c *projector) command(at, text string, d value.Doc, r *rule) error {
	name, arg := firstKey(d), value.Value{}
	if d.Len() == 1 {
		arg = d.Get(name)
	}
	at += "." + name
	switch {
	case arg.IsMissing():
		return fault.Refused(at, "must be the only command of its path")
	case name == "$slice":
		r.action = slice
		c.sliced = true
		return readSlice(at, arg, r)
	case name == "$elemMatch":
		if strings.Contains(text, ".") {
			return fault.Refused(at, "works on a top-level member only")
		}
		if c.found != nil {
			return fault.Refused(at, "Cannot specify both positional operator and $elemMatch in one projection")
		}
		r.action = pick
		c.picked = true
		n, err := compiler{}.elemMatch(operand{at: at, v: arg})
		r.elem = n
		return err
	}
	return unknown(at)
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
		old := find(above.subs, []byte(name))
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
		above.subs = append(above.subs, next)
		above = next
	}
	return nil
}
