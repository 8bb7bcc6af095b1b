package query

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/value"
)

// encryptedSubtype is that of a binary which the client encrypted.
const encryptedSubtype = 6

// validation is one value's way through a schema.
type validation struct {
	run     run
	explain bool     // note where and why it failed first
	path    []string // to the value that is being looked at
	failed  string   // dotted path of the culprit
	why     string
}

func (v *validation) fault() error {
	at := v.failed
	if at == "" {
		at = "document"
	}
	return fault.Refused(at, "Document failed validation: %s", v.why)
}

// no notes why a value fails; it returns false.
func (v *validation) no(why string, names ...string) bool {
	if v.explain {
		v.failed = strings.Join(append(slices.Clone(v.path), names...), ".")
		v.why = why
	}
	return false
}

// into reports whether the member of that name fulfils s.
func (v *validation) into(name string, s *schema, x value.Value) bool {
	if v.explain {
		v.path = append(v.path, name)
		defer func() { v.path = v.path[:len(v.path)-1] }()
	}
	return v.holds(s, x)
}

// holds reports whether x fulfils s.
func (v *validation) holds(s *schema, x value.Value) bool {
	if !v.run.step() {
		return false
	}
	if s.typed && s.types>>x.Type&1 == 0 {
		return v.no("the type " + x.Type.Name() + " is not allowed")
	}
	if subtype, _ := x.Binary(); s.encrypted && subtype != encryptedSubtype {
		return v.no("is not encrypted")
	}
	if s.enum != nil {
		if !v.run.pay(len(x.Data)) {
			return false
		}
		if _, found := slices.BinarySearchFunc(s.enum, unordered(x), value.Compare); !found {
			return v.no("must be one of the values of enum")
		}
	}
	switch {
	case x.Type.IsNumber():
		if !v.number(s, x) {
			return false
		}
	case x.Type == value.TypeString:
		if !v.text(s, x) {
			return false
		}
	case x.Type == value.TypeArray:
		if !v.array(s, x.Doc()) {
			return false
		}
	case x.Type == value.TypeObject:
		if !v.object(s, x.Doc()) {
			return false
		}
	}
	return v.logic(s, x)
}

func (v *validation) number(s *schema, x value.Value) bool {
	compare := func(operand value.Value, k kind) bool {
		return operand.IsMissing() || (&node{kind: k, operand: operand}).ordered(x)
	}
	least, most := kindGreaterEqual, kindLessEqual
	if s.above {
		least = kindGreater
	}
	if s.below {
		most = kindLess
	}
	switch {
	case !compare(s.least, least):
		return v.no("is below the minimum")
	case !compare(s.most, most):
		return v.no("is above the maximum")
	case !s.multipleOf.IsMissing() && !isMultiple(x, s.multipleOf):
		return v.no("is not a multiple of multipleOf")
	}
	return true
}

// isMultiple compares whole numbers exactly, and fractions as the decimal
// numbers that they are written as: 0.3 is a multiple of 0.1.
func isMultiple(x, of value.Value) bool {
	a, okA := x.AsInt64()
	b, okB := of.AsInt64()
	if okA && okB {
		return a%b == 0
	}
	f, _ := x.AsFloat()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return false
	}
	dividend, okA := decimal(x)
	divisor, okB := decimal(of)
	return okA && okB && dividend.Quo(dividend, divisor).IsInt()
}

func decimal(v value.Value) (*big.Rat, bool) {
	return new(big.Rat).SetString(string(value.AppendPlain(nil, v)))
}

func (v *validation) text(s *schema, x value.Value) bool {
	if !v.run.pay(len(x.Data)) {
		return false
	}
	if s.length != anything && !s.length.holds(utf8.RuneCount(x.TextBytes())) {
		return v.no("has too few or too many characters")
	}
	if s.pattern != nil && !v.run.finds(s.pattern, x) {
		return v.no("does not fit the pattern")
	}
	return true
}

func (v *validation) array(s *schema, d value.Doc) bool {
	n := d.Len()
	if !v.run.pay(len(d)) {
		return false
	}
	if !s.elements.holds(n) {
		return v.no("has too few or too many elements")
	}
	if s.unique && !v.distinct(d) {
		return v.no("holds equal elements")
	}
	if s.items == nil && s.tuple == nil {
		return true
	}
	i := 0
	for name, x := range d.All() {
		is := s.items
		switch {
		case i < len(s.tuple):
			is = s.tuple[i]
		case s.tuple != nil:
			is = s.more
		}
		if is != nil && !v.into(name, is, x) {
			return false
		}
		i++
	}
	return true
}

// distinct reports whether no two elements are equal; the order of an object's
// members does not count.
func (v *validation) distinct(d value.Doc) bool {
	var all []value.Value
	for _, x := range d.All() {
		all = append(all, unordered(x))
	}
	slices.SortFunc(all, func(a, b value.Value) int {
		v.run.step()
		return value.Compare(a, b)
	})
	return len(slices.CompactFunc(all, value.Equal)) == d.Len()
}

func (v *validation) object(s *schema, d value.Doc) bool {
	if !v.run.skim(len(d) * (1 + len(s.required) + len(s.dependencies))) {
		return false
	}
	if s.members != anything && !s.members.holds(d.Len()) {
		return v.no("has too few or too many members")
	}
	for _, name := range s.required {
		if d.Get(name).IsMissing() {
			return v.no("is required", name)
		}
	}
	for _, dep := range s.dependencies {
		if !d.Get(dep.name).IsMissing() && !v.depends(dep, d) {
			return false
		}
	}
	if len(s.properties) == 0 && len(s.patterns) == 0 && s.additional == nil {
		return true
	}
	for name, x := range d.All() {
		if !v.member(s, name, x) {
			return false
		}
	}
	return true
}

func (v *validation) member(s *schema, name string, x value.Value) bool {
	is, known := s.properties[name]
	if known && !v.into(name, is, x) {
		return false
	}
	for _, p := range s.patterns {
		if !v.run.step() {
			return false
		}
		if !v.run.finds(p.name, value.String(name)) {
			continue
		}
		known = true
		if !v.into(name, p.is, x) {
			return false
		}
	}
	return known || s.additional == nil || v.into(name, s.additional, x)
}

func (v *validation) depends(dep dependency, d value.Doc) bool {
	for _, name := range dep.required {
		if d.Get(name).IsMissing() {
			return v.no("is required beside "+dep.name, name)
		}
	}
	return dep.is == nil || v.holds(dep.is, value.FromDoc(d))
}

// logic asks the combinations of schemas.
func (v *validation) logic(s *schema, x value.Value) bool {
	for _, sub := range s.allOf {
		if !v.holds(sub, x) {
			return false
		}
	}
	switch {
	case s.anyOf != nil && v.count(s.anyOf, x, 1) == 0:
		return v.no("fulfils no schema of anyOf")
	case s.oneOf != nil && v.count(s.oneOf, x, 2) != 1:
		return v.no("must fulfil exactly one schema of oneOf")
	case s.not != nil && v.holds(s.not, x):
		return v.no("must not fulfil the schema of not")
	}
	return v.run.err == nil
}

// count returns how many of the schemas x fulfils, at most enough.
func (v *validation) count(list []*schema, x value.Value, enough int) int {
	n := 0
	for _, sub := range list {
		if v.holds(sub, x) {
			if n++; n == enough {
				break
			}
		}
	}
	return n
}

// unordered returns v with the members of all its objects sorted by name, so
// that value.Compare does not see their order.
func unordered(v value.Value) value.Value {
	switch v.Type {
	case value.TypeObject:
		type member struct {
			name string
			v    value.Value
		}
		var members []member
		for name, x := range v.Doc().All() {
			members = append(members, member{name, unordered(x)})
		}
		slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
		var b value.Builder
		for _, m := range members {
			b.Add(m.name, m.v)
		}
		return value.FromDoc(b.Doc())
	case value.TypeArray:
		var a value.ArrayBuilder
		for _, x := range v.Doc().All() {
			a.Add(unordered(x))
		}
		return a.Value()
	}
	return v
}
