package query_test

import (
	"math"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/db/query"
	"baas/db/value/valuetest"
)

func TestText(t *testing.T) {
	type textCase struct {
		matchCase
		Fields map[string]float64
		Score  float64
	}
	for _, c := range cases[textCase](t, "testdata/text.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			f, err := query.Compile(valuetest.Doc(t, string(c.Query)))
			if c.Code != fault.OK {
				refused(t, err, c.Code, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var fields []query.TextField
			for path, weight := range c.Fields {
				fields = append(fields, query.TextField{Path: path, Weight: weight})
			}
			f = f.WithText(fields)
			d := valuetest.Doc(t, string(c.Document))
			got, err := f.Match(d)
			if err != nil || got != c.Expect {
				t.Errorf("got %v, %v, want %v", got, err, c.Expect)
			}
			if c.Score == 0 {
				return
			}
			if score, err := f.TextScore(nil, d); err != nil || math.Abs(score-c.Score) > 1e-9 {
				t.Errorf("score %v, %v, want %v", score, err, c.Score)
			}
		})
	}
}

// Without an index nobody knows which members $text speaks of.
func TestTextNeedsAnIndex(t *testing.T) {
	f, err := query.Compile(valuetest.Doc(t, `{"$text":{"$search":"x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Match(valuetest.Doc(t, `{"t":"x"}`))
	refused(t, err, fault.DatabaseFailed, "text index required for $text query")
}

func TestTextLimits(t *testing.T) {
	for name, search := range map[string]string{
		"too many terms": manyWords(1001),
		"too long":       strings.Repeat("x", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := query.Compile(valuetest.Doc(t, `{"$text":{"$search":"`+search+`"}}`))
			refused(t, err, fault.DatabaseFailed, "$text.$search")
		})
	}
}

// manyWords returns n different words.
func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		for _, digit := range []int{i / 676 % 26, i / 26 % 26, i % 26} {
			b.WriteByte(byte('a' + digit))
		}
		b.WriteString("x ")
	}
	return b.String()
}
