package query

import (
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

func compileComparison(at string, k kind, p path, v value.Value) (node, error) {
	v = asRegex(v)
	if v.Type == value.TypeRegex && k != kindEqual {
		return node{}, fault.Refused(at, "cannot be a regular expression")
	}
	return node{kind: k, path: p, operand: v}, nil
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

func compileIn(at string, p path, v value.Value) (node, error) {
	if v.Type != value.TypeArray {
		return node{}, fault.Refused(at, "must be an array")
	}
	s := &set{}
	i := 0
	for _, member := range v.Doc().All() {
		where := at + "." + strconv.Itoa(i)
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
	return node{kind: kindIn, path: p, set: s}, nil
}

func compileNot(at string, p path, v value.Value) (node, error) {
	switch {
	case v.Type == value.TypeRegex:
		return negated(compileEquality(at, p, v))
	case v.Type != value.TypeObject:
		return node{}, fault.Refused(at, "must be operators or a regular expression")
	case v.Doc().IsEmpty():
		return node{}, fault.Refused(at, "must hold at least one operator")
	}
	return negated(compileOperators(at, p, v.Doc()))
}

func compileRegex(at string, p path, v, options value.Value) (node, error) {
	flags := ""
	switch options.Type {
	case value.TypeMissing:
	case value.TypeString:
		flags = options.Text()
	default:
		return node{}, fault.Refused(strings.TrimSuffix(at, "$regex")+"$options", "must be a text")
	}
	text := v.Text()
	switch v.Type {
	case value.TypeString:
	case value.TypeRegex:
		found, own := v.Regex()
		text = found
		if own != "" && flags != "" {
			return node{}, fault.Refused(at, "has options of its own; leave $options out")
		}
		flags += own
	default:
		return node{}, fault.Refused(at, "must be a text or a regular expression")
	}
	compiled, err := pattern.Compile(at, text, flags)
	return node{kind: kindRegex, path: p, pattern: compiled}, err
}

func compileMod(at string, p path, v value.Value) (node, error) {
	if v.Type != value.TypeArray || v.Doc().Len() != 2 {
		return node{}, fault.Refused(at, "must be [divisor, remainder]")
	}
	divisor, okD := truncated(v.Doc().At(0))
	remainder, okR := truncated(v.Doc().At(1))
	if !okD || !okR {
		return node{}, fault.Refused(at, "must be two numbers that fit 64 bits")
	}
	if divisor == 0 {
		return node{}, fault.Refused(at, "the divisor cannot be 0")
	}
	return node{kind: kindMod, path: p, divisor: divisor, number: remainder}, nil
}

func compileSize(at string, p path, v value.Value) (node, error) {
	n, ok := v.AsInt64()
	if !ok || n < 0 {
		return node{}, fault.Refused(at, "must be a whole number, 0 or larger")
	}
	return node{kind: kindSize, path: p, number: n}, nil
}

// compileAll reads $all: every member must be found. Either all members are
// $elemMatch, or none is an operator.
func compileAll(at string, p path, v value.Value) (node, error) {
	if v.Type != value.TypeArray {
		return node{}, fault.Refused(at, "must be an array")
	}
	if v.Doc().IsEmpty() {
		return node{kind: kindOr}, nil
	}
	elemMatch := isElemMatch(v.Doc().At(0))
	all := node{kind: kindAnd}
	i := 0
	for _, member := range v.Doc().All() {
		where := at + "." + strconv.Itoa(i)
		var sub node
		var err error
		switch member = asRegex(member); {
		case elemMatch && isElemMatch(member):
			sub, err = compileElemMatch(where+".$elemMatch", p, member.Doc().Get("$elemMatch"))
		case elemMatch:
			err = fault.Refused(where, "all members must be $elemMatch when the first one is")
		case isOperators(member):
			err = fault.Refused(where, "must be a value, not an operator")
		default:
			sub, err = compileEquality(where, p, member)
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

// compileElemMatch reads operators that one element must fulfil as a value, or
// a condition that one element must fulfil as a document.
func compileElemMatch(at string, p path, v value.Value) (node, error) {
	if v.Type != value.TypeObject {
		return node{}, fault.Refused(at, "must be an object")
	}
	d := v.Doc()
	if !d.Get("operator").IsMissing() && !d.Get("operands").IsMissing() && !d.Get("fieldName").IsMissing() {
		return node{}, fault.Invalid(at, "the SDK sends a combined command here as an object of its own; "+
			"give the conditions of the element's members instead")
	}
	n := node{path: p}
	var sub node
	var err error
	if first := firstKey(d); isOperators(v) && first != "$and" && first != "$or" && first != "$nor" {
		n.kind = kindElemValue
		sub, err = compileOperators(at, nil, d)
	} else {
		n.kind = kindElemDocument
		sub, err = compileDocument(at+".", d)
	}
	n.subs = []node{sub}
	return n, err
}

// compileType reads $type: a name, a number, or an array of them.
func compileType(at string, p path, v value.Value) (node, error) {
	n := node{kind: kindType, path: p}
	if v.Type != value.TypeArray {
		bits, ok := typeBits(v)
		if !ok {
			return node{}, fault.Refused(at, "must be the name or number of a BSON type")
		}
		n.types = bits
		return n, nil
	}
	if v.Doc().IsEmpty() {
		return node{}, fault.Refused(at, "must name at least one type")
	}
	for _, member := range v.Doc().All() {
		bits, ok := typeBits(member)
		if !ok {
			return node{}, fault.Refused(at, "must hold names or numbers of BSON types")
		}
		n.types |= bits
	}
	return n, nil
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
