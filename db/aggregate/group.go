package aggregate

import (
	"strings"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/keyenc"
	"baas/db/value"
)

// group is $group: one document for all that have the same _id.
type group struct {
	stage  string
	key    keyer
	fields []field
}

// keyer tells the group of the scope's document.
type keyer interface {
	Eval(s *expr.Scope) (value.Value, error)
}

// field is one member that an accumulator computes.
type field struct {
	name        []byte
	accumulator *expr.Accumulator
}

func (c *compiler) group(at string, v value.Value) (*group, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object with _id, it is of type %s", v.Type.Name())
	}
	g := &group{stage: "$group"}
	for key, member := range v.Doc().All() {
		if key != "_id" {
			f, err := c.field(at+"."+key, key, member)
			if err != nil {
				return nil, err
			}
			g.fields = append(g.fields, f)
			continue
		}
		e, err := c.expression(at+"._id", member)
		if err != nil {
			return nil, err
		}
		g.key = e
	}
	if g.key == nil {
		return nil, fault.Refused(at, "give _id, the expression to group by; null makes one group of all")
	}
	return g, nil
}

// field reads one member of $group, or of the output of a bucket stage.
func (c *compiler) field(at, name string, v value.Value) (field, error) {
	if _, err := parseField(at, name); err != nil {
		return field{}, err
	}
	if strings.Contains(name, ".") {
		return field{}, fault.Refused(at, "the name of a computed member cannot hold a dot")
	}
	a, err := expr.CompileAccumulator(at, v, expr.Options{Vars: c.vars})
	return field{[]byte(name), a}, err
}

// output reads the members of a bucket stage: without any, a count.
func (c *compiler) output(at string, v value.Value) ([]field, error) {
	if v.IsMissing() {
		counting := value.FromDoc(sumOfOnes())
		f, err := c.field(at+".count", "count", counting)
		return []field{f}, err
	}
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object of accumulators, it is of type %s", v.Type.Name())
	}
	fields := []field{}
	for key, member := range v.Doc().All() {
		f, err := c.field(at+"."+key, key, member)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func sumOfOnes() value.Doc {
	var b value.Builder
	b.AddInt32("$sum", 1)
	return b.Doc()
}

func (g *group) open(r *run, next sink) (sink, error) {
	return &grouping{
		group: g, run: r, scope: r.scope(), next: next, byKey: map[string]*bin{},
		memory: r.account(g.stage, r.budget.Stage),
	}, nil
}

// bin is one group. Groups come out in the order in which they began.
type bin struct {
	id     value.Value
	states []expr.State
	bytes  int // charged for the states
}

type grouping struct {
	*group
	run    *run
	scope  expr.Scope
	next   sink
	byKey  map[string]*bin
	bins   []*bin
	key    []byte
	memory account
}

// binBytes is about what a group costs beside its key and states.
const binBytes = 200

func (g *grouping) push(d value.Doc) error {
	g.run.next(&g.scope, d)
	id, err := g.group.key.Eval(&g.scope)
	if err != nil {
		return err
	}
	g.key = keyenc.Append(g.key[:0], id)
	b := g.byKey[string(g.key)]
	if b == nil {
		if b, err = g.begin(id); err != nil {
			return err
		}
	}
	if err := g.run.spend(len(d) + len(g.fields)<<8); err != nil {
		return err
	}
	return b.add(&g.scope, &g.memory)
}

func (g *grouping) begin(id value.Value) (*bin, error) {
	b := newBin(id, g.fields)
	g.byKey[string(g.key)] = b
	g.bins = append(g.bins, b)
	return b, g.memory.charge(binBytes + len(g.key) + len(id.Data))
}

func newBin(id value.Value, fields []field) *bin {
	if id.IsMissing() {
		id = value.Null()
	}
	b := &bin{id: id.Clone(), states: make([]expr.State, len(fields))}
	for i := range fields {
		b.states[i] = fields[i].accumulator.New()
	}
	return b
}

// add takes the scope's document and charges what the states hold now.
func (b *bin) add(s *expr.Scope, memory *account) error {
	bytes := 0
	for _, state := range b.states {
		if err := state.Add(s); err != nil {
			return err
		}
		bytes += state.Bytes()
	}
	if bytes == b.bytes {
		return nil
	}
	more := bytes - b.bytes
	b.bytes = bytes
	return memory.charge(more)
}

// write writes the members that the states have come to, with room for level
// levels around them.
func (b *bin) write(w *buffer, stage string, fields []field) error {
	for i, state := range b.states {
		v := state.Result()
		if deeper(v, value.MaxDepth-1) {
			return tooDeep(stage)
		}
		w.add(fields[i].name, v)
		if len(w.b) > value.MaxBytes {
			return tooLarge(stage)
		}
	}
	return nil
}

func (g *grouping) close() error {
	err := g.emit()
	g.bins, g.byKey = nil, nil
	g.memory.release()
	return closing(err, g.next)
}

func (g *grouping) emit() error {
	g.byKey = nil
	var w buffer
	for i, b := range g.bins {
		if deeper(b.id, value.MaxDepth-1) {
			return tooDeep(g.stage)
		}
		w.begin()
		w.add([]byte("_id"), b.id)
		if err := b.write(&w, g.stage, g.fields); err != nil {
			return err
		}
		g.bins[i] = nil
		out := w.doc()
		if err := g.run.spend(len(out)); err != nil {
			return err
		}
		if err := g.next.push(out); err != nil {
			return err
		}
	}
	return nil
}

// sortByCount reads an expression: groups by it, counts, and sorts by the count.
func (c *compiler) sortByCount(at string, v value.Value) ([]stage, error) {
	text := v.Text()
	if v.Type != value.TypeObject && (v.Type != value.TypeString || !strings.HasPrefix(text, "$")) {
		return nil, fault.Refused(at, "must be a path that begins with $ or an expression")
	}
	if v.Type == value.TypeObject && !isExpression(v.Doc()) {
		return nil, fault.Refused(at, "an object must be one expression, such as {$toLower: \"$a\"}")
	}
	e, err := c.expression(at, v)
	if err != nil {
		return nil, err
	}
	fields, err := c.output(at, value.Value{})
	if err != nil {
		return nil, err
	}
	order, err := sortBy("count", -1)
	return []stage{&group{"$sortByCount", e, fields}, order}, err
}

// sortBy returns the $sort by one member.
func sortBy(name string, direction int32) (*sort, error) {
	var b value.Builder
	b.AddInt32(name, direction)
	return compileSort("$sort", value.FromDoc(b.Doc()))
}
