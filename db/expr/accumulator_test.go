package expr_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"baas/db/expr"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// TestAccumulate runs testdata/accumulate.jsonl: an accumulator over documents.
func TestAccumulate(t *testing.T) {
	for _, line := range valuetest.Lines(t, "testdata/accumulate.jsonl") {
		var c struct {
			Name, Source string
			Documents    []json.RawMessage
			Accumulator  json.RawMessage
			Expect       json.RawMessage
			Error        bool
		}
		if err := json.Unmarshal(line, &c); err != nil || c.Source == "" {
			t.Fatalf("%s: %v", line, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			v, err := accumulate(t, c.Accumulator, c.Documents)
			switch {
			case c.Error && err == nil:
				t.Errorf("%s: got %s, want an error", c.Accumulator, text(v))
			case c.Error:
			case err != nil:
				t.Errorf("%s: %v", c.Accumulator, err)
			default:
				if want := wrapped(t, c.Expect); !agree(v, want, false) {
					t.Errorf("%s: got %s, want %s", c.Accumulator, text(v), text(want))
				}
			}
		})
	}
}

// accumulate gives every document memory that is overwritten afterwards, and
// asks for the result in between: a state must not depend on either.
func accumulate(t *testing.T, accumulator json.RawMessage, documents []json.RawMessage) (value.Value, error) {
	t.Helper()
	a, err := expr.CompileAccumulator("a", wrapped(t, accumulator), expr.Options{})
	if err != nil {
		return value.Value{}, err
	}
	state := a.New()
	s := &expr.Scope{}
	for _, one := range documents {
		d := valuetest.Doc(t, string(one))
		s.Next(d)
		if err := state.Add(s); err != nil {
			return value.Value{}, err
		}
		if state.Bytes() <= 0 {
			t.Errorf("a state that takes %d bytes", state.Bytes())
		}
		state.Result()
		clear(d)
	}
	return state.Result(), nil
}

func TestStatesKnowWhatTheyHold(t *testing.T) {
	long := `"` + strings.Repeat("0123456789", 10) + `"`
	for _, accumulator := range []string{
		`{"$push":"$x"}`, `{"$addToSet":"$n"}`, `{"$firstN":{"input":"$x","n":1000}}`,
		`{"$lastN":{"input":"$x","n":1000}}`, `{"$maxN":{"input":"$x","n":1000}}`, `{"$mergeObjects":{"$arrayToObject":[[["$n","$x"]]]}}`,
		`{"$topN":{"n":1000,"sortBy":{"x":1},"output":"$n"}}`,
	} {
		t.Run(accumulator, func(t *testing.T) {
			a, err := expr.CompileAccumulator("a", wrapped(t, json.RawMessage(accumulator)), expr.Options{})
			if err != nil {
				t.Fatal(err)
			}
			state := a.New()
			s := &expr.Scope{}
			for i := range 100 {
				s.Next(valuetest.Doc(t, `{"x":`+long+`,"n":"`+strconv.Itoa(i)+`"}`))
				if err := state.Add(s); err != nil {
					t.Fatal(err)
				}
			}
			if size := len(state.Result().Data); state.Bytes() < size || state.Bytes() > 100*(size+1000) {
				t.Errorf("a state of %d bytes says %d", size, state.Bytes())
			}
		})
	}
}

func TestAccumulatorsNameTheMembersThatTheyRead(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{`{"$sum":1}`, []string{}},
		{`{"$sum":"$a.b"}`, []string{"a"}},
		{`{"$top":{"sortBy":{"s.x":1},"output":"$p"}}`, []string{"s", "p"}},
		{`{"$push":"$$ROOT"}`, nil},
	} {
		a, err := expr.CompileAccumulator("a", wrapped(t, json.RawMessage(tc.text)), expr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Fields(); !equalNames(got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.text, got, tc.want)
		}
	}
}
