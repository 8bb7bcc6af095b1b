package realtime_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"baas/db/value"
)

// view is a watched result as the SDK keeps it (wx-cloud-api.md 6.4;
// @cloudbase/realtime, handleServerEvents). What would make the SDK complain,
// or rebuild, fails the test.
type view struct {
	t       testing.TB
	id      string
	queryID string
	event   int64
	docs    map[string]object // by the JSON text of their id
}

func (v *view) init(f frame) {
	v.t.Helper()
	if f.WatchID == nil || *f.WatchID != v.id {
		v.t.Fatalf("INIT_EVENT for %v, want %s", f.WatchID, v.id)
	}
	v.queryID, v.event, v.docs = f.MsgData.QueryID, f.MsgData.CurrEvent, map[string]object{}
	for _, e := range f.MsgData.Events {
		if e.DataType != "init" || e.QueueType != "init" {
			v.t.Fatalf("INIT_EVENT holds %s", v.describe(e))
		}
		v.put(e)
	}
}

// apply takes a NEXT_EVENT and returns its events, one line each.
func (v *view) apply(f frame) []string {
	v.t.Helper()
	if len(f.MsgData.Events) == 0 || f.MsgData.QueryID != v.queryID {
		v.t.Fatalf("NEXT_EVENT without events or of another query: %+v", f.MsgData)
	}
	lines, fresh := []string{}, int64(0)
	for i, e := range f.MsgData.Events {
		first := i == 0 || e.ID != f.MsgData.Events[i-1].ID
		if first && e.ID != v.event+1 {
			v.t.Fatalf("event %d follows %d", e.ID, v.event)
		}
		v.event = e.ID
		if e.QueueType == "init" && fresh != e.ID {
			fresh, v.docs = e.ID, map[string]object{}
		}
		v.step(e)
		lines = append(lines, v.describe(e))
	}
	if v.event != f.MsgData.CurrEvent {
		v.t.Fatalf("currEvent is %d, the newest event %d", f.MsgData.CurrEvent, v.event)
	}
	return lines
}

func (v *view) step(e wireEvent) {
	v.t.Helper()
	id := idOf(e.DocID)
	_, known := v.docs[id]
	if known != (e.QueueType == "update" || e.QueueType == "dequeue") {
		v.t.Fatalf("%s, while the client holds %v", v.describe(e), slices.Sorted(maps.Keys(v.docs)))
	}
	if e.Doc == "" && (e.DataType == "replace" || e.QueueType == "enqueue" || e.QueueType == "init") {
		v.t.Fatalf("the SDK ends a watch on an event without its document: %s", v.describe(e))
	}
	switch {
	case e.QueueType == "dequeue":
		delete(v.docs, id)
	case e.Doc != "":
		v.put(e)
	default:
		v.patch(id, e)
	}
}

func (v *view) put(e wireEvent) {
	v.t.Helper()
	var d object
	v.decode(e.Doc, &d)
	if id := idOf(d["_id"]); id != idOf(e.DocID) {
		v.t.Fatalf("the document of %v has the id %s", e.DocID, id)
	}
	v.docs[idOf(e.DocID)] = d
}

// patch applies updatedFields and removedFields as lodash's set and unset do
// with dotted paths. The document is replaced, as in the SDK.
func (v *view) patch(id string, e wireEvent) {
	v.t.Helper()
	var d, set object
	var unset []string
	text, err := json.Marshal(v.docs[id])
	if err != nil {
		v.t.Fatal(err)
	}
	v.decode(string(text), &d)
	v.decode(e.UpdatedFields, &set)
	v.decode(e.RemovedFields, &unset)
	for path, field := range set {
		parent, name := v.parent(d, path)
		parent[name] = field
	}
	for _, path := range unset {
		parent, name := v.parent(d, path)
		delete(parent, name)
	}
	v.docs[id] = d
}

func (v *view) parent(d object, path string) (object, string) {
	v.t.Helper()
	for {
		name, rest, more := strings.Cut(path, ".")
		if !more {
			return d, name
		}
		inner, ok := d[name].(object)
		if !ok {
			v.t.Fatalf("path %s leads through no object", path)
		}
		d, path = inner, rest
	}
}

func (v *view) decode(text string, to any) {
	v.t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		v.t.Fatalf("%q: %v", text, err)
	}
}

func idOf(id any) string { return fmt.Sprintf("%T %v", id, id) }

// describe shows an event as "data/queue id", and what it carries.
func (v *view) describe(e wireEvent) string {
	line := fmt.Sprintf("%d %s/%s %v", e.ID, e.DataType, e.QueueType, e.DocID)
	if e.Doc != "" {
		line += " " + e.Doc
	}
	if e.UpdatedFields != "" || e.RemovedFields != "" {
		line += " set " + e.UpdatedFields + " unset " + e.RemovedFields
	}
	return line
}

// contents shows documents in a comparable form.
func (v *view) contents() string { return show(v.t, slices.Collect(maps.Values(v.docs))) }

func show(t testing.TB, docs []object) string {
	t.Helper()
	lines := make([]string, len(docs))
	for i, d := range docs {
		text, err := json.Marshal(d) // sorts the members
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = string(text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// stored shows documents of the database in the same form.
func (v *view) stored(docs []value.Doc) string {
	v.t.Helper()
	list := make([]object, len(docs))
	for i, d := range docs {
		v.decode(string(value.AppendPlain(nil, value.FromDoc(d))), &list[i])
	}
	return show(v.t, list)
}

// wantDocs demands that the client holds these documents.
func (v *view) wantDocs(docs ...string) {
	v.t.Helper()
	list := make([]object, len(docs))
	for i, d := range docs {
		v.decode(d, &list[i])
	}
	if got, want := v.contents(), show(v.t, list); got != want {
		v.t.Fatalf("the client holds\n%s\nwant\n%s", got, want)
	}
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
