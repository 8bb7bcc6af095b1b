// Command baas is a self-hosted cloud-development backend in one binary.
//
// This package only wires: it reads the configuration, chooses engines and
// drivers, hands each room what it needs, and holds the command line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"baas/db/fault"
	"baas/functions/worker"
)

func main() {
	// A worker process is this same binary: it must not get as far as the
	// command line.
	worker.RunIfChild(newEngine)
	os.Exit(run())
}

// printFailure prints the one object of a command that was asked for JSON and
// failed: the error's code, which is SYS_ERR for what has none, and its text.
func printFailure(w io.Writer, err error) {
	out := struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{string(fault.CodeOf(err)), err.Error()}
	if e, ok := errors.AsType[*apiError](err); ok {
		out.Code, out.Message = e.Code, e.Message
	} else if _, ok := errors.AsType[*usageError](err); ok {
		out.Code = string(fault.InvalidParam)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(out) // the exit status says it too
}

// errTold ends a command whose result, already printed, is a failure.
var errTold = errors.New("the result is a failure")

// run is main with an exit status: 0 only on success, 2 for a wrong command
// line, 1 for anything else.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errTold) {
		return 1
	}
	if asJSON, _ := root.PersistentFlags().GetBool("json"); asJSON {
		printFailure(os.Stdout, err)
	}
	fmt.Fprintln(os.Stderr, "baas:", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return 2
	}
	return 1
}
