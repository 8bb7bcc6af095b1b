package aggregate

import (
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// Bounds of one pipeline, asked when it is compiled.
const (
	maxStages  = 1000 // of all pipelines within one
	maxNesting = 20   // pipelines in pipelines
	// Variables of $lookup in scope: the conditions that use them are made anew
	// for every document.
	maxVariables = 200
)

// Stage is one stage of a pipeline as a request carries it.
type Stage struct {
	Name string // "$match"
	Arg  value.Value
}

// Parse reads a pipeline: an array of objects with one member each, the stage.
// at is where it stands. Codes: DatabaseFailed for any other shape.
func Parse(at string, v value.Value) ([]Stage, error) {
	if v.Type != value.TypeArray {
		return nil, fault.Refused(at, "a pipeline must be an array of stages, it is of type %s", v.Type.Name())
	}
	var stages []Stage
	for _, one := range v.Doc().All() {
		where := at + "." + strconv.Itoa(len(stages))
		if one.Type != value.TypeObject {
			return nil, fault.Refused(where, "a stage must be an object, it is of type %s", one.Type.Name())
		}
		if one.Doc().Len() != 1 {
			return nil, fault.Refused(where, "a stage has exactly one member, its name; this one has %d", one.Doc().Len())
		}
		for name, arg := range one.Doc().All() {
			stages = append(stages, Stage{name, arg})
		}
	}
	return stages, nil
}

// stage is one compiled stage. It is immutable; open makes what it does in one
// run, which passes its documents on to next.
type stage interface {
	open(r *run, next sink) (sink, error)
}

// sink takes the documents of a run.
type sink interface {
	// push takes one borrowed document. errEnough says that it needs no more.
	push(d value.Doc) error
	// close says that there are no more: whatever was kept back is passed on,
	// and then the next stage is closed. No view of the store is open then.
	close() error
}

// Pipeline is a compiled pipeline.
type Pipeline struct {
	stages []stage
}

// Compile reads a pipeline. A stage or an operator that it does not know is a
// DatabaseOperator, an argument of the wrong shape a DatabaseFailed, both naming
// the dotted path; a pipeline beyond the limits is an InvalidParam.
func Compile(stages []Stage) (*Pipeline, error) {
	for i, s := range stages {
		if err := value.Check(s.Arg.Doc()); s.Arg.Doc() != nil && err != nil {
			return nil, standing("pipeline."+strconv.Itoa(i)+"."+s.Name, err)
		}
	}
	c := &compiler{left: maxStages, optimise: true}
	return c.pipeline("pipeline", stages, 0)
}

// compiler is the state of one Compile.
type compiler struct {
	vars     []string // variables in scope, of the $lookups around
	within   string   // the stage that the pipeline is an argument of
	nested   int
	left     int // stages that may still come
	optimise bool
}

// pipeline compiles stages, before which there are so many already.
func (c *compiler) pipeline(at string, stages []Stage, before int) (*Pipeline, error) {
	if c.nested++; c.nested > maxNesting {
		return nil, fault.Invalid(at, "pipelines nest deeper than %d levels", maxNesting)
	}
	defer func() { c.nested-- }()
	if c.left -= len(stages); c.left < 0 {
		return nil, fault.Invalid(at, "the pipeline has more than %d stages", maxStages)
	}
	p := &Pipeline{}
	for i, s := range stages {
		where := at + "." + strconv.Itoa(before+i) + "." + s.Name
		if err := c.mayStand(where, s.Name, before+i); err != nil {
			return nil, err
		}
		compiled, err := c.stage(where, s)
		if err != nil {
			return nil, err
		}
		if m, ok := compiled[0].(*match); ok && m.filter.HasText() && before+i > 0 {
			return nil, fault.Refused(where, "$match with $text is only allowed as the first pipeline stage")
		}
		p.stages = append(p.stages, compiled...)
	}
	if c.optimise {
		p.stages = optimised(p.stages)
	}
	return p, nil
}

// nest compiles a pipeline that is an argument of the stage named within, with
// these variables besides those in scope. They are the rest of it when there are
// stages before them.
func (c *compiler) nest(at, within string, vars []string, stages []Stage, before int) (*Pipeline, error) {
	outer, scope := c.within, c.vars
	if outer != "$facet" { // what $facet forbids, it forbids at every depth
		c.within = within
	}
	c.vars = append(scope[:len(scope):len(scope)], vars...)
	defer func() { c.within, c.vars = outer, scope }()
	return c.pipeline(at, stages, before)
}

// mayStand refuses stages that only begin a pipeline, and those that cannot be
// within another one.
func (c *compiler) mayStand(at, name string, i int) error {
	switch name {
	case "$geoNear", "$collStats", "$indexStats":
		if c.within == "$facet" {
			return fault.Refused(at, "%s cannot be used within $facet", name)
		}
		if i > 0 {
			return fault.Refused(at, "%s must be the first stage of the pipeline", name)
		}
	case "$facet":
		if c.within == "$facet" {
			return fault.Refused(at, "$facet cannot be used within $facet")
		}
	}
	return nil
}

// stage compiles one stage, which may come to several simpler ones.
func (c *compiler) stage(at string, s Stage) ([]stage, error) {
	switch s.Name {
	case "$match":
		return one(c.match(at, s.Arg))
	case "$geoNear":
		return c.geoNear(at, s.Arg)
	case "$sort":
		return one(compileSort(at, s.Arg))
	case "$skip":
		return one(compileSkip(at, s.Arg))
	case "$limit":
		return one(compileLimit(at, s.Arg))
	case "$sample":
		return one(compileSample(at, s.Arg))
	case "$unwind":
		return one(compileUnwind(at, s.Arg))
	case "$count":
		return one(compileCount(at, s.Arg))
	case "$project":
		return one(c.project(at, s.Arg))
	case "$addFields", "$set":
		return one(c.addFields(at, s.Name, s.Arg))
	case "$unset":
		return one(compileUnset(at, s.Arg))
	case "$replaceRoot":
		return one(c.replaceRoot(at, s.Arg))
	case "$replaceWith":
		return one(c.replaceWith(at, s.Name, s.Arg))
	case "$redact":
		return one(c.redact(at, s.Arg))
	case "$group":
		return one(c.group(at, s.Arg))
	case "$sortByCount":
		return c.sortByCount(at, s.Arg)
	case "$bucket":
		return c.bucket(at, s.Arg)
	case "$bucketAuto":
		return one(c.bucketAuto(at, s.Arg))
	case "$facet":
		return one(c.facet(at, s.Arg))
	case "$lookup":
		return one(c.lookup(at, s.Arg))
	case "$graphLookup":
		return one(c.graphLookup(at, s.Arg))
	case "$unionWith":
		return one(c.union(at, s.Arg))
	case "$collStats", "$indexStats":
		return one(compileDescribe(at, s.Name, s.Arg))
	case "$out", "$merge":
		return nil, &fault.Error{
			Code: fault.DatabaseOperator, Field: at,
			Msg: at + ": an aggregation only reads here; insert its result with the documents API",
		}
	}
	return nil, unknownStage(at, s.Name)
}

func one(s stage, err error) ([]stage, error) {
	if err != nil {
		return nil, err
	}
	return []stage{s}, nil
}

func unknownStage(at, name string) error {
	text := at + ": unknown stage"
	if !strings.HasPrefix(name, "$") {
		text += "; the names of stages begin with $"
	}
	return &fault.Error{Code: fault.DatabaseOperator, Field: at, Msg: text}
}
