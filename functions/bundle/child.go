package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
	"time"

	"baas/db/fault"
)

// Arg is the first argument that makes this binary a bundler.
const Arg = "fn-build"

const (
	timeout     = 60 * time.Second
	maxMemory   = 1 << 30 // bytes; the largest package measured took a tenth
	maxExchange = 1 << 20 // bytes of a request or a result
)

// RunChild is the bundler's main: one request on in, one result on out. It
// returns the exit status.
func RunChild(in io.Reader, out io.Writer) int {
	debug.SetGCPercent(400) // it lives for a moment
	debug.SetMemoryLimit(maxMemory / 2)
	debug.SetMaxStack(maxMemory / 16) // some ten thousand levels of nesting
	limitMemory(maxMemory)
	var r Request
	if err := json.NewDecoder(io.LimitReader(in, maxExchange)).Decode(&r); err != nil {
		return 1
	}
	result, err := build(r)
	if err != nil {
		return 1
	}
	if err := json.NewEncoder(out).Encode(result); err != nil {
		return 1
	}
	return 0
}

// Run builds in a child process: executable is this binary. Errors in the
// user's code are in the result. The error is InvalidParam for source that takes
// more than a build may have, FunctionFailed if the bundler itself failed.
func Run(ctx context.Context, executable string, r Request) (Result, error) {
	request, err := json.Marshal(r)
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	var out, words bytes.Buffer
	cmd := exec.CommandContext(ctx, executable, Arg)
	cmd.Args[0] = "baas"
	cmd.Env = []string{"GOTRACEBACK=none"}
	cmd.Stdin = bytes.NewReader(request)
	cmd.Stdout = &out
	cmd.Stderr = &limited{&words, 2 << 10}
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return Result{}, failed(err, words.String())
	}
	var result Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return Result{}, failed(err, words.String())
	}
	return result, nil
}

var errTimeout = errors.New("bundle: the build took too long")

func failed(err error, words string) error {
	cause := fmt.Errorf("bundle: %w: %s", err, words)
	switch {
	case errors.Is(err, errTimeout):
		return fault.Wrap(fault.InvalidParam, cause, "source: it was not bundled within %v; leave out large packages", timeout)
	case bytes.Contains([]byte(words), []byte("stack")):
		return fault.Wrap(fault.InvalidParam, cause, "source: it is nested too deeply to be bundled; split the expression or the data")
	case bytes.Contains([]byte(words), []byte("memory")):
		return fault.Wrap(fault.InvalidParam, cause, "source: it cannot be bundled in %d MB of memory; leave out large packages", maxMemory>>20)
	}
	return fault.Wrap(fault.FunctionFailed, cause, "the bundler failed; the server's log has the details")
}

// limited keeps the first n bytes.
type limited struct {
	w *bytes.Buffer
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	l.w.Write(p[:min(len(p), max(l.n-l.w.Len(), 0))])
	return len(p), nil
}
