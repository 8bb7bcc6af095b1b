package update

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/query"
	"baas/db/value"
)

// branch is a node of the tree of paths: an edit at its end, or subs, or each.
type branch struct {
	name   string
	index  int    // the array position that the name also stands for, or -1
	path   string // dotted, from the root
	edit   edit
	subs   []*branch
	byName map[string]int // position in subs, once there are many
	found  *branch        // what $ leads to, beside subs
	each   []*branch      // what $[] and $[id] lead to, instead of subs
	filter *query.Filter  // of $[id]: which elements it means
}

// many is the number of subs from which a map finds one faster than a look at
// each.
const many = 8

func (t *branch) find(name string) int {
	if t.byName != nil {
		if i, ok := t.byName[name]; ok {
			return i
		}
		return -1
	}
	for i, sub := range t.subs {
		if sub.name == name {
			return i
		}
	}
	return -1
}

func (t *branch) add(sub *branch) {
	t.subs = append(t.subs, sub)
	switch {
	case t.byName != nil:
		t.byName[sub.name] = len(t.subs) - 1
	case len(t.subs) == many:
		t.byName = map[string]int{}
		for i, s := range t.subs {
			t.byName[s.name] = i
		}
	}
}

// sort puts the members below t, on all levels, into the order in which new ones
// are appended.
func (t *branch) sort() {
	t.arrange()
	for _, list := range [][]*branch{t.subs, t.each} {
		for _, sub := range list {
			sub.sort()
		}
	}
	if t.found != nil {
		t.found.sort()
	}
}

// arrange sorts the next level: by name, positions by number, as MongoDB does
// since 3.6.
func (t *branch) arrange() {
	slices.SortFunc(t.subs, func(x, y *branch) int {
		if x.index >= 0 && y.index >= 0 {
			return cmp.Compare(x.index, y.index)
		}
		return cmp.Compare(x.name, y.name)
	})
	for i, sub := range t.subs {
		if t.byName != nil {
			t.byName[sub.name] = i
		}
	}
}

// creates reports whether some edit below t makes a value, or an error, where
// there is none.
func (t *branch) creates(s *state) bool {
	if t.edit != nil {
		return t.edit.creates(s)
	}
	if t.found != nil && (s.Position < 0 || t.found.creates(s)) {
		return true
	}
	return len(t.each) > 0 || slices.ContainsFunc(t.subs, func(sub *branch) bool { return sub.creates(s) })
}

// strict reports whether some edit below t cannot be passed over.
func (t *branch) strict(s *state) bool {
	if t.edit != nil {
		return t.edit.strict(s)
	}
	if t.found != nil && t.found.strict(s) {
		return true
	}
	return slices.ContainsFunc(t.subs, func(sub *branch) bool { return sub.strict(s) })
}

// insert hangs an edit into the tree. No path may be, or lie below, another.
func (p *Program) insert(path string, e edit) error {
	t, clash, err := p.place(path)
	if err != nil {
		return err
	}
	if clash != "" {
		return failed(path, "Updating the path '%s' would create a conflict at '%s'", path, clash)
	}
	t.edit = e
	p.paths = append(p.paths, path)
	return nil
}

// place makes the branch at the end of a path, or returns the path that it
// clashes with.
func (p *Program) place(path string) (t *branch, clash string, err error) {
	if strings.Count(path, ".") >= value.MaxDepth {
		return nil, "", fault.Invalid(path, "the path has more than %d parts", value.MaxDepth)
	}
	t = &p.root
	end := -1
	for end < len(path) {
		start := end + 1
		end = len(path)
		if dot := strings.IndexByte(path[start:], '.'); dot >= 0 {
			end = start + dot
		}
		name := path[start:end]
		if err := p.checkName(path, name, start); err != nil {
			return nil, "", err
		}
		above := t
		t = above.child(name)
		if t == nil {
			t = &branch{name: name, index: position(name), path: path[:end]}
			if isEach(name) && name != "$[]" {
				t.filter = p.filter(name).is
			}
			if !above.hang(t) {
				return nil, above.path, nil
			}
		} else if end == len(path) || t.edit != nil {
			return nil, t.path, nil
		}
	}
	return t, "", nil
}

// position reads a name as an array index, -1 when it is none.
func position(name string) int {
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil || name[0] == '+' || name[0] == '0' && len(name) > 1 {
		return -1
	}
	return int(n)
}

// state is one run of a program.
type state struct {
	Run
	insert bool
	moved  []value.Value // what each $rename found
	err    error         // the first one; the run goes on and is thrown away
}

func (s *state) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// object appends d as t changes it.
func (s *state) object(b *value.Builder, d value.Doc, t *branch) {
	if t.found != nil {
		t = s.resolved(t)
	}
	if len(t.subs) == 0 {
		b.AddAll(d)
		return
	}
	var few [many]bool
	found := few[:]
	if len(t.subs) > many {
		found = make([]bool, len(t.subs))
	}
	c := d.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		i := t.find(string(key))
		if i < 0 {
			b.AddRaw(key, v)
			continue
		}
		found[i] = true
		s.member(b, v, t.subs[i])
	}
	for i, sub := range t.subs {
		if found[i] {
			continue
		}
		v := s.create(sub)
		if !v.IsMissing() && strings.HasPrefix(sub.name, "$") {
			s.fail(failed(sub.path, "the dollar ($) prefixed field '%s' is not valid for storage", sub.name))
		}
		b.Add(sub.name, v)
	}
}

// member appends the member of t as it becomes; containers are written in
// place.
func (s *state) member(b *value.Builder, v value.Value, t *branch) {
	switch {
	case t.edit != nil:
		b.Add(t.name, s.edited(v, t))
	case len(t.each) > 0 && v.Type != value.TypeArray:
		s.fail(failed(t.path, "Cannot apply array updates to non-array element %s of type %s", t.name, v.Type.Name()))
	case v.Type == value.TypeObject:
		b.Object(t.name, func(b *value.Builder) { s.object(b, v.Doc(), t) })
	case v.Type == value.TypeArray:
		b.Array(t.name, func(a *value.ArrayBuilder) { s.array(a, v.Doc(), t) })
	default:
		s.refuse(v, t)
		b.Add(t.name, v)
	}
}

// array appends the elements as t changes them, padded with null up to the
// positions that are set beyond the end.
func (s *state) array(a *value.ArrayBuilder, d value.Doc, t *branch) {
	if len(t.each) > 0 {
		s.eachElement(a, d, t)
		return
	}
	if t.found != nil {
		t = s.resolved(t)
	}
	var numbered []*branch
	for _, sub := range t.subs {
		if sub.index >= 0 {
			numbered = append(numbered, sub)
			continue
		}
		switch {
		case sub.creates(s):
			s.fail(cannotCreate(sub, t, value.TypeArray))
		case sub.strict(s):
			s.fail(cannotTraverse(sub, t, value.TypeArray))
		}
	}
	slices.SortFunc(numbered, func(x, y *branch) int { return x.index - y.index })
	c := d.Cursor()
	for i := 0; ; i++ {
		_, v, ok := c.Next()
		if !ok {
			break
		}
		if len(numbered) == 0 || numbered[0].index != i {
			a.Add(v)
			continue
		}
		s.element(a, v, numbered[0])
		numbered = numbered[1:]
	}
	for _, sub := range numbered {
		v := s.create(sub)
		if v.IsMissing() {
			continue
		}
		if sub.index > value.MaxNodes {
			s.fail(failed(sub.path, "an array cannot be padded to %d elements", sub.index))
			return
		}
		for a.Len() < sub.index {
			a.AddNull()
		}
		a.Add(v)
	}
}

func (s *state) element(a *value.ArrayBuilder, v value.Value, t *branch) {
	switch {
	case t.edit != nil:
		a.Add(s.edited(v, t)) // a removed element becomes null
	case len(t.each) > 0 && v.Type != value.TypeArray:
		s.fail(failed(t.path, "Cannot apply array updates to non-array element %s of type %s", t.name, v.Type.Name()))
	case v.Type == value.TypeObject:
		a.Object(func(b *value.Builder) { s.object(b, v.Doc(), t) })
	case v.Type == value.TypeArray:
		a.Array(func(a *value.ArrayBuilder) { s.array(a, v.Doc(), t) })
	default:
		s.refuse(v, t)
		a.Add(v)
	}
}

// create returns what the edits of t make where there is nothing.
func (s *state) create(t *branch) value.Value {
	if !t.creates(s) {
		return value.Value{}
	}
	if t.edit != nil {
		return s.edited(value.Value{}, t)
	}
	if len(t.each) > 0 {
		s.fail(failed(t.path, "The path '%s' must exist in the document in order to apply array updates.", t.path))
		return value.Value{}
	}
	var b value.Builder
	s.object(&b, nil, t)
	return value.FromDoc(b.Doc())
}

func (s *state) edited(v value.Value, t *branch) value.Value {
	out, err := t.edit.apply(s, v)
	if err != nil {
		s.fail(err)
	}
	return out
}

// refuse notes the error when the edits of t want to create something inside
// null or a scalar, or look for an array there. $unset does neither.
func (s *state) refuse(v value.Value, t *branch) {
	if t.found != nil {
		t = s.resolved(t)
	}
	for _, sub := range t.subs {
		switch {
		case sub.creates(s):
			s.fail(cannotCreate(sub, t, v.Type))
		case sub.strict(s):
			s.fail(cannotTraverse(sub, t, v.Type))
		}
	}
}

func cannotCreate(sub, parent *branch, t value.Type) error {
	return failed(sub.path, "Cannot create field '%s' in element {%s: %s}", sub.name, parent.name, t.Name())
}

func cannotTraverse(sub, parent *branch, t value.Type) error {
	return failed(sub.path, "Cannot use the part (%s) of (%s) to traverse the element ({%s: %s})", sub.name, sub.path, parent.name, t.Name())
}

// resolve reads what each $rename moves, before anything changes. Neither end
// may lie inside an array, and the way to the source must be objects.
func (s *state) resolve(renames []rename, d value.Doc) error {
	for _, r := range renames {
		v := value.FromDoc(d)
		for i, name := range r.from {
			switch v.Type {
			case value.TypeObject:
				v = v.Doc().Get(name)
			case value.TypeMissing:
			case value.TypeArray:
				return failed(strings.Join(r.from, "."), "the source field of $rename cannot be an array element")
			default:
				return failed(strings.Join(r.from, "."), "Cannot create field '%s' in element {%s: %s}", name, r.from[i-1], v.Type.Name())
			}
		}
		if !v.IsMissing() && leadsIntoArray(d, r.to) {
			return failed(strings.Join(r.to, "."), "the destination field of $rename cannot be an array element")
		}
		s.moved = append(s.moved, v)
	}
	return nil
}

func leadsIntoArray(d value.Doc, path []string) bool {
	for _, name := range path[:len(path)-1] {
		v := d.Get(name)
		if v.Type == value.TypeArray {
			return true
		}
		d = v.Doc()
	}
	return false
}
