package gojart

import (
	"github.com/dop251/goja"

	"baas/functions/worker"
)

// invocation is one call of the function, alive while it is the instance's
// current one.
type invocation struct {
	worker.Invocation
	call handlerCall
}

// asyncContext is what follows a chain of asynchronous work: the invocation
// that started it and its AsyncLocalStorage. It is immutable.
type asyncContext struct {
	invocation *invocation
	store      goja.Value
}

// Grab returns the context of the running code; goja keeps it with a reaction.
func (i *Instance) Grab() any { return i.context }

// Resumed sets the context a reaction was made in.
func (i *Instance) Resumed(tracked any) {
	i.context, _ = tracked.(*asyncContext)
}

// Exited ends the context of a reaction.
func (i *Instance) Exited() { i.context = nil }

// running returns the invocation whose work is running. Work that nobody
// tracks counts as the current one's.
func (i *Instance) running() *invocation {
	if i.context != nil && i.context.invocation != nil {
		return i.context.invocation
	}
	return i.current
}

// isLate reports whether the running code belongs to an invocation that has
// ended.
func (i *Instance) isLate() bool { return i.running() != i.current }

// Store returns the async-local store. See nodelib.Realm.
func (i *Instance) Store() goja.Value {
	if i.context == nil || i.context.store == nil {
		return goja.Undefined()
	}
	return i.context.store
}

// SetStore replaces the async-local store. See nodelib.Realm.
func (i *Instance) SetStore(store goja.Value) {
	i.context = &asyncContext{invocation: i.running(), store: store}
}
