// Package gojart runs cloud functions with goja: it is the worker's engine.
//
// An Engine compiles a bundle once; each Instance is one goja VM with an event
// loop of its own, Node's built-in modules (functions/nodelib) and the way to
// the server (the module baas:host). It serves one invocation at a time on the
// goroutine that calls Invoke.
//
// Dangers. goja has no memory limit, its native code cannot be interrupted, and
// some one-liners end the whole Go process: this package must only run in a
// worker process that its parent may kill. JavaScript values may be touched on
// the loop only. Every entry into the VM may run user code, which may throw, be
// interrupted or make goja panic: it goes through Instance.enter. An instance
// that was interrupted once is not used again, for the interrupt may still be
// on its way.
package gojart
