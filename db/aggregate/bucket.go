package aggregate

import (
	"slices"
	"strings"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// boundaries tells the bucket of a document: the lower bound of the interval that
// its value is in.
type boundaries struct {
	by     *expr.Expr
	bounds []value.Value // ascending, all of one type
	rest   value.Value   // the bucket of what is in none; Missing: that is an error
}

// bucket reads $bucket, which is a group and a sort.
func (c *compiler) bucket(at string, v value.Value) ([]stage, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object with groupBy and boundaries, it is of type %s", v.Type.Name())
	}
	b := &boundaries{}
	g := &group{stage: "$bucket", key: b}
	var output value.Value
	for key, option := range v.Doc().All() {
		where := at + "." + key
		var err error
		switch key {
		case "groupBy":
			b.by, err = c.groupBy(where, option)
		case "boundaries":
			b.bounds, err = c.bounds(where, option)
		case "default":
			b.rest, err = c.constant(where, option)
		case "output":
			output = option
		default:
			err = unknownOption(where)
		}
		if err != nil {
			return nil, err
		}
	}
	if b.by == nil || b.bounds == nil {
		return nil, fault.Refused(at, "give groupBy and boundaries")
	}
	if !b.rest.IsMissing() && b.index(b.rest) >= 0 {
		return nil, fault.Refused(at+".default", "must lie below the first or not below the last of the boundaries")
	}
	var err error
	if g.fields, err = c.output(at+".output", output); err != nil {
		return nil, err
	}
	order, err := sortBy("_id", 1)
	return []stage{g, order}, err
}

// groupBy reads the expression of a bucket stage.
func (c *compiler) groupBy(at string, v value.Value) (*expr.Expr, error) {
	path := v.Type == value.TypeString && strings.HasPrefix(v.Text(), "$")
	if !path && v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be a path that begins with $ or an expression")
	}
	return c.expression(at, v)
}

// constant evaluates an expression that reads no document.
func (c *compiler) constant(at string, v value.Value) (value.Value, error) {
	e, err := expr.Compile(at, v, expr.Options{})
	if err != nil {
		return value.Value{}, err
	}
	got, ok := e.Constant()
	if !ok {
		return value.Value{}, fault.Refused(at, "must be a constant")
	}
	return got, nil
}

func (c *compiler) bounds(at string, v value.Value) ([]value.Value, error) {
	if v.Type != value.TypeArray || v.Doc().Len() < 2 {
		return nil, fault.Refused(at, "must be an array of at least two values")
	}
	var out []value.Value
	for _, one := range v.Doc().All() {
		bound, err := c.constant(at, one)
		if err != nil {
			return nil, err
		}
		if n := len(out); n > 0 {
			if out[n-1].Type.Rank() != bound.Type.Rank() {
				return nil, fault.Refused(at, "all boundaries must be of one type")
			}
			if value.Compare(out[n-1], bound) >= 0 {
				return nil, fault.Refused(at, "must ascend")
			}
		}
		out = append(out, bound)
	}
	return out, nil
}

// index returns which interval v is in, -1 for none.
func (b *boundaries) index(v value.Value) int {
	i, exact := slices.BinarySearchFunc(b.bounds, v, value.Compare)
	if !exact {
		i--
	}
	if i == len(b.bounds)-1 {
		return -1
	}
	return i
}

// Eval implements keyer.
func (b *boundaries) Eval(s *expr.Scope) (value.Value, error) {
	v, err := b.by.Eval(s)
	if err != nil {
		return value.Value{}, err
	}
	if i := b.index(v); i >= 0 {
		return b.bounds[i], nil
	}
	if b.rest.IsMissing() {
		return value.Value{}, fault.New(fault.DatabaseFailed,
			"$bucket: a value lies in none of the intervals; give a default for such values or select the documents before")
	}
	return b.rest, nil
}
