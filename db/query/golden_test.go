package query_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"baas/db/query"
	"baas/db/value"
	"baas/db/value/valuetest"
)

func TestGoldenMatches(t *testing.T) {
	valuetest.RunGolden(t, "match.jsonl", "testdata/golden-known.jsonl", judgeMatch)
}

func judgeMatch(c valuetest.Case) (string, error) {
	condition, err := valuetest.GoldenDoc(c.Query)
	var f *query.Filter
	if err == nil {
		f, err = query.Compile(condition)
	}
	if c.Expect.Error != "" || err != nil {
		return judgeError(c, err), err
	}
	if c.Documents == nil {
		got, err := matches(f, c.Document)
		if err != nil || fmt.Sprint(got) != string(c.Expect.Result) {
			return fmt.Sprintf("got %v, %v, want %s", got, err, c.Expect.Result), nil
		}
		return "", nil
	}
	got := map[string]bool{}
	for _, d := range c.Documents {
		ok, err := matches(f, d)
		if err != nil {
			return err.Error(), nil
		}
		if ok {
			got[id(d)] = true
		}
	}
	want := map[string]bool{}
	var ids []json.RawMessage
	if err := json.Unmarshal(c.Expect.Result, &ids); err != nil {
		return err.Error(), nil
	}
	for _, one := range ids {
		want[id([]byte(`{"_id":`+string(one)+`}`))] = true
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Sprintf("got %v, want %v", got, want), nil
	}
	return "", nil
}

func judgeError(c valuetest.Case, err error) string {
	switch {
	case c.Expect.Error != "" && err == nil:
		return fmt.Sprintf("accepted, want the error %q", c.Expect.Error)
	case c.Expect.Error == "" && err != nil:
		return fmt.Sprintf("got the error %v, want %s", err, c.Expect.Result)
	}
	return ""
}

func matches(f *query.Filter, text json.RawMessage) (bool, error) {
	d, err := valuetest.GoldenDoc(text)
	if err != nil {
		return false, err
	}
	return f.Match(d)
}

// id returns a document's _id, alike for equal numbers.
func id(text json.RawMessage) string {
	d, err := valuetest.GoldenDoc(text)
	if err != nil {
		return err.Error()
	}
	return string(value.AppendPlain(nil, d.Get("_id")))
}

func TestGoldenProjections(t *testing.T) {
	valuetest.RunGolden(t, "projection.jsonl", "testdata/golden-known.jsonl", judgeProjection)
}

// withoutUndefined writes null for BSON's undefined, which no document here can
// hold and which expressions read as null.
func withoutUndefined(text json.RawMessage) json.RawMessage {
	return bytes.ReplaceAll(text, []byte(`{"$undefined": true}`), []byte("null"))
}

func judgeProjection(c valuetest.Case) (string, error) {
	spec, err := valuetest.GoldenDoc(withoutUndefined(c.Spec))
	if err != nil {
		return judgeError(c, err), err
	}
	condition, err := valuetest.GoldenDoc(c.Query)
	if err != nil {
		return err.Error(), nil
	}
	f, err := query.Compile(condition)
	var p *query.Projection
	if err == nil {
		p, err = query.CompileProjection(spec, f)
	}
	if err != nil {
		return judgeError(c, err), err
	}
	d, err := valuetest.GoldenDoc(withoutUndefined(c.Document))
	if err != nil {
		return err.Error(), nil
	}
	got, err := p.Apply(d)
	if c.Expect.Error != "" {
		return judgeError(c, err), err
	}
	want, wrong := valuetest.GoldenDoc(withoutUndefined(c.Expect.Result))
	if wrong != nil {
		return wrong.Error(), nil
	}
	if err != nil || valuetest.Text(got) != valuetest.Text(want) {
		return fmt.Sprintf("got %s, %v, want %s", valuetest.Text(got), err, valuetest.Text(want)), nil
	}
	return "", nil
}
