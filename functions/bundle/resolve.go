package bundle

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// host is the namespace of modules that the runtime serves, in a bundle that
// may have no import statements.
const host = "host"

// setup decides which imports stay external, and which files may be read.
func (p *program) setup(b api.PluginBuild) {
	if !p.Workspace {
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "file"}, p.confine)
	}
	b.OnResolve(api.OnResolveOptions{Filter: `^[^./]`}, p.resolve)
	b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: host}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		source := fmt.Sprintf("module.exports = require(%q)", a.Path)
		return api.OnLoadResult{Contents: &source, Loader: api.LoaderJS}, nil
	})
}

// confine refuses a file that is not the function's own. It sees each file
// that becomes part of the bundle, by whatever way esbuild came to it.
func (p *program) confine(a api.OnLoadArgs) (api.OnLoadResult, error) {
	if !within(p.Dir, a.Path) {
		return api.OnLoadResult{}, errors.New("the file is outside the function's folder; copy it into the folder, or list its package in the folder's package.json")
	}
	return api.OnLoadResult{}, nil // esbuild's own way
}

// within reports whether path, with its links followed, is below dir.
func within(dir, path string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

func (p *program) resolve(a api.OnResolveArgs) (api.OnResolveResult, error) {
	name := strings.TrimPrefix(a.Path, "node:")
	switch {
	case a.Kind == api.ResolveEntryPoint:
		return api.OnResolveResult{}, nil
	case p.modules[name]:
		if p.topLevelAwait && a.Namespace != host {
			return api.OnResolveResult{Path: name, Namespace: host}, nil
		}
		return api.OnResolveResult{Path: name, External: true}, nil
	case name == a.Path && !isBuiltin(name):
		return api.OnResolveResult{}, nil // esbuild's own way
	case p.ofPackage(a.Importer):
		// A package may name it and never use it. If it does, require fails.
		return api.OnResolveResult{Path: name, External: true}, nil
	}
	return api.OnResolveResult{}, fmt.Errorf("the Node module %q is not available in cloud functions", a.Path)
}

func (p *program) ofPackage(importer string) bool {
	rel, err := filepath.Rel(p.Dir, importer)
	if err != nil {
		rel = importer
	}
	return strings.Contains("/"+filepath.ToSlash(rel), "/node_modules/")
}

// isBuiltin reports whether Node 22 has the module.
func isBuiltin(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	switch top {
	case "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
		"dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https",
		"inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
		"readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty",
		"url", "util", "v8", "vm", "wasi", "worker_threads", "zlib":
	default:
		return false
	}
	_, sub, found := strings.Cut(name, "/")
	if !found {
		return true
	}
	switch sub {
	case "strict", "promises", "posix", "win32", "consumers", "web", "types":
		return true
	}
	return false // a package's file, as in "buffer/" and "events/events.js"
}
