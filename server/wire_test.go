package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"baas/db/rules"
	"baas/server/servertest"
)

// exchange is one request and the skeleton of its reply: a line of a scenario
// in testdata/wire (see its README).
type exchange struct {
	Name   string            `json:"name"`
	Source string            `json:"source"`
	Door   string            `json:"door"` // admin, web and web2 (two users), v1 (the first of them)
	Send   json.RawMessage   `json:"send"`
	Path   string            `json:"path"` // of v1: "METHOD /rest", below the database
	Reply  json.RawMessage   `json:"reply"`
	Status int               `json:"status"` // of v1; 0 means 200
	Save   map[string]string `json:"save"`   // name → path of a text in the reply
}

// TestWire plays scenarios of requests as the SDKs send them.
func TestWire(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/wire/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, text)
		})
	}
}

// play runs the lines of a scenario in order on a server with a collection
// that users may write to.
func play(t *testing.T, lines []byte) {
	h := servertest.Start(t)
	h.Collection(t, "c", rules.ReadOnly)
	h.Collection(t, "other", rules.ReadOnly)
	first, _ := h.Anonymous(t)
	second, _ := h.Anonymous(t)
	saved := []string{}
	for scan := bufio.NewScanner(bytes.NewReader(lines)); scan.Scan(); {
		line := strings.NewReplacer(saved...).Replace(scan.Text())
		var x exchange
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&x); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if x.Name == "" || x.Source == "" {
			t.Fatalf("a line without name or source: %s", line)
		}
		var r servertest.Reply
		switch x.Door {
		case "admin":
			r = h.Admin(t, inside(x.Send))
		case "web":
			r = h.Web(t, first, inside(x.Send))
		case "web2":
			r = h.Web(t, second, inside(x.Send))
		case "v1":
			method, path, _ := strings.Cut(x.Path, " ")
			r = h.Do(t, method, "/v1/database/instances/(default)/databases/(default)"+path, first, string(x.Send))
		default:
			t.Fatalf("%s: no such door: %q", x.Name, x.Door)
		}
		if r.Status != max(x.Status, http.StatusOK) {
			t.Errorf("%s: status %d, %s", x.Name, r.Status, r.Text)
		}
		if !alike(decode(t, x.Reply), decode(t, []byte(r.Text))) {
			t.Errorf("%s:\n got %s\nwant %s", x.Name, r.Text, x.Reply)
		}
		for name, path := range x.Save {
			saved = append(saved, "${"+name+"}", r.Get(path))
		}
	}
}

// inside returns the members of an object without its braces.
func inside(object json.RawMessage) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(object)), "{"), "}")
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// alike compares a reply with its skeleton: "*" stands for any text, "~x" for a
// text that contains x; all else must be equal, and no member may be missing
// or more.
func alike(want, got any) bool {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for name, v := range w {
			if member, ok := g[name]; !ok || !alike(v, member) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		return ok && slices.EqualFunc(w, g, alike)
	case string:
		g, ok := got.(string)
		if part, about := strings.CutPrefix(w, "~"); about {
			return ok && strings.Contains(g, part)
		}
		return ok && (w == "*" && g != "" || w == g)
	}
	return want == got
}
