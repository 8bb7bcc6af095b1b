package gojart

import (
	"context"
	"errors"
	"time"

	"github.com/dop251/goja"

	"baas/functions/worker"
)

// Invoke calls exports.main. See worker.Instance.
//
// The answer is known when the handler's promise settles, when it returns
// anything else than undefined, or when it calls its third argument; timers and
// replies that are still on their way then wait for the next invocation. A
// handler that names three parameters and returns undefined is waited for until
// it calls back or nothing is left to wait for.
func (i *Instance) Invoke(ctx context.Context, inv worker.Invocation) ([]byte, error) {
	if i.spent != nil {
		return nil, i.spent
	}
	i.current = &invocation{Invocation: inv}
	stop := context.AfterFunc(ctx, func() { i.vm.Interrupt(context.Cause(ctx)) })
	result, err := i.invoke(ctx)
	_, interrupted := errors.AsType[*goja.InterruptedError](err)
	if !stop() && !interrupted {
		// The interrupt is about to strike: whatever came of the handler, the
		// instance cannot be relied on.
		err = context.Cause(ctx)
	}
	if i.exited != nil {
		err = i.exited
	}
	if err == nil {
		i.current = nil
		return result, nil
	}
	f := i.failure(worker.Threw, err)
	i.current = nil
	if f.Kind.Spoils() {
		i.spent = f
	}
	return nil, f
}

func (i *Instance) invoke(ctx context.Context) ([]byte, error) {
	if err := i.enter(i.layEnviron); err != nil {
		return nil, err
	}
	if i.module == nil {
		if err := i.load(); err != nil {
			return nil, err
		}
	}
	call := &i.current.call
	err := i.turn(func() error {
		i.context = &asyncContext{invocation: i.current}
		return i.start(call)
	})
	if err == nil {
		err = i.loop.run(ctx, call.done)
	}
	if errors.Is(err, errIdle) && call.byCallback {
		err = nil // the answer of a handler that never called back
	}
	if err != nil {
		return nil, err
	}
	return i.result(call)
}

// load runs the bundle's top level, under the first invocation.
func (i *Instance) load() error {
	err := i.turn(func() error {
		i.context = &asyncContext{invocation: i.current}
		function, err := i.vm.RunProgram(i.program.code)
		if err != nil {
			return err
		}
		run, _ := goja.AssertFunction(function)
		module, exports := i.vm.NewObject(), i.vm.NewObject()
		if err := errors.Join(
			define(module, "exports", exports),
			define(module, "id", i.vm.ToValue(".")),
			define(module, "filename", i.vm.ToValue(worker.BundleName)),
			define(module, "loaded", i.vm.ToValue(false)),
			define(module, "children", i.vm.NewArray()),
			define(module, "paths", i.vm.NewArray()),
		); err != nil {
			return err
		}
		i.context = &asyncContext{invocation: i.current}
		require := i.requireFunction(module)
		_, err = run(exports, exports, require, module, i.vm.ToValue(worker.BundleName), i.vm.ToValue("/var/user"))
		if err == nil {
			i.module = module
		}
		return err
	})
	if err == nil {
		return nil
	}
	return i.failure(worker.LoadFailed, err)
}

// handlerCall is one call of the handler on its way to an answer.
type handlerCall struct {
	promise    *goja.Promise // what the handler returned, if it is one
	byCallback bool          // undefined was returned: the third argument decides
	settled    bool
	value      goja.Value // the answer, or what was thrown
	threw      bool
}

func (c *handlerCall) done() bool {
	return c.settled || c.promise != nil && c.promise.State() != goja.PromiseStatePending
}

func (c *handlerCall) settle(value goja.Value, threw bool) {
	if !c.settled {
		c.settled, c.value, c.threw = true, value, threw
	}
}

// start calls the handler.
func (i *Instance) start(c *handlerCall) error {
	exports, _ := i.module.Get("exports").(*goja.Object)
	var main goja.Value
	if exports != nil {
		main = exports.Get("main")
	}
	handler, ok := goja.AssertFunction(main)
	if !ok {
		return &worker.Failure{Kind: worker.NoHandler, Text: "cannot find function index.main: the code must export main, as in exports.main = async (event, context) => { … }"}
	}
	event := goja.Undefined()
	if len(i.current.Event) > 0 {
		var err error
		if event, err = decodeJSON(i.vm, string(i.current.Event)); err != nil {
			return err
		}
	}
	third := i.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		err := call.Argument(0)
		failed := !goja.IsUndefined(err) && !goja.IsNull(err)
		if failed {
			c.settle(err, true)
		} else {
			c.settle(call.Argument(1), false)
		}
		return goja.Undefined()
	})
	value, err := handler(exports, event, i.contextObject(), third)
	if err != nil {
		return err
	}
	return i.follow(c, main, value)
}

// follow decides how a handler's return value leads to the answer.
func (i *Instance) follow(c *handlerCall, main, value goja.Value) error {
	if goja.IsUndefined(value) {
		if length := main.(*goja.Object).Get("length"); !c.settled && length != nil && length.ToInteger() >= 3 {
			c.byCallback = true
			return nil
		}
		c.settle(value, false)
		return nil
	}
	o, ok := value.(*goja.Object)
	if !ok {
		c.settle(value, false)
		return nil
	}
	if o.ExportType() == promiseType {
		c.promise = o.Export().(*goja.Promise)
		return nil
	}
	then, ok := goja.AssertFunction(o.Get("then"))
	if !ok {
		c.settle(value, false)
		return nil
	}
	promise, resolve, reject := i.vm.NewPromise()
	c.promise = promise
	settler := func(f func(any) error) goja.Value {
		return i.vm.ToValue(func(call goja.FunctionCall) goja.Value {
			if err := f(call.Argument(0)); err != nil {
				panic(err)
			}
			return goja.Undefined()
		})
	}
	if _, err := then(o, settler(resolve), settler(reject)); err != nil {
		return err
	}
	return nil
}

// result encodes the answer.
func (i *Instance) result(c *handlerCall) ([]byte, error) {
	if !c.settled {
		switch {
		case c.promise == nil:
			c.settle(goja.Undefined(), false)
		case c.promise.State() == goja.PromiseStateRejected:
			c.settle(c.promise.Result(), true)
		default:
			c.settle(c.promise.Result(), false)
		}
	}
	if c.threw {
		return nil, i.describe(worker.Threw, c.value, nil)
	}
	e := encoder{limit: i.current.MaxResult, buffer: i.modules.BufferPrototype()}
	err := i.turn(func() error {
		i.context = &asyncContext{invocation: i.current}
		ok, err := e.encode(c.value, "")
		if err == nil && !ok {
			e.buf = nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if e.limit > 0 && len(e.buf) > e.limit {
		return nil, errTooLarge
	}
	return e.buf, nil
}

// layEnviron puts the invocation's variables over those of the process and
// takes the last invocation's away.
func (i *Instance) layEnviron() error {
	for _, name := range i.laid {
		if err := i.environ.Delete(name); err != nil {
			return err
		}
		if value, ok := i.program.source.Env[name]; ok {
			if err := define(i.environ, name, i.vm.ToValue(value)); err != nil {
				return err
			}
		}
	}
	i.laid = i.laid[:0]
	for name, value := range i.current.Env {
		i.laid = append(i.laid, name)
		if err := define(i.environ, name, i.vm.ToValue(value)); err != nil {
			return err
		}
	}
	return nil
}

// contextObject makes the handler's second argument (wx-cloud-api.md 9.3).
func (i *Instance) contextObject() goja.Value {
	c, deadline := i.current.Context, i.current.Deadline
	o := i.vm.NewObject()
	remaining := i.vm.ToValue(func(goja.FunctionCall) goja.Value {
		return i.vm.ToValue(max(time.Until(deadline).Milliseconds(), 0))
	})
	for _, m := range []struct {
		name  string
		value any
	}{
		{"request_id", c.RequestID},
		{"function_name", c.FunctionName},
		{"function_version", c.FunctionVersion},
		{"namespace", c.Namespace},
		{"memory_limit_in_mb", c.MemoryLimitMB},
		{"time_limit_in_ms", c.TimeLimitMS},
		{"environment", c.Environment},
		{"callbackWaitsForEmptyEventLoop", true},
		{"getRemainingTimeInMillis", remaining},
	} {
		if err := define(o, m.name, i.vm.ToValue(m.value)); err != nil {
			panic(err)
		}
	}
	return o
}
