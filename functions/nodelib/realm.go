package nodelib

import (
	"context"
	"net/http"
	"time"

	"github.com/dop251/goja"

	"baas/functions/worker"
)

// Realm is what the modules of one instance see of it. All methods belong to
// the goroutine that runs the instance's loop.
type Realm interface {
	VM() *goja.Runtime

	// Hold announces a reply from outside and keeps the loop up for it. The
	// function it returns may be called from any goroutine, exactly once; the
	// callback then runs on the loop. Its error counts as an uncaught one.
	Hold() (settle func(callback func() error))

	// Go runs work off the loop, under a context that ends with the instance.
	// The instance waits for work before it is gone.
	Go(work func(context.Context))

	// Life is the context of the instance: it ends when the instance does.
	Life() context.Context

	// SetTimer calls back after a delay, again and again if repeat is set, and
	// returns the timer's number. SetImmediate calls back after the replies
	// that are ready now.
	SetTimer(delay time.Duration, repeat bool, callback goja.Callable) int64
	SetImmediate(callback goja.Callable) int64

	// StopTimer clears a timer or immediate; an unknown number is ignored.
	StopTimer(id int64)

	// RefTimer says whether a timer keeps a waiting invocation alive. It does
	// at first.
	RefTimer(id int64, ref bool)

	// Uncaught reports an exception nobody caught, such as one of a microtask.
	Uncaught(thrown goja.Value)

	// SetHooks registers the functions that see uncaught exceptions and
	// unhandled rejections first; a true result means that they were handled.
	SetHooks(uncaught, rejection goja.Callable)

	// Exit ends the invocation and the instance at once.
	Exit(code int)

	// Log writes one console line.
	Log(level worker.LogLevel, text string)

	// Environ is the object behind process.env: the realm lays each
	// invocation's variables over it.
	Environ() *goja.Object

	// Store is the async-local store of the running code, undefined at first.
	// SetStore replaces it: reactions, timers and replies that come of the
	// running code see it.
	Store() goja.Value
	SetStore(store goja.Value)

	// Files is the only way to user files.
	Files() *Files

	// Outbound is the only way to the network.
	Outbound() http.RoundTripper
}
