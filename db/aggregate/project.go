package aggregate

import (
	"bytes"

	"baas/db/fault"
	"baas/db/value"
)

// project is $project: which members a document keeps, or loses, and what is
// computed beside them.
type project struct {
	name    string // as the request calls it: $unset is one that drops
	include bool   // members without a rule are left out
	root    *rule
}

// projector reads the argument of $project.
type projector struct {
	shaper
	id       value.Value // what it says about _id, when it is a flag
	included bool        // some path but _id is kept or computed
	excluded bool        // some path but _id is dropped
}

func (c *compiler) project(at string, v value.Value) (*project, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object of members, it is of type %s", v.Type.Name())
	}
	if v.Doc().IsEmpty() {
		return nil, fault.Refused(at, "name at least one member")
	}
	p := projector{shaper: shaper{c: c}}
	p.leaf = p.read
	if err := p.object(at, nil, v.Doc()); err != nil {
		return nil, err
	}
	out := &project{name: "$project", root: &p.root}
	out.include = p.included || !p.excluded && p.id.IsTrue()
	switch id := []byte("_id"); {
	case out.include && p.id.IsMissing() && p.root.find(id) == nil:
		p.root.add(&rule{name: id})
	case out.include && !p.id.IsMissing() && !p.id.IsTrue(), !out.include && p.id.IsTrue():
		out.root = p.root.without(id) // the default of members without a rule
	}
	return out, nil
}

func (r *rule) without(name []byte) *rule {
	out := &rule{computes: r.computes}
	for _, sub := range r.subs {
		if !bytes.Equal(sub.name, name) {
			out.add(sub)
		}
	}
	return out
}

// read reads what stands at a path: a flag or an expression.
func (p *projector) read(at string, path fieldPath, v value.Value) (rule, error) {
	r := rule{}
	var err error
	flag := v.Type == value.TypeBool || v.Type.IsNumber()
	if !flag {
		if r, err = p.computed(at, v); err != nil {
			return r, err
		}
	} else if !v.IsTrue() {
		r.action = drop
	}
	isID := len(path) == 1 && string(path[0]) == "_id"
	switch {
	case isID && flag:
		p.id = v
	case r.action == drop:
		p.excluded = true
	default:
		p.included = true
	}
	if p.included && p.excluded {
		return r, fault.Refused(at, "a projection either keeps and computes members or drops them (0); only _id may differ")
	}
	return r, nil
}

func (p *project) open(r *run, next sink) (sink, error) {
	return &projecting{project: p, shaping: r.shaping(p.name), run: r, next: next}, nil
}

type projecting struct {
	*project
	shaping
	run  *run
	next sink
}

func (p *projecting) push(d value.Doc) error {
	if err := p.run.spend(len(d) + len(p.root.subs)<<8); err != nil {
		return err
	}
	p.run.next(&p.scope, d)
	p.w.begin()
	var err error
	if p.include {
		err = p.members(d, p.root, 1)
	} else {
		err = p.others(d, p.root)
	}
	if err != nil {
		return err
	}
	out := p.w.doc()
	if err := p.room(); err != nil {
		return err
	}
	return p.next.push(out)
}

func (p *projecting) close() error { return p.next.close() }

// members writes the members that the rules keep, in the order of the document,
// and behind them what they compute, in the order of the rules.
func (p *projecting) members(d value.Doc, above *rule, level int) error {
	met := 0
	for c := d.Cursor(); ; {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		r := above.find(key)
		if r == nil {
			continue
		}
		switch r.action {
		case keep:
			p.w.add(key, v)
		case descend:
			met++
			if _, err := p.member(key, v, r, level); err != nil {
				return err
			}
		}
	}
	if !above.computes {
		return nil
	}
	old := presence(d, above, met)
	for _, r := range above.subs {
		var err error
		switch {
		case r.action == compute:
			err = p.compute(r, level)
		case r.computes && !old(r):
			_, err = p.member(r.name, value.Value{}, r, level)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// member writes the part of a value that the rules below it keep or compute;
// false when there is none.
func (p *projecting) member(key []byte, v value.Value, r *rule, level int) (bool, error) {
	switch {
	case v.Type == value.TypeArray:
		if level >= value.MaxDepth {
			return false, tooDeep(p.stage)
		}
		return true, p.eachIn(key, v.Doc(), func(i int, v value.Value) (bool, error) {
			var scratch [8]byte
			return p.member(digits(scratch[:], i), v, r, level+1)
		})
	case v.Type != value.TypeObject && !r.computes:
		return false, nil
	case level >= value.MaxDepth:
		return false, tooDeep(p.stage)
	}
	start := p.w.open(value.TypeObject, key)
	err := p.members(v.Doc(), r, level+1)
	p.w.end(start)
	return true, err
}

// others writes the members that no rule drops.
func (p *projecting) others(d value.Doc, above *rule) error {
	for c := d.Cursor(); ; {
		key, v, ok := c.Next()
		if !ok {
			return nil
		}
		r := above.find(key)
		switch {
		case r == nil:
			p.w.add(key, v)
		case r.action == descend:
			if err := p.other(key, v, r); err != nil {
				return err
			}
		}
	}
}

func (p *projecting) other(key []byte, v value.Value, r *rule) error {
	switch v.Type {
	case value.TypeObject:
		start := p.w.open(value.TypeObject, key)
		err := p.others(v.Doc(), r)
		p.w.end(start)
		return err
	case value.TypeArray:
		return p.eachIn(key, v.Doc(), func(i int, v value.Value) (bool, error) {
			var scratch [8]byte
			return true, p.other(digits(scratch[:], i), v, r)
		})
	}
	p.w.add(key, v)
	return nil
}

// compileUnset reads a path or an array of them, which it drops.
func compileUnset(at string, v value.Value) (*project, error) {
	list := []value.Value{v}
	if v.Type == value.TypeArray {
		list = list[:0]
		for _, one := range v.Doc().All() {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return nil, fault.Refused(at, "name at least one member")
	}
	var root rule
	for _, one := range list {
		if one.Type != value.TypeString {
			return nil, fault.Refused(at, "must be a path or an array of paths, one is of type %s", one.Type.Name())
		}
		path, err := parseField(at, one.Text())
		if err != nil {
			return nil, err
		}
		if err := hang(at, &root, path, rule{action: drop}); err != nil {
			return nil, err
		}
	}
	return &project{name: "$unset", root: &root}, nil
}
