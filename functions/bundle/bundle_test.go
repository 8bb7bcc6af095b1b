package bundle_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/go-sourcemap/sourcemap"

	"baas/db/fault"
	"baas/functions/bundle"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bundle.Arg {
		os.Exit(bundle.RunChild(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func project(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t testing.TB, dir, entry string) (bundle.Result, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	r, err := bundle.Run(t.Context(), exe, bundle.Request{
		Dir: dir, Entry: entry, Out: out, Modules: []string{"fs", "url", "wx-server-sdk", "stream/promises"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, out
}

// evaluate runs a bundle the way a worker does and returns main's answer as
// text.
func evaluate(t *testing.T, code string) string {
	t.Helper()
	vm := goja.New()
	if err := vm.Set("require", func(name string) (any, error) {
		if name == "child_process" {
			return nil, errors.New("Cannot find module")
		}
		return map[string]string{"name": name}, nil
	}); err != nil {
		t.Fatal(err)
	}
	v, err := vm.RunString("(function(){const module={exports:{}};(function(module,exports){" + code +
		"\n})(module,module.exports);return module.exports.main()})()")
	if err != nil {
		t.Fatalf("%v in\n%s", err, code)
	}
	if p, ok := v.Export().(*goja.Promise); ok {
		if p.State() != goja.PromiseStateFulfilled {
			t.Fatalf("promise %v: %v", p.State(), p.Result())
		}
		v = p.Result()
	}
	return v.String()
}

func TestBundlesRun(t *testing.T) {
	for _, tc := range []struct {
		name, entry string
		files       map[string]string
		want        string
	}{
		{"CommonJS", "index.js", map[string]string{
			"index.js":   `const a = require("./lib/a"); exports.main = () => a.x + require("./data.json").y`,
			"lib/a.js":   `exports.x = "x"`,
			"data.json":  `{"y":"y"}`,
			"unused.txt": "",
		}, "xy"},
		{"ESM", "index.mjs", map[string]string{
			"index.mjs": `import { x } from "./a.mjs"; export const main = () => x`,
			"a.mjs":     `export const x = "esm"`,
		}, "esm"},
		{"TypeScript", "index.ts", map[string]string{
			"index.ts": `import { twice } from "./n"; enum E { A = 2 }; export async function main(): Promise<number> { return twice(E.A) }`,
			"n.ts":     `export const twice = (n: number): number => n * 2`,
		}, "4"},
		{"NpmPackage", "index.js", map[string]string{
			"index.js":                          `exports.main = () => require("left").left() + require("@s/right")`,
			"node_modules/left/package.json":    `{"name":"left","main":"lib/main.js"}`,
			"node_modules/left/lib/main.js":     `exports.left = () => "left" + require("./more")`,
			"node_modules/left/lib/more.js":     `module.exports = "+"`,
			"node_modules/@s/right/index.js":    `module.exports = "right"`,
			"node_modules/wx-server-sdk/x.js":   `throw new Error("not ours")`,
			"node_modules/@s/right/binary.node": `ELF`,
		}, "left+right"},
		{"RuntimeModules", "index.js", map[string]string{
			"index.js": `exports.main = () => ["node:fs","stream/promises"].length + require("node:fs").name + require("stream/promises").name + require("wx-server-sdk").name`,
		}, "2fsstream/promiseswx-server-sdk"},
		{"MissingBuiltinOfAPackageIsLeftToRunTime", "index.js", map[string]string{
			"index.js":                `exports.main = () => require("p")`,
			"node_modules/p/index.js": `try { require("child_process") } catch (e) { module.exports = "without" }`,
		}, "without"},
		{"OptionalPackage", "index.js", map[string]string{
			"index.js": `let x = "none"; try { x = require("not-installed").name } catch {} exports.main = () => x`,
		}, "not-installed"},
		{"TopLevelAwait", "index.mjs", map[string]string{
			"index.mjs": `import fs from "fs"; import { b } from "./b.mjs"; const a = await Promise.resolve("a"); export const main = async () => a + b + fs.name`,
			"b.mjs":     `export const b = await "b"`,
		}, "abfs"},
		{"ImportMeta", "index.mjs", map[string]string{
			"index.mjs": `export const main = () => import.meta.url + import.meta.dirname`,
		}, "file:///var/user/index.js/var/user"},
		{"Lowered", "index.js", map[string]string{
			"index.js": `async function* g() { yield 1; yield 2 }
				exports.main = async () => { let n = 0; for await (const x of g()) n += x; return n + /\p{L}/u.source.length }`,
		}, "8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, out := run(t, project(t, tc.files), tc.entry)
			if len(r.Errors) > 0 {
				t.Fatalf("errors: %v", r.Errors)
			}
			code, err := os.ReadFile(filepath.Join(out, bundle.CodeFile))
			if err != nil {
				t.Fatal(err)
			}
			if len(code) != r.Bytes {
				t.Errorf("%d bytes, result says %d", len(code), r.Bytes)
			}
			if tc.name == "Lowered" {
				code = append([]byte("Symbol.asyncIterator=Symbol('asyncIterator');"), code...)
			}
			if got := evaluate(t, string(code)); got != tc.want {
				t.Errorf("got %q, want %q in\n%s", got, tc.want, code)
			}
		})
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	for _, tc := range []struct{ name, source, want string }{
		{"Syntax", "exports.main = () => {\n  return 1 +;\n}", `index.js:2:13: Unexpected ";"`},
		{"MissingFile", "\nrequire('./gone')", `index.js:2:9: Could not resolve "./gone"`},
		{"MissingPackage", "require('lodash')", `index.js:1:9: Could not resolve "lodash": list the package in package.json and run npm install in the function's folder`},
		{"MissingBuiltin", "const cp = require('child_process')", `index.js:1:20: the Node module "child_process" is not available in cloud functions`},
		{"MissingNodeBuiltin", "import t from 'node:test'", `index.js:1:15: the Node module "node:test" is not available in cloud functions`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, out := run(t, project(t, map[string]string{"index.js": tc.source}), "index.js")
			if len(r.Errors) != 1 || r.Errors[0].String() != tc.want {
				t.Errorf("got %v, want %s", r.Errors, tc.want)
			}
			if _, err := os.Stat(filepath.Join(out, bundle.CodeFile)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a bundle was left: %v", err)
			}
		})
	}
}

func TestSourceMapLeadsToTheUsersLines(t *testing.T) {
	for _, tc := range []struct{ name, entry, source string }{
		{"Plain", "index.ts", "export const main = () => {\n  deep()\n}\nfunction deep() {\n  throw new Error('MARK')\n}"},
		{"TopLevelAwait", "index.mts", "await 0\nexport const main = () => {\n\n  deep() }\nfunction deep() { if (1) {\n}\n  throw new Error('MARK')\n}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := project(t, map[string]string{tc.entry: tc.source})
			r, out := run(t, dir, tc.entry)
			if len(r.Errors) > 0 {
				t.Fatal(r.Errors)
			}
			code, err := os.ReadFile(filepath.Join(out, bundle.CodeFile))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(filepath.Join(out, bundle.MapFile))
			if err != nil {
				t.Fatal(err)
			}
			m, err := sourcemap.Parse("", raw)
			if err != nil {
				t.Fatal(err)
			}
			before, _, ok := strings.Cut(string(code), "Error(\"MARK\")")
			if !ok {
				t.Fatalf("no mark in %s", code)
			}
			line := strings.Count(before, "\n") + 1
			column := len(before) - strings.LastIndex(before, "\n") - 1
			file, _, gotLine, _, ok := m.Source(line, column)
			wantBefore, _, _ := strings.Cut(tc.source, "Error('MARK')")
			if want := strings.Count(wantBefore, "\n") + 1; !ok || file != tc.entry || gotLine != want {
				t.Errorf("got %s:%d, want %s:%d", file, gotLine, tc.entry, want)
			}
		})
	}
}

func TestHostileSourceIsRefused(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := project(t, map[string]string{"index.js": "exports.main=" + strings.Repeat("[", 1_000_000)})
	_, err = bundle.Run(t.Context(), exe, bundle.Request{Dir: dir, Entry: "index.js", Out: t.TempDir()})
	if !fault.Is(err, fault.InvalidParam) {
		t.Errorf("got %v", err)
	}
}

// A function of one environment must not carry the server's secrets away, be it
// in its code or in what the bundler says about them.
func TestBuildsAreConfinedToTheFunctionsFolder(t *testing.T) {
	secrets := project(t, map[string]string{"local.json": `{"credential":"SECRET"}`, "key": "SECRET"})
	const outside = "outside the function's folder"
	for _, tc := range []struct {
		name  string
		files map[string]string
	}{
		{"AbsoluteImport", map[string]string{"index.js": `exports.main = () => require("SECRETS/local.json").credential`}},
		{"RelativeImport", map[string]string{"index.js": `exports.main = () => require("./RELATIVE/local.json").credential`}},
		{"MainOfAPackage", map[string]string{
			"index.js":                    `exports.main = () => require("p").credential`,
			"node_modules/p/package.json": `{"name":"p","main":"../../RELATIVE/local.json"}`,
		}},
		{"AliasOfTsconfig", map[string]string{
			"index.ts":      `import c from "alias"; export const main = () => c`,
			"tsconfig.json": `{"compilerOptions":{"paths":{"alias":["SECRETS/local.json"]}}}`,
		}},
		{"QuotedFromTsconfig", map[string]string{
			"index.ts":      `export const main = () => 1`,
			"tsconfig.json": `{"extends":"SECRETS/key"}`,
		}},
		{"QuotedFromSourceMap", map[string]string{"index.js": "exports.main = () => 1\n//# sourceMappingURL=SECRETS/key"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := project(t, nil)
			relative, err := filepath.Rel(dir, secrets)
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range tc.files {
				text = strings.NewReplacer("SECRETS", secrets, "RELATIVE", relative).Replace(text)
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			entry := "index.js"
			if _, ok := tc.files["index.ts"]; ok {
				entry = "index.ts"
			}
			r, out := run(t, dir, entry)
			said := fmt.Sprint(r.Errors, r.Warnings)
			if !strings.Contains(said, outside) {
				t.Errorf("nothing was refused: %s", said)
			}
			code, _ := os.ReadFile(filepath.Join(out, bundle.CodeFile)) // missing after errors
			if strings.Contains(said+string(code), "SECRET") {
				t.Errorf("the secret is in %q or in\n%s", said, code)
			}
		})
	}
}

func TestWorkspacesMayKeepPackagesAboveTheFunction(t *testing.T) {
	root := project(t, map[string]string{
		"fn/index.js":             `exports.main = () => require("p")`,
		"node_modules/p/index.js": `module.exports = "hoisted"`,
	})
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	r, err := bundle.Run(t.Context(), exe, bundle.Request{Dir: filepath.Join(root, "fn"), Entry: "index.js", Out: out, Workspace: true})
	if err != nil || len(r.Errors) > 0 {
		t.Fatal(r.Errors, err)
	}
	code, err := os.ReadFile(filepath.Join(out, bundle.CodeFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := evaluate(t, string(code)); got != "hoisted" {
		t.Errorf("got %q", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err = bundle.Run(ctx, exe, bundle.Request{Dir: t.TempDir(), Entry: "index.js", Out: t.TempDir()})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSmallFunction(b *testing.B) {
	dir := project(b, map[string]string{"index.js": `exports.main = async event => ({ sum: event.a + event.b })`})
	for b.Loop() {
		run(b, dir, "index.js")
	}
}
