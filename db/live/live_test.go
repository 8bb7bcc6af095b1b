package live_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"baas/db/live"
	"baas/db/query"
	"baas/db/value"
)

// cases reads a JSON Lines file, one case a line.
func cases[T any](t *testing.T, name string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		t.Fatalf("%s holds no case", name)
	}
	return out
}

func doc(t *testing.T, text json.RawMessage) value.Doc {
	t.Helper()
	if text == nil {
		return nil
	}
	d, err := value.ParseJSON(text, value.ParseOptions{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func docs(t *testing.T, texts []json.RawMessage) []value.Doc {
	t.Helper()
	var out []value.Doc
	for _, text := range texts {
		out = append(out, doc(t, text))
	}
	return out
}

func filter(t *testing.T, text json.RawMessage) *query.Filter {
	t.Helper()
	f, err := query.Compile(doc(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func order(t *testing.T, text json.RawMessage) *query.Sort {
	t.Helper()
	s, err := query.CompileSort(doc(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func plain(v value.Value) string { return string(value.AppendPlain(nil, v)) }

// brief shows events as "data/queue id".
func brief(events []live.Event) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, string(e.Data)+"/"+string(e.Queue)+" "+e.DocID.Text())
	}
	return out
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	type expect struct {
		Data    live.DataType
		Queue   live.QueueType
		Doc     json.RawMessage
		Updated json.RawMessage
		Removed []string
	}
	for _, tc := range cases[struct {
		Name, Source         string
		Query, Before, After json.RawMessage
		Data                 live.DataType
		Expect               *expect
	}](t, "step.jsonl") {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			r := live.NewResult(filter(t, tc.Query), nil, 0, nil)
			events, known, err := r.Apply([]live.Change{{
				ID: value.String("a"), Data: tc.Data, Before: doc(t, tc.Before), After: doc(t, tc.After),
			}})
			if err != nil || !known {
				t.Fatal(known, err)
			}
			if tc.Expect == nil {
				if len(events) != 0 {
					t.Fatalf("got %+v, want no event", events)
				}
				return
			}
			if got, want := brief(events), []string{string(tc.Expect.Data) + "/" + string(tc.Expect.Queue) + " a"}; !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			e := events[0]
			if got, want := string(e.Doc), string(doc(t, tc.Expect.Doc)); got != want {
				t.Errorf("doc %q, want %q", got, want)
			}
			var updated value.Builder
			for _, f := range e.Updated {
				updated.Add(f.Path, f.Value)
			}
			if got := plain(value.FromDoc(updated.Doc())); tc.Expect.Updated != nil && got != string(tc.Expect.Updated) {
				t.Errorf("updated %s, want %s", got, tc.Expect.Updated)
			}
			if !slices.Equal(e.Removed, tc.Expect.Removed) {
				t.Errorf("removed %v, want %v", e.Removed, tc.Expect.Removed)
			}
		})
	}
}

// windowChange is a change as the data files tell it.
type windowChange struct {
	ID            string
	Data          live.DataType
	Before, After json.RawMessage
}

func changes(t *testing.T, list []windowChange) []live.Change {
	t.Helper()
	var out []live.Change
	for _, c := range list {
		out = append(out, live.Change{ID: value.String(c.ID), Data: c.Data, Before: doc(t, c.Before), After: doc(t, c.After)})
	}
	return out
}

func TestBecome(t *testing.T) {
	t.Parallel()
	for _, tc := range cases[struct {
		Name, Source  string
		Before, After []json.RawMessage
		Changes       []windowChange
		Expect        []string
	}](t, "shift.jsonl") {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			window := func(docs []value.Doc) *live.Result {
				return live.NewResult(query.All(), order(t, json.RawMessage(`{"_id": 1}`)), 2, docs)
			}
			got := brief(window(docs(t, tc.Before)).Become(window(docs(t, tc.After)), changes(t, tc.Changes)))
			if !slices.Equal(got, tc.Expect) {
				t.Errorf("got %v, want %v", got, tc.Expect)
			}
		})
	}
}

// TestWindow: limit 2, ordered by n, documents with room 1.
func TestWindow(t *testing.T) {
	t.Parallel()
	for _, tc := range cases[struct {
		Name, Source string
		Window       []json.RawMessage
		Changes      []windowChange
		Expect       []string // nil: the database must be asked
	}](t, "window.jsonl") {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			r := live.NewResult(filter(t, json.RawMessage(`{"room": 1}`)), order(t, json.RawMessage(`{"n": 1}`)), 2, docs(t, tc.Window))
			events, known, err := r.Apply(changes(t, tc.Changes))
			if err != nil {
				t.Fatal(err)
			}
			if known != (tc.Expect != nil) {
				t.Fatalf("known is %v, with %v; want %v", known, brief(events), tc.Expect)
			}
			if got := brief(events); known && !slices.Equal(got, tc.Expect) {
				t.Errorf("got %v, want %v", got, tc.Expect)
			}
			if !known && r.Len() != len(tc.Window) {
				t.Errorf("the result holds %d documents although nothing was applied, want %d", r.Len(), len(tc.Window))
			}
		})
	}
}
