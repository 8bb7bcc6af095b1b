package aggregate

import (
	"iter"
	"slices"

	"baas/db/fault"
	"baas/db/value"
)

// source finds the documents of another collection for a $lookup.
type source interface {
	// prepare is told which documents come next.
	prepare(batch []value.Doc) error
	// matching passes what belongs to d to last, and does not close it.
	matching(d value.Doc, last sink) error
	release()
}

// choose decides how the other collection is searched: what is the same for every
// document is read into memory once, unless there is an index for the members that
// are equal, or no room.
func (j *joining) choose() error {
	if j.foreign == "" {
		return j.chooseForPipeline()
	}
	if j.run.store.Indexed(j.from, j.foreign) {
		j.source = &byBatch{joining: j, table: newTable(j.run, "$lookup", j.foreign)}
		return nil
	}
	t, err := j.load(&Pipeline{}, newTable(j.run, "$lookup", j.foreign))
	switch {
	case err != nil:
		return err
	case t != nil:
		j.source = &inMemory{j, t}
	default:
		j.source = &byBatch{joining: j, table: newTable(j.run, "$lookup", j.foreign)}
	}
	return nil
}

func (j *joining) chooseForPipeline() error {
	if j.equal != nil && len(j.first.stages) == 0 && j.run.store.Indexed(j.from, j.equal.path) {
		j.source = &always{j}
		return nil
	}
	keys := noKeys
	if j.equal != nil {
		keys = j.memberKeys()
	}
	t, err := j.load(j.first, newTableOf(j.run, "$lookup", keys))
	switch {
	case err != nil:
		return err
	case t != nil:
		j.source = &once{j, t}
	default:
		j.source = &always{j}
	}
	return nil
}

// memberKeys returns the function that passes the member of the equality.
func (j *joining) memberKeys() func(value.Doc, func(value.Value)) {
	scope := j.run.scope()
	return func(d value.Doc, fn func(value.Value)) {
		scope.Next(d)
		if v, err := j.equal.member.Eval(&scope); err == nil { // a path fails on no document
			fn(v)
		}
	}
}

// load reads what a pipeline makes of the other collection into a table; nil when
// there is no room.
func (j *joining) load(p *Pipeline, t *table) (*table, error) {
	before := *j.run.total
	err := j.run.execute(p, j.from, t)
	if fault.Is(err, fault.ResultTooLarge) {
		*j.run.total = before // also of stages that could not end
		return nil, nil
	}
	return t, err
}

// values returns what d's local field is looked for: null when it has none.
func (j *joining) values(d value.Doc) []value.Value {
	var out []value.Value
	j.local.joined(d, func(v value.Value) {
		if !v.IsMissing() {
			out = append(out, v)
		}
	})
	if len(out) == 0 {
		out = append(out, value.Null())
	}
	return out
}

// through passes documents through the stages to last, with the values of the
// variables.
func (j *joining) through(vars []value.Value, stages []stage, docs iter.Seq[value.Doc], last sink) error {
	first := last
	if len(stages) > 0 {
		var err error
		if first, err = j.run.with(vars).chain(stages, notClosed{last}); err != nil {
			return err
		}
	}
	var err error
	for one := range docs {
		if err = first.push(one); err != nil {
			break
		}
	}
	if len(stages) == 0 {
		return err
	}
	if err != nil && !Enough(err) {
		return err
	}
	return first.close()
}

// notClosed is a sink that more documents come to after the stages before it.
type notClosed struct{ sink }

func (notClosed) close() error { return nil }

// inMemory has the whole other collection in a table.
type inMemory struct {
	*joining
	*table
}

func (s *inMemory) prepare([]value.Doc) error { return nil }
func (s *inMemory) release()                  { s.clear() }

func (s *inMemory) matching(d value.Doc, last sink) error {
	vars, err := s.variables(d)
	if err != nil {
		return err
	}
	return s.joining.through(vars, s.both(), s.found(s.values(d)), last)
}

// both are the stages of the pipeline that follows the equality.
func (j *joining) both() []stage {
	if j.first == nil {
		return nil
	}
	return slices.Concat(j.first.stages, j.rest.stages)
}

func (t *table) found(values []value.Value) iter.Seq[value.Doc] {
	return func(yield func(value.Doc) bool) {
		for _, i := range t.find(values) {
			if !yield(t.docs[i]) {
				return
			}
		}
	}
}

// byBatch searches the other collection for the values of a batch.
type byBatch struct {
	*joining
	*table
}

func (s *byBatch) release() { s.clear() }

func (s *byBatch) prepare(batch []value.Doc) error {
	s.clear()
	seen := map[string]bool{}
	var list []value.Value
	for _, d := range batch {
		for _, v := range s.values(d) {
			key := string(v.Data) + string(byte(v.Type))
			if !seen[key] {
				seen[key] = true
				list = append(list, v)
			}
		}
	}
	in := Input{Collection: s.from, Query: oneOf(s.foreign, list)}
	return s.run.read(in, s.table)
}

func (s *byBatch) matching(d value.Doc, last sink) error {
	vars, err := s.variables(d)
	if err != nil {
		return err
	}
	return s.joining.through(vars, s.both(), s.found(s.values(d)), last)
}

// oneOf returns the condition that the path has one of the values. In an $in, a
// regular expression would match texts.
func oneOf(path string, values []value.Value) value.Doc {
	var in value.ArrayBuilder
	var or value.ArrayBuilder
	for _, v := range values {
		switch {
		case v.Type == value.TypeRegex:
			or.Object(func(b *value.Builder) {
				b.Object(path, func(b *value.Builder) { b.Add("$eq", v) })
			})
		case v.IsNull() && path == "_id": // no document lacks it
		default:
			in.Add(v)
		}
	}
	var b value.Builder
	plain := func(b *value.Builder) {
		b.Object(path, func(b *value.Builder) { b.Add("$in", in.Value()) })
	}
	if or.Len() == 0 {
		plain(&b)
		return b.Doc()
	}
	or.Object(plain)
	b.Add("$or", or.Value())
	return b.Doc()
}

// once has in memory what the pipeline's first part comes to.
type once struct {
	*joining
	*table
}

func (s *once) prepare([]value.Doc) error { return nil }
func (s *once) release()                  { s.clear() }

func (s *once) matching(d value.Doc, last sink) error {
	vars, err := s.variables(d)
	if err != nil {
		return err
	}
	docs := slices.Values(s.docs)
	if s.equal != nil {
		v, err := s.joined(vars)
		if err != nil {
			return err
		}
		docs = s.found([]value.Value{v})
	}
	return s.joining.through(vars, s.rest.stages, docs, last)
}

// joined returns the value that the equality asks for.
func (j *joining) joined(vars []value.Value) (value.Value, error) {
	scope := j.run.scope()
	scope.Vars = vars
	return j.equal.value.Eval(&scope)
}

// always reads the other collection anew for each document.
type always struct{ *joining }

func (s *always) prepare([]value.Doc) error { return nil }
func (s *always) release()                  {}

func (s *always) matching(d value.Doc, last sink) error {
	vars, err := s.variables(d)
	if err != nil {
		return err
	}
	whole := &Pipeline{stages: s.both()}
	if s.equal != nil {
		v, err := s.joined(vars)
		if err != nil {
			return err
		}
		if cond := s.equal.condition(v); cond != nil {
			whole.stages = slices.Insert(whole.stages, 0, stage(&match{parts: []value.Doc{cond}, cond: cond}))
		}
	}
	return s.run.with(vars).execute(whole, s.from, notClosed{last})
}
