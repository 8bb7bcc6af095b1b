package aggregate

import (
	"slices"
	"strings"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// lookup is $lookup: the documents of another collection that belong to one of
// ours, as an array. They are found by equal members, by a pipeline, or both.
type lookup struct {
	from           string
	as             fieldPath
	local, foreign string       // paths that are equal; empty: only the pipeline
	vars           []*expr.Expr // what let gives the pipeline, behind the variables in scope
	// The pipeline: first, which needs no variable of let, and what follows.
	first, rest *Pipeline
	equal       *equality // what rest asks for at least; nil: nothing that is known
	// unwound, when not nil, is the $unwind of the array behind this stage.
	unwound *unwind
}

// lookupArgs is the argument of $lookup.
type lookupArgs struct {
	from, as, local, foreign, let, pipeline value.Value
}

func (c *compiler) lookup(at string, v value.Value) (*lookup, error) {
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object, it is of type %s", v.Type.Name())
	}
	var args lookupArgs
	for key, option := range v.Doc().All() {
		switch key {
		case "from":
			args.from = option
		case "as":
			args.as = option
		case "localField":
			args.local = option
		case "foreignField":
			args.foreign = option
		case "let":
			args.let = option
		case "pipeline":
			args.pipeline = option
		default:
			return nil, unknownOption(at + "." + key)
		}
	}
	if err := args.check(at); err != nil {
		return nil, err
	}
	l := &lookup{from: args.from.Text(), local: args.local.Text(), foreign: args.foreign.Text()}
	var err error
	if l.as, err = parseField(at+".as", args.as.Text()); err != nil {
		return nil, err
	}
	for _, path := range []struct{ name, text string }{{"localField", l.local}, {"foreignField", l.foreign}} {
		if path.text == "" {
			continue
		}
		if _, err := parseField(at+"."+path.name, path.text); err != nil {
			return nil, err
		}
	}
	if args.pipeline.IsMissing() {
		return l, nil
	}
	return l, c.subPipeline(at, l, args)
}

// check refuses arguments that lack a part, or are of a wrong type.
func (a *lookupArgs) check(at string) error {
	for _, text := range []struct {
		name     string
		v        value.Value
		required bool
	}{{"from", a.from, true}, {"as", a.as, true}, {"localField", a.local, false}, {"foreignField", a.foreign, false}} {
		switch {
		case text.v.IsMissing() && text.required:
			return fault.Refused(at, "give %s", text.name)
		case !text.v.IsMissing() && (text.v.Type != value.TypeString || text.v.Text() == ""):
			return fault.Refused(at+"."+text.name, "must be a name, it is of type %s", text.v.Type.Name())
		}
	}
	switch {
	case a.local.IsMissing() != a.foreign.IsMissing():
		return fault.Refused(at, "localField and foreignField go together")
	case a.local.IsMissing() && a.pipeline.IsMissing():
		return fault.Refused(at, "give localField and foreignField, or a pipeline")
	case !a.let.IsMissing() && a.pipeline.IsMissing():
		return fault.Refused(at+".let", "needs a pipeline that uses it")
	case !a.let.IsMissing() && a.let.Type != value.TypeObject:
		return fault.Refused(at+".let", "must be an object of variables, it is of type %s", a.let.Type.Name())
	}
	return nil
}

// subPipeline compiles let and the pipeline, the latter in two parts: what does
// not use let is the same for every document.
func (c *compiler) subPipeline(at string, l *lookup, args lookupArgs) error {
	stages, err := Parse(at+".pipeline", args.pipeline)
	if err != nil {
		return err
	}
	names, err := c.let(at+".let", l, args.let)
	if err != nil {
		return err
	}
	constant := 0
	for constant < len(stages) && !mentions(stages[constant].Arg, names) {
		constant++
	}
	if l.first, err = c.nest(at+".pipeline", "$lookup", nil, stages[:constant], 0); err != nil {
		return err
	}
	if l.rest, err = c.nest(at+".pipeline", "$lookup", names, stages[constant:], constant); err != nil {
		return err
	}
	if l.foreign == "" {
		l.equal = c.equalityIn(l.rest, names)
	}
	return nil
}

// mentions reports whether v may use one of the variables.
func mentions(v value.Value, names []string) bool {
	if text, ok := strings.CutPrefix(v.Text(), "$$"); ok {
		name, _, _ := strings.Cut(text, ".")
		return slices.Contains(names, name)
	}
	for _, member := range v.Doc().All() {
		if mentions(member, names) {
			return true
		}
	}
	return false
}

// let compiles the variables of a $lookup.
func (c *compiler) let(at string, l *lookup, v value.Value) (names []string, err error) {
	for name, e := range v.Doc().All() {
		where := at + "." + name
		if !isVariableName(name) {
			return nil, fault.Refused(where, "the name of a variable begins with a lower-case letter and has letters, digits and _")
		}
		compiled, err := c.expression(where, e)
		if err != nil {
			return nil, err
		}
		if names = append(names, name); len(names)+len(c.vars) > maxVariables {
			return nil, fault.Invalid(at, "more than %d variables are in scope", maxVariables)
		}
		l.vars = append(l.vars, compiled)
	}
	return names, nil
}

// isVariableName reports whether users may call a variable so.
func isVariableName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 0x80:
		case i > 0 && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'):
		default:
			return false
		}
	}
	return name != ""
}

// readsOthers implements reader.
func (l *lookup) readsOthers() bool { return true }

func (l *lookup) open(r *run, next sink) (sink, error) {
	j := &joining{
		lookup: l, run: r, scope: r.scope(), next: next,
		batch: r.account("$lookup", r.budget.Stage), memory: r.account("$lookup", r.budget.Stage),
	}
	if l.local != "" {
		j.local = parseQueryPath(l.local)
	}
	j.list.memory, j.list.stage = &j.memory, "$lookup"
	if l.unwound != nil {
		j.unwinding = &unwinding{unwind: l.unwound, run: r, next: next}
	}
	return j, nil
}

// joining joins a batch of documents at a time, so that one search of the other
// collection serves all of them.
type joining struct {
	*lookup
	run   *run
	scope expr.Scope
	next  sink
	local queryPath

	kept  []value.Doc // the batch
	batch account     // its memory
	done  bool        // the next stage has enough

	source    source
	memory    account // of the array that is being made
	list      collected
	w         buffer
	unwinding *unwinding
}

const (
	batchDocuments = 256
	batchBytes     = 4 << 20
)

func (j *joining) push(d value.Doc) error {
	if j.done {
		return errEnough
	}
	j.kept = append(j.kept, slices.Clone(d))
	if err := j.batch.charge(len(d) + overhead); err != nil {
		return err
	}
	if len(j.kept) >= batchDocuments || j.batch.used >= min(batchBytes, j.batch.limit/4) {
		return j.flush()
	}
	return nil
}

func (j *joining) close() error {
	err := j.flush()
	if j.source != nil {
		j.source.release()
	}
	return closing(err, j.next)
}

func (j *joining) flush() error {
	if len(j.kept) == 0 {
		return nil
	}
	if j.source == nil {
		if err := j.choose(); err != nil {
			return err
		}
	}
	if err := j.source.prepare(j.kept); err != nil {
		return err
	}
	*j.run.score = value.Value{}
	for i, d := range j.kept {
		j.kept[i] = nil
		if err := j.join(d); err != nil {
			j.done = Enough(err)
			return err
		}
	}
	j.kept = j.kept[:0]
	j.batch.release()
	return nil
}

// join passes one document on with what belongs to it.
func (j *joining) join(d value.Doc) error {
	if j.unwinding != nil {
		return j.joinUnwound(d)
	}
	j.list.n = 0
	if err := j.source.matching(d, &j.list); err != nil && !Enough(err) {
		return err
	}
	j.w.begin()
	j.as.set(&j.w, d, j.list.array())
	j.memory.release()
	out := j.w.doc()
	if len(out) > value.MaxBytes {
		return tooLarge("$lookup")
	}
	if len(j.as) > 1 && deeper(value.FromDoc(out), value.MaxDepth) {
		return tooDeep("$lookup")
	}
	if err := j.run.spend(len(out)); err != nil {
		return err
	}
	return j.next.push(out)
}

// joinUnwound passes on one document for each that belongs to d, without ever
// holding them all.
func (j *joining) joinUnwound(d value.Doc) error {
	each := &unwoundEach{joining: j, doc: d}
	err := j.source.matching(d, each)
	switch {
	case err == nil && each.enough:
		return errEnough
	case err != nil || each.n > 0 || !j.unwound.preserve:
		return err
	}
	return j.unwinding.pass(d, value.Value{}, value.Null())
}

type unwoundEach struct {
	*joining
	doc    value.Doc
	n      int64
	enough bool // the next stage needs no more
}

func (e *unwoundEach) push(d value.Doc) error {
	v := value.FromDoc(d)
	if deeper(v, value.MaxDepth-len(e.as)) {
		return tooDeep("$lookup")
	}
	if len(d)+len(e.doc) > value.MaxBytes {
		return tooLarge("$lookup")
	}
	if err := e.run.spend(len(d) + len(e.doc)); err != nil {
		return err
	}
	at := value.Value{}
	if e.unwound.index != nil {
		at = value.Int64(e.n)
	}
	e.n++
	err := e.unwinding.pass(e.doc, v, at)
	e.enough = Enough(err)
	return err
}

func (e *unwoundEach) close() error { return nil }

// variables evaluates let for one document: the values in scope and its own.
func (j *joining) variables(d value.Doc) ([]value.Value, error) {
	j.run.next(&j.scope, d)
	vars := slices.Clone(j.run.vars)
	for _, e := range j.vars {
		v, err := e.Eval(&j.scope)
		if err != nil {
			return nil, err
		}
		vars = append(vars, v)
	}
	return vars, nil
}
