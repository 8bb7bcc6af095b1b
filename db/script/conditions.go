package script

import (
	"strings"

	"baas/db/value"
)

// condition encodes the argument of where and match: an object of conditions,
// or a logical command. Nested objects become dotted paths, and an empty one
// disappears.
func (e *encoder) condition(v any) (*object, error) {
	clauses, err := e.clauses(v)
	if err != nil {
		return nil, err
	}
	return joinClauses(clauses), nil
}

// joinClauses joins clauses into one condition: side by side where their keys
// differ, in $and where they do not.
func joinClauses(clauses []*object) *object {
	joined := &object{}
	for _, c := range clauses {
		for i, key := range c.keys {
			_, taken := joined.get(key)
			if !taken {
				joined.set(key, c.vals[i])
				continue
			}
			return &object{keys: []string{"$and"}, vals: []any{&list{allOf(clauses)}}}
		}
	}
	return joined
}

// allOf are the members of an $and: a clause that is one itself is spread out.
func allOf(clauses []*object) (items []any) {
	for _, c := range clauses {
		if len(c.keys) == 1 && c.keys[0] == "$and" {
			if l, ok := c.vals[0].(*list); ok {
				items = append(items, l.items...)
				continue
			}
		}
		items = append(items, c)
	}
	return items
}

func (e *encoder) clauses(v any) ([]*object, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	switch x := v.(type) {
	case *condition:
		c, err := e.rootCommand(x)
		return []*object{c}, err
	case *object:
		var all []*object
		for i, path := range x.keys {
			more, err := e.field(path, x.vals[i])
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	return nil, e.fail("", "a condition is an object or a command of db.command, not %s", describe(v))
}

// rootCommand encodes a command in the place of a whole condition.
func (e *encoder) rootCommand(c *condition) (*object, error) {
	if !c.logic {
		if !isRoot(c.operator) {
			return nil, e.fail("", "_.%s must be the value of a field", c.operator)
		}
		operand, err := e.operand(c)
		wire, _ := queryOperator(c.operator)
		return single(wire, operand), err
	}
	parts := &list{}
	for _, p := range c.parts {
		part, err := e.condition(p)
		if err != nil {
			return nil, err
		}
		parts.items = append(parts.items, part)
	}
	if c.operator == "not" {
		return single("$nor", parts), nil
	}
	return single("$"+c.operator, parts), nil
}

func single(key string, v any) *object { return &object{keys: []string{key}, vals: []any{v}} }

// field returns the clauses for one field.
func (e *encoder) field(path string, v any) ([]*object, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	switch x := v.(type) {
	case value.Value:
		if x.IsMissing() {
			return nil, nil
		}
	case *condition:
		return e.fieldCommand(path, x)
	case *change:
		return nil, e.fail(path, "_.%s is not a condition", x.operator)
	case *object:
		if x.leaf || isRaw(x) || strings.HasPrefix(path, "$") {
			return []*object{single(path, x)}, nil
		}
		var all []*object
		for i, key := range x.keys {
			more, err := e.field(join(path, key), x.vals[i])
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	case *list:
		if path == "$and" || path == "$or" || path == "$nor" {
			return e.written(path, x)
		}
	}
	return []*object{single(path, v)}, nil
}

// written encodes a logical operator that was written by hand.
func (e *encoder) written(operator string, l *list) ([]*object, error) {
	parts := &list{}
	for _, item := range l.items {
		part, err := e.condition(item)
		if err != nil {
			return nil, err
		}
		parts.items = append(parts.items, part)
	}
	return []*object{single(operator, parts)}, nil
}

func (e *encoder) fieldCommand(path string, c *condition) ([]*object, error) {
	if !c.logic {
		wire, _ := queryOperator(c.operator)
		if isRoot(c.operator) {
			if path != wire {
				return nil, e.fail(path, "_.%s stands for a whole condition, not for a field", c.operator)
			}
			root, err := e.rootCommand(c)
			return []*object{root}, err
		}
		operand, err := e.operand(c)
		return []*object{single(path, single(wire, operand))}, err
	}
	switch c.operator {
	case "and":
		var all []any
		for _, p := range c.parts {
			more, err := e.conjuncts(path, p)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return []*object{single("$and", &list{all})}, nil
	case "or", "nor":
		parts, err := e.parts(path, c.parts)
		return []*object{single("$"+c.operator, parts)}, err
	}
	var all []*object
	for _, p := range c.parts {
		n, err := e.negation(path, p)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// parts encodes each part as a condition on the field.
func (e *encoder) parts(path string, parts []any) (*list, error) {
	out := &list{}
	for _, p := range parts {
		clauses, err := e.field(path, p)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, joinClauses(clauses))
	}
	return out, nil
}

// conjuncts returns the members that a part adds to an $and: a nested and is
// spread out.
func (e *encoder) conjuncts(path string, p any) ([]any, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	if c, ok := p.(*condition); ok && c.logic && c.operator == "and" {
		var all []any
		for _, inner := range c.parts {
			more, err := e.conjuncts(path, inner)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	}
	clauses, err := e.field(path, p)
	if err != nil {
		return nil, err
	}
	return []any{joinClauses(clauses)}, nil
}

func (e *encoder) negation(path string, p any) (*object, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	c, ok := p.(*condition)
	if !ok {
		if v, isValue := p.(value.Value); isValue && v.Type == value.TypeRegex {
			return single(path, single("$not", v)), nil
		}
		return single(path, single("$ne", p)), nil
	}
	if !c.logic {
		operand, err := e.operand(c)
		wire, _ := queryOperator(c.operator)
		return single(path, single("$not", single(wire, operand))), err
	}
	if c.operator == "and" {
		out := &list{}
		for _, inner := range c.parts {
			n, err := e.negation(path, inner)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, n)
		}
		return single("$or", out), nil
	}
	parts, err := e.parts(path, c.parts)
	if err != nil {
		return nil, err
	}
	switch c.operator {
	case "or":
		return single("$nor", parts), nil
	case "nor":
		return single("$or", parts), nil
	}
	var clauses []*object
	for _, item := range parts.items {
		clauses = append(clauses, item.(*object)) // parts makes no other
	}
	return joinClauses(clauses), nil
}

// operand encodes the operand of a query operator.
func (e *encoder) operand(c *condition) (any, error) {
	switch c.operator {
	case "all":
		out := &list{}
		for _, item := range c.operand.(*list).items { // newCondition has seen to it
			if inner, ok := item.(*condition); ok {
				ops, err := e.elementOperators(inner)
				if err != nil {
					return nil, err
				}
				item = ops
			}
			out.items = append(out.items, item)
		}
		return out, nil
	case "elemMatch":
		return e.elements(c.operand)
	case "geoNear", "geoIntersects", "text", "geoWithin":
		return renamed(c), nil
	}
	return c.operand, nil
}

// elements encodes what elemMatch takes.
func (e *encoder) elements(v any) (any, error) {
	switch x := v.(type) {
	case *condition:
		return e.elementOperators(x)
	case *object:
		if isRaw(x) {
			return x, nil
		}
	}
	return e.condition(v)
}

// renamed gives the members of a geo or text operand the wire's names.
func renamed(c *condition) any {
	given := c.operand.(*object) // newCondition has seen to it
	out := &object{}
	for _, name := range []string{"geometry", "search", "language", "caseSensitive", "diacriticSensitive", "maxDistance", "minDistance", "centerSphere"} {
		v, there := given.get(name)
		if !there {
			continue
		}
		if l, ok := v.(*list); ok && name == "centerSphere" && len(l.items) == 2 {
			if center, ok := l.items[0].(*object); ok {
				if coordinates, ok := center.get("coordinates"); ok {
					v = &list{items: []any{coordinates, l.items[1]}}
				}
			}
		}
		out.set("$"+name, v)
	}
	return out
}

// elementOperators encodes operators for one element of an array, which has no
// name.
func (e *encoder) elementOperators(c *condition) (any, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	if !c.logic {
		operand, err := e.operand(c)
		wire, _ := queryOperator(c.operator)
		return single(wire, operand), err
	}
	if c.operator == "not" && len(c.parts) == 1 {
		if inner, ok := c.parts[0].(*condition); ok {
			ops, err := e.elementOperators(inner)
			return single("$not", ops), err
		}
	}
	if c.operator != "and" {
		return nil, e.fail("", "_.%s cannot be a condition on an array element without a name", c.operator)
	}
	joined := &object{}
	for _, p := range c.parts {
		inner, ok := p.(*condition)
		if !ok {
			return nil, e.fail("", "conditions on an element are commands of db.command, not %s", describe(p))
		}
		ops, err := e.elementOperators(inner)
		if err != nil {
			return nil, err
		}
		o := ops.(*object) // nothing else is returned without an error
		for i, key := range o.keys {
			if _, twice := joined.get(key); twice {
				return nil, e.fail("", "a condition on an element holds %s twice", key)
			}
			joined.set(key, o.vals[i])
		}
	}
	return joined, nil
}
