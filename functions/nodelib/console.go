package nodelib

import (
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"baas/functions/worker"
)

// bindConsole gives console.js its output.
func bindConsole(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		"now": func(goja.FunctionCall) goja.Value { return vm.ToValue(milliseconds()) },
		// plain(level, indent, args) writes arguments that need no formatter.
		"plain": func(call goja.FunctionCall) goja.Value {
			args, ok := call.Argument(2).(*goja.Object)
			if !ok {
				return vm.ToValue(false)
			}
			text, ok := plainText(args)
			if ok {
				writeLine(r, call.Argument(0), call.Argument(1), text)
			}
			return vm.ToValue(ok)
		},
		"write": func(call goja.FunctionCall) goja.Value {
			writeLine(r, call.Argument(0), call.Argument(1), call.Argument(2).String())
			return goja.Undefined()
		},
	}.Object(vm)
}

func writeLine(r Realm, level, indent goja.Value, text string) {
	if in := indent.String(); in != "" {
		text = in + strings.ReplaceAll(text, "\n", "\n"+in)
	}
	if strings.Contains(text, "\n\tat ") {
		text = Frames(text)
	}
	r.Log(Level(level.String()), text)
}

// Level maps the name of a console method to the level of its lines.
func Level(name string) worker.LogLevel {
	switch name {
	case "debug":
		return worker.LevelDebug
	case "info":
		return worker.LevelInfo
	case "warn":
		return worker.LevelWarn
	case "error":
		return worker.LevelError
	}
	return worker.LevelLog
}

// plainText joins arguments that print as themselves: strings without format
// directives, numbers, booleans, null and undefined.
func plainText(args *goja.Object) (string, bool) {
	var b strings.Builder
	for i := range int(args.Get("length").ToInteger()) {
		text, ok := plainValue(args.Get(strconv.Itoa(i)), i == 0)
		if !ok {
			return "", false
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String(), true
}

func plainValue(v goja.Value, first bool) (string, bool) {
	switch v := v.(type) {
	case *goja.Object, *goja.Symbol:
		return "", false
	case goja.String:
		text := v.String()
		return text, !first || !strings.Contains(text, "%")
	}
	if goja.IsBigInt(v) {
		return v.String() + "n", true
	}
	if f := v.ToFloat(); f == 0 && math.Signbit(f) {
		return "-0", true
	}
	return v.String(), true
}
