package aggregate

import (
	"math"
	"slices"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// bucketAuto is $bucketAuto: about equally large groups of ascending values.
type bucketAuto struct {
	by      *expr.Expr
	buckets int
	series  *series // bounds are rounded to it; nil: they are not
	fields  []field
}

func (c *compiler) bucketAuto(at string, v value.Value) (*bucketAuto, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object with groupBy and buckets, it is of type %s", v.Type.Name())
	}
	b := &bucketAuto{}
	var output value.Value
	for key, option := range v.Doc().All() {
		where := at + "." + key
		var err error
		switch key {
		case "groupBy":
			b.by, err = c.groupBy(where, option)
		case "buckets":
			n, ok := option.AsInt64()
			if !ok || n <= 0 || n > math.MaxInt32 {
				return nil, fault.Refused(where, "must be a positive whole number of 32 bits")
			}
			b.buckets = int(n)
		case "granularity":
			if b.series = seriesOf(option.Text()); b.series == nil {
				return nil, fault.Refused(where, "must be the name of a series: R5, R10, R20, R40, R80, 1-2-5, E6 to E192 or POWERSOF2")
			}
		case "output":
			output = option
		default:
			err = unknownOption(where)
		}
		if err != nil {
			return nil, err
		}
	}
	if b.by == nil || b.buckets == 0 {
		return nil, fault.Refused(at, "give groupBy and buckets")
	}
	var err error
	b.fields, err = c.output(at+".output", output)
	return b, err
}

func (b *bucketAuto) open(r *run, next sink) (sink, error) {
	return &bucketing{
		bucketAuto: b, run: r, scope: r.scope(), next: next,
		memory: r.account("$bucketAuto", r.budget.Stage),
	}, nil
}

// bucketing keeps all documents until it knows how many there are.
type bucketing struct {
	*bucketAuto
	run    *run
	scope  expr.Scope
	next   sink
	memory account
	kept   []valued
}

// valued is a document and the value that it is grouped by.
type valued struct {
	by  value.Value
	doc value.Doc
}

func (b *bucketing) push(d value.Doc) error {
	b.run.next(&b.scope, d)
	v, err := b.by.Eval(&b.scope)
	if err != nil {
		return err
	}
	if b.series != nil {
		if f, ok := v.AsFloat(); !ok || !(f >= 0) {
			return fault.New(fault.DatabaseFailed, "$bucketAuto: with a granularity every value must be a number that is not negative, one is of type %s", v.Type.Name())
		}
	}
	if v.IsMissing() {
		v = value.Null()
	}
	b.kept = append(b.kept, valued{v.Clone(), slices.Clone(d)})
	if err := b.run.spend(len(d)); err != nil {
		return err
	}
	return b.memory.charge(len(d) + len(v.Data) + 2*overhead)
}

func (b *bucketing) close() error {
	slices.SortStableFunc(b.kept, func(x, y valued) int { return value.Compare(x.by, y.by) })
	err := b.emit()
	b.kept = nil
	b.memory.release()
	return closing(err, b.next)
}

func (b *bucketing) emit() error {
	size := max(1, int(math.Round(float64(len(b.kept))/float64(b.buckets))))
	var w buffer
	var last value.Value // upper bound of the bucket before
	for n, rest := 0, b.kept; n < b.buckets && len(rest) > 0; n++ {
		taken := len(rest)
		if n < b.buckets-1 {
			taken = min(size, len(rest))
		}
		low, high := rest[0].by, rest[taken-1].by
		taken, high = b.upTo(rest, taken, high)
		switch {
		case b.series != nil && n == 0:
			low = b.series.round(low, false)
		case b.series != nil:
			low = last
		}
		last = high
		if err := b.bucket(&w, low, high, rest[:taken]); err != nil {
			return err
		}
		rest = rest[taken:]
	}
	return nil
}

// upTo returns how many documents a bucket takes that has the first taken of
// rest for certain, and its upper bound: the next bucket begins with another
// value, and with a series not below the rounded one.
func (b *bucketing) upTo(rest []valued, taken int, high value.Value) (int, value.Value) {
	if b.series == nil {
		for taken < len(rest) && value.Compare(rest[taken].by, high) == 0 {
			taken++
		}
		if taken < len(rest) {
			high = rest[taken].by
		}
		return taken, high
	}
	high = b.series.round(high, true)
	for taken < len(rest) && value.Compare(rest[taken].by, high) < 0 {
		taken++
	}
	if f, _ := high.AsFloat(); f == 0 && taken < len(rest) {
		high = b.series.round(rest[taken].by, false) // zeros alone
	}
	return taken, high
}

func (b *bucketing) bucket(w *buffer, low, high value.Value, docs []valued) error {
	states := newBin(value.Null(), b.fields)
	defer func() { _ = b.memory.charge(-states.bytes) }() // giving back cannot fail
	for _, d := range docs {
		b.run.next(&b.scope, d.doc)
		if err := states.add(&b.scope, &b.memory); err != nil {
			return err
		}
		if err := b.run.spend(len(d.doc) + len(b.fields)<<8); err != nil {
			return err
		}
	}
	if deeper(low, value.MaxDepth-2) || deeper(high, value.MaxDepth-2) {
		return tooDeep("$bucketAuto")
	}
	w.begin()
	id := w.open(value.TypeObject, []byte("_id"))
	w.add([]byte("min"), low)
	w.add([]byte("max"), high)
	w.end(id)
	if err := states.write(w, "$bucketAuto", b.fields); err != nil {
		return err
	}
	return b.next.push(w.doc())
}
