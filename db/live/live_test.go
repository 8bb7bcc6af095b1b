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

func plain(v value.Value) string { return string(value.AppendPlain(nil, v)) }

func TestStep(t *testing.T) {
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
			f, err := query.Compile(doc(t, tc.Query))
			if err != nil {
				t.Fatal(err)
			}
			e, ok, err := live.Step(f, live.Change{
				ID: value.String("a"), Data: tc.Data, Before: doc(t, tc.Before), After: doc(t, tc.After),
			})
			if err != nil {
				t.Fatal(err)
			}
			if tc.Expect == nil {
				if ok {
					t.Fatalf("got %+v, want no event", e)
				}
				return
			}
			if !ok || e.Data != tc.Expect.Data || e.Queue != tc.Expect.Queue || e.DocID.Text() != "a" {
				t.Fatalf("got %v %s/%s of %q, want %s/%s of a", ok, e.Data, e.Queue, e.DocID.Text(), tc.Expect.Data, tc.Expect.Queue)
			}
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

func TestShift(t *testing.T) {
	t.Parallel()
	for _, tc := range cases[struct {
		Name, Source  string
		Before, After []json.RawMessage
		Changes       []struct {
			ID   string
			Data live.DataType
		}
		Expect []string
	}](t, "shift.jsonl") {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			var before, after []value.Doc
			for _, d := range tc.Before {
				before = append(before, doc(t, d))
			}
			for _, d := range tc.After {
				after = append(after, doc(t, d))
			}
			var changes []live.Change
			for _, c := range tc.Changes {
				changes = append(changes, live.Change{ID: value.String(c.ID), Data: c.Data})
			}
			got := []string{}
			for _, e := range live.Shift(before, after, changes) {
				got = append(got, string(e.Data)+"/"+string(e.Queue)+" "+e.DocID.Text())
			}
			if !slices.Equal(got, tc.Expect) {
				t.Errorf("got %v, want %v", got, tc.Expect)
			}
		})
	}
}
