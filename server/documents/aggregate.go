package documents

import (
	"bytes"
	"context"
	"strconv"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/wire"
)

// Aggregate is an aggregation of one collection.
type Aggregate struct {
	Collection string
	Stages     []aggregate.Stage
}

// Run aggregates. A user gets UserLimit documents, or as many as a $limit stage
// of the pipeline itself allows if that is more (wx-cloud-api.md 5); an
// administrator gets all there are. Codes: those of db.Engine.Aggregate, and
// InvalidParam for a condition that an SDK could not encode.
func (a Aggregate) Run(ctx context.Context, s Store, p rules.Principal) ([]value.Doc, error) {
	for i, stage := range a.Stages {
		if stage.Name == "$match" && stage.Arg.Type == value.TypeObject {
			if err := checkCommands("pipeline."+strconv.Itoa(i)+".$match", stage.Arg.Doc()); err != nil {
				return nil, err
			}
		}
	}
	return s.Aggregate(ctx, p, db.AggregateRequest{Collection: a.Collection, Stages: a.Stages, Limit: a.limit(p)})
}

func (a Aggregate) limit(p rules.Principal) int64 {
	if p.ByPassesRules() {
		return 0
	}
	limit := int64(UserLimit)
	for _, s := range a.Stages {
		if n, ok := s.Arg.AsInt64(); ok && s.Name == "$limit" {
			limit = max(limit, n)
		}
	}
	return limit
}

// ParseStages reads the stages of both dialects: objects {"stageKey": "$match",
// "stageValue": text}, where the text is JSON of any kind in either encoding.
// Codes: InvalidParam naming the member, as in "stages.2.stageValue".
func ParseStages(field string, list [][]byte, o value.ParseOptions) ([]aggregate.Stage, error) {
	stages := make([]aggregate.Stage, len(list))
	for i, raw := range list {
		at := field + "." + strconv.Itoa(i)
		item, err := wire.ParseObject(at, raw)
		if err != nil {
			return nil, err
		}
		name, err := item.Text("stageKey")
		if err != nil || name == "" {
			return nil, fault.Invalid(at+".stageKey", "must be the name of a stage, such as $match")
		}
		arg, err := stageValue(at+".stageValue", item.Raw("stageValue"), o)
		if err != nil {
			return nil, err
		}
		stages[i] = aggregate.Stage{Name: name, Arg: friendly(name, arg)}
	}
	return stages, nil
}

func stageValue(at string, raw []byte, o value.ParseOptions) (value.Value, error) {
	if raw == nil {
		return value.Value{}, fault.Invalid(at, "is required")
	}
	if text, ok := wire.Unquote(raw); ok {
		raw = []byte(text)
	}
	v, err := value.ParseJSONValue(raw, o)
	return v, Below(at, err)
}

// ParsePipeline reads the pipeline of /v1: a list of objects with one member
// each, as JSON or as its text. Codes: InvalidParam naming the member, and those
// of aggregate.Parse.
func ParsePipeline(field string, raw []byte, o value.ParseOptions) ([]aggregate.Stage, error) {
	if text, ok := wire.Unquote(raw); ok {
		raw = []byte(text)
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '[' {
		return nil, fault.Invalid(field, "must be a list of stages, such as [{\"$match\": {}}]")
	}
	v, err := value.ParseJSONValue(raw, o)
	if err != nil {
		return nil, Below(field, err)
	}
	stages, err := aggregate.Parse(field, v)
	for i, s := range stages {
		stages[i].Arg = friendly(s.Name, s.Arg)
	}
	return stages, err
}

// friendly turns a $sample of a bare number, which some SDKs pass on, into what
// it means (wx-cloud-api.md 5.1).
func friendly(stage string, arg value.Value) value.Value {
	if stage != "$sample" || !arg.Type.IsNumber() {
		return arg
	}
	var b value.Builder
	b.Add("size", arg)
	return value.FromDoc(b.Doc())
}
