package query_test

import (
	"encoding/json"
	"testing"

	"baas/db/fault"
	"baas/db/query"
	"baas/db/value/valuetest"
)

type matchCase struct {
	Name     string
	Document json.RawMessage
	Query    json.RawMessage
	Expect   bool
	Code     fault.Code
	Error    string
}

func TestGeo(t *testing.T) { runMatches(t, "testdata/geo.jsonl") }

func runMatches(t *testing.T, file string) {
	for _, c := range cases[matchCase](t, file) {
		t.Run(c.Name, func(t *testing.T) {
			f, err := query.Compile(valuetest.Doc(t, string(c.Query)))
			if c.Code != fault.OK {
				refused(t, err, c.Code, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Match(valuetest.Doc(t, string(c.Document)))
			if err != nil || got != c.Expect {
				t.Errorf("got %v, %v, want %v", got, err, c.Expect)
			}
		})
	}
}
