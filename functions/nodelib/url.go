package nodelib

import (
	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/url"
)

// bindURL gives whatwg_url.js the classes URL and URLSearchParams.
func bindURL(r Realm) *goja.Object {
	vm := r.VM()
	module, exports := vm.NewObject(), vm.NewObject()
	mustSet(module, "exports", exports)
	url.Require(vm, module)
	return exports
}
