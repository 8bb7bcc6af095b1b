package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dbCommands runs `baas db …` on one folder.
type dbCommands struct {
	t    *testing.T
	data string
}

// run runs a command line and demands its exit status and a part of what it
// prints.
func (d dbCommands) run(status int, want string, command ...string) ran {
	d.t.Helper()
	got := runCommand(d.t, append(append([]string{"db"}, command...), "--data", d.data)...)
	if got.status != status || !strings.Contains(got.out+got.errors, want) {
		d.t.Fatalf("baas db %s: status %d, %s%s\nwant status %d with %s", strings.Join(command, " "), got.status, got.out, got.errors, status, want)
	}
	return got
}

func (d dbCommands) write(name, text string) (path string) {
	d.t.Helper()
	path = filepath.Join(filepath.Dir(d.data), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// TestDBCommands goes through the commands as an admin would, first with a
// server running, then on the folder.
func TestDBCommands(t *testing.T) {
	d := dbCommands{t, filepath.Join(t.TempDir(), "data")}
	server := startProcess(t, d.data)

	lines := d.write("todos.jsonl", `{"_id":1,"title":"a","due":{"$date":"2024-05-01T00:00:00Z"}}`+"\n"+`{"_id":2,"title":"b"}`+"\nnot json\n"+`{"_id":3,"title":"c","n":1.0}`+"\n")
	d.run(1, "DATABASE_COLLECTION_NOT_EXIST", "import", lines, "--collection", "todos")
	d.run(1, "line 3: INVALID_PARAM", "import", lines, "--collection", "todos", "--create")
	d.run(1, "3 refused", "import", lines, "--collection", "todos", "--from-line", "2")
	d.run(1, "--from-line 3", "import", lines, "--collection", "todos", "--mode", "upsert", "--stop-on-error")
	d.run(0, "1 unchanged", "import", lines, "--collection", "todos", "--mode", "upsert", "--from-line", "4")
	d.run(2, "--collection NAME", "import", lines)
	d.run(2, "not insert or upsert", "import", lines, "--collection", "todos", "--mode", "merge")

	people := d.write("people.csv", "_id,name.first,phone\nx,\"Li, Lei\",0138\ny,Han,13800138000\n")
	d.run(0, "2 inserted", "import", people, "--collection", "people", "--create", "--texts", "phone")
	d.run(0, `{"_id":"x","name":{"first":"Li, Lei"},"phone":"0138"}`, "export", "--collection", "people")
	out := filepath.Join(filepath.Dir(d.data), "out.csv")
	d.run(0, "3 lines", "export", "--collection", "people", "--fields", "phone,name.first", "--out", out)
	text, err := os.ReadFile(out)
	if want := "phone,name.first\n0138,\"Li, Lei\"\n\"\"\"13800138000\"\"\",Han\n"; err != nil || string(text) != want {
		t.Errorf("exported %q, %v; want %q", text, err, want)
	}
	d.run(0, `{"_id":3,"title":"c","n":1.0}`, "query", `db.collection("todos").where({n: _.gt(0)}).get()`)
	d.run(1, "DATABASE_SCRIPT_INVALID: line 1, column 4", "query", `db.`)
	d.run(0, "matched 3, modified 3", "query", `db.collection("todos").where({}).update({data: {done: true}})`)
	d.run(0, "done = true", "history", "todos", "1")
	d.run(0, "admin, console:local", "history", "todos", "1")
	d.run(0, `the number 404, the text is written '"404"'`, "history", "todos", "404")
	d.run(1, `the number 404, the text is written '"404"'`, "undo", "todos", "404")
	d.run(2, "say --all", "undo", "todos")
	d.run(0, "1 changed back", "undo", "todos", "1")
	d.run(0, "count 1", "query", `db.collection("todos").where({done: _.exists(false)}).count()`)
	d.run(0, "todos is now tasks", "rename", "todos", "tasks")
	d.run(0, "dropped tasks", "drop", "tasks")
	d.run(0, "baas db undo tasks --dropped", "stats")
	d.run(0, "todos is back with 3 documents", "undo", "tasks", "--dropped", "--as", "todos")
	d.run(0, "ready", "index", "create", "todos", "title:-1", "--name", "byTitle")
	d.run(0, "title:-1", "index", "list", "todos")
	d.run(0, "IXSCAN byTitle", "query", "--explain", `db.collection("todos").where({title: "b"}).get()`)
	d.run(0, "_id_", "index", "drop", "todos", "byTitle")
	schema := d.write("schema.json", `{"required":["n"]}`)
	d.run(0, "2 of 3 documents break", "validate", "todos", "--schema", schema)
	d.run(1, "1  n: Document failed validation", "validate", "todos")
	d.run(1, "n: Document failed validation", "query", `db.collection("todos").add({data: {}})`)
	d.run(0, "takes any document", "validate", "todos", "--off")
	d.run(1, "in use by another process", "check")
	server.stop()

	d.run(0, "is sound", "check")
	d.run(0, "db.bolt", "compact")
	d.run(0, "is sound", "check")
	d.run(0, "todos", "stats")
	d.run(0, "2 inserted", "import", d.write("more.jsonl", "{}\n{}\n"), "--collection", "todos")
	d.run(2, "works on the data folder itself", "check", "--server", "http://127.0.0.1:1")
	var res struct{ Sound bool }
	baas(t, d.data, &res, "db", "check")
	if !res.Sound {
		t.Error("check --json does not say that the store is sound")
	}
	damage(t, filepath.Join(d.data, "envs", "dev", "db.bolt"))
	d.run(1, "is damaged", "check")
	d.run(1, "checksum", "compact")
}

// damage changes a letter of a stored document.
func damage(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := strings.ReplaceAll(string(content), "13800138000", "13800138001")
	if damaged == string(content) {
		t.Fatal("the text is not in the file")
	}
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamageAfterACrashIsFound: a store that was not closed in order is read
// before the server serves from it.
func TestDamageAfterACrashIsFound(t *testing.T) {
	d := dbCommands{t, filepath.Join(t.TempDir(), "data")}
	server := startProcess(t, d.data)
	d.run(0, "1 inserted", "import", d.write("a.jsonl", `{"phone":"13800138000"}`), "--collection", "c", "--create")
	server.kill()
	server = startProcess(t, d.data) // sound, though not closed in order
	d.run(0, "count 1", "query", `db.collection("c").count()`)
	server.kill()
	damage(t, filepath.Join(d.data, "envs", "dev", "db.bolt"))
	got := runCommand(t, "serve", "--data", d.data, "--http", "127.0.0.1:0")
	if got.status != 1 || !strings.Contains(got.errors, "was not closed in order and is damaged") {
		t.Errorf("status %d, %s", got.status, got.errors)
	}
}

// importLines is how many documents the test of large files moves; make
// test-full moves more.
func importLines() int {
	if os.Getenv("BAAS_ROUNDS") != "" {
		return 1_000_000
	}
	return 100_000
}

// TestImportAndExportOfMany moves many documents in and out again, and goes on
// with an export that was interrupted.
func TestImportAndExportOfMany(t *testing.T) {
	d := dbCommands{t, filepath.Join(t.TempDir(), "data")}
	startProcess(t, d.data)
	var b strings.Builder
	n := importLines()
	for i := range n {
		fmt.Fprintf(&b, `{"_id":%d,"title":"document %d","at":{"$date":"2024-05-01T00:00:00.000Z"},"n":%d.0}`+"\n", i, i, i)
	}
	in := d.write("many.jsonl", b.String())
	var report struct{ Inserted int }
	baas(t, d.data, &report, "db", "import", in, "--collection", "many", "--create")
	if report.Inserted != n {
		t.Fatalf("%d inserted, want %d", report.Inserted, n)
	}
	out := in + ".out"
	var exported struct{ Lines int }
	baas(t, d.data, &exported, "db", "export", "--collection", "many", "--format", "json", "--out", out)
	same := func(what string) {
		t.Helper()
		if text, err := os.ReadFile(out); err != nil || string(text) != b.String() {
			t.Fatalf("%s: the file differs from what was imported (%d bytes of %d), %v", what, len(text), b.Len(), err)
		}
	}
	same("whole")

	// As an export leaves it that was interrupted behind its first part.
	state := map[string]any{"request": "/dev/collections/many/export?format=json&part=4194304", "after": "", "bytes": 0}
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out+".resume", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, []byte("half a line"), 0o600); err != nil {
		t.Fatal(err)
	}
	baas(t, d.data, &exported, "db", "export", "--collection", "many", "--format", "json", "--out", out, "--resume")
	same("resumed")
}
