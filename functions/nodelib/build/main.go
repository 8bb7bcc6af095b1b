// Command build bundles the npm packages of package.json into
// functions/nodelib/dist, which is committed. Run it by "make nodelib", which
// installs the packages first.
//
// Each file under entries becomes one module of dist. What a package requires
// of Node stays a require: the modules of nodelib stand behind it. The licences
// of all packages that went in are collected in dist/LICENSES.txt, and
// dist/build-info.json proves to a test that dist is what the sources make.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"baas/functions/nodelib/build/fresh"
)

func main() {
	if err := run("functions/nodelib"); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	entries, err := filepath.Glob(filepath.Join(mustAbs(dir), "build/entries/*.js"))
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return errors.New("run it from the repository's root")
	}
	result := api.Build(options(dir, entries))
	for _, m := range result.Errors {
		err = errors.Join(err, errors.New(m.Text))
	}
	if err != nil {
		return err
	}
	dist := filepath.Join(dir, "dist")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	for _, f := range result.OutputFiles {
		if err := os.WriteFile(filepath.Join(dist, filepath.Base(f.Path)), f.Contents, 0o644); err != nil {
			return err
		}
	}
	licences, err := licences(dir, result.Metafile)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dist, "LICENSES.txt"), licences, 0o644); err != nil {
		return err
	}
	return fresh.Write(dir)
}

func options(dir string, entries []string) api.BuildOptions {
	return api.BuildOptions{
		EntryPoints:      entries,
		AbsWorkingDir:    mustAbs(filepath.Join(dir, "build")),
		Outdir:           "out",
		Bundle:           true,
		Format:           api.FormatCommonJS,
		Platform:         api.PlatformNeutral,
		MainFields:       []string{"main"},
		Target:           api.ESNext,
		MinifyWhitespace: true,
		MinifySyntax:     true,
		LegalComments:    api.LegalCommentsEndOfFile,
		Metafile:         true,
		// goja has no async generators and no for-await.
		Supported: map[string]bool{"async-generator": false, "for-await": false},
		Plugins:   []api.Plugin{builtins()},
		LogLevel:  api.LogLevelWarning,
	}
}

// builtins leaves the requires of Node's modules to nodelib. Packages for the
// browser write a slash behind the name to get npm's.
func builtins() api.Plugin {
	names := map[string]string{
		"abort-controller": "internal/dom",
		"buffer":           "buffer",
		"events":           "events",
		"process/":         "process",
		"punycode":         "punycode",
		"querystring":      "querystring",
		"string_decoder/":  "string_decoder",
		"util":             "util",
	}
	return api.Plugin{Name: "builtins", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^[a-z_-]+/?$`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if name, ok := names[a.Path]; ok && !strings.Contains(a.Importer, "/entries/") {
				return api.OnResolveResult{Path: name, External: true}, nil
			}
			return api.OnResolveResult{}, nil
		})
	}}
}

// licences collects the licence text of every package in the metafile.
func licences(dir, metafile string) ([]byte, error) {
	var meta struct {
		Inputs map[string]any `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return nil, err
	}
	packages := make(map[string]bool)
	for path := range meta.Inputs {
		_, rest, ok := strings.Cut(path, "node_modules/")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		packages[name] = true
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		text, err := licence(filepath.Join(dir, "build/node_modules", name))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "=== %s ===\n\n%s\n\n", name, strings.TrimSpace(text))
	}
	return []byte(strings.ReplaceAll(b.String(), "\r\n", "\n")), nil
}

func licence(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*"))
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return "", fmt.Errorf("%s has no licence file", dir)
	}
	text, err := os.ReadFile(files[0])
	return string(text), err
}

func mustAbs(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		log.Fatal(err)
	}
	return abs
}
