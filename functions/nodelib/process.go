package nodelib

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// bindProcess gives process.js the environment, clocks and the way out.
func bindProcess(r Realm) *goja.Object {
	vm := r.VM()
	started := time.Now()
	host := Funcs{
		"now":    func(goja.FunctionCall) goja.Value { return vm.ToValue(milliseconds()) },
		"hrtime": func(goja.FunctionCall) goja.Value { return vm.ToValue(int64(time.Since(started)) + int64(time.Hour)) },
		"write": func(call goja.FunctionCall) goja.Value {
			r.Log(Level(call.Argument(0).String()), call.Argument(1).String())
			return goja.Undefined()
		},
		"exit": func(call goja.FunctionCall) goja.Value {
			r.Exit(int(call.Argument(0).ToInteger()))
			return goja.Undefined()
		},
		"hooks": func(call goja.FunctionCall) goja.Value {
			uncaught, _ := goja.AssertFunction(call.Argument(0))
			rejection, _ := goja.AssertFunction(call.Argument(1))
			r.SetHooks(uncaught, rejection)
			return goja.Undefined()
		},
		"memory": func(goja.FunctionCall) goja.Value { return memoryUsage(vm) },
	}.Object(vm)
	mustSet(host, "env", r.Environ())
	return host
}

func memoryUsage(vm *goja.Runtime) goja.Value {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	o := vm.NewObject()
	mustSet(o, "rss", vm.ToValue(residentBytes(m.Sys)))
	mustSet(o, "heapTotal", vm.ToValue(m.HeapSys))
	mustSet(o, "heapUsed", vm.ToValue(m.HeapAlloc))
	mustSet(o, "external", vm.ToValue(0))
	mustSet(o, "arrayBuffers", vm.ToValue(0))
	return o
}

// residentBytes reads the process's resident memory where the system tells it.
func residentBytes(otherwise uint64) uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return otherwise
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return otherwise
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return otherwise
	}
	return pages * uint64(os.Getpagesize())
}
