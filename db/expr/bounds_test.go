package expr_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"baas/db/effort"
	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// What multiplies ends with an error, soon and without the memory it asks for.
func TestBombsEndWithAnError(t *testing.T) {
	million := `{"$range":[0,1000000]}`
	thousand := `{"$range":[0,1000]}`
	large := "[" + strings.Repeat("7,", 20_000) + "7]"
	full := os.Getenv("BAAS_ROUNDS") != "" // the ones that take longest, too
	var vars []string
	for i := range 50 {
		vars = append(vars, fmt.Sprintf(`"v%d":%s`, i, million))
	}
	doubling := func(in string) string {
		return `{"$reduce":{"input":{"$range":[0,64]},"initialValue":"$a","in":` + in + `}}`
	}
	cases := []struct{ name, text string }{
		{"RangeTooLarge", `{"$range":[0,2000000000]}`},
		{"FilterInFilter", `{"$filter":{"input":` + thousand + `,"cond":{"$filter":{"input":` + million + `,"cond":false}}}}`},
		{"DoublingText", doubling(`{"$concat":["$$value","$$value"]}`)},
		{"DoublingArray", doubling(`{"$concatArrays":[["$$value"],["$$value"]]}`)},
		{"DoublingObject", doubling(`{"a":"$$value","b":"$$value"}`)},
		{"DeepResult", `{"$reduce":{"input":{"$range":[0,1000]},"initialValue":1,"in":["$$value"]}}`},
		{"Patterns", `{"$map":{"input":{"$range":[0,100000]},"in":{"$regexMatch":{"input":"$slow","regex":"^(a|aa)+\\d$"}}}}`},
		{"ComparingLargeMembers", `{"$filter":{"input":` + million + `,"cond":{"$eq":["$large","$same"]}}}`},
		{"LookingUpInALoop", `{"$filter":{"input":` + million + `,"cond":"$last"}}`},
		{"Appending", `{"$reduce":{"input":` + million + `,"initialValue":[],"in":{"$concatArrays":["$$value",["$$this"]]}}}`},
	}
	if full {
		cases = append(cases, []struct{ name, text string }{
			{"MapOfRanges", `{"$map":{"input":` + thousand + `,"in":` + million + `}}`},
			{"ManyVariables", `{"$let":{"vars":{` + strings.Join(vars, ",") + `},"in":1}}`},
			{"Split", `{"$map":{"input":{"$range":[0,100000]},"in":{"$split":["$s","a"]}}}`},
			{"SortingLargeValues", `{"$filter":{"input":` + million + `,"cond":{"$sortArray":{"input":["$large","$same"],"sortBy":1}}}}`},
			{"LargestOfLargeValues", `{"$filter":{"input":` + million + `,"cond":{"$max":["$large","$same"]}}}`},
			{"Lengths", `{"$filter":{"input":` + million + `,"cond":{"$strLenCP":"$long"}}}`},
			{"ComparingLargeValues", `{"$filter":{"input":` + million + `,"cond":{"$eq":["$large",{"$concatArrays":["$large",[]]}]}}}`},
			{"Replacements", `{"$replaceAll":{"input":{"$reduce":{"input":{"$range":[0,20]},"initialValue":"aaaaaaaa","in":{"$concat":["$$value","$$value"]}}},"find":"a","replacement":"$s"}}`},
			{"ElementsByPosition", `{"$filter":{"input":{"$range":[0,100000]},"cond":{"$not":{"$isArray":{"$arrayElemAt":["$large",-1]}}}}}`},
			{"Zip", `{"$zip":{"inputs":[` + million + `,` + million + `]}}`},
			{"SetsInALoop", `{"$map":{"input":` + thousand + `,"in":{"$setUnion":[{"$range":[0,100000]},[1]]}}}`},
			{"MapInMap", `{"$map":{"input":` + thousand + `,"in":{"$map":{"input":` + thousand + `,"in":` + thousand + `}}}}`},
		}...)
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			d := valuetest.Doc(t, `{"a":"aaaaaaaa","s":"`+strings.Repeat("a", 1000)+`","slow":"`+strings.Repeat("a", 60)+`!","long":"`+
				strings.Repeat("a", 1_000_000)+`","large":`+large+`,"same":`+large+`,"last":0}`)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			e, err := expr.Compile("e", wrapped(t, []byte(tc.text)), expr.Options{})
			if err == nil {
				_, err = e.Eval(&expr.Scope{Root: d})
			}
			runtime.ReadMemStats(&after)
			if !fault.Is(err, fault.DatabaseFailed) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 512<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
			if strings.Contains(fmt.Sprint(err), "aaaa") {
				t.Errorf("the error quotes the document: %v", err)
			}
		})
	}
}

func TestEvaluationEndsWithItsRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	loop := compile(t, `{"e":{"$sum":{"$map":{"input":{"$range":[0,100000]},"in":{"$add":["$$this",1]}}}}}`)
	if _, err := loop.Eval(&expr.Scope{Meter: effort.New(ctx, effort.Limits{})}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What is cheap on one document is bounded on many.
func TestDocumentsOfOneRequestShareItsLimits(t *testing.T) {
	e := compile(t, `{"e":{"$sum":{"$map":{"input":"$a","in":{"$multiply":["$$this",2]}}}}}`)
	s := &expr.Scope{Meter: effort.New(t.Context(), effort.Limits{Steps: 50_000})}
	d := valuetest.Doc(t, `{"a":[1,2,3,4,5,6,7,8,9,10]}`)
	for range 50_000 {
		s.Next(d)
		if _, err := e.Eval(s); err != nil {
			if !fault.Is(err, fault.DatabaseFailed) {
				t.Errorf("got %v", err)
			}
			return
		}
	}
	t.Error("fifty thousand documents are within the limits of one")
}

func TestDeepExpressionsAreRefused(t *testing.T) {
	v := value.Int32(1)
	for range value.MaxDepth + 1 {
		var b value.Builder
		b.Add("$abs", v)
		v = value.FromDoc(b.Doc())
	}
	if _, err := expr.Compile("e", v, expr.Options{}); !fault.Is(err, fault.InvalidParam) {
		t.Errorf("got %v", err)
	}
}
