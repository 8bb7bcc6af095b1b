package gojart

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/dop251/goja"

	"baas/functions/nodelib"
	"baas/functions/worker"
)

// Instance is one goja VM with its loop. See worker.Instance. Its other methods
// are the Realm of Node's modules; they are no use to anybody else.
type Instance struct {
	engine  *Engine
	program *program
	bridge  worker.Bridge
	vm      *goja.Runtime
	loop    *loop
	modules *nodelib.Loader
	files   *nodelib.Files
	errors  classes

	life context.Context // of work off the loop; ends with the instance
	end  context.CancelFunc
	work sync.WaitGroup

	module  *goja.Object            // the bundle's module object, nil before it was loaded
	sdk     map[string]*goja.Object // module objects of the server SDK by name
	environ *goja.Object            // behind process.env
	laid    []string                // members of environ that belong to the current invocation
	timers  map[int64]*timer

	context    *asyncContext // of the running code
	current    *invocation   // nil between invocations
	rejections []rejection
	uncaught   []thrown
	onUncaught goja.Callable
	onReject   goja.Callable
	exited     *worker.Failure // process.exit was called
	spent      *worker.Failure // why the instance must not be used again
}

// rejection is a rejected promise that nobody handled so far.
type rejection struct {
	promise *goja.Promise
	context *asyncContext
}

// thrown is an exception that left a microtask.
type thrown struct {
	value   goja.Value
	context *asyncContext
}

func newInstance(e *Engine, p *program, b worker.Bridge) (*Instance, error) {
	life, end := context.WithCancel(context.Background())
	i := &Instance{
		engine:  e,
		program: p,
		bridge:  b,
		vm:      goja.New(),
		files:   nodelib.NewFiles(p.source.Dir, p.source.Temp),
		life:    life,
		end:     end,
		timers:  make(map[int64]*timer),
		sdk:     make(map[string]*goja.Object),
	}
	i.loop = newLoop(i.turn)
	i.errors = classesOf(i.vm)
	i.environ = i.vm.NewObject()
	i.vm.SetMaxCallStackSize(maxCallDepth)
	i.vm.SetAsyncContextTracker(i)
	i.vm.SetPromiseRejectionTracker(i.track)
	i.modules = nodelib.NewLoader(e.library, i)
	err := i.enter(func() error {
		for name, value := range p.source.Env {
			if err := define(i.environ, name, i.vm.ToValue(value)); err != nil {
				return err
			}
		}
		if err := i.installJSON(); err != nil {
			return err
		}
		return i.modules.Install()
	})
	if err != nil {
		end()
		return nil, i.failure(worker.LoadFailed, err)
	}
	return i, nil
}

// Close frees the instance and waits for its work off the loop.
func (i *Instance) Close() {
	i.end()
	i.loop.close()
	i.work.Wait()
	i.files.Close()
}

// enter runs f, which enters the VM. A panic of goja's becomes an error.
func (i *Instance) enter(f func() error) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = panicError(x)
		}
	}()
	var inner error
	if ex := i.vm.Try(func() { inner = f() }); ex != nil {
		return ex
	}
	return inner
}

// turn runs one callback and then looks at what it left behind: exceptions
// nobody caught and rejections nobody handled.
func (i *Instance) turn(callback func() error) error {
	err := i.enter(callback)
	i.context = nil
	if err != nil {
		return err
	}
	return i.enter(i.reckon)
}

// track is goja's report of a promise rejected without a handler, or of its
// first handler.
func (i *Instance) track(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		i.rejections = append(i.rejections, rejection{p, i.context})
		return
	}
	for n, r := range i.rejections {
		if r.promise == p {
			i.rejections = append(i.rejections[:n], i.rejections[n+1:]...)
			return
		}
	}
}

// reckon deals with the uncaught exceptions and unhandled rejections of a turn.
func (i *Instance) reckon() error {
	for len(i.uncaught) > 0 {
		t := i.uncaught[0]
		i.uncaught = i.uncaught[1:]
		if err := i.blame(t.value, t.context, "", i.onUncaught); err != nil {
			return err
		}
	}
	for len(i.rejections) > 0 {
		r := i.rejections[0]
		i.rejections = i.rejections[1:]
		if i.current != nil && r.promise == i.current.call.promise {
			continue // the invocation's own failure
		}
		if err := i.blame(r.promise.Result(), r.context, "(in promise) ", i.onReject, i.vm.ToValue(r.promise)); err != nil {
			return err
		}
	}
	return nil
}

// blame asks the function's own listener first. Then what an invocation left
// behind when it was answered is only logged: neither its own caller nor
// another one suffers for it. An exception of the running invocation ends it,
// as it ends Node's process.
func (i *Instance) blame(value goja.Value, ctx *asyncContext, where string, listener goja.Callable, more ...goja.Value) error {
	i.context = ctx
	defer func() { i.context = nil }()
	if listener != nil {
		handled, err := listener(goja.Undefined(), append([]goja.Value{value}, more...)...)
		if err != nil {
			return err
		}
		if handled.ToBoolean() {
			return nil
		}
	}
	f := i.describe(worker.UnhandledRejection, value, nil)
	if i.isLate() || i.current == nil || i.current.call.done() {
		text := "Uncaught " + where + f.Text
		if f.Stack != "" {
			text += "\n" + f.Stack
		}
		i.Log(worker.LevelError, text)
		return nil
	}
	f.Text = where + f.Text // the server puts "Uncaught" in front
	return f
}

// callback wraps a function for the loop: it runs in the context it was made
// in, and what it throws is an uncaught exception.
func (i *Instance) callback(f goja.Callable) func() error {
	ctx := i.context
	if ctx == nil {
		ctx = &asyncContext{invocation: i.current}
	}
	return func() error {
		return i.within(ctx, func() error {
			_, err := f(goja.Undefined())
			return err
		})
	}
}

// within runs a callback in a context. An exception that leaves it is an
// uncaught one, of that context's invocation.
func (i *Instance) within(ctx *asyncContext, callback func() error) error {
	i.context = ctx
	err := i.enter(callback)
	if ex, ok := errors.AsType[*goja.Exception](err); ok {
		i.uncaught = append(i.uncaught, thrown{ex.Value(), ctx})
		return nil
	}
	return err
}

// --- nodelib.Realm ----------------------------------------------------------

// VM returns the instance's runtime.
func (i *Instance) VM() *goja.Runtime { return i.vm }

// Hold announces a reply from outside. See loop.hold.
func (i *Instance) Hold() func(func() error) {
	settle, ctx := i.loop.hold(), i.context
	return func(callback func() error) {
		settle(func() error { return i.within(ctx, callback) })
	}
}

// Go runs work off the loop.
func (i *Instance) Go(work func(context.Context)) {
	i.work.Go(func() { work(i.life) })
}

// Life ends with the instance.
func (i *Instance) Life() context.Context { return i.life }

// SetTimer sets a timer and returns its number.
func (i *Instance) SetTimer(delay time.Duration, repeat bool, callback goja.Callable) int64 {
	call := i.callback(callback)
	var id int64
	t := i.loop.after(delay, repeat, func() error {
		if !repeat {
			delete(i.timers, id)
		}
		return call()
	})
	id = int64(t.id)
	i.timers[id] = t
	return id
}

// SetImmediate queues a callback and returns its number.
func (i *Instance) SetImmediate(callback goja.Callable) int64 {
	call := i.callback(callback)
	var id int64
	t := i.loop.immediate(func() error {
		delete(i.timers, id)
		return call()
	})
	id = int64(t.id)
	i.timers[id] = t
	return id
}

// StopTimer clears a timer or immediate.
func (i *Instance) StopTimer(id int64) {
	if t, ok := i.timers[id]; ok {
		i.loop.stop(t)
		delete(i.timers, id)
	}
}

// RefTimer says whether a timer keeps a waiting invocation alive.
func (i *Instance) RefTimer(id int64, ref bool) {
	if t, ok := i.timers[id]; ok {
		t.weak = !ref
	}
}

// Uncaught takes an exception of a microtask.
func (i *Instance) Uncaught(value goja.Value) {
	i.uncaught = append(i.uncaught, thrown{value, i.context})
}

// SetHooks registers the listeners of process.on.
func (i *Instance) SetHooks(uncaught, rejection goja.Callable) {
	i.onUncaught, i.onReject = uncaught, rejection
}

// Exit ends the running code at once: user code cannot catch an interrupt.
func (i *Instance) Exit(code int) {
	i.exited = &worker.Failure{Kind: worker.Exited, Text: fmt.Sprintf("process.exit(%d) was called", code)}
	i.vm.Interrupt(i.exited)
}

// Log writes a console line to the current invocation.
func (i *Instance) Log(level worker.LogLevel, text string) {
	if i.current == nil || i.current.Log == nil {
		return
	}
	i.current.Log(worker.LogRecord{Time: time.Now(), Level: level, Text: text, Late: i.isLate()})
}

// Environ is the object behind process.env.
func (i *Instance) Environ() *goja.Object { return i.environ }

// Files is the way to user files.
func (i *Instance) Files() *nodelib.Files { return i.files }

// Outbound is the way to the network.
func (i *Instance) Outbound() http.RoundTripper { return i.engine.options.Outbound }
