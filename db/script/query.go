package script

import (
	"strings"

	"baas/db/value"
)

// query is a collection, what was chosen of it, or one document.
type query struct {
	collection string
	id         value.Value // of doc(id); else Missing
	byWhere    bool
	wheres     []any
	order      *object
	fields     any
	skip       int64
	limit      int64
}

func (q *query) describe() string {
	if !q.id.IsMissing() {
		return "a document"
	}
	return "a query"
}

// collection is db.collection(name).
func collection(c *call) (any, error) {
	v, _ := c.arg(0).(value.Value)
	if v.Text() == "" {
		return nil, c.fail("takes the name of a collection")
	}
	return &query{collection: v.Text()}, nil
}

// member implements methods.
func (q *query) member(name string) (any, bool) {
	table := map[string]func(*query, *call) (any, error){
		"doc": (*query).doc, "where": (*query).where, "orderBy": (*query).orderBy,
		"limit": (*query).withLimit, "skip": (*query).withSkip, "field": (*query).field,
		"get": (*query).get, "count": (*query).count, "add": (*query).add,
		"update": (*query).update, "remove": (*query).remove, "aggregate": (*query).aggregate,
	}
	if !q.id.IsMissing() {
		table = map[string]func(*query, *call) (any, error){
			"field": (*query).field, "get": (*query).get, "set": (*query).set,
			"update": (*query).update, "remove": (*query).remove,
		}
	}
	method, ok := table[name]
	if !ok {
		return nil, false
	}
	return &function{name: name, call: func(c *call) (any, error) {
		next := *q
		return method(&next, c)
	}}, true
}

func (q *query) doc(c *call) (any, error) {
	v, ok := c.arg(0).(value.Value)
	if !ok || v.Type != value.TypeString && !v.Type.IsNumber() && v.Type != value.TypeObjectID {
		return nil, c.fail("takes an id, a text or a number; this is %s", describe(c.arg(0)))
	}
	q.id = v
	return q, nil
}

// where adds a condition; a second one must hold too.
func (q *query) where(c *call) (any, error) {
	switch x := c.arg(0).(type) {
	case *condition:
	case *object:
		given := len(x.keys) == 0
		for _, v := range x.vals {
			u, ok := v.(value.Value)
			given = given || !ok || !u.IsMissing()
		}
		if !given {
			return nil, c.fail("every member of the condition is undefined, which would select everything")
		}
	default:
		return nil, c.fail("takes an object or a condition of db.command, not %s", describe(x))
	}
	q.byWhere = true
	q.wheres = append(q.wheres[:len(q.wheres):len(q.wheres)], c.args[0])
	return q, nil
}

func (q *query) orderBy(c *call) (any, error) {
	field, _ := c.arg(0).(value.Value)
	order, _ := c.arg(1).(value.Value)
	direction := map[string]int32{"asc": 1, "desc": -1}[order.Text()]
	if field.Text() == "" || direction == 0 {
		return nil, c.fail(`takes a field and "asc" or "desc"`)
	}
	sorted := &object{}
	if q.order != nil {
		sorted.keys, sorted.vals = append(sorted.keys, q.order.keys...), append(sorted.vals, q.order.vals...)
	}
	sorted.set(field.Text(), value.Int32(direction))
	q.order = sorted
	return q, nil
}

func (q *query) withLimit(c *call) (any, error) {
	v, _ := c.arg(0).(value.Value)
	n, ok := v.AsInt64()
	if !ok || n < 1 {
		return nil, c.fail("takes a whole number from 1 on")
	}
	q.limit = n
	return q, nil
}

func (q *query) withSkip(c *call) (any, error) {
	v, _ := c.arg(0).(value.Value)
	n, ok := v.AsInt64()
	if !ok || n < 0 {
		return nil, c.fail("takes a whole number from 0 on")
	}
	q.skip = n
	return q, nil
}

func (q *query) field(c *call) (any, error) {
	if _, ok := c.arg(0).(*object); !ok {
		return nil, c.fail("takes an object such as {name: true}, not %s", describe(c.arg(0)))
	}
	q.fields = c.args[0]
	return q, nil
}

// operation begins an operation with what the query selects.
func (q *query) operation(c *call, kind Kind) (*Operation, error) {
	op := &Operation{Kind: kind, Collection: q.collection}
	e := encoder{at: c.at, call: c.name}
	if !q.id.IsMissing() {
		var b value.Builder
		b.Add("_id", q.id)
		op.Single, op.Query = true, b.Doc()
		return op, nil
	}
	var clauses []*object
	for _, w := range q.wheres {
		more, err := e.clauses(w)
		if err != nil {
			return nil, err
		}
		clauses = append(clauses, more...)
	}
	if len(clauses) == 0 {
		return op, nil
	}
	var err error
	op.Query, err = e.document(joinClauses(clauses))
	return op, err
}

func (q *query) get(c *call) (any, error) {
	op, err := q.operation(c, Get)
	if err != nil {
		return nil, err
	}
	op.Skip, op.Limit = q.skip, q.limit
	e := encoder{at: c.at, call: c.name}
	if q.order != nil {
		if op.Sort, err = e.document(q.order); err != nil {
			return nil, err
		}
	}
	if q.fields != nil {
		op.Projection, err = e.projection(q.fields.(*object)) // field has seen to it
	}
	return op, err
}

func (q *query) count(c *call) (any, error) { return q.operation(c, Count) }

// data returns the member data of the one argument.
func data(c *call) (any, error) {
	o, ok := c.arg(0).(*object)
	if !ok {
		return nil, c.fail("takes {data: …}, not %s", describe(c.arg(0)))
	}
	d, ok := o.get("data")
	if !ok {
		return nil, c.fail("the member data is missing")
	}
	return d, nil
}

func (q *query) add(c *call) (any, error) {
	if q.byWhere || q.order != nil || q.limit != 0 || q.skip != 0 || q.fields != nil {
		return nil, c.fail("stands directly behind db.collection(name)")
	}
	d, err := data(c)
	if err != nil {
		return nil, err
	}
	op := &Operation{Kind: Add, Collection: q.collection}
	items := []any{d}
	if l, ok := d.(*list); ok {
		items = l.items
	}
	if len(items) == 0 {
		return nil, c.fail("data holds no document")
	}
	e := encoder{at: c.at, call: c.name}
	for _, item := range items {
		o, ok := item.(*object)
		if !ok {
			return nil, c.fail("data must be an object or an array of objects, not %s", describe(item))
		}
		doc, err := e.document(o)
		if err != nil {
			return nil, err
		}
		op.Docs = append(op.Docs, doc)
	}
	return op, nil
}

func (q *query) set(c *call) (any, error) {
	d, err := data(c)
	if err != nil {
		return nil, err
	}
	o, ok := d.(*object)
	if !ok || len(o.keys) == 0 {
		return nil, c.fail("data must be an object with members, not %s", describe(d))
	}
	op, err := q.operation(c, Set)
	if err != nil {
		return nil, err
	}
	e := encoder{at: c.at, call: c.name}
	op.Change, err = e.document(o)
	return op, err
}

// aimed refuses a write that says nothing of whom it is for.
func (q *query) aimed(c *call) error {
	if q.id.IsMissing() && !q.byWhere {
		return c.fail("say which documents: doc(id), where({…}), or where({}) for all")
	}
	if q.order != nil || q.limit != 0 || q.skip != 0 || q.fields != nil {
		return c.fail("orderBy, limit, skip and field choose nothing here; narrow the where")
	}
	return nil
}

// multi reads the option multi, which is on for a where.
func (q *query) multi(c *call) (bool, error) {
	if !q.id.IsMissing() {
		return false, nil
	}
	o, ok := c.arg(0).(*object)
	if !ok {
		return true, nil
	}
	v, given := o.get("multi")
	if !given {
		return true, nil
	}
	on, ok := v.(value.Value)
	if !ok || on.Type != value.TypeBool {
		return false, c.fail("multi must be true or false")
	}
	return on.IsTrue(), nil
}

func (q *query) update(c *call) (any, error) {
	if err := q.aimed(c); err != nil {
		return nil, err
	}
	d, err := data(c)
	if err != nil {
		return nil, err
	}
	o, ok := d.(*object)
	if !ok {
		return nil, c.fail("data must be an object, not %s", describe(d))
	}
	op, err := q.operation(c, Update)
	if err != nil {
		return nil, err
	}
	if op.Multi, err = q.multi(c); err != nil {
		return nil, err
	}
	op.Change, err = (&encoder{at: c.at, call: c.name}).update(o)
	return op, err
}

func (q *query) remove(c *call) (any, error) {
	if err := q.aimed(c); err != nil {
		return nil, err
	}
	op, err := q.operation(c, Remove)
	if err != nil {
		return nil, err
	}
	op.Multi, err = q.multi(c)
	return op, err
}

func (q *query) aggregate(c *call) (any, error) {
	if q.byWhere || q.order != nil || q.limit != 0 || q.skip != 0 || q.fields != nil {
		return nil, c.fail("stands directly behind db.collection(name); use its stages match, sort, limit, skip and project")
	}
	return &pipeline{collection: q.collection}, nil
}

// join puts a member's name behind a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return strings.Join([]string{path, name}, ".")
}
