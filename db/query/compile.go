package query

import (
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

// compileDocument reads a condition object: members that are paths, and the
// logical operators. at is where it stands, "" or ending in a dot.
func compileDocument(at string, d value.Doc) (node, error) {
	all := node{kind: kindAnd}
	for key, v := range d.All() {
		var sub node
		var err error
		if strings.HasPrefix(key, "$") {
			if key == "$comment" {
				continue
			}
			sub, err = compileLogical(at+key, key, v)
		} else {
			sub, err = compileField(at+key, key, v)
		}
		if err != nil {
			return node{}, err
		}
		all.subs = append(all.subs, sub)
	}
	return all.simplified(), nil
}

func compileLogical(at, name string, v value.Value) (node, error) {
	n := node{}
	switch name {
	case "$and":
		n.kind = kindAnd
	case "$or":
		n.kind = kindOr
	case "$nor":
		n.kind = kindNor
	default:
		return node{}, unknown(at)
	}
	if v.Type != value.TypeArray || v.Doc().IsEmpty() {
		return node{}, fault.Refused(at, "must be an array of at least one condition")
	}
	i := 0
	for _, member := range v.Doc().All() {
		where := at + "." + strconv.Itoa(i)
		if member.Type != value.TypeObject {
			return node{}, fault.Refused(where, "must be a condition object, it is of type %s", member.Type.Name())
		}
		sub, err := compileDocument(where+".", member.Doc())
		if err != nil {
			return node{}, err
		}
		n.subs = append(n.subs, sub)
		i++
	}
	return n.simplified(), nil
}

// compileField reads {path: v}: operators, a regular expression or a value.
func compileField(at, text string, v value.Value) (node, error) {
	p, err := parsePath(at, text)
	if err != nil {
		return node{}, err
	}
	if isOperators(v) {
		return compileOperators(at, p, v.Doc())
	}
	return compileEquality(at, p, v)
}

// compileEquality reads a bare value, which a regular expression matches and
// anything else equals.
func compileEquality(at string, p path, v value.Value) (node, error) {
	if v.Type == value.TypeRegex {
		text, options := v.Regex()
		compiled, err := pattern.Compile(at, text, options)
		return node{kind: kindRegex, path: p, pattern: compiled}, err
	}
	return node{kind: kindEqual, path: p, operand: v}, nil
}

// isOperators reports whether v is an object of operators rather than a value:
// its first key begins with $. A database reference is a value.
func isOperators(v value.Value) bool {
	if v.Type != value.TypeObject {
		return false
	}
	first := firstKey(v.Doc())
	return strings.HasPrefix(first, "$") && first != "$ref" && first != "$id" && first != "$db"
}

func firstKey(d value.Doc) string {
	for key := range d.All() {
		return key
	}
	return ""
}

// compileOperators reads {"$gt": 1, "$lt": 5}; all of them must hold.
func compileOperators(at string, p path, d value.Doc) (node, error) {
	all := node{kind: kindAnd}
	for key, v := range d.All() {
		if key == "$options" && !d.Get("$regex").IsMissing() {
			continue // read together with $regex
		}
		sub, err := compileOperator(at+"."+key, key, p, v, d)
		if err != nil {
			return node{}, err
		}
		all.subs = append(all.subs, sub)
	}
	return all.simplified(), nil
}

func compileOperator(at, name string, p path, v value.Value, d value.Doc) (node, error) {
	switch name {
	case "$eq":
		return compileComparison(at, kindEqual, p, v)
	case "$gt":
		return compileComparison(at, kindGreater, p, v)
	case "$gte":
		return compileComparison(at, kindGreaterEqual, p, v)
	case "$lt":
		return compileComparison(at, kindLess, p, v)
	case "$lte":
		return compileComparison(at, kindLessEqual, p, v)
	case "$ne":
		if asRegex(v).Type == value.TypeRegex {
			return node{}, fault.Refused(at, "cannot be a regular expression; use $not")
		}
		return negated(compileComparison(at, kindEqual, p, v))
	case "$in":
		return compileIn(at, p, v)
	case "$nin":
		return negated(compileIn(at, p, v))
	case "$not":
		return compileNot(at, p, v)
	case "$exists":
		n := node{kind: kindExists, path: p}
		if v.IsTrue() {
			return n, nil
		}
		return negated(n, nil)
	case "$regex":
		return compileRegex(at, p, v, d.Get("$options"))
	case "$options":
		return node{}, fault.Refused(at, "needs a $regex beside it")
	case "$type":
		return compileType(at, p, v)
	case "$mod":
		return compileMod(at, p, v)
	case "$size":
		return compileSize(at, p, v)
	case "$all":
		return compileAll(at, p, v)
	case "$elemMatch":
		return compileElemMatch(at, p, v)
	}
	return node{}, unknown(at)
}

func negated(n node, err error) (node, error) {
	return node{kind: kindNor, subs: []node{n}}, err
}

// unknown makes the error for an operator that does not exist here.
func unknown(at string) error {
	return &fault.Error{
		Code:  fault.DatabaseOperator,
		Field: at,
		Msg:   at + ": unknown operator",
	}
}
