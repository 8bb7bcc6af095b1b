// Command baas is a self-hosted cloud-development backend in one binary.
//
// This package only wires: it reads the configuration, chooses engines and
// drivers, hands each room what it needs, and holds the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"baas/functions/worker"
)

func main() {
	// A worker process is this same binary: it must not get as far as the
	// command line.
	worker.RunIfChild(newEngine)
	os.Exit(run())
}

// run is main with an exit status: 0 only on success, 2 for a wrong command
// line, 1 for anything else.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRoot(os.Stdin, os.Stdout, os.Stderr, os.Getenv).ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "baas:", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return 2
	}
	return 1
}
