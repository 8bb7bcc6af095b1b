package aggregate

import (
	"baas/db/fault"
	"baas/db/value"
)

// addFields is $addFields, also called $set.
type addFields struct {
	name string
	root *rule
}

func (c *compiler) addFields(at, name string, v value.Value) (*addFields, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object of members, it is of type %s", v.Type.Name())
	}
	if v.Doc().IsEmpty() {
		return nil, fault.Refused(at, "name at least one member")
	}
	s := shaper{c: c}
	s.leaf = func(at string, _ fieldPath, v value.Value) (rule, error) { return s.computed(at, v) }
	if err := s.object(at, nil, v.Doc()); err != nil {
		return nil, err
	}
	return &addFields{name, &s.root}, nil
}

func (a *addFields) open(r *run, next sink) (sink, error) {
	return &adding{addFields: a, shaping: r.shaping(a.name), run: r, next: next}, nil
}

type adding struct {
	*addFields
	shaping
	run  *run
	next sink
}

func (a *adding) push(d value.Doc) error {
	if err := a.run.spend(len(d) + len(a.root.subs)<<8); err != nil {
		return err
	}
	a.run.next(&a.scope, d)
	a.w.begin()
	if err := a.members(d, a.root, 1); err != nil {
		return err
	}
	out := a.w.doc()
	if err := a.room(); err != nil {
		return err
	}
	return a.next.push(out)
}

func (a *adding) close() error { return a.next.close() }

// members writes d with the rules' values in the place of old ones, new ones
// behind the others.
func (a *adding) members(d value.Doc, above *rule, level int) error {
	at, copied := 4, 4 // the member that the cursor takes next, and the first not written
	met := 0
	for c := d.Cursor(); ; {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		next := at + len(key) + len(v.Data) + 2
		if r := above.find(key); r != nil {
			a.w.b = append(a.w.b, d[copied:at]...)
			copied = next
			met++
			if err := a.member(key, v, r, level); err != nil {
				return err
			}
		}
		at = next
	}
	if copied < at {
		a.w.b = append(a.w.b, d[copied:at]...)
	}
	if met == len(above.subs) {
		return nil
	}
	old := presence(d, above, met)
	for _, r := range above.subs {
		if old(r) {
			continue
		}
		if err := a.member(r.name, value.Value{}, r, level); err != nil {
			return err
		}
	}
	return nil
}

// presence returns which of the rules' members d has; met says how many.
func presence(d value.Doc, above *rule, met int) func(*rule) bool {
	if met == 0 {
		return func(*rule) bool { return false }
	}
	if above.byName == nil {
		return func(r *rule) bool { return !d.Get(string(r.name)).IsMissing() }
	}
	found := map[*rule]bool{}
	for c := d.Cursor(); ; {
		key, _, ok := c.Next()
		if !ok {
			return func(r *rule) bool { return found[r] }
		}
		found[above.find(key)] = true
	}
}

// member writes what a rule makes of one old value, which may be Missing.
func (a *adding) member(key []byte, v value.Value, r *rule, level int) error {
	switch {
	case r.action == compute:
		return a.compute(r, level)
	case level >= value.MaxDepth:
		return tooDeep(a.stage)
	case v.Type == value.TypeArray:
		return a.eachIn(key, v.Doc(), func(i int, v value.Value) (bool, error) {
			var scratch [8]byte
			return true, a.member(digits(scratch[:], i), v, r, level+1)
		})
	}
	var below value.Doc
	if v.Type == value.TypeObject {
		below = v.Doc()
	}
	start := a.w.open(value.TypeObject, key)
	err := a.members(below, r, level+1)
	a.w.end(start)
	return err
}
