package runtimetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baas/functions/worker"
)

// record is what Node answered to a table.
type record struct {
	Source  string                     `json:"source"`
	Results map[string]json.RawMessage `json:"results"`
}

// runTable runs the expressions of testdata/node/NAME.js and compares each
// with Node's answer.
func runTable(t *testing.T, engine worker.Engine, name string) {
	t.Helper()
	var want record
	if err := json.Unmarshal(read(t, "testdata/node/"+name+".json"), &want); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack(t, "testdata/node/"+name+".js", dir)
	unpack(t, "testdata/driver.js", dir)
	entry := "const { run } = require('./driver.js')\nconst cases = require('./" + name + ".js')\nexports.main = () => run(cases)\n"
	if err := os.WriteFile(filepath.Join(dir, "index.js"), []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	f, failure := deploy(t, engine, dir, "index.js")
	var text string
	if failure == nil {
		text, _, failure = f.call(t, "{}", patience)
	}
	if failure != nil {
		t.Fatalf("%s\n%s", failure.Text, failure.Stack)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for name, value := range want.Results {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			if a, b := compact(t, got[name]), compact(t, value); a != b {
				t.Errorf("got  %s\nnode %s", a, b)
			}
		})
	}
}

func compact(t testing.TB, text json.RawMessage) string {
	t.Helper()
	if len(text) == 0 {
		return "nothing"
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
