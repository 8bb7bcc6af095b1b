package gojart

import (
	"reflect"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"

	"baas/functions/nodelib"
)

// expandLiterals rewrites the regular expression literals of a program that
// have property escapes (\p{L}), which goja takes for the letter p. Escapes
// nobody knows stay, for the literal to be refused when it is evaluated.
//
// goja's syntax tree has no walker, and reflection is slow: it is only asked
// when the text says that there is something to do.
func expandLiterals(p *ast.Program, code string) {
	if !strings.Contains(code, `\p{`) && !strings.Contains(code, `\P{`) {
		return
	}
	for i := range p.Body {
		expandWithin(reflect.ValueOf(&p.Body[i]).Elem())
	}
}

var (
	literalType = reflect.TypeFor[*ast.RegExpLiteral]()
	fileType    = reflect.TypeFor[*file.File]()
)

func expandWithin(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			expandWithin(v.Elem())
		}
	case reflect.Pointer:
		switch {
		case v.IsNil(), v.Type() == fileType:
		case v.Type() == literalType:
			expandLiteral(v.Interface().(*ast.RegExpLiteral))
		default:
			expandWithin(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			expandWithin(v.Index(i))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			expandWithin(field)
		}
	}
}

func expandLiteral(l *ast.RegExpLiteral) {
	if !strings.ContainsAny(l.Flags, "uv") {
		return
	}
	expanded, ok := nodelib.ExpandProperties(l.Pattern)
	if !ok || expanded == l.Pattern {
		return
	}
	l.Pattern = expanded
}
