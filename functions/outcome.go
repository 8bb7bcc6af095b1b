package functions

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"baas/db/fault"
	"baas/functions/worker"
)

// outcome gives a failed invocation its public code and text
// (wx-cloud-api.md 9.5). Stack traces name the user's own files.
func outcome(err error, config Config, t *trace) error {
	if errors.Is(err, worker.ErrRetired) {
		return errStopping()
	}
	f, ok := errors.AsType[*worker.Failure](err)
	if !ok {
		return err
	}
	switch f.Kind {
	case worker.TimedOut:
		return fault.New(fault.FunctionTimeout, "Invoking task timed out after %s", seconds(config.timeout()))
	case worker.Cancelled:
		return fault.New(fault.FunctionExecute, "Process exited unexpectedly: the server is stopping")
	case worker.TooLarge:
		return fault.New(fault.FunctionResultTooLarge, "the result is larger than %d bytes; return less, or store it and return its id", worker.MaxResult)
	case worker.Exited:
		return fault.New(fault.FunctionExecute, "Process exited unexpectedly: %s", f.Text)
	}
	return fault.New(fault.FunctionExecute, "%s", withStack(f, t))
}

// withStack joins text and frames as V8 does.
func withStack(f *worker.Failure, t *trace) string {
	text := t.rewrite(f.Text)
	if f.Kind == worker.UnhandledRejection && !strings.HasPrefix(text, "RuntimeError") {
		text = "Uncaught " + text
	}
	if stack := strings.TrimRight(f.Stack, "\n"); stack != "" {
		return text + "\n" + t.rewrite(stack)
	}
	return text
}

func seconds(d time.Duration) string {
	if d == time.Second {
		return "1 second"
	}
	return fmt.Sprintf("%g seconds", d.Seconds())
}
