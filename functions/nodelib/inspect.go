package nodelib

import (
	"reflect"

	"github.com/dop251/goja"
)

// bindInspect gives inspect.js what JavaScript cannot see of a value.
func bindInspect(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		"frames": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(Frames(call.Argument(0).String()))
		},
		"brand": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(brand(call.Argument(0)))
		},
		// promise(p) returns [state, value].
		"promise": func(call goja.FunctionCall) goja.Value {
			if call.Argument(0).ExportType() != promiseType {
				return vm.NewArray("pending")
			}
			p := call.Argument(0).Export().(*goja.Promise)
			switch p.State() {
			case goja.PromiseStateFulfilled:
				return vm.NewArray("fulfilled", p.Result())
			case goja.PromiseStateRejected:
				return vm.NewArray("rejected", p.Result())
			}
			return vm.NewArray("pending")
		},
		// proxy(v) returns [target, handler] of a proxy, else undefined.
		"proxy": func(call goja.FunctionCall) goja.Value {
			if call.Argument(0).ExportType() == proxyType {
				p := call.Argument(0).Export().(goja.Proxy)
				return vm.NewArray(p.Target(), p.Handler())
			}
			return goja.Undefined()
		},
	}.Object(vm)
}

// What goja exports of objects with inner slots. Export itself walks ordinary
// objects and runs their getters, so the type is asked first.
var (
	promiseType = reflect.TypeFor[*goja.Promise]()
	proxyType   = reflect.TypeFor[goja.Proxy]()
	bufferType  = reflect.TypeFor[goja.ArrayBuffer]()
	mapType     = reflect.TypeFor[[][2]any]()
	setType     = reflect.TypeFor[[]any]()
	bytesType   = reflect.TypeFor[[]byte]()
)

// brand names the inner kind of an object, whatever its toStringTag says.
func brand(v goja.Value) string {
	o, ok := v.(*goja.Object)
	if !ok {
		return ""
	}
	name := o.ClassName()
	switch name {
	case "Object":
		switch o.ExportType() {
		case bufferType:
			return "ArrayBuffer"
		case proxyType:
			return "Proxy"
		case promiseType:
			return "Promise"
		case mapType:
			return "Map"
		case setType:
			return "Set"
		}
	case "AsyncFunction", "GeneratorFunction":
		return "Function"
	}
	return name
}
