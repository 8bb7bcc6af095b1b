package query

import (
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

func comparison(o operand, k kind) (node, error) {
	v := asRegex(o.v)
	if v.Type == value.TypeRegex && k != kindEqual {
		return node{}, fault.Refused(o.at, "cannot be a regular expression")
	}
	return node{kind: k, path: o.path, operand: v}, nil
}

func notEqual(o operand) (node, error) {
	if asRegex(o.v).Type == value.TypeRegex {
		return node{}, fault.Refused(o.at, "cannot be a regular expression; use $not")
	}
	return negated(comparison(o, kindEqual))
}

func exists(o operand) (node, error) {
	n := node{kind: kindExists, path: o.path}
	if o.v.IsTrue() {
		return n, nil
	}
	return negated(n, nil)
}

// asRegex reads {"$regex": "x", "$options": "i"}, the old dialect's form of a
// regular expression, where a value stands; anything else stays what it is.
func asRegex(v value.Value) value.Value {
	if v.Type != value.TypeObject {
		return v
	}
	d := v.Doc()
	text, options := d.Get("$regex"), d.Get("$options")
	known := 1
	if options.Type == value.TypeString {
		known++
	}
	if text.Type != value.TypeString || d.Len() != known {
		return v
	}
	return value.RegexOf(text.Text(), options.Text())
}

func in(o operand) (node, error) {
	if o.v.Type != value.TypeArray {
		return node{}, fault.Refused(o.at, "must be an array")
	}
	s := &set{}
	i := 0
	for _, member := range o.v.Doc().All() {
		where := o.at + "." + strconv.Itoa(i)
		member = asRegex(member)
		switch {
		case member.IsNull():
			s.null = true
		case member.Type == value.TypeRegex:
			text, options := member.Regex()
			compiled, err := pattern.Compile(where, text, options)
			if err != nil {
				return node{}, err
			}
			s.patterns = append(s.patterns, compiled)
		case isOperators(member):
			return node{}, fault.Refused(where, "must be a value, not an operator")
		default:
			s.values = append(s.values, member)
		}
		i++
	}
	s.sort()
	return node{kind: kindIn, path: o.path, set: s}, nil
}

func (c compiler) not(o operand) (node, error) {
	switch {
	case o.v.Type == value.TypeRegex:
		return negated(equality(o.at, o.path, o.v))
	case o.v.Type != value.TypeObject:
		return node{}, fault.Refused(o.at, "must be operators or a regular expression")
	case o.v.Doc().IsEmpty():
		return node{}, fault.Refused(o.at, "must hold at least one operator")
	}
	return negated(c.operators(o.at, o.path, o.v.Doc()))
}

func options(o operand) (node, error) {
	if o.beside.Get("$regex").IsMissing() {
		return node{}, fault.Refused(o.at, "needs a $regex beside it")
	}
	return node{kind: kindAnd}, nil // read together with $regex
}

func regex(o operand) (node, error) {
	flags := ""
	switch options := o.beside.Get("$options"); options.Type {
	case value.TypeMissing:
	case value.TypeString:
		flags = options.Text()
	default:
		return node{}, fault.Refused(strings.TrimSuffix(o.at, "$regex")+"$options", "must be a text")
	}
	text := o.v.Text()
	switch o.v.Type {
	case value.TypeString:
	case value.TypeRegex:
		found, own := o.v.Regex()
		text = found
		if own != "" && flags != "" {
			return node{}, fault.Refused(o.at, "has options of its own; leave $options out")
		}
		flags += own
	default:
		return node{}, fault.Refused(o.at, "must be a text or a regular expression")
	}
	compiled, err := pattern.Compile(o.at, text, flags)
	return node{kind: kindRegex, path: o.path, pattern: compiled}, err
}

func mod(o operand) (node, error) {
	if o.v.Type != value.TypeArray || o.v.Doc().Len() != 2 {
		return node{}, fault.Refused(o.at, "must be [divisor, remainder]")
	}
	divisor, okD := truncated(o.v.Doc().At(0))
	remainder, okR := truncated(o.v.Doc().At(1))
	if !okD || !okR {
		return node{}, fault.Refused(o.at, "must be two numbers that fit 64 bits")
	}
	if divisor == 0 {
		return node{}, fault.Refused(o.at, "the divisor cannot be 0")
	}
	return node{kind: kindMod, path: o.path, divisor: divisor, number: remainder}, nil
}

func size(o operand) (node, error) {
	n, ok := o.v.AsInt64()
	if !ok || n < 0 {
		return node{}, fault.Refused(o.at, "must be a whole number, 0 or larger")
	}
	return node{kind: kindSize, path: o.path, number: n}, nil
}

// all reads $all: every member must be found. Either all members are
// $elemMatch, or none is an operator.
func (c compiler) all(o operand) (node, error) {
	if o.v.Type != value.TypeArray {
		return node{}, fault.Refused(o.at, "must be an array")
	}
	if o.v.Doc().IsEmpty() {
		return node{kind: kindOr}, nil
	}
	elemMatch := isElemMatch(o.v.Doc().At(0))
	all := node{kind: kindAnd}
	i := 0
	for _, member := range o.v.Doc().All() {
		where := o.at + "." + strconv.Itoa(i)
		var sub node
		var err error
		switch member = asRegex(member); {
		case elemMatch && isElemMatch(member):
			sub, err = c.elemMatch(operand{at: where + ".$elemMatch", path: o.path, v: member.Doc().Get("$elemMatch")})
		case elemMatch:
			err = fault.Refused(where, "all members must be $elemMatch when the first one is")
		case isOperators(member):
			err = fault.Refused(where, "must be a value, not an operator")
		default:
			sub, err = equality(where, o.path, member)
		}
		if err != nil {
			return node{}, err
		}
		all.subs = append(all.subs, sub)
		i++
	}
	return all.simplified(), nil
}

func isElemMatch(v value.Value) bool {
	return v.Type == value.TypeObject && firstKey(v.Doc()) == "$elemMatch"
}

// elemMatch reads operators that one element must fulfil as a value, or a
// condition that one element must fulfil as a document.
func (c compiler) elemMatch(o operand) (node, error) {
	if o.v.Type != value.TypeObject {
		return node{}, fault.Refused(o.at, "must be an object")
	}
	d := o.v.Doc()
	if !d.Get("operator").IsMissing() && !d.Get("operands").IsMissing() && !d.Get("fieldName").IsMissing() {
		return node{}, fault.Invalid(o.at, "the SDK sends a combined command here as an object of its own; "+
			"give the conditions of the element's members instead")
	}
	c.inner = true
	n := node{path: o.path}
	var sub node
	var err error
	if isOperators(o.v) && !ofDocument(firstKey(d)) {
		n.kind = kindElemValue
		sub, err = c.operators(o.at, nil, d)
	} else {
		n.kind = kindElemDocument
		sub, err = c.condition(o.at+".", d)
	}
	n.subs = []node{sub}
	return n, err
}

// ofDocument reports whether an operator speaks of a document rather than of a
// value.
func ofDocument(name string) bool {
	switch name {
	case "$and", "$or", "$nor", "$expr", "$jsonSchema", "$text", "$where", "$alwaysTrue", "$alwaysFalse", "$sampleRate":
		return true
	}
	return false
}

// typed reads $type: a name, a number, or an array of them.
func typed(o operand) (node, error) {
	bits, err := typeSet(o.at, o.v)
	return node{kind: kindType, path: o.path, types: bits}, err
}

// typeSet returns the set of types that v names: bit t for type t.
func typeSet(at string, v value.Value) (uint32, error) {
	if v.Type != value.TypeArray {
		bits, ok := typeBits(v)
		if !ok {
			return 0, fault.Refused(at, "must be the name or number of a BSON type")
		}
		return bits, nil
	}
	if v.Doc().IsEmpty() {
		return 0, fault.Refused(at, "must name at least one type")
	}
	var all uint32
	for _, member := range v.Doc().All() {
		bits, ok := typeBits(member)
		if !ok {
			return 0, fault.Refused(at, "must hold names or numbers of BSON types")
		}
		all |= bits
	}
	return all, nil
}

// typeBits returns the set of types that v names. The types that no document
// here can hold are known, and select nothing.
func typeBits(v value.Value) (uint32, bool) {
	const number = 1<<value.TypeDouble | 1<<value.TypeInt32 | 1<<value.TypeInt64
	if code, ok := v.AsInt64(); ok {
		switch {
		case code == -1 || code == 127: // the min and max keys
			return 0, true
		case code < 1 || code > 19:
			return 0, false
		}
		return 1 << code, true
	}
	switch name := v.Text(); name {
	case "number":
		return number, true
	case "undefined", "dbPointer", "javascript", "symbol", "javascriptWithScope", "decimal", "minKey", "maxKey":
		return 0, true
	default:
		for t := value.TypeDouble; t <= value.TypeInt64; t++ {
			if t.Name() == name && name != "unknown" {
				return 1 << t, true
			}
		}
	}
	return 0, false
}
