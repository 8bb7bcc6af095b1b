package functions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions"
)

func TestDeployedCodeRuns(t *testing.T) {
	h := open(t)
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"relative-files", map[string]string{
			"index.js":     `const { twice } = require("./lib/math"); exports.main = async e => twice(e.n)`,
			"lib/math.js":  `exports.twice = n => n * 2`,
			"package.json": `{"main":"other.js"}`,
			"other.js":     `exports.main = () => "index.js goes first"`,
		}, "4"},
		{"npm-packages", map[string]string{
			"index.js":                              `const TcbRouter = require("tiny-router"); exports.main = e => new TcbRouter().run(e)`,
			"package.json":                          `{"dependencies":{"tiny-router":"1"}}`,
			"node_modules/tiny-router/r.js":         `module.exports = class { run(e) { return require("@scope/dep")(e.n) } }`,
			"node_modules/@scope/dep/i.js":          `module.exports = n => "dep" + n`,
			"node_modules/@scope/dep/x.node":        "",
			"node_modules/tiny-router/README":       "",
			"node_modules/tiny-router/package.json": `{"name":"tiny-router","main":"r.js"}`,
			"node_modules/@scope/dep/package.json":  `{"name":"@scope/dep","main":"i.js"}`,
		}, `"dep2"`},
		{"typescript", map[string]string{
			"index.ts": `import cloud from "wx-server-sdk"; interface E { n: number }
export const main = async (e: E): Promise<string> => typeof cloud.init + e.n`,
		}, `"function2"`},
		{"esm", map[string]string{
			"package.json": `{"type":"module","main":"src/app.js"}`,
			"src/app.js":   `import { n } from "./n.js"; export async function main(e) { return e.n + n }`,
			"src/n.js":     `export const n = await Promise.resolve(40)`,
		}, "42"},
		{"process-env", map[string]string{
			"index.js":    `exports.main = () => [process.env.COLOR, process.env.TCB_ENV, process.env.WX_OPENID, new Date(0).getHours()].join()`,
			"config.json": `{"envVariables":{"COLOR":"red","TZ":"Asia/Shanghai"}}`,
		}, `"red,dev,00123,8"`},
		{"own-files", map[string]string{
			"index.js":   `exports.main = () => require("path").join(__dirname, "data.txt")`,
			"data.txt":   `content`,
			".git/HEAD":  `ref`,
			"deep/a/b/c": ``,
		}, `"/var/user/data.txt"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h.deploy(t, tc.name, tc.files)
			if got := h.mustCall(t, tc.name, `{"n":2}`); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestDeployFromFS(t *testing.T) {
	h := open(t)
	_, err := h.Deploy(t.Context(), admin(), functions.Source{
		Name: "hello",
		FS:   fstest.MapFS{"index.js": {Data: []byte(`exports.main = () => require("./a").a`)}, "a.js": {Data: []byte(`exports.a = "embedded"`)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.mustCall(t, "hello", ""); got != `"embedded"` {
		t.Errorf("got %s", got)
	}
}

func TestRefusedDeploys(t *testing.T) {
	ok := map[string]string{"index.js": "exports.main = () => 1"}
	with := func(name, content string) map[string]string {
		return map[string]string{"index.js": ok["index.js"], name: content}
	}
	h := open(t)
	for _, tc := range []struct {
		name, function string
		files          map[string]string
		config         *functions.Config
		want           string
	}{
		{"EmptyName", "", ok, nil, `name: "" is no valid name`},
		{"NameWithSlash", "a/b", ok, nil, `name: "a/b" is no valid name`},
		{"NameBeginsWithDigit", "1a", ok, nil, `name: "1a" is no valid name`},
		{"NameTooLong", strings.Repeat("a", 61), ok, nil, `is no valid name: up to 60`},
		{"NoEntry", "f", map[string]string{"readme.md": ""}, nil, `source: the folder has none of index.js, index.mjs`},
		{"MainIsGone", "f", map[string]string{"package.json": `{"main":"dist/x.js"}`}, nil, `package.json names a main that is not there`},
		{"MainLeadsOut", "f", map[string]string{"package.json": `{"main":"../x.js"}`}, nil, `package.json names a main that is not there`},
		{"Syntax", "f", map[string]string{"index.js": "exports.main = (\n"}, nil, "index.js:2:1: Unexpected end of file"},
		{"TypeScriptSyntax", "f", map[string]string{"index.ts": "let a: = 1"}, nil, `index.ts:1:8: Unexpected "="`},
		{"Builtin", "f", map[string]string{"index.js": "require('trace_events')"}, nil, `index.js:1:9: the Node module "trace_events" is not available in cloud functions`},
		{"MissingPackage", "f", map[string]string{"index.js": "require('lodash')"}, nil, `run npm install in the function's folder`},
		{"ConfigIsNoJSON", "f", with("config.json", `{timeout:1}`), nil, "config.json: is no JSON"},
		{"ConfigTwice", "f", with("config.json", `{"timeout":1,"timeout":2}`), nil, "config.json: is no JSON; it may hold no comments and no name twice"},
		{"ConfigType", "f", with("config.json", `{"timeout":"3"}`), nil, "config.json: the member timeout has the wrong type"},
		{"ConfigArray", "f", with("config.json", `[]`), nil, "config.json: must be an object"},
		{"Timeout", "f", with("config.json", `{"timeout":61}`), nil, "timeout: 61 is not from 1 to 60 seconds"},
		{"Memory", "f", ok, &functions.Config{MemorySize: 32}, "memorySize: 32 is not from 64 to 3072 MB"},
		{"VariableName", "f", ok, &functions.Config{Variables: map[string]string{"1A": ""}}, `envVariables: "1A" is no name of a variable`},
		{"Variables", "f", ok, &functions.Config{Variables: map[string]string{"A": strings.Repeat("x", 4096)}}, "envVariables: names and values have 4097 bytes"},
		{"TriggerType", "f", with("config.json", `{"triggers":[{"name":"a","type":"cron","config":""}]}`), nil, `triggers: the type "cron" is not known`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := h.Deploy(t.Context(), admin(), functions.Source{Name: tc.function, Dir: write(t, tc.files), Config: tc.config})
			if !fault.Is(err, fault.InvalidParam) || !strings.Contains(fault.Text(err), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
		})
	}
	t.Run("NoDirectory", func(t *testing.T) {
		_, err := h.Deploy(t.Context(), admin(), functions.Source{Name: "f", Dir: filepath.Join(t.TempDir(), "gone")})
		if !fault.Is(err, fault.InvalidParam) || fault.Text(err) != `source: "gone" is no directory` {
			t.Errorf("got %v", err)
		}
	})
	t.Run("CrashesTheCompiler", func(t *testing.T) {
		_, err := h.Deploy(t.Context(), admin(), functions.Source{Name: "f", Dir: write(t, map[string]string{
			"index.js": "exports.main = () => " + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000),
		})})
		if err == nil {
			t.Error("no error")
		}
	})
	t.Run("User", func(t *testing.T) {
		_, err := h.Deploy(t.Context(), wechatUser(), functions.Source{Name: "f", Dir: write(t, ok)})
		if !fault.Is(err, fault.PermissionDenied) {
			t.Errorf("got %v", err)
		}
	})
	if list, err := h.List(t.Context(), admin()); err != nil || len(list) > 0 {
		t.Errorf("something was stored: %+v, %v", list, err)
	}
	if left, err := filepath.Glob(filepath.Join(h.dir, "*", "*")); err != nil || strings.Contains(strings.Join(left, " "), "f-") {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

func source(n int) map[string]string {
	return map[string]string{"index.js": fmt.Sprintf("exports.main = () => %d", n)}
}

func TestVersions(t *testing.T) {
	h := open(t)
	first := h.deploy(t, "f", source(1))
	second := h.deploy(t, "f", source(2))
	if first.Number != 1 || second.Number != 2 || first.ID == second.ID {
		t.Fatalf("got %+v, %+v", first, second)
	}
	check := func(when, want string) {
		t.Helper()
		if got := h.mustCall(t, "f", ""); got != want {
			t.Errorf("%s: got %s, want %s", when, got, want)
		}
	}
	check("after the second deploy", "2")
	for _, qualifier := range []string{"1", first.ID} {
		r, err := h.Call(t.Context(), admin(), functions.Call{Name: "f", Qualifier: qualifier})
		if err != nil || string(r.Value) != "1" {
			t.Errorf("qualifier %s: got %s, %v", qualifier, r.Value, err)
		}
	}
	if _, err := h.Call(t.Context(), admin(), functions.Call{Name: "f", Qualifier: "3"}); !fault.Is(err, fault.FunctionNotFound) {
		t.Errorf("qualifier 3: got %v", err)
	}
	if _, err := h.SetLive(t.Context(), admin(), "f", "1"); err != nil {
		t.Fatal(err)
	}
	check("after the roll-back", "1")
	if again := h.deploy(t, "f", source(2)); again.ID != second.ID || again.Number != 2 {
		t.Errorf("the same files made another version: %+v", again)
	}
	check("after deploying the second again", "2")
	h.reopen(t)
	check("after a restart", "2")

	for n := 3; n <= 12; n++ {
		h.deploy(t, "f", source(n))
	}
	list, err := h.List(t.Context(), admin())
	if err != nil || len(list) != 1 || len(list[0].Versions) != 10 || list[0].Versions[0].Number != 3 {
		t.Fatalf("kept: %+v, %v", list, err)
	}
	dirs, err := os.ReadDir(filepath.Join(h.dir, "versions", "f"))
	if err != nil || len(dirs) != 10 {
		t.Errorf("on disk: %d versions, %v", len(dirs), err)
	}
}

func TestDelete(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", source(1))
	if err := h.Delete(t.Context(), wechatUser(), "f"); !fault.Is(err, fault.PermissionDenied) {
		t.Errorf("got %v", err)
	}
	if err := h.Delete(t.Context(), admin(), "f"); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at once", "after a restart"} {
		if _, err := h.call(t, "f", ""); !fault.Is(err, fault.FunctionNotFound) {
			t.Errorf("%s: got %v", when, err)
		}
		h.reopen(t)
	}
	if err := h.Delete(t.Context(), admin(), "f"); !fault.Is(err, fault.FunctionNotFound) {
		t.Errorf("twice: got %v", err)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "versions", "f")); !os.IsNotExist(err) {
		t.Errorf("left on disk: %v", err)
	}
}

func TestInterruptedDeployIsClearedAway(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", source(1))
	for _, left := range []string{"staging/f-1/product", "versions/f/0123", "versions/gone/4567"} {
		if err := os.MkdirAll(filepath.Join(h.dir, left), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.reopen(t)
	for _, left := range []string{"staging", "versions/f/0123", "versions/gone"} {
		if _, err := os.Stat(filepath.Join(h.dir, left)); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", left, err)
		}
	}
	if got := h.mustCall(t, "f", ""); got != "1" {
		t.Errorf("got %s", got)
	}
}

func TestDeployWhileCallsRun(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", source(0))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := h.Call(t.Context(), admin(), functions.Call{Name: "f"}); err != nil {
				t.Errorf("a call between two versions: %v", err)
			}
		}
	}()
	for n := 1; n <= 5; n++ {
		h.deploy(t, "f", source(n))
	}
	close(stop)
	<-done
}

func TestConfigJSON(t *testing.T) {
	h := open(t)
	v := h.deploy(t, "f", map[string]string{
		"index.js": "exports.main = (e, c) => [c.memory_limit_in_mb, c.time_limit_in_ms]",
		"config.json": `{"permissions":{"openapi":["subscribeMessage.send"]},"timeout":20,"memorySize":512,"runtime":"Nodejs18.15","unknown":1,
			"triggers":[{"name":"every5m","type":"timer","config":"0 */5 * * * * *"}]}`,
	})
	if v.Config.Permissions.OpenAPI[0] != "subscribeMessage.send" || v.Config.Triggers[0].Config != "0 */5 * * * * *" || v.Config.Runtime != "Nodejs18.15" {
		t.Errorf("got %+v", v.Config)
	}
	if got := h.mustCall(t, "f", ""); got != "[512,20000]" {
		t.Errorf("got %s", got)
	}
}

func BenchmarkRedeploy(b *testing.B) {
	h := open(b)
	n := 0
	for b.Loop() {
		n++
		h.deploy(b, "f", source(n))
	}
}

func BenchmarkWarmCall(b *testing.B) {
	h := open(b)
	h.deploy(b, "f", map[string]string{"index.js": "exports.main = async e => e"})
	call := functions.Call{Name: "f", Event: []byte(`{"a":1}`)}
	for b.Loop() {
		if _, err := h.Call(b.Context(), rules.Principal{Role: rules.Admin}, call); err != nil {
			b.Fatal(err)
		}
	}
}
