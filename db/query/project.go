package query

import (
	"baas/db/effort"
	"baas/db/expr"
	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

// Projection is a compiled choice of members.
type Projection struct {
	include  bool // members without a rule of their own: false keeps them
	root     rule // without subs: everything
	computes bool // some rule makes a value, behind the members that are kept
	found    path // of "a.$": of the first array on it, only the element that filter finds stays
	filter   *Filter
	scopes   *scopes
}

// With returns p for documents that f found, such as a filter that was bound to
// a text index since p was compiled.
func (p *Projection) With(f *Filter) *Projection {
	with := *p
	with.filter = f
	return &with
}

// action is what a projection does with one member.
type action uint8

const (
	keep    action = iota // take it whole
	drop                  // leave it out
	descend               // subs decide
	slice                 // take a part of the array
	pick                  // take the first element that fits: $elemMatch
	compute               // evaluate an expression
	score                 // {$meta: "textScore"}
)

// rule is a node of the tree of paths.
type rule struct {
	name        string
	action      action
	subs        []*rule
	byName      map[string]*rule // of subs, once there are many
	skip, limit int64            // of slice: from, and how many; limit < 0 means to the end
	elem        node             // of pick
	expr        *expr.Expr
	computes    bool // it, or one below it, makes a value
}

// CompileProjection reads {path: 1 or 0 or a command}. Either the named members
// are kept (and _id, unless it is 0) or the named ones are dropped, never both;
// objects nest ({a: {b: 1}} is {"a.b": 1}). The commands are $slice and, for a
// top-level path, $elemMatch; {"a.$": 1} keeps the element of a that the
// condition found; any other value is an expression whose result the member
// becomes, behind the members that are kept. A nil or empty one keeps everything. A mixture, two
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
	if len(p.root.subs) == 0 {
		return append(value.Doc(nil), d...), nil
	}
	a := applier{Projection: p, doc: d, run: run{patterns: pattern.Run{Meter: m}}}
	var b value.Builder
	a.object(&b, d, &p.root, false)
	out := b.Doc()
	if p.computes {
		out = a.compute(out)
	}
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
	*Projection
	doc   value.Doc   // the whole one
	scope *expr.Scope // while values are computed
	run   run
}

// object appends the chosen members of d. Inside an array of an array, $slice
// has no effect.
func (a *applier) object(b *value.Builder, d value.Doc, above *rule, inner bool) {
	c := d.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			return
		}
		switch r := above.find(key); {
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
		if a.include {
			return // it is computed
		}
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
		b.Object(name, func(b *value.Builder) { a.object(b, v.Doc(), r, inner) })
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
			out.Object(func(b *value.Builder) { a.object(b, v.Doc(), r, inner) })
		case v.Type == value.TypeArray:
			out.Array(func(out *value.ArrayBuilder) { a.elements(out, v.Doc(), r, true) })
		case !a.include || r.computes: // which puts an object in its place
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

// many is the number of rules from which a map finds one faster than a look at
// each.
const many = 8

// find returns the rule below r for a member, nil when there is none.
func (r *rule) find(key []byte) *rule {
	if r.byName != nil {
		return r.byName[string(key)]
	}
	for _, sub := range r.subs {
		if sub.name == string(key) {
			return sub
		}
	}
	return nil
}

func (r *rule) add(sub *rule) {
	r.subs = append(r.subs, sub)
	switch {
	case r.byName != nil:
		r.byName[sub.name] = sub
	case len(r.subs) == many:
		r.byName = map[string]*rule{}
		for _, s := range r.subs {
			r.byName[s.name] = s
		}
	}
}
