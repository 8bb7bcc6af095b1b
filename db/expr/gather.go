package expr

import (
	"math"

	"baas/db/value"
)

// gather sums up values: what $sum, $avg, $min and so on are, over the elements
// of an array or the documents of a group.
type gather interface {
	add(v value.Value) error
	// value returns the result so far.
	value(s *Scope) value.Value
}

// gathers are the operators that are expressions too.
func gathers(name string) (operator, bool) {
	switch name {
	case "$sum":
		return ofMany(0, -1, over(func() gather { return &sum{} })), true
	case "$avg":
		return ofMany(0, -1, over(func() gather { return &avg{} })), true
	case "$min":
		return ofMany(0, -1, over(func() gather { return &extreme{sign: -1} })), true
	case "$max":
		return ofMany(0, -1, over(func() gather { return &extreme{sign: +1} })), true
	case "$stdDevPop":
		return ofMany(0, -1, over(func() gather { return &deviation{} })), true
	case "$stdDevSamp":
		return ofMany(0, -1, over(func() gather { return &deviation{sample: 1} })), true
	}
	return operator{}, false
}

// over sums up the operands; a single one that is an array stands for its
// elements.
func over(begin func() gather) func(*call, *Scope) (value.Value, error) {
	return func(c *call, s *Scope) (value.Value, error) {
		g := begin()
		for _, arg := range c.args {
			v, err := arg.eval(s)
			if err != nil {
				return value.Value{}, err
			}
			if len(c.args) == 1 && v.Type == value.TypeArray {
				err = s.gatherAll(g, v.Doc())
			} else if err = s.spend(len(v.Data) / copyStep); err == nil {
				err = g.add(v)
			}
			if err != nil {
				return value.Value{}, err
			}
		}
		return g.value(s), nil
	}
}

func (s *Scope) gatherAll(g gather, array value.Doc) error {
	cursor := array.Cursor()
	for {
		_, v, ok := cursor.Next()
		if !ok {
			return nil
		}
		if err := s.spend(1 + len(v.Data)/copyStep); err != nil {
			return err
		}
		if err := g.add(v); err != nil {
			return err
		}
	}
}

// sum passes over what is not a number.
type sum struct{ total total }

func (g *sum) add(v value.Value) error {
	g.total.add(v)
	return nil
}

func (g *sum) value(s *Scope) value.Value { return g.total.value(s) }

// avg passes over what is not a number; of no number it is null.
type avg struct {
	total total
	n     int64
}

func (g *avg) add(v value.Value) error {
	if g.total.add(v) {
		g.n++
	}
	return nil
}

func (g *avg) value(s *Scope) value.Value {
	if g.n == 0 {
		return value.Null()
	}
	return s.float(g.total.float() / float64(g.n))
}

// extreme is $min (sign -1) and $max (sign +1) without null and missing.
type extreme struct {
	sign int
	best value.Value
}

func (g *extreme) add(v value.Value) error {
	if nullish(v) || g.best.Type != value.TypeMissing && value.Compare(v, g.best)*g.sign <= 0 {
		return nil
	}
	g.best.Type = v.Type
	g.best.Data = append(g.best.Data[:0], v.Data...)
	return nil
}

func (g *extreme) value(*Scope) value.Value {
	if g.best.Type == value.TypeMissing {
		return value.Null()
	}
	return g.best.Clone()
}

// deviation is the standard deviation by Welford's method; sample is what its
// divisor is less than the number of values.
type deviation struct {
	sample   int64
	n        int64
	mean, m2 float64
}

func (g *deviation) add(v value.Value) error {
	f, ok := v.AsFloat()
	if !ok {
		return nil
	}
	g.n++
	delta := f - g.mean
	if delta != 0 {
		g.mean += delta / float64(g.n)
		g.m2 += delta * (f - g.mean)
	}
	return nil
}

func (g *deviation) value(s *Scope) value.Value {
	if g.n <= g.sample || math.IsNaN(g.m2) || math.IsInf(g.m2, 0) {
		return value.Null()
	}
	return s.float(math.Sqrt(g.m2 / float64(g.n-g.sample)))
}
