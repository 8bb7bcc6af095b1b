package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	// MaxCode bounds a bundle, in bytes: an engine takes about 150 ms to
	// compile a megabyte.
	MaxCode = 20 << 20
	// maxMap bounds a source map, in bytes; a larger one is left out, and
	// stack traces then show positions in the bundle.
	maxMap = 16 << 20
)

// stdin is the name in messages of the entry that options writes itself.
const stdin = "entry"

// build runs esbuild and writes the result.
func build(r Request) (Result, error) {
	p := newProgram(r)
	out := api.Build(p.options())
	if hasTopLevelAwait(out.Errors) {
		p.topLevelAwait = true
		out = api.Build(p.options())
	}
	result := Result{Errors: p.messages(out.Errors), Warnings: p.messages(out.Warnings)}
	if len(out.Errors) > 0 {
		return result, nil
	}
	code, sourceMap, err := p.output(out.OutputFiles)
	if err != nil {
		return result, err
	}
	if result.Bytes = len(code); result.Bytes > MaxCode {
		text := fmt.Sprintf("the bundled function has %d bytes, the limit is %d; leave out large packages or files", len(code), MaxCode)
		return Result{Errors: []Message{{Text: text}}}, nil
	}
	if err := os.WriteFile(filepath.Join(r.Out, CodeFile), code, 0o600); err != nil {
		return result, err
	}
	if len(sourceMap) > maxMap {
		return result, nil
	}
	return result, os.WriteFile(filepath.Join(r.Out, MapFile), sourceMap, 0o600)
}

// program is one function on its way through esbuild.
type program struct {
	Request
	modules       map[string]bool
	topLevelAwait bool
}

func newProgram(r Request) *program {
	p := &program{Request: r, modules: make(map[string]bool, len(r.Modules))}
	for _, name := range r.Modules {
		p.modules[name] = true
	}
	return p
}

// options are the settings of goja-runtime.md section 1: classes, async
// functions and spread stay as they are, for speed and for stack traces; what
// goja does not know is lowered; names are kept.
func (p *program) options() api.BuildOptions {
	o := api.BuildOptions{
		EntryPoints:       []string{filepath.Join(p.Dir, filepath.FromSlash(p.Entry))},
		AbsWorkingDir:     p.Dir,
		Outfile:           filepath.Join(p.Dir, CodeFile), // a name only: it makes the map's paths relative to Dir
		AllowOverwrite:    true,
		Bundle:            true,
		Format:            api.FormatCommonJS,
		Platform:          api.PlatformNode,
		Target:            api.ESNext,
		MainFields:        []string{"main", "module"},
		MinifyWhitespace:  true,
		MinifySyntax:      false, // it would drop the names of class and function expressions
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		Sourcemap:         api.SourceMapExternal,
		SourcesContent:    api.SourcesContentExclude,
		LogLevel:          api.LogLevelSilent,
		LogLimit:          maxMessages,
		ResolveExtensions: []string{".js", ".ts", ".json", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx"},
		Loader:            map[string]api.Loader{".node": api.LoaderEmpty},
		Supported: map[string]bool{
			"async-generator":                 false,
			"for-await":                       false,
			"dynamic-import":                  false,
			"using":                           false,
			"decorators":                      false,
			"regexp-unicode-property-escapes": false,
			"regexp-match-indices":            false,
			"regexp-set-notation":             false,
		},
		Define: map[string]string{
			"import.meta.url":      `"file:///var/user/index.js"`,
			"import.meta.filename": `"/var/user/index.js"`,
			"import.meta.dirname":  `"/var/user"`,
		},
		Plugins: []api.Plugin{{Name: "runtime", Setup: p.setup}},
	}
	if p.topLevelAwait {
		o.Format = api.FormatESModule
		o.EntryPoints = nil
		o.Stdin = &api.StdinOptions{
			Contents:   fmt.Sprintf("import * as all from %q; %s(all);", "./"+p.Entry, publish),
			ResolveDir: p.Dir,
			Sourcefile: stdin,
		}
	}
	return o
}

func hasTopLevelAwait(list []api.Message) bool {
	for _, m := range list {
		if strings.HasPrefix(m.Text, "Top-level await is currently not supported") {
			return true
		}
	}
	return false
}

// A bundle with top-level await is an ES module without imports and exports
// (setup sees to the imports, the entry above to the exports). It becomes an
// async function that runs at load; the handler waits for it.
const (
	publish = "__publish"
	prefix  = "let all;const ready=(async " + publish + "=>{\n"
	suffix  = `
})(m=>{all=m});ready.catch(()=>{});exports.main=async function(...a){await ready;if(typeof all.main!=="function")throw new TypeError("cannot find function index.main: the code must export main");return all.main.apply(this,a)};
`
)

// output picks code and source map out of esbuild's files.
func (p *program) output(files []api.OutputFile) (code, sourceMap []byte, err error) {
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".map") {
			sourceMap = f.Contents
		} else {
			code = f.Contents
		}
	}
	if !p.topLevelAwait {
		return code, sourceMap, nil
	}
	code = bytes.Join([][]byte{[]byte(prefix), code, []byte(suffix)}, nil)
	sourceMap, err = shiftOneLine(sourceMap)
	return code, sourceMap, err
}

// shiftOneLine makes a source map right for code that got a line in front.
func shiftOneLine(sourceMap []byte) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(sourceMap, &m); err != nil {
		return nil, fmt.Errorf("bundle: read the source map: %w", err)
	}
	mappings, ok := m["mappings"].(string)
	if !ok {
		return nil, fmt.Errorf("bundle: the source map has no mappings")
	}
	m["mappings"] = ";" + mappings
	return json.Marshal(m)
}
