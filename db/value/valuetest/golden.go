package valuetest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/db/value"
)

// Case is one golden case; the README beside the data explains the members.
type Case struct {
	ID        string            `json:"id"`
	Source    string            `json:"source"`
	Document  json.RawMessage   `json:"document"`
	Documents []json.RawMessage `json:"documents"`
	Query     json.RawMessage   `json:"query"`
	Spec      json.RawMessage   `json:"spec"`
	Filters   json.RawMessage   `json:"arrayFilters"`
	// Of a pipeline: other collections, and the command's let.
	Collections map[string][]json.RawMessage `json:"collections"`
	Variables   json.RawMessage              `json:"variables"`
	Unchanged   bool                         `json:"unchanged"`
	Expect      Expectation                  `json:"expect"`
	expression  string
}

// Expectation is what a golden case must come to: a result or any error.
type Expectation struct {
	Result    json.RawMessage `json:"result"`
	Error     string          `json:"error"`
	Unchanged bool            `json:"unchanged"`
	Unordered bool            `json:"unordered"` // a list of documents in any order
}

// Known is a golden case, or all cases that use an operator, of which we know
// that they do not come out as recorded, and why.
type Known struct {
	File     string `json:"file"`
	ID       string `json:"id"`       // one case, which comes out differently
	Operator string `json:"operator"` // every case that uses it, which is refused
	Text     string `json:"text"`     // every case whose "query spec" holds this, which is refused
	Reason   string `json:"reason"`
}

// refused reports whether the entry says that the language is not supported.
func (k Known) refused() bool { return k.Operator != "" || k.Text != "" }

// RunGolden runs the cases of one file. judge returns "" when the case comes out
// as recorded, else what happened; refused is the error when the language of the
// case was refused as unsupported. The list of known failures is a file of one
// Known a line; a case that is on it and comes out as recorded fails the test,
// as does an entry that no case needs.
func RunGolden(t *testing.T, file, known string, judge func(Case) (difference string, refused error)) {
	path, ok := Golden(t, file)
	if !ok {
		return
	}
	list := readKnown(t, known, file)
	used := map[string]bool{}
	passed, expected := 0, 0
	for _, line := range Lines(t, path) {
		var c Case
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		c.expression = string(c.Query) + " " + string(c.Spec)
		k := find(list, c)
		used[k.ID+k.Operator+k.Text] = true
		difference, refused := judge(c)
		switch {
		case k.refused() && !unsupported(refused) && (refused == nil || c.Expect.Error == ""):
			t.Errorf("%s: %s%s is on the list of unsupported operators, but was accepted: %s", c.ID, k.Operator, k.Text, c.expression)
		case k.refused():
			expected++
		case k.ID != "" && difference == "":
			t.Errorf("%s comes out as recorded now; take it off %s", c.ID, known)
		case k.ID != "":
			expected++
		case difference != "":
			t.Errorf("%s (%s): %s\n%s\ndocuments %.300s", c.ID, c.Source, difference, c.expression, string(c.Document)+fmt.Sprintf("%s", c.Documents))
		default:
			passed++
		}
	}
	for _, k := range list {
		if !used[k.ID+k.Operator+k.Text] {
			t.Errorf("no golden case needs the entry %+v", k)
		}
	}
	t.Logf("%s: %d as recorded, %d known not to", file, passed, expected)
}

func readKnown(t *testing.T, name, file string) []Known {
	var out []Known
	for _, line := range Lines(t, name) {
		var k Known
		if err := json.Unmarshal(line, &k); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if k.Reason == "" || (k.ID == "") != k.refused() {
			t.Fatalf("%s: give a reason, and either an id or an operator", line)
		}
		if k.File == file {
			out = append(out, k)
		}
	}
	return out
}

// find returns the entry that covers the case; one for the case itself wins.
func find(list []Known, c Case) Known {
	var byLanguage Known
	for _, k := range list {
		switch {
		case k.ID == c.ID:
			return k
		case k.Operator != "" && strings.Contains(c.expression, `"`+k.Operator+`"`),
			k.Text != "" && strings.Contains(c.expression, k.Text):
			byLanguage = k
		}
	}
	return byLanguage
}

// unsupported reports whether err says that the language has no such operator.
func unsupported(err error) bool {
	return fault.Is(err, fault.DatabaseOperator) || err != nil && strings.Contains(fault.Text(err), "not supported")
}

// GoldenDocs reads a list of documents of the golden data, of which there may
// be none.
func GoldenDocs(text json.RawMessage) ([]value.Doc, error) {
	var list []json.RawMessage
	if len(text) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	var out []value.Doc
	for _, one := range list {
		d, err := GoldenDoc(one)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// infinity finds the ways in which the golden data spells the infinities; the
// wire knows one.
var infinity = regexp.MustCompile(`"(-?)(?i:inf|infinity)"`)

// GoldenDoc reads a document of the golden data. The error is that of
// value.ParseJSON.
func GoldenDoc(text json.RawMessage) (value.Doc, error) {
	if len(text) == 0 {
		return nil, nil
	}
	return value.ParseJSON(infinity.ReplaceAll(text, []byte(`"${1}Infinity"`)), value.ParseOptions{Now: Now})
}
