package nodelib

import "github.com/dop251/goja"

// bindModule tells module.js which modules there are.
func bindModule(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		"builtins": func(goja.FunctionCall) goja.Value {
			var names []any
			for _, name := range Builtins() {
				names = append(names, name)
			}
			return vm.NewArray(names...)
		},
	}.Object(vm)
}
