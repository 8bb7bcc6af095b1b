package gojart

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"

	"baas/functions/worker"
	"baas/functions/wxsdk"
)

// program is a compiled bundle.
type program struct {
	source worker.Source
	code   *goja.Program // yields the module's function
}

// sdkModule is the server SDK. Its other names (wxsdk.Names) are small modules
// that require this one.
const sdkModule = "wx-server-sdk"

// sdkPrograms are the forms of the server SDK, compiled when a function first
// asks for them. Safe for concurrent use.
type sdkPrograms struct {
	mu     sync.Mutex // guards byName
	byName map[string]*goja.Program
}

func (e *Engine) sdkProgram(name string) (*goja.Program, error) {
	e.sdk.mu.Lock()
	defer e.sdk.mu.Unlock()
	if p, ok := e.sdk.byName[name]; ok {
		return p, nil
	}
	source := wxsdk.Source(name)
	if name == sdkModule {
		source = e.options.SDK
	}
	if len(source) == 0 {
		return nil, errors.New("this server has it not built in")
	}
	p, err := compileModule("node:"+name, string(source), "exports", "require", "module")
	if err != nil {
		return nil, err
	}
	if e.sdk.byName == nil {
		e.sdk.byName = make(map[string]*goja.Program)
	}
	e.sdk.byName[name] = p
	return p, nil
}

// compileModule compiles code as the body of a function with the given
// parameters; running the program yields that function. The body is moved into
// the function as a syntax tree, so that line 1, column 1 of the code is line
// 1, column 1 of every stack trace: source maps need exact columns.
func compileModule(name, code string, parameters ...string) (p *goja.Program, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = &worker.Failure{Kind: worker.LoadFailed, Text: fmt.Sprintf("the code cannot be compiled: %v", x)}
		}
	}()
	body, err := goja.Parse(name, code, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, loadFailure(name, err)
	}
	expandLiterals(body, code)
	shell, err := goja.Parse(name, "(function ("+strings.Join(parameters, ", ")+") {})", parser.WithDisableSourceMaps)
	if err != nil {
		return nil, loadFailure(name, err)
	}
	f, ok := moduleFunction(shell)
	if !ok {
		return nil, &worker.Failure{Kind: worker.LoadFailed, Text: "the module's function is missing"}
	}
	f.Body.List = body.Body
	f.DeclarationList = body.DeclarationList
	shell.File = body.File
	p, err = goja.CompileAST(shell, false)
	if err != nil {
		return nil, loadFailure(name, err)
	}
	return p, nil
}

func moduleFunction(shell *ast.Program) (*ast.FunctionLiteral, bool) {
	if len(shell.Body) != 1 {
		return nil, false
	}
	s, ok := shell.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil, false
	}
	f, ok := s.Expression.(*ast.FunctionLiteral)
	return f, ok
}

// loadFailure words a syntax error. goja's text holds the position as
// "(anonymous): Line 1:2 …" or "name: Line 1:2 …".
func loadFailure(name string, err error) *worker.Failure {
	text := err.Error()
	text = strings.TrimPrefix(text, "SyntaxError: ")
	position := ""
	if rest, ok := strings.CutPrefix(text, name+": Line "); ok {
		if at, message, ok := strings.Cut(rest, " "); ok {
			position, text = at, message
		}
	}
	// Of several errors the first says it all.
	text, _, _ = strings.Cut(text, " (and ")
	f := &worker.Failure{Kind: worker.LoadFailed, Text: "SyntaxError: " + text}
	if position != "" {
		f.Stack = "    at " + name + ":" + position
	}
	return f
}
