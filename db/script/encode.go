package script

import (
	"strings"

	"baas/db/value"
)

// encoder turns what a script has put together into the query and update
// language of the wire (tcb-wire-protocol.md 6.2 and 6.3, wx-cloud-api.md 3.7,
// 3.10 and 4), as the SDKs do.
type encoder struct {
	at    int
	call  string
	depth int
	nodes int
}

// enter counts a step into a part; whoever took it leaves. A script may name
// the same part many times, so that the whole can be much larger than its text.
func (e *encoder) enter() error {
	if e.depth++; e.depth > maxDepth {
		return e.fail("", "nested deeper than %d levels", maxDepth)
	}
	if e.nodes++; e.nodes > maxNodes {
		return e.fail("", "more than %d values", maxNodes)
	}
	return nil
}

func (e *encoder) leave() { e.depth-- }

func (e *encoder) fail(path, format string, args ...any) error {
	if path != "" {
		format = path + ": " + format
	}
	return fail(e.at, e.call+": "+strings.ReplaceAll(format[:len(path)], "%", "%%")+format[len(path):], args...)
}

// document encodes an object as it stands.
func (e *encoder) document(o *object) (value.Doc, error) {
	v, err := e.value(o)
	return v.Doc(), err
}

// value encodes anything that is data or an aggregation expression.
func (e *encoder) value(v any) (value.Value, error) {
	if err := e.enter(); err != nil {
		return value.Value{}, err
	}
	defer e.leave()
	switch x := v.(type) {
	case value.Value:
		return x, nil
	case *object:
		return e.object(x)
	case *list:
		var b value.ArrayBuilder
		for _, item := range x.items {
			element, err := e.value(item)
			if err != nil {
				return value.Value{}, err
			}
			b.Add(element)
		}
		return b.Value(), nil
	case *expression:
		return e.object(&object{keys: []string{x.operator}, vals: []any{x.operand}})
	case *change:
		return value.Value{}, e.fail("", "update operator complicit: _.%s may only be the value of a field in update", x.operator)
	case *condition:
		return value.Value{}, e.fail("", "_.%s is a condition, which may stand in where, match and _.pull only", x.operator)
	}
	return value.Value{}, e.fail("", "%s is not data", describe(v))
}

func (e *encoder) object(o *object) (value.Value, error) {
	var b value.Builder
	for i, key := range o.keys {
		if strings.ContainsRune(key, 0) {
			return value.Value{}, e.fail("", "the name of a member cannot hold the character NUL")
		}
		v, err := e.value(o.vals[i])
		if err != nil {
			return value.Value{}, err
		}
		b.Add(key, v)
	}
	return value.FromDoc(b.Doc()), nil
}

// isRaw reports whether an object is one of operators written by hand.
func isRaw(o *object) bool {
	for _, key := range o.keys {
		if !strings.HasPrefix(key, "$") {
			return false
		}
	}
	return len(o.keys) > 0
}

// projection encodes the argument of field.
func (e *encoder) projection(o *object) (value.Doc, error) {
	out := &object{}
	for i, path := range o.keys {
		switch x := o.vals[i].(type) {
		case value.Value:
			n, number := x.AsInt64()
			if x.Type != value.TypeBool && (!number || n < -1 || n > 1) {
				return nil, e.fail(path, "use true, false or a command of _.project")
			}
			on := x.Type == value.TypeBool && x.IsTrue() || number && n == 1
			out.set(path, value.Int32(map[bool]int32{true: 1}[on]))
		case *projection:
			operand := x.operand
			if x.operator == "elemMatch" {
				cond, err := e.elements(x.operand)
				if err != nil {
					return nil, err
				}
				operand = cond
			}
			out.set(path, &object{keys: []string{"$" + x.operator}, vals: []any{operand}})
		case *object, *expression:
			out.set(path, x)
		default:
			return nil, e.fail(path, "use true, false or a command of _.project, not %s", describe(x))
		}
	}
	return e.document(out)
}

// update encodes the data of update: commands by operator, the rest into $set,
// nested objects as dotted paths; an empty one is dropped.
func (e *encoder) update(o *object) (value.Doc, error) {
	groups := &object{}
	if err := e.updateMembers(groups, "", o); err != nil {
		return nil, err
	}
	return e.document(groups)
}

func (e *encoder) updateMembers(groups *object, prefix string, o *object) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	for i, key := range o.keys {
		path := join(prefix, key)
		if strings.HasPrefix(key, "$") && key != "$" && !strings.HasPrefix(key, "$[") && !strings.HasPrefix(key, "$.") {
			return e.fail(path, "updates are written with db.command, such as _.inc(1)")
		}
		add := func(operator string, v any) {
			group, ok := groups.get(operator)
			if !ok {
				group = &object{}
				groups.set(operator, group)
			}
			group.(*object).set(path, v) // made in the line above
		}
		switch x := o.vals[i].(type) {
		case *change:
			operator, operand, err := e.change(path, x)
			if err != nil {
				return err
			}
			add(operator, operand)
		case *object:
			if x.leaf {
				add("$set", x)
			} else if err := e.updateMembers(groups, path, x); err != nil {
				return err
			}
		case value.Value:
			if !x.IsMissing() {
				add("$set", x)
			}
		default:
			add("$set", x)
		}
	}
	return nil
}

// change returns the wire's operator and operand of an update command.
func (e *encoder) change(path string, c *change) (operator string, operand any, err error) {
	var first any = value.Value{}
	if len(c.operands) > 0 {
		first = c.operands[0]
	}
	switch c.operator {
	case "remove":
		return "$unset", value.String(""), nil
	case "pop":
		return "$pop", value.Int32(1), nil
	case "shift":
		return "$pop", value.Int32(-1), nil
	case "push":
		return "$push", pushed(c.operands), nil
	case "unshift":
		return "$push", &object{keys: []string{"$each", "$position"}, vals: []any{&list{spread(c.operands)}, value.Int32(0)}}, nil
	case "addToSet":
		if each, ok := eachOf(first); ok {
			return "$addToSet", &object{keys: []string{"$each"}, vals: []any{each}}, nil
		}
		return "$addToSet", first, nil
	case "pull":
		operand, err = e.pull(first)
		return "$pull", operand, err
	}
	if v, ok := first.(value.Value); ok && v.IsMissing() {
		return "", nil, e.fail(path, "_.%s takes a value", c.operator)
	}
	return "$" + c.operator, first, nil
}

// pushed is push(v), push([v, …]), push(v, …) or push({each, position, sort,
// slice}).
func pushed(operands []any) any {
	if len(operands) == 1 {
		if each, ok := eachOf(operands[0]); ok {
			out := &object{keys: []string{"$each"}, vals: []any{each}}
			spec := operands[0].(*object) // eachOf takes no other
			for _, name := range []string{"position", "sort", "slice"} {
				if v, given := spec.get(name); given {
					out.set("$"+name, v)
				}
			}
			return out
		}
	}
	return &object{keys: []string{"$each"}, vals: []any{&list{spread(operands)}}}
}

// eachOf returns the list in {each: […]} or {$each: […]}.
func eachOf(v any) (*list, bool) {
	o, ok := v.(*object)
	if !ok {
		return nil, false
	}
	for _, name := range []string{"each", "$each"} {
		if each, there := o.get(name); there {
			l, ok := each.(*list)
			return l, ok
		}
	}
	return nil, false
}

// pull encodes what _.pull takes: a value, a command, or conditions on elements.
func (e *encoder) pull(v any) (any, error) {
	switch x := v.(type) {
	case *condition:
		return e.elementOperators(x)
	case *object:
		if !x.leaf {
			return e.condition(x)
		}
	}
	return v, nil
}
