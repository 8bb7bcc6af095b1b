package expr_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
	"baas/db/value/valuetest"
)

func TestGoldenExpressions(t *testing.T) {
	valuetest.RunGolden(t, "expression.jsonl", "testdata/golden-known.jsonl", judge)
}

var (
	// undefined is a type that documents cannot hold; expressions take null for it.
	undefined = regexp.MustCompile(`\{\s*"\$undefined"\s*:\s*true\s*\}`)
	// nan finds the ways in which the golden data spells NaN; the wire knows one.
	nan = regexp.MustCompile(`"-?(?i:nan)"`)
)

func golden(text []byte) (value.Doc, error) {
	text = nan.ReplaceAll(text, []byte(`"NaN"`))
	return valuetest.GoldenDoc(undefined.ReplaceAll(text, []byte("null")))
}

func judge(c valuetest.Case) (string, error) {
	spec, err := golden(c.Spec)
	if err != nil {
		return judgeError(c, err), err
	}
	d, err := golden(c.Document)
	if err != nil {
		return judgeError(c, err), err
	}
	got, err := project(spec, d)
	if err != nil || c.Expect.Error != "" {
		return judgeError(c, err), err
	}
	want, err := golden(c.Expect.Result)
	if err != nil {
		return err.Error(), nil
	}
	if strings.Contains(string(c.Spec), "FromString") || strings.Contains(string(c.Spec), "$toDate") || strings.Contains(string(c.Spec), "$convert") {
		got = inPacificTime(got, want)
	}
	asSet := strings.Contains(string(c.Spec), `"$set`) && !strings.Contains(string(c.Spec), `Field`)
	if !agree(value.FromDoc(got), value.FromDoc(want), asSet) {
		return fmt.Sprintf("got %s, want %s", valuetest.Text(got), valuetest.Text(want)), nil
	}
	return "", nil
}

// inPacificTime returns got with its dates read as the source reads texts: as
// if they were in the zone of its server, on top of the zone that they name.
func inPacificTime(got, want value.Doc) value.Doc {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err)
	}
	var b value.Builder
	for name, v := range got.All() {
		if other := want.Get(name); v.Type == value.TypeDate && other.Type == value.TypeDate && !value.Equal(v, other) {
			u := time.UnixMilli(v.Millis()).UTC()
			v = value.Time(time.Date(u.Year(), u.Month(), u.Day(), u.Hour(), u.Minute(), u.Second(), u.Nanosecond(), zone))
		}
		b.Add(name, v)
	}
	return b.Doc()
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

// project does what $project does with computed members at the top level: it
// keeps _id and the members that are 1, and adds the computed ones.
func project(spec, d value.Doc) (value.Doc, error) {
	s := &expr.Scope{Root: d, Now: valuetest.Now}
	computed := map[string]value.Value{}
	for name, v := range spec.All() {
		if v.Type.IsNumber() || v.Type == value.TypeBool {
			if !v.IsTrue() && name != "_id" {
				return nil, fault.Refused(name, "exclusion beside computed members")
			}
			continue
		}
		e, err := expr.Compile(name, v, expr.Options{})
		if err != nil {
			return nil, err
		}
		if computed[name], err = e.Eval(s); err != nil {
			return nil, err
		}
	}
	var b value.Builder
	for name, v := range d.All() {
		keep := spec.Get(name)
		result, isComputed := computed[name]
		switch {
		case isComputed:
			b.Add(name, result)
		case keep.IsMissing() && name == "_id", keep.IsTrue():
			b.Add(name, v)
		}
	}
	for name := range spec.All() {
		if result, ok := computed[name]; ok && d.Get(name).IsMissing() {
			b.Add(name, result)
		}
	}
	return b.Doc(), nil
}

// agree compares values as the golden cases ask for: numbers by value, within
// 1e-12, but with their types; what set operators return as sets.
func agree(got, want value.Value, asSet bool) bool {
	if got.Type != want.Type {
		return false
	}
	switch got.Type {
	case value.TypeDouble:
		a, _ := got.AsFloat()
		b, _ := want.AsFloat()
		return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-12*math.Abs(b)
	case value.TypeObject, value.TypeArray:
		a, b := members(got, asSet), members(want, asSet)
		return slices.EqualFunc(a, b, func(x, y pair) bool { return x.key == y.key && agree(x.v, y.v, asSet) })
	}
	return value.Equal(got, want)
}

type pair struct {
	key string
	v   value.Value
}

func members(v value.Value, asSet bool) []pair {
	var out []pair
	for key, member := range v.Doc().All() {
		if v.Type == value.TypeArray {
			key = ""
		}
		out = append(out, pair{key, member})
	}
	if v.Type == value.TypeArray && asSet {
		slices.SortFunc(out, func(x, y pair) int { return value.Compare(x.v, y.v) })
	}
	return out
}
