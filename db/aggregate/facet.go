package aggregate

import (
	"slices"
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// facet is $facet: several pipelines over the same documents, one document with
// an array of what each comes to.
type facet struct {
	names     [][]byte
	pipelines []*Pipeline
}

func (c *compiler) facet(at string, v value.Value) (*facet, error) {
	if v.Type != value.TypeObject || v.Doc().IsEmpty() {
		return nil, fault.Refused(at, "must be an object with at least one pipeline")
	}
	f := &facet{}
	for name, pipeline := range v.Doc().All() {
		where := at + "." + name
		if _, err := parseField(where, name); err != nil {
			return nil, err
		}
		if strings.Contains(name, ".") {
			return nil, fault.Refused(where, "the name of a facet cannot hold a dot")
		}
		stages, err := Parse(where, pipeline)
		if err != nil {
			return nil, err
		}
		p, err := c.nest(where, "$facet", nil, stages, 0)
		if err != nil {
			return nil, err
		}
		f.names = append(f.names, []byte(name))
		f.pipelines = append(f.pipelines, p)
	}
	return f, nil
}

// readsOthers implements reader.
func (f *facet) readsOthers() bool {
	return slices.ContainsFunc(f.pipelines, func(p *Pipeline) bool { return slices.ContainsFunc(p.stages, readsOthers) })
}

func (f *facet) open(r *run, next sink) (sink, error) {
	out := &faceting{facet: f, next: next, memory: r.account("$facet", r.budget.Stage)}
	for _, p := range f.pipelines {
		list := &collected{memory: &out.memory, stage: "$facet"}
		first, err := r.chain(p.stages, list)
		if err != nil {
			return nil, err
		}
		out.parts = append(out.parts, first)
		out.lists = append(out.lists, list)
	}
	out.done = make([]bool, len(out.parts))
	return out, nil
}

type faceting struct {
	*facet
	next   sink
	memory account
	parts  []sink
	lists  []*collected
	done   []bool // needs no more documents
}

func (f *faceting) push(d value.Doc) error {
	enough := true
	for i, part := range f.parts {
		if f.done[i] {
			continue
		}
		if err := part.push(d); err != nil {
			if f.done[i] = Enough(err); !f.done[i] {
				return err
			}
		}
		enough = enough && f.done[i]
	}
	if enough {
		return errEnough
	}
	return nil
}

func (f *faceting) close() error {
	var w buffer
	w.begin()
	for i, part := range f.parts {
		if err := part.close(); err != nil {
			return err
		}
		w.add(f.names[i], f.lists[i].array())
		if len(w.b) > value.MaxBytes {
			return tooLarge("$facet")
		}
	}
	out := w.doc()
	f.lists, f.parts = nil, nil
	err := f.next.push(out)
	f.memory.release()
	return closing(err, f.next)
}

// collected is the end of a pipeline whose result becomes an array.
type collected struct {
	memory *account
	stage  string
	w      buffer
	n      int
}

func (c *collected) push(d value.Doc) error {
	if c.n == 0 {
		c.w.begin()
	}
	before := len(c.w.b)
	v := value.FromDoc(d)
	if deeper(v, value.MaxDepth-2) {
		return tooDeep(c.stage)
	}
	c.w.element(c.n, v)
	c.n++
	if len(c.w.b) > value.MaxBytes {
		return tooLarge(c.stage)
	}
	return c.memory.charge(len(c.w.b) - before)
}

func (c *collected) close() error { return nil }

// array returns the result, which is valid until the next document is collected.
func (c *collected) array() value.Value {
	if c.n == 0 {
		c.w.begin()
	}
	return value.FromArray(c.w.doc())
}
