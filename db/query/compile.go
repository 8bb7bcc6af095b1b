package query

import (
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/pattern"
	"baas/db/value"
)

// compiler reads one condition.
type compiler struct {
	// inner says that the condition is one on elements of an array, where what
	// speaks of the whole document cannot stand.
	inner bool
}

// operand is an operator as it stands in a condition.
type operand struct {
	at     string      // dotted path, for errors
	name   string      // with its $
	path   path        // of the member; empty for an operator on a whole document, or on elements
	v      value.Value // what it is given
	beside value.Doc   // the object it stands in
}

// document reads the operators that stand in the place of a path: one line adds
// one.
func (c compiler) document(o operand) (node, error) {
	switch o.name {
	case "$and":
		return c.logical(o, kindAnd)
	case "$or":
		return c.logical(o, kindOr)
	case "$nor":
		return c.logical(o, kindNor)
	case "$text":
		return c.text(o)
	case "$comment":
		return node{kind: kindAnd}, nil
	case "$alwaysTrue":
		return constant(o, kindAnd)
	case "$alwaysFalse":
		return constant(o, kindOr)
	case "$expr":
		return compileExpression(o, c.inner)
	case "$jsonSchema":
		return jsonSchema(o)
	case "$where":
		return node{}, refusedOperator(o, "JavaScript does not run inside the database; use $expr or ask for the documents and filter them in a function")
	case "$sampleRate":
		return node{}, refusedOperator(o, "is not supported; use the aggregation stage $sample")
	}
	return node{}, unknown(o.at)
}

// field reads the operators that stand below a path, or in a condition on
// elements: one line adds one.
func (c compiler) field(o operand) (node, error) {
	switch o.name {
	case "$eq":
		return comparison(o, kindEqual)
	case "$gt":
		return comparison(o, kindGreater)
	case "$gte":
		return comparison(o, kindGreaterEqual)
	case "$lt":
		return comparison(o, kindLess)
	case "$lte":
		return comparison(o, kindLessEqual)
	case "$ne":
		return notEqual(o)
	case "$in":
		return in(o)
	case "$nin":
		return negated(in(o))
	case "$not":
		return c.not(o)
	case "$exists":
		return exists(o)
	case "$regex":
		return regex(o)
	case "$options":
		return options(o)
	case "$type":
		return typed(o)
	case "$mod":
		return mod(o)
	case "$size":
		return size(o)
	case "$all":
		return c.all(o)
	case "$elemMatch":
		return c.elemMatch(o)
	case "$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear":
		return bitTest(o)
	case "$geoWithin", "$within":
		return geoWithin(o)
	case "$geoIntersects":
		return geoIntersects(o)
	case "$near", "$nearSphere", "$geoNear":
		return c.near(o)
	case "$minDistance", "$maxDistance":
		return distance(o)
	case "$comment":
		return node{kind: kindAnd}, nil
	}
	return node{}, unknown(o.at)
}

// condition reads a condition object: members that are paths, and operators on
// the whole document. at is where it stands, "" or ending in a dot.
func (c compiler) condition(at string, d value.Doc) (node, error) {
	all := node{kind: kindAnd}
	for key, v := range d.All() {
		var sub node
		var err error
		if strings.HasPrefix(key, "$") {
			sub, err = c.document(operand{at: at + key, name: key, v: v, beside: d})
		} else {
			sub, err = c.member(at+key, key, v)
		}
		if err != nil {
			return node{}, err
		}
		all.add(sub)
	}
	return all.simplified(), nil
}

func (c compiler) logical(o operand, k kind) (node, error) {
	n := node{kind: k}
	if o.v.Type != value.TypeArray || o.v.Doc().IsEmpty() {
		return node{}, fault.Refused(o.at, "must be an array of at least one condition")
	}
	i := 0
	for _, member := range o.v.Doc().All() {
		where := o.at + "." + strconv.Itoa(i)
		if member.Type != value.TypeObject {
			return node{}, fault.Refused(where, "must be a condition object, it is of type %s", member.Type.Name())
		}
		sub, err := c.condition(where+".", member.Doc())
		if err != nil {
			return node{}, err
		}
		n.subs = append(n.subs, sub)
		i++
	}
	return n.simplified(), nil
}

// constant reads $alwaysTrue and $alwaysFalse, whose operand is 1.
func constant(o operand, k kind) (node, error) {
	if n, ok := o.v.AsInt64(); !ok || n != 1 {
		return node{}, fault.Refused(o.at, "must be 1")
	}
	return node{kind: k}, nil
}

// member reads {path: v}: operators, a regular expression or a value.
func (c compiler) member(at, text string, v value.Value) (node, error) {
	p, err := parsePath(at, text)
	if err != nil {
		return node{}, err
	}
	if isOperators(v) {
		return c.operators(at, p, v.Doc())
	}
	return equality(at, p, v)
}

// equality reads a bare value, which a regular expression matches and anything
// else equals.
func equality(at string, p path, v value.Value) (node, error) {
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

// operators reads {"$gt": 1, "$lt": 5}; all of them must hold.
func (c compiler) operators(at string, p path, d value.Doc) (node, error) {
	all := node{kind: kindAnd}
	for key, v := range d.All() {
		sub, err := c.field(operand{at: at + "." + key, name: key, path: p, v: v, beside: d})
		if err != nil {
			return node{}, err
		}
		all.add(sub)
	}
	return all.simplified(), nil
}

// add adds a condition to a conjunction.
func (n *node) add(sub node) {
	if sub.kind != kindAnd || len(sub.subs) > 0 { // else it holds for everything
		n.subs = append(n.subs, sub)
	}
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

// refusedOperator makes the error for an operator that exists in MongoDB only.
func refusedOperator(o operand, why string) error {
	return &fault.Error{Code: fault.DatabaseOperator, Field: o.at, Msg: o.at + ": " + why}
}
