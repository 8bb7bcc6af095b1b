package update

import (
	"slices"
	"strconv"
	"strings"

	"baas/db/query"
	"baas/db/value"
)

// arrayFilter says which elements $[name] means.
type arrayFilter struct {
	name string
	is   *query.Filter
	used bool // only while the program is compiled
}

// readFilters compiles arrayFilters: conditions whose paths all begin with the
// same name, which no other of them has.
func readFilters(docs []value.Doc) ([]arrayFilter, error) {
	var out []arrayFilter
	known := map[string]bool{}
	for i, d := range docs {
		at := "arrayFilters." + strconv.Itoa(i)
		is, err := query.Compile(d)
		if err != nil {
			return nil, err
		}
		name, err := filterName(at, "", d)
		if err != nil {
			return nil, err
		}
		switch {
		case is.Near() != nil:
			return nil, failed(at, "$near is not allowed in this context")
		case name == "":
			return nil, failed(at, "Cannot use an expression without a top-level field name in arrayFilters")
		case !isIdentifier(name):
			return nil, failed(at, "The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '%s'", name)
		case known[name]:
			return nil, failed(at, "Found multiple array filters with the same top-level field name %s", name)
		}
		known[name] = true
		out = append(out, arrayFilter{name: name, is: is})
	}
	slices.SortFunc(out, func(x, y arrayFilter) int { return strings.Compare(x.name, y.name) })
	return out, nil
}

// filterName returns the first part that all paths of a condition share. known
// is the one that was found so far, or "".
func filterName(at, known string, d value.Doc) (string, error) {
	for key, v := range d.All() {
		switch {
		case key == "$and" || key == "$or" || key == "$nor":
			for _, member := range v.Doc().All() {
				var err error
				if known, err = filterName(at, known, member.Doc()); err != nil {
					return "", err
				}
			}
		case key == "$comment":
		case strings.HasPrefix(key, "$"):
			return "", failed(at, "%s is not allowed in this context", key)
		default:
			name, _, _ := strings.Cut(key, ".")
			if known != "" && known != name {
				return "", failed(at, "Error parsing array filter: Expected a single top-level field name, found '%s' and '%s'", known, name)
			}
			known = name
		}
	}
	return known, nil
}

func isIdentifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || i > 0 && 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// checkName refuses a part of a path that cannot be, and notes what the program
// needs for it: the position of $, the filter of $[id]. start is where the part
// begins.
func (p *Program) checkName(path, name string, start int) error {
	switch {
	case name == "":
		return failed(path, "The update path '%s' contains an empty field name, which is not allowed.", path)
	case name == "$" && start == 0:
		return failed(path, "Cannot have positional (i.e. '$') element in the first position in path '%s'", path)
	case name == "$" && isSecond(path, start):
		return failed(path, "Too many positional (i.e. '$') elements found in path '%s'", path)
	case name == "$":
		p.positional = true
		return nil
	case !isEach(name):
		return nil
	case start == 0:
		return failed(path, "Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '%s'", path)
	case name == "$[]":
		return nil
	}
	if f := p.filter(name); f != nil {
		f.used = true
		return nil
	}
	return failed(path, "No array filter found for identifier '%s' in path '%s'", name[2:len(name)-1], path)
}

// filter returns the filter of a part $[id].
func (p *Program) filter(part string) *arrayFilter {
	i, ok := slices.BinarySearchFunc(p.filters, part[2:len(part)-1], func(f arrayFilter, id string) int {
		return strings.Compare(f.name, id)
	})
	if !ok {
		return nil
	}
	return &p.filters[i]
}

// isSecond reports whether a $ stands before the one at start.
func isSecond(path string, start int) bool { return strings.Contains(path[:start], ".$.") }

// isEach reports whether a part of a path is $[] or $[id].
func isEach(name string) bool { return strings.HasPrefix(name, "$[") && strings.HasSuffix(name, "]") }

// isDynamic reports whether some part of a path is $, $[] or $[id].
func isDynamic(path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		if part == "$" || isEach(part) {
			return true
		}
	}
	return false
}

// child returns the branch of that name below t, or nil.
func (t *branch) child(name string) *branch {
	switch {
	case name == "$":
		return t.found
	case isEach(name):
		for _, sub := range t.each {
			if sub.name == name {
				return sub
			}
		}
		return nil
	}
	if i := t.find(name); i >= 0 {
		return t.subs[i]
	}
	return nil
}

// hang adds a new branch below t. It cannot when one of them is for all elements
// of an array and the other for a member.
func (t *branch) hang(sub *branch) bool {
	switch {
	case isEach(sub.name):
		if len(t.subs) > 0 || t.found != nil {
			return false
		}
		t.each = append(t.each, sub)
	case len(t.each) > 0:
		return false
	case sub.name == "$":
		t.found = sub
	default:
		t.add(sub)
	}
	return true
}

// resolved returns t with the position that the condition found in place of $.
func (s *state) resolved(t *branch) *branch {
	if s.Position < 0 {
		s.fail(failed(t.found.path, "The positional operator did not find the match needed from the query."))
		return &branch{name: t.name, path: t.path}
	}
	out := &branch{name: t.name, index: t.index, path: t.path}
	at := *t.found
	at.name, at.index = strconv.Itoa(s.Position), s.Position
	for _, sub := range t.subs {
		if sub.name == at.name {
			at = *s.merged(&at, sub)
			continue
		}
		out.add(sub)
	}
	out.add(&at)
	out.arrange()
	return out
}

// merged returns the branch that does what both do.
func (s *state) merged(x, y *branch) *branch {
	if x.edit != nil || y.edit != nil || (len(x.each) > 0) != (len(y.each) > 0) {
		s.fail(failed(x.path, "Update created a conflict at '%s'", x.path))
		return x
	}
	out := &branch{name: x.name, index: x.index, path: x.path, found: x.found, filter: x.filter}
	for _, sub := range x.subs {
		out.add(sub)
	}
	for _, sub := range y.subs {
		if i := out.find(sub.name); i >= 0 {
			out.subs[i] = s.merged(out.subs[i], sub)
			continue
		}
		out.add(sub)
	}
	switch {
	case y.found != nil && x.found != nil:
		out.found = s.merged(x.found, y.found)
	case y.found != nil:
		out.found = y.found
	}
	out.each = append(out.each, x.each...)
	for _, sub := range y.each {
		if i := indexOf(out.each, sub.name); i >= 0 {
			out.each[i] = s.merged(out.each[i], sub)
			continue
		}
		out.each = append(out.each, sub)
	}
	out.arrange()
	return out
}

func indexOf(list []*branch, name string) int {
	for i, b := range list {
		if b.name == name {
			return i
		}
	}
	return -1
}

// eachElement appends the elements as $[] and $[id] change them.
func (s *state) eachElement(a *value.ArrayBuilder, d value.Doc, t *branch) {
	c := d.Cursor()
	for i := 0; s.err == nil; i++ {
		_, v, ok := c.Next()
		if !ok {
			return
		}
		var does *branch
		for _, sub := range t.each {
			if !s.concerns(sub, v) {
				continue
			}
			if does == nil {
				one := *sub
				one.name, one.index, one.path = strconv.Itoa(i), i, t.path+"."+strconv.Itoa(i)
				does = &one
				continue
			}
			does = s.merged(does, sub)
		}
		if does == nil {
			a.Add(v)
			continue
		}
		s.element(a, v, does)
	}
}

// concerns reports whether $[] or $[id] means this element.
func (s *state) concerns(sub *branch, v value.Value) bool {
	if sub.filter == nil {
		return true
	}
	ok, err := sub.filter.MatchElement(s.Meter, v)
	if err != nil {
		s.fail(err)
	}
	return ok
}
