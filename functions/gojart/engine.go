package gojart

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"

	"baas/functions/nodelib"
	"baas/functions/worker"
	"baas/functions/wxsdk"
)

// maxCallDepth is how deep JavaScript calls may nest: about what Node allows.
const maxCallDepth = 10_000

// regexpTimeout ends a regular expression that backtracks for ever. It then
// counts as no match, so it lies beyond every invocation's deadline: the parent
// kills the process first.
const regexpTimeout = 2 * time.Minute

// limitRegexps sets the time limit of all regular expressions, before any user
// code runs. A variable of the library is the only way to it, and that belongs
// to the process, as this does.
var limitRegexps = sync.OnceFunc(func() { regexp2.DefaultMatchTimeout = regexpTimeout })

// Options of an Engine. The zero value runs functions that need no server SDK
// and reach no internal address.
type Options struct {
	SDK      []byte            // source of the module wx-server-sdk (functions/wxsdk), CommonJS
	Outbound http.RoundTripper // the only way to the network; nil refuses internal addresses (nodelib.NewOutbound)
}

// Engine compiles bundles and makes instances. It is safe for concurrent use.
type Engine struct {
	options Options
	library *nodelib.Library
	sdk     sdkPrograms
}

// New makes an engine. Nothing is compiled yet.
func New(o Options) *Engine {
	limitRegexps()
	if o.Outbound == nil {
		o.Outbound = nodelib.NewOutbound(nodelib.OutboundOptions{})
	}
	return &Engine{options: o, library: nodelib.NewLibrary()}
}

// Modules lists the names that require resolves without the bundle.
func (e *Engine) Modules() []string {
	names := append(nodelib.Builtins(), wxsdk.Names()...)
	slices.Sort(names)
	return names
}

// Prepare compiles what nearly every function needs, the server SDK included:
// worth about 20 ms of the first call. A worker does it while it waits for a
// function. What fails here fails again, with its text, where it is needed.
func (e *Engine) Prepare() {
	if err := e.library.Prepare(); err != nil {
		return
	}
	_, _ = e.sdkProgram(sdkModule)
}

// Compile turns a function's bundle into a program. See worker.Engine.
func (e *Engine) Compile(src worker.Source) (worker.Program, error) {
	p, err := compileModule(src.Name, string(src.Code), "exports", "require", "module", "__filename", "__dirname")
	if err != nil {
		return nil, err
	}
	return &program{source: src, code: p}, nil
}

// New makes an instance with fresh globals. See worker.Engine.
func (e *Engine) New(p worker.Program, b worker.Bridge) (worker.Instance, error) {
	prog, ok := p.(*program)
	if !ok {
		return nil, &worker.Failure{Kind: worker.LoadFailed, Text: "the program is of another engine"}
	}
	return newInstance(e, prog, b)
}
