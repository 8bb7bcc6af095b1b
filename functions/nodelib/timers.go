package nodelib

import (
	"time"

	"github.com/dop251/goja"
)

// bindTimers gives timers.js the loop: timers by their numbers.
func bindTimers(r Realm) *goja.Object {
	vm := r.VM()
	callback := func(v goja.Value) goja.Callable {
		f, ok := goja.AssertFunction(v)
		if !ok {
			panic(vm.NewTypeError("the callback must be a function"))
		}
		return f
	}
	return Funcs{
		"set": func(call goja.FunctionCall) goja.Value {
			delay := time.Duration(call.Argument(0).ToInteger()) * time.Millisecond
			return vm.ToValue(r.SetTimer(delay, call.Argument(1).ToBoolean(), callback(call.Argument(2))))
		},
		"immediate": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(r.SetImmediate(callback(call.Argument(0))))
		},
		"stop": func(call goja.FunctionCall) goja.Value {
			r.StopTimer(call.Argument(0).ToInteger())
			return goja.Undefined()
		},
		"setRef": func(call goja.FunctionCall) goja.Value {
			r.RefTimer(call.Argument(0).ToInteger(), call.Argument(1).ToBoolean())
			return goja.Undefined()
		},
	}.Object(vm)
}
