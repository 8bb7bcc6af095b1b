package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func writeFile(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// answers calls a function until it returns want, and returns how long that
// took.
func answers(t *testing.T, p *process, key, name, want string) time.Duration {
	t.Helper()
	start := time.Now()
	var got string
	for time.Since(start) < 20*time.Second {
		reply, err := act(t.Context(), p.url, key, map[string]any{
			"action": "functions.invokeFunction", "function_name": name, "request_data": "{}",
		})
		var body struct {
			Result string `json:"response_data"`
		}
		if err == nil {
			if err := json.Unmarshal(reply, &body); err != nil {
				t.Fatal(err)
			}
			if body.Result == want {
				return time.Since(start)
			}
		}
		got = body.Result
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("%s answers %q, want %q", name, got, want)
	return 0
}

// A project's functions are deployed; a saved edit, a new function and a
// mistake are each seen, and the last good version stays live.
func TestDevDeploysAndFollowsSaves(t *testing.T) {
	project := t.TempDir()
	writeFile(t, `{"appid":"wx0123456789abcdef","cloudfunctionRoot":"fns/"}`, project, "project.config.json")
	writeFile(t, `exports.main = async () => require('./lib/answer').answer`, project, "fns", "one", "index.js")
	writeFile(t, `exports.answer = 1`, project, "fns", "one", "lib", "answer.js")
	writeFile(t, `export const main = async (event: { a?: number }): Promise<string> => "typed"`, project, "fns", "two", "index.ts")
	data := t.TempDir()
	p := startProcess(t, data, "dev", project)
	key := apiKey(t, data)
	answers(t, p, key, "one", "1")
	answers(t, p, key, "two", `"typed"`)

	writeFile(t, `exports.answer = 2`, project, "fns", "one", "lib", "answer.js")
	t.Logf("a saved edit was live after %v", answers(t, p, key, "one", "2"))

	writeFile(t, `exports.main = async () => {`, project, "fns", "one", "index.js")
	writeFile(t, `exports.main = async () => "new"`, project, "fns", "three", "index.js")
	answers(t, p, key, "three", `"new"`)
	answers(t, p, key, "one", "2")

	if _, err := act(t.Context(), p.url, key, map[string]any{
		"action": "database.insertDocument", "collectionName": "fresh", "data": []string{"{}"},
	}); err != nil {
		t.Errorf("dev creates a missing collection on its first write, but: %v", err)
	}
	p.stop()
}

// The whole command line against one folder: with a server running, and with
// none.
func TestCommandsWithAndWithoutAServer(t *testing.T) {
	data := t.TempDir()
	p := startProcess(t, data)
	fn := t.TempDir()
	writeFile(t, `exports.main = async (event) => { console.log("got", event.n); return event.n * 2 }`, fn, "index.js")
	for _, running := range []bool{true, false} {
		if !running {
			p.stop()
		}
		var deployed struct{ Deployed []struct{ Name string } }
		baas(t, data, &deployed, "fn", "deploy", fn, "--name", "double")
		var invoked struct{ Result int }
		baas(t, data, &invoked, "fn", "invoke", "double", "--event", `{"n":21}`)
		if invoked.Result != 42 || len(deployed.Deployed) != 1 {
			t.Fatalf("server running %v: deployed %+v, invoked %+v", running, deployed, invoked)
		}
		var list struct{ Functions []struct{ Name string } }
		baas(t, data, &list, "fn", "list")
		if len(list.Functions) != 2 {
			t.Errorf("server running %v: functions %+v, want double and hello", running, list.Functions)
		}
		var pair struct{ SecretID, SecretKey string }
		baas(t, data, &pair, "key", "create", "--env", "dev")
		if pair.SecretID == "" || pair.SecretKey == "" {
			t.Errorf("server running %v: key create printed no pair", running)
		}
		var envs struct{ Envs []struct{ ID string } }
		baas(t, data, &envs, "env", "list")
		if len(envs.Envs) != 1 || envs.Envs[0].ID != "dev" {
			t.Errorf("server running %v: envs %+v, want dev", running, envs.Envs)
		}
		var set struct{ Name, Mode string }
		baas(t, data, &set, "db", "mode", "board", "READONLY")
		var stats struct{ Collections []struct{ Name, Mode string } }
		baas(t, data, &stats, "db", "stats")
		if len(stats.Collections) != 1 || stats.Collections[0].Name != "board" || stats.Collections[0].Mode != "READONLY" {
			t.Errorf("server running %v: collections %+v, want board, READONLY", running, stats.Collections)
		}
	}
}
