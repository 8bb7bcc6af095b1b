package nodelib

import (
	"time"

	"github.com/dop251/goja"
)

// Install makes the globals of a fresh instance. It runs no user code.
func (l *Loader) Install() error {
	if ex := l.realm.VM().Try(func() { l.Load(internal + "prelude") }); ex != nil {
		return ex
	}
	return nil
}

// bindPrelude gives prelude.js what globals need of the host.
func bindPrelude(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		"now": func(goja.FunctionCall) goja.Value { return vm.ToValue(milliseconds()) },
		// properties(pattern) → the pattern without \p{…}, undefined if it
		// names a property nobody knows
		"properties": func(call goja.FunctionCall) goja.Value {
			expanded, ok := ExpandProperties(call.Argument(0).String())
			if !ok {
				return goja.Undefined()
			}
			return vm.ToValue(expanded)
		},
		"uncaught": func(call goja.FunctionCall) goja.Value {
			r.Uncaught(call.Argument(0))
			return goja.Undefined()
		},
	}.Object(vm)
}

// milliseconds is the time since 1970 with fractions, as performance.now counts.
func milliseconds() float64 {
	return float64(time.Now().UnixMicro()) / 1000
}
