package aggregate

import (
	"math"
	"slices"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/keyenc"
	"baas/db/value"
)

// graphLookup is $graphLookup: what can be reached in another collection, from
// member to member.
type graphLookup struct {
	from        string
	start       *expr.Expr
	connectFrom string
	connectTo   string
	as          fieldPath
	maxDepth    int64
	depthField  fieldPath
	restrict    *match // nil: all documents
}

func (c *compiler) graphLookup(at string, v value.Value) (*graphLookup, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object, it is of type %s", v.Type.Name())
	}
	g := &graphLookup{maxDepth: math.MaxInt64}
	for key, option := range v.Doc().All() {
		if err := c.graphOption(at+"."+key, key, option, g); err != nil {
			return nil, err
		}
	}
	if g.from == "" || g.as == nil || g.connectFrom == "" || g.connectTo == "" || g.start == nil {
		return nil, fault.Refused(at, "give from, as, startWith, connectFromField and connectToField")
	}
	return g, nil
}

func (c *compiler) graphOption(at, key string, v value.Value, g *graphLookup) (err error) {
	if slices.Contains([]string{"from", "as", "connectFromField", "connectToField", "depthField"}, key) && (v.Type != value.TypeString || v.Text() == "") {
		return fault.Refused(at, "must be a name, it is of type %s", v.Type.Name())
	}
	switch key {
	case "startWith":
		g.start, err = c.expression(at, v)
	case "from":
		g.from = v.Text()
	case "as":
		g.as, err = parseField(at, v.Text())
	case "connectFromField":
		g.connectFrom = v.Text()
		_, err = parseField(at, g.connectFrom)
	case "connectToField":
		g.connectTo = v.Text()
		_, err = parseField(at, g.connectTo)
	case "depthField":
		g.depthField, err = parseField(at, v.Text())
	case "maxDepth":
		n, ok := v.AsInt64()
		if !ok || n < 0 {
			return fault.Refused(at, "must be a whole number that is not negative")
		}
		g.maxDepth = n
	case "restrictSearchWithMatch":
		g.restrict, err = c.match(at, v)
	default:
		return unknownOption(at)
	}
	return err
}

// readsOthers implements reader.
func (g *graphLookup) readsOthers() bool { return true }

func (g *graphLookup) open(r *run, next sink) (sink, error) {
	return &reaching{
		graphLookup: g, run: r, scope: r.scope(), next: next,
		steps: parseQueryPath(g.connectFrom), memory: r.account("$graphLookup", r.budget.Stage),
	}, nil
}

type reaching struct {
	*graphLookup
	run    *run
	scope  expr.Scope
	next   sink
	steps  queryPath
	whole  *table // the other collection, nil: it is searched step by step
	chosen bool
	memory account // of what one document reaches
	list   collected
	w, one buffer
	key    []byte
}

// choose reads the other collection into memory when it has no index for the
// search and there is room.
func (g *reaching) choose() error {
	g.chosen = true
	g.list.memory, g.list.stage = &g.memory, "$graphLookup"
	if g.run.store.Indexed(g.from, g.connectTo) {
		return nil
	}
	t := newTable(g.run, "$graphLookup", g.connectTo)
	err := g.run.read(Input{Collection: g.from, Query: g.restriction()}, t)
	if fault.Is(err, fault.ResultTooLarge) {
		t.clear()
		return nil
	}
	g.whole = t
	return err
}

func (g *reaching) restriction() value.Doc {
	if g.restrict == nil {
		return nil
	}
	return g.restrict.bound(g.run.vars)
}

func (g *reaching) push(d value.Doc) error {
	if !g.chosen {
		if err := g.choose(); err != nil {
			return err
		}
	}
	g.run.next(&g.scope, d)
	v, err := g.start.Eval(&g.scope)
	if err != nil {
		return err
	}
	g.list.n = 0
	if err := g.search(v.Clone()); err != nil {
		return err
	}
	g.w.begin()
	g.as.set(&g.w, d, g.list.array())
	g.memory.release()
	out := g.w.doc()
	if len(out) > value.MaxBytes {
		return tooLarge("$graphLookup")
	}
	if len(g.as) > 1 && deeper(value.FromDoc(out), value.MaxDepth) {
		return tooDeep("$graphLookup")
	}
	return g.next.push(out)
}

func (g *reaching) close() error {
	if g.whole != nil {
		g.whole.clear()
	}
	return g.next.close()
}

// search goes breadth first from the values of start.
func (g *reaching) search(start value.Value) error {
	f := frontier{seen: map[string]bool{}}
	if start.Type == value.TypeArray {
		for _, v := range start.Doc().All() {
			f.add(g, v)
		}
	} else {
		f.add(g, start)
	}
	visited := map[string]bool{}
	for depth := int64(0); len(f.values) > 0 && depth <= g.maxDepth; depth++ {
		found, err := g.reached(f.values)
		if err != nil {
			return err
		}
		f.values = nil
		for _, d := range found {
			g.key = keyenc.Append(g.key[:0], d.Get("_id"))
			if visited[string(g.key)] {
				continue
			}
			visited[string(g.key)] = true
			if err := g.memory.charge(len(g.key) + overhead); err != nil {
				return err
			}
			if err := g.keep(d, depth); err != nil {
				return err
			}
			g.steps.joined(d, func(v value.Value) { f.add(g, v) })
		}
	}
	return nil
}

// frontier is what the search goes on with; every value once.
type frontier struct {
	seen   map[string]bool
	values []value.Value
}

func (f *frontier) add(g *reaching, v value.Value) {
	if v.IsMissing() {
		return
	}
	g.key = keyenc.Append(g.key[:0], v)
	if !f.seen[string(g.key)] {
		f.seen[string(g.key)] = true
		f.values = append(f.values, v)
	}
}

// reached returns the documents that hold one of the values.
func (g *reaching) reached(values []value.Value) ([]value.Doc, error) {
	if g.whole != nil {
		return slices.Collect(g.whole.found(values)), g.run.spend(len(values) << 8)
	}
	condition := oneOf(g.connectTo, values)
	if g.restrict != nil {
		var both value.ArrayBuilder
		both.Add(value.FromDoc(g.restriction()))
		both.Add(value.FromDoc(condition))
		var b value.Builder
		b.Add("$and", both.Value())
		condition = b.Doc()
	}
	t := newTableOf(g.run, "$graphLookup", noKeys)
	defer t.memory.release()
	err := g.run.read(Input{Collection: g.from, Query: condition}, t)
	return t.docs, err
}

func (g *reaching) keep(d value.Doc, depth int64) error {
	if err := g.run.spend(len(d)); err != nil {
		return err
	}
	if g.depthField != nil {
		g.one.begin()
		g.depthField.set(&g.one, d, value.Int64(depth))
		d = g.one.doc()
	}
	return g.list.push(d)
}
