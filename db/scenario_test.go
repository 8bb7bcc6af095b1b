package db_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// A scenario is a list of calls and what each must answer. The files in
// testdata/scenarios hold them, with the source of what they expect.
type scenario struct {
	Name       string
	Source     string
	AutoCreate bool
	Steps      []step
}

// step is one call, named by the member that holds the collection, and its
// outcome. An error is expected when code is given, and only then.
type step struct {
	As string // alice, bob, nobody, admin (the default) or system

	Insert, Find, Count, Update, Remove, Create, Drop, Mode string
	Collections                                             []string // "name mode documents" of each
	Changes                                                 []string // "kind collection id" of each, from the start

	Docs                          []json.RawMessage
	Query, Sort, Projection, Data json.RawMessage
	Filters                       []json.RawMessage // arrayFilters
	Stages                        json.RawMessage   // of an update, instead of data
	Skip, Limit                   int64
	Replace, Multi, Upsert        bool
	ReturnDoc                     bool
	To                            rules.Mode

	Want     []json.RawMessage // documents of find; the document of returnDoc
	IDs      []string          // of insert
	N        int64             // of count and remove
	Matched  int64             // of update
	Updated  int64
	Upserted string
	Code     fault.Code
	Text     string // part of the error's text
}

func principals() map[string]rules.Principal {
	return map[string]rules.Principal{
		"":       {Role: rules.Admin},
		"admin":  {Role: rules.Admin},
		"alice":  {Role: rules.User, UID: "u-alice", OpenID: "alice"},
		"bob":    {Role: rules.User, UID: "bob"},
		"nobody": {},
		"system": rules.SystemPrincipal(),
	}
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenarios/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []scenario
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, sc := range list {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+sc.Name, func(t *testing.T) {
				t.Parallel()
				if sc.Source == "" {
					t.Error("a scenario names the source of what it expects")
				}
				runScenario(t, sc)
			})
		}
	}
}

func runScenario(t *testing.T, sc scenario) {
	t.Helper()
	ids := 0
	e := dbtest.Memory().Open(t, db.Options{AutoCreate: sc.AutoCreate, NewID: func() string {
		ids++
		return fmt.Sprintf("id%d", ids)
	}})
	for i, s := range sc.Steps {
		p, ok := principals()[s.As]
		if !ok {
			t.Fatalf("step %d: nobody is called %q", i, s.As)
		}
		err := s.run(t, e, p, fmt.Sprintf("step %d", i))
		if got := fault.CodeOf(err); got != s.Code {
			t.Errorf("step %d: code %q, want %q: %v", i, got, s.Code, err)
		}
		if !strings.Contains(fault.Text(err), s.Text) {
			t.Errorf("step %d: the text %q does not contain %q", i, fault.Text(err), s.Text)
		}
	}
}

// run makes the step's call and compares what it answers.
func (s step) run(t *testing.T, e *db.Engine, p rules.Principal, at string) error {
	t.Helper()
	ctx := t.Context()
	switch {
	case s.Insert != "":
		ids, err := e.Insert(ctx, p, s.Insert, docs(t, s.Docs))
		if s.IDs != nil {
			equal(t, at+": ids", texts(ids), s.IDs)
		}
		return err
	case s.Find != "":
		got, err := e.Find(ctx, p, db.FindRequest{
			Collection: s.Find, Query: doc(t, s.Query), Sort: doc(t, s.Sort), Projection: doc(t, s.Projection), Skip: s.Skip, Limit: s.Limit,
		})
		equal(t, at+": documents", lines(got), lines(docs(t, s.Want)))
		return err
	case s.Count != "":
		n, err := e.Count(ctx, p, s.Count, doc(t, s.Query))
		equal(t, at+": count", n, s.N)
		return err
	case s.Update != "":
		return s.update(t, e, p, at)
	case s.Remove != "":
		n, err := e.Remove(ctx, p, db.RemoveRequest{Collection: s.Remove, Query: doc(t, s.Query), Multi: s.Multi})
		equal(t, at+": removed", n, s.N)
		return err
	case s.Create != "":
		return e.CreateCollection(ctx, p, s.Create)
	case s.Drop != "":
		return e.DropCollection(ctx, p, s.Drop)
	case s.Mode != "":
		return e.SetMode(ctx, p, s.Mode, s.To)
	case s.Changes != nil:
		got, err := e.Changes(ctx, 0, 1000)
		equal(t, at+": changes", changeLines(got), s.Changes)
		return err
	}
	infos, err := e.Collections(ctx, p)
	var got []string
	for _, c := range infos {
		got = append(got, fmt.Sprintf("%s %s %d", c.Name, c.Mode, c.Count))
	}
	equal(t, at+": collections", got, s.Collections)
	return err
}

func (s step) update(t *testing.T, e *db.Engine, p rules.Principal, at string) error {
	t.Helper()
	got, err := e.Update(t.Context(), p, db.UpdateRequest{
		Collection: s.Update, Query: doc(t, s.Query), Update: doc(t, s.Data), ArrayFilters: docs(t, s.Filters), Pipeline: stages(t, s.Stages),
		Replace: s.Replace, Multi: s.Multi, Upsert: s.Upsert, ReturnDoc: s.ReturnDoc,
	})
	equal(t, at+": matched", got.Matched, s.Matched)
	equal(t, at+": updated", got.Updated, s.Updated)
	equal(t, at+": upserted", text(got.UpsertedID), s.Upserted)
	var returned []value.Doc
	if got.Doc != nil {
		returned = append(returned, got.Doc)
	}
	equal(t, at+": document", lines(returned), lines(docs(t, s.Want)))
	return err
}

func stages(t *testing.T, text json.RawMessage) []aggregate.Stage {
	t.Helper()
	if text == nil {
		return nil
	}
	list, err := aggregate.Parse("stages", dbtest.Doc(t, `{"stages":`+string(text)+`}`).Get("stages"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func doc(t *testing.T, text json.RawMessage) value.Doc {
	t.Helper()
	if text == nil {
		return nil
	}
	return dbtest.Doc(t, string(text))
}

func docs(t *testing.T, list []json.RawMessage) []value.Doc {
	t.Helper()
	out := make([]value.Doc, len(list))
	for i, text := range list {
		out[i] = doc(t, text)
	}
	return out
}

func lines(list []value.Doc) string { return dbtest.JSON(list...) }

// text shows a value; a missing one is nothing.
func text(v value.Value) string {
	if v.IsMissing() {
		return ""
	}
	if v.Type == value.TypeString {
		return v.Text()
	}
	return string(value.AppendPlain(nil, v))
}

func texts(list []value.Value) []string {
	var out []string
	for _, v := range list {
		out = append(out, text(v))
	}
	return out
}

func changeLines(list []db.Change) []string {
	kinds := []string{"", "added", "updated", "replaced", "removed", "dropped", "mode set", "appeared"}
	var out []string
	for _, c := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", kinds[c.Kind], c.Collection, text(c.ID))))
	}
	return slices.Clip(out)
}
