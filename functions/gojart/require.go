package gojart

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"baas/db/fault"
	"baas/functions/nodelib"
	"baas/functions/worker"
	"baas/functions/wxsdk"
)

// hostModule is the name under which the server SDK finds the server.
const hostModule = "baas:host"

// requireFunction makes the require of the bundle or of the SDK: Node's
// modules, the server SDK under its names, and the way to the server.
func (i *Instance) requireFunction(module *goja.Object) goja.Value {
	f := nodelib.Func(i.vm, "require", func(call goja.FunctionCall) goja.Value {
		return i.require(call.Argument(0).String())
	})
	resolve := nodelib.Func(i.vm, "resolve", func(call goja.FunctionCall) goja.Value {
		name := call.Argument(0).String()
		if !i.modules.Has(name) && !slices.Contains(wxsdk.Names(), name) {
			panic(i.missing(name))
		}
		return i.vm.ToValue(name)
	})
	if err := errors.Join(
		define(f, "resolve", resolve),
		define(f, "main", module),
		define(f, "cache", i.vm.NewObject()),
	); err != nil {
		panic(err)
	}
	return f
}

func (i *Instance) require(name string) goja.Value {
	switch {
	case i.modules.Has(name):
		return i.modules.Load(name)
	case name == hostModule:
		return i.hostModule()
	case slices.Contains(wxsdk.Names(), name):
		return i.loadSDK(name)
	}
	panic(i.missing(name))
}

func (i *Instance) missing(name string) *goja.Object {
	text := "Cannot find module '" + name + "'"
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
		text += ": the file was not there when the function was deployed"
	}
	return nodelib.Error(i.vm, "Error", "MODULE_NOT_FOUND", text)
}

// loadSDK runs a form of the server SDK on first use.
func (i *Instance) loadSDK(name string) goja.Value {
	if m, ok := i.sdk[name]; ok {
		return m.Get("exports")
	}
	p, err := i.engine.sdkProgram(name)
	if err != nil {
		panic(nodelib.Error(i.vm, "Error", "MODULE_NOT_FOUND", "Cannot find module '"+name+"': "+err.Error()))
	}
	function, err := i.vm.RunProgram(p)
	if err != nil {
		panic(err)
	}
	run, _ := goja.AssertFunction(function)
	module, exports := i.vm.NewObject(), i.vm.NewObject()
	if err := define(module, "exports", exports); err != nil {
		panic(err)
	}
	i.sdk[name] = module // a cycle sees the exports so far
	if _, err := run(exports, exports, i.requireFunction(module), module); err != nil {
		delete(i.sdk, name)
		panic(err)
	}
	return module.Get("exports")
}

// hostModule makes the exports of baas:host.
func (i *Instance) hostModule() goja.Value {
	o := nodelib.Funcs{
		// act(bodyText) → Promise<string>
		"act": func(call goja.FunctionCall) goja.Value {
			body := []byte(call.Argument(0).String())
			return i.ask(worker.OpAct, nil, body, func(_, reply []byte) goja.Value {
				return i.vm.ToValue(string(reply))
			})
		},
		// upload(path, bytes) → Promise<fileID>
		"upload": func(call goja.FunctionCall) goja.Value {
			head, err := json.Marshal(map[string]string{"path": call.Argument(0).String()})
			if err != nil {
				panic(i.vm.NewTypeError("path: " + err.Error()))
			}
			body := slices.Clone(nodelib.Bytes(i.vm, call.Argument(1)))
			return i.ask(worker.OpUpload, head, body, func(head, _ []byte) goja.Value {
				var reply struct {
					FileID string `json:"fileID"`
				}
				if err := json.Unmarshal(head, &reply); err != nil {
					panic(i.vm.NewTypeError("the server's reply cannot be read"))
				}
				return i.vm.ToValue(reply.FileID)
			})
		},
		// download(fileID) → Promise<Buffer>
		"download": func(call goja.FunctionCall) goja.Value {
			head, err := json.Marshal(map[string]string{"fileID": call.Argument(0).String()})
			if err != nil {
				panic(i.vm.NewTypeError("fileID: " + err.Error()))
			}
			return i.ask(worker.OpDownload, head, nil, func(_, body []byte) goja.Value {
				return i.modules.Buffer(body)
			})
		},
		// context() → what getWXContext returns
		"context": func(goja.FunctionCall) goja.Value {
			o := i.vm.NewObject()
			if running := i.running(); running != nil {
				for name, value := range running.WXContext {
					if err := define(o, name, i.vm.ToValue(value)); err != nil {
						panic(err)
					}
				}
			}
			return o
		},
		// log(level, object)
		"log": func(call goja.FunctionCall) goja.Value {
			i.logObject(call.Argument(0).String(), call.Argument(1))
			return goja.Undefined()
		},
	}.Object(i.vm)
	env := i.program.source.Env["TCB_ENV"]
	if i.current != nil && i.current.Context.Namespace != "" {
		env = i.current.Context.Namespace
	}
	if err := define(o, "env", i.vm.ToValue(env)); err != nil {
		panic(err)
	}
	return o
}

func (i *Instance) logObject(level string, v goja.Value) {
	e := encoder{}
	ok, err := e.encode(v, "")
	if err != nil || !ok {
		panic(i.vm.NewTypeError("the log object is no JSON"))
	}
	i.Log(nodelib.Level(level), string(e.buf))
}

// ask performs one operation of the bridge for the invocation whose work is
// running. Work that outlived its invocation has nobody's identity any more
// and is refused.
func (i *Instance) ask(op worker.Op, head, body []byte, made func(head, body []byte) goja.Value) goja.Value {
	promise, resolve, reject := i.vm.NewPromise()
	running := i.running()
	if running == nil || running != i.current {
		text := "the invocation that started this call has ended: await it before the handler returns"
		if err := reject(nodelib.Error(i.vm, "Error", string(fault.InvalidRequestSource), text)); err != nil {
			panic(err)
		}
		return i.vm.ToValue(promise)
	}
	id, settle := running.ID, i.Hold()
	i.Go(func(ctx context.Context) {
		head, body, err := i.bridge.Call(ctx, id, op, head, body)
		settle(func() error {
			if err != nil {
				return reject(i.hostError(err))
			}
			return resolve(made(head, body))
		})
	})
	return i.vm.ToValue(promise)
}

// hostError makes the JavaScript error of what the server refused.
func (i *Instance) hostError(err error) *goja.Object {
	code, text := fault.CodeOf(err), fault.Text(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		code, text = fault.ServerTimeout, "the call ended with its invocation"
	}
	o := nodelib.Error(i.vm, "Error", string(code), text)
	if err := errors.Join(
		define(o, "errCode", i.vm.ToValue(fault.Lookup(code).Number)),
		define(o, "errMsg", i.vm.ToValue(text)),
	); err != nil {
		panic(err)
	}
	return o
}
