package documents_test

import (
	"testing"
	"time"

	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/value"
	"baas/server/documents"
	"baas/server/wire"
)

// FuzzPipelines: whatever arrives as a pipeline in either form is read or
// refused with a code, never more.
func FuzzPipelines(f *testing.F) {
	for _, seed := range []string{
		`[{"$match":{"a":{"$gt":1}}},{"$limit":2}]`,
		`"[{\"$sample\":3}]"`,
		`[{"stageKey":"$match","stageValue":"{\"a\":1}"},{"stageKey":"$limit","stageValue":"3"}]`,
		`[{"stageKey":"$unwind","stageValue":"\"$l\""},{"stageKey":"$sample","stageValue":"{\"$numberInt\":\"3\"}"}]`,
		`[{"stageKey":5}]`, `[1]`, `{}`, ``, `[`, `[{"$a":1,"$b":2}]`, `[{"stageKey":"$match","stageValue":null}]`,
	} {
		f.Add([]byte(seed))
	}
	o := value.ParseOptions{Now: time.UnixMilli(1)}
	f.Fuzz(func(t *testing.T, text []byte) {
		check := func(stages []aggregate.Stage, err error) {
			if err == nil {
				_, err = aggregate.Compile(stages)
			}
			if err != nil && fault.CodeOf(err) == fault.SysErr {
				t.Errorf("an error without a code: %v", err)
			}
		}
		check(documents.ParsePipeline("pipeline", text, o))
		if list, err := wire.ParseArray("stages", text); err == nil {
			check(documents.ParseStages("stages", list, o))
		}
	})
}
