package project_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"baas/functions/project"
)

func write(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files map[string]string
		kind  project.Kind
		names []string
	}{
		{
			"WeChat project", map[string]string{
				"project.config.json":         `{"appid":"wx1","cloudfunctionRoot":"cloudfunctions/"}`,
				"cloudfunctions/b/index.js":   "",
				"cloudfunctions/a/index.ts":   "",
				"cloudfunctions/readme.md":    "",
				"cloudfunctions/empty/x.json": "{}",
			}, project.WeChat, []string{"a", "b"},
		},
		{
			"CloudBase project", map[string]string{
				"cloudbaserc.json": `{"functionRoot":"fns","functions":[{"name":"a","timeout":5}]}`,
				"fns/a/index.js":   "",
			}, project.CloudBase, []string{"a"},
		},
		{
			"plain folder",
			map[string]string{"functions/a/package.json": `{"main":"main.js"}`},
			project.Plain,
			[]string{"a"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := project.Load(write(t, t.TempDir(), tc.files))
			if err != nil {
				t.Fatal(err)
			}
			if p.Kind != tc.kind {
				t.Errorf("kind %q, want %q", p.Kind, tc.kind)
			}
			fns, err := p.Functions()
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, f := range fns {
				names = append(names, f.Name)
			}
			if len(names) != len(tc.names) {
				t.Fatalf("functions %v, want %v", names, tc.names)
			}
			for i := range names {
				if names[i] != tc.names[i] {
					t.Errorf("functions %v, want %v", names, tc.names)
				}
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := project.Load(t.TempDir()); !errors.Is(err, project.ErrNoProject) {
		t.Errorf("empty folder: got %v, want ErrNoProject", err)
	}
	for name, files := range map[string]map[string]string{
		"no cloudfunctionRoot": {"project.config.json": `{}`},
		"root is missing":      {"project.config.json": `{"cloudfunctionRoot":"gone/"}`},
		"broken JSON":          {"cloudbaserc.json": `{`},
	} {
		if _, err := project.Load(write(t, t.TempDir(), files)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNeedsInstallOnlyForForeignDependencies(t *testing.T) {
	t.Parallel()
	p, err := project.Load(write(t, t.TempDir(), map[string]string{
		"functions/a/index.js":                       "",
		"functions/a/package.json":                   `{"dependencies":{"wx-server-sdk":"~2.6.3"}}`,
		"functions/b/index.js":                       "",
		"functions/b/package.json":                   `{"dependencies":{"tcb-router":"1.1.2"}}`,
		"functions/c/package.json":                   `{"dependencies":{"tcb-router":"1.1.2"}}`,
		"functions/c/node_modules/tcb-router/a.json": "{}",
	}))
	if err != nil {
		t.Fatal(err)
	}
	fns, err := p.Functions()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true, false} {
		if fns[i].NeedsInstall != want {
			t.Errorf("%s: NeedsInstall %v, want %v", fns[i].Name, fns[i].NeedsInstall, want)
		}
	}
}

func TestFunctionOf(t *testing.T) {
	t.Parallel()
	dir := write(t, t.TempDir(), map[string]string{"functions/a/lib/x.js": "", "functions/a/index.js": ""})
	p, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := p.FunctionOf(filepath.Join(dir, "functions/a/lib/gone.js")); !ok || f.Name != "a" {
		t.Errorf("got %v %v, want a", f, ok)
	}
	if _, ok := p.FunctionOf(filepath.Join(dir, "other/file.js")); ok {
		t.Error("a path outside the function folder was taken for a function")
	}
}
