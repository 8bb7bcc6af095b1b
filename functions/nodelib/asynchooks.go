package nodelib

import "github.com/dop251/goja"

// bindAsyncHooks gives async_hooks.js the store that follows asynchronous work.
func bindAsyncHooks(r Realm) *goja.Object {
	return Funcs{
		"store": func(goja.FunctionCall) goja.Value { return r.Store() },
		"setStore": func(call goja.FunctionCall) goja.Value {
			r.SetStore(call.Argument(0))
			return goja.Undefined()
		},
	}.Object(r.VM())
}
