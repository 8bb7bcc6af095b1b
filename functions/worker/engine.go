package worker

import (
	"context"
	"fmt"
	"time"
)

// Engine runs JavaScript inside a worker process. It is the seam behind which
// the one engine of today stands: nothing else of the worker knows it.
//
// One Engine lives as long as its process and serves one function version.
// Compile and New may be called from several goroutines.
type Engine interface {
	// Compile turns a function's bundle into a program that all instances
	// share. It runs no user code. The error is a *Failure of kind LoadFailed
	// whose text and stack name Source.Name, line and column.
	Compile(src Source) (Program, error)

	// New makes an instance with fresh globals. It runs no user code either:
	// the module's top level runs inside the first Invoke, under that
	// invocation's deadline, and its console lines belong to that invocation.
	New(p Program, b Bridge) (Instance, error)

	// Modules lists the names that require resolves without the bundle:
	// Node's built-ins by their bare names ("fs", "fs/promises") and the
	// server SDKs ("wx-server-sdk"). Deploy leaves exactly these external.
	Modules() []string
}

// Program is a compiled bundle: immutable, known only to the engine that made
// it.
type Program any

// Source is one function version as its worker sees it.
type Source struct {
	Name string            // shown as the file name in stack traces: BundleName
	Code []byte            // the bundle, CommonJS: module, exports, require, __dirname, __filename
	Dir  string            // the function's own files: read-only, which user code sees as /var/user, its __dirname
	Temp string            // the worker's private directory, which user code sees as /tmp
	Env  map[string]string // process.env outside an invocation; TZ is already applied to time.Local
}

// BundleName is the Source.Name of every bundle and its __filename. The parent
// looks for it in stack traces and log lines to put the user's own file, line
// and column there, so an engine writes positions as "BundleName:LINE:COLUMN".
const BundleName = "/var/user/index.js"

// Instance is one set of globals. It serves one invocation at a time, from any
// goroutine; globals stay from one to the next.
type Instance interface {
	// Invoke calls exports.main and returns its result as JSON text, at most
	// Invocation.MaxResult bytes. Empty means undefined. The error is always
	// a *Failure.
	//
	// It returns soon after ctx ends, with TimedOut if the cause is
	// context.DeadlineExceeded and Cancelled otherwise. It may fail to (native
	// code cannot be interrupted): the parent kills the process then.
	Invoke(ctx context.Context, inv Invocation) (result []byte, err error)

	// Close frees the instance. No Invoke is running and none follows.
	Close()
}

// Invocation is one call of a function.
type Invocation struct {
	ID        uint64            // of this process; what Bridge.Call takes
	Event     []byte            // JSON text of the event; empty means undefined
	Context   InvocationContext // second argument of the handler
	WXContext map[string]string // what getWXContext() returns; values stay strings
	Env       map[string]string // laid over Source.Env in process.env for this invocation
	Deadline  time.Time         // also ctx's
	MaxResult int               // bytes
	Log       func(LogRecord)   // takes one console line; safe from any goroutine, never blocks for long, dead after Invoke returned
}

// InvocationContext is the handler's second argument, member by member
// (wx-cloud-api.md 9.3). The engine adds callbackWaitsForEmptyEventLoop and
// getRemainingTimeInMillis.
type InvocationContext struct {
	RequestID       string `json:"request_id"`
	FunctionName    string `json:"function_name"`
	FunctionVersion string `json:"function_version"`
	Namespace       string `json:"namespace"`
	MemoryLimitMB   int    `json:"memory_limit_in_mb"`
	TimeLimitMS     int    `json:"time_limit_in_ms"`
	Environment     string `json:"environment"` // JSON text of the function's variables
}

// LogRecord is one console line.
type LogRecord struct {
	Time  time.Time
	Level LogLevel
	Text  string // formatted as Node formats it; may hold newlines
	Late  bool   // printed after its own invocation had ended, by a timer or a late reply
}

// LogLevel is the console method a line came from.
type LogLevel uint8

// The levels, in order of weight.
const (
	LevelDebug LogLevel = iota
	LevelLog
	LevelInfo
	LevelWarn
	LevelError
)

// Bridge is how user code reaches the server: one asynchronous operation, bytes
// in, bytes out. It is safe from any goroutine, and each call ends with its
// context or with its invocation, whichever comes first.
type Bridge interface {
	// Call performs op for a running invocation. The error is a *fault.Error
	// that says why the server refused, or ctx's error.
	Call(ctx context.Context, invocation uint64, op Op, head, body []byte) (head2, body2 []byte, err error)
}

// Op names an operation of the bridge.
type Op uint8

// The operations. Heads are JSON text.
const (
	// OpAct runs one action of the TCB wire protocol (tcb-wire-protocol.md
	// 3.4): body is the request's JSON, body2 the reply's, errors included.
	// Heads are empty.
	OpAct Op = iota + 1
	// OpUpload stores a file: head {"path"}, body its bytes; head2 {"fileID"}.
	OpUpload
	// OpDownload reads a file: head {"fileID"}; body2 its bytes.
	OpDownload
)

// FailureKind says how an invocation came to fail.
type FailureKind uint8

// The kinds. The parent gives each its public code and text.
const (
	Threw              FailureKind = iota + 1 // the handler threw or its promise was rejected
	TimedOut                                  // ctx reached its deadline
	Cancelled                                 // ctx was cancelled: nobody waits for the result
	UnhandledRejection                        // a promise nobody handled was rejected, or a callback threw outside any promise
	EmptyLoop                                 // the handler's promise never settles: nothing is pending any more
	NoHandler                                 // the bundle exports no function main
	LoadFailed                                // the bundle does not compile, or its top level threw
	NotSerialisable                           // the result is no JSON: a cycle, a BigInt
	TooLarge                                  // the result is longer than MaxResult
	Exited                                    // process.exit was called
)

// Spoils reports whether an instance that failed so must not be used again:
// it was interrupted, or Node's process would have ended there.
func (k FailureKind) Spoils() bool {
	switch k {
	case Threw, NoHandler, NotSerialisable, TooLarge:
		return false
	}
	return true
}

// Failure is the error of Compile and Invoke.
//
//nolint:errname // it is an outcome that user code decides, not a mistake of ours
type Failure struct {
	Kind  FailureKind
	Text  string // what was thrown, as "TypeError: x is not a function"; for a thrown non-Error its string form
	Stack string // the frames alone, one per line, as V8 writes them: "    at main (/var/user/index.js:LINE:COLUMN)"; may be empty
}

// Error returns the text; the stack is for those who ask for it.
func (f *Failure) Error() string { return fmt.Sprintf("function failed (%d): %s", f.Kind, f.Text) }
