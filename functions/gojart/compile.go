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
)

// program is a compiled bundle.
type program struct {
	source worker.Source
	code   *goja.Program // yields the module's function
}

// sdkProgram is the server SDK, compiled when a function first asks for it.
type sdkProgram struct {
	once sync.Once
	code *goja.Program
	err  error
}

func (e *Engine) sdkProgram() (*goja.Program, error) {
	e.sdk.once.Do(func() {
		if len(e.options.SDK) == 0 {
			e.sdk.err = errors.New("this server has no wx-server-sdk built in")
			return
		}
		e.sdk.code, e.sdk.err = compileModule("node:wx-server-sdk", string(e.options.SDK), "exports", "require", "module")
	})
	return e.sdk.code, e.sdk.err
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
