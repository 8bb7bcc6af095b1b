package update

import (
	"strconv"

	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/value"
)

// CompilePipeline reads an update that is a list of stages: $set ($addFields),
// $unset, $project, $replaceRoot and $replaceWith, which may read what the
// document holds. _id stays whatever they do, and a change of it fails when the
// program runs. Another stage is a DatabaseOperator; other errors are those of
// aggregate.Compile.
func CompilePipeline(stages []aggregate.Stage) (*Program, error) {
	if len(stages) == 0 {
		return &Program{}, nil
	}
	for i, stage := range stages {
		switch stage.Name {
		case "$set", "$addFields", "$unset", "$project", "$replaceRoot", "$replaceWith":
		default:
			at := strconv.Itoa(i) + "." + stage.Name
			return nil, &fault.Error{
				Code:  fault.DatabaseOperator,
				Field: at,
				Msg:   at + ": is not allowed to be used within an update; use $set, $unset, $project, $replaceRoot or $replaceWith",
			}
		}
	}
	pipeline, err := aggregate.Compile(stages)
	if err != nil {
		return nil, err
	}
	return &Program{pipeline: pipeline}, nil
}

// piped returns what the pipeline makes of d.
func (p *Program) piped(r Run, d value.Doc) (value.Doc, error) {
	var made value.Doc
	err := p.pipeline.Run(aggregate.Execution{
		Store:  one{d},
		Now:    r.Now,
		Meter:  r.Meter,
		Budget: aggregate.Budget{Stage: 4 * value.MaxBytes, Total: 8 * value.MaxBytes}, // they hold one document
		Emit: func(d value.Doc) error {
			made = append(value.Doc(nil), d...)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	if err := Storable(made); err != nil {
		return nil, err
	}
	return keepID(d, made), nil
}

// keepID returns after with the _id of before in front, when it has none.
func keepID(before, after value.Doc) value.Doc {
	id := before.Get("_id")
	if id.IsMissing() || !after.Get("_id").IsMissing() {
		return after
	}
	var b value.Builder
	b.Grow(len(after) + len(id.Data) + 8)
	b.Add("_id", id)
	b.AddAll(after)
	return b.Doc()
}

// one is a collection of one document.
type one struct{ d value.Doc }

// Read passes the document.
func (s one) Read(_ aggregate.Input, f *aggregate.Feed) error {
	return f.Push(s.d)
}

// Indexed reports that there is nothing to search faster.
func (one) Indexed(_, _ string) bool { return false }

// GeoPath is not asked: no stage of an update looks for places.
func (one) GeoPath(string) (string, error) { return "", nil }
