package worker

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"baas/db/fault"
)

// cause says why a worker process ended.
type cause uint8

const (
	causeUnknown cause = iota // by itself, or by somebody else's hand
	causeMemory
	causeStack
	causeTimeout  // killed: an invocation did not end at its deadline
	causeCancel   // killed: an invocation did not end when it was cancelled
	causeProtocol // killed: it sent what a worker does not send
	causeStart    // killed: it was not ready, or had not loaded, in time
	causeRetired  // closed by the pool
)

// death is the end of a worker process.
type death struct {
	cause   cause
	culprit uint64 // the invocation the process was killed for, or 0
	memory  uint64 // bytes the function may use
	detail  string // for the server's log
}

func (c cause) String() string {
	switch c {
	case causeMemory:
		return "memory"
	case causeStack:
		return "stack"
	case causeTimeout:
		return "timeout"
	case causeCancel:
		return "cancelled"
	case causeProtocol:
		return "protocol"
	case causeStart:
		return "start"
	case causeRetired:
		return "retired"
	}
	return "unknown"
}

// failure is what an invocation that was inside tells its caller: a *Failure
// for the one that ran out of time, a *fault.Error for all others.
func (d death) failure(invocation uint64) error {
	switch d.cause {
	case causeMemory:
		return fault.New(fault.FunctionMemory, "Memory limit exceeded: the function may use %d MB", d.memory>>20)
	case causeTimeout, causeCancel:
		if d.culprit != invocation {
			return exited("another call of this function did not end and had to be stopped by force")
		}
		if d.cause == causeCancel {
			return &Failure{Kind: Cancelled, Text: "the invocation was cancelled"}
		}
		return &Failure{Kind: TimedOut, Text: "the invocation did not end at its deadline"}
	case causeStack:
		return exited("stack overflow; a recursion or a value is nested too deeply")
	case causeStart:
		return exited("the function did not load in time")
	case causeRetired:
		return exited("the server is stopping")
	}
	return fault.New(fault.FunctionExecute, "Process exited unexpectedly")
}

func exited(why string) error {
	return fault.New(fault.FunctionExecute, "Process exited unexpectedly: %s", why)
}

// firstWords keeps the beginning of a child's standard error: the Go runtime
// writes there why it ended.
type firstWords struct {
	mu  sync.Mutex
	buf []byte
}

const keptWords = 8 << 10

func (w *firstWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.buf = append(w.buf, p[:min(len(p), keptWords-len(w.buf))]...)
	w.mu.Unlock()
	return len(p), nil
}

func (w *firstWords) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.buf)
}

// autopsy finds the cause of an end that was not ours: from the exit status and
// the words of the Go runtime.
func autopsy(state *os.ProcessState, words []byte) death {
	d := death{detail: fmt.Sprintf("%v: %s", state, clip(string(words), 2<<10))}
	contains := func(s string) bool { return bytes.Contains(words, []byte(s)) }
	switch {
	case state.ExitCode() == exitMemory,
		contains("out of memory"),
		contains("cannot allocate memory"),
		contains("failed to create new OS thread"):
		d.cause = causeMemory
	case contains("stack overflow"), contains("stack exceeds"):
		d.cause = causeStack
	}
	return d
}
