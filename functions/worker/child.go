package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	_ "time/tzdata" // a function's TZ must not depend on the machine

	"baas/functions/bundle"
)

// The first argument that makes this binary a child of itself.
const workerArg = "fn-worker"

// RunIfChild turns the process into a worker, or into a bundler, if it was
// started as one, and then does not return. Otherwise it returns at once.
// Call it first thing in main and in the TestMain of packages that start
// workers. newEngine is called once, in a worker.
func RunIfChild(newEngine func() (Engine, error)) {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case workerArg:
		os.Exit(runWorker(newEngine))
	case bundle.Arg:
		os.Exit(bundle.RunChild(os.Stdin, os.Stdout))
	}
}

// Exit statuses of a worker, for the server's log.
const (
	exitOK       = 0
	exitFailed   = 1 // could not start
	exitProtocol = 3 // did not understand its parent
	exitMemory   = 9 // used up its memory and said so
)

func runWorker(newEngine func() (Engine, error)) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	pipe, err := childPipe()
	if err != nil {
		log.Error("open pipe to parent", "error", err)
		return exitFailed
	}
	settle()
	engine, err := newEngine()
	if err != nil {
		log.Error("start engine", "error", err)
		return exitFailed
	}
	c := newChild(engine, pipe)
	if err := c.serve(pipe); err != nil {
		log.Error("serve", "error", err)
		return exitProtocol
	}
	return exitOK
}

// settle gives the process the manners of a worker before anything is known
// about its function: low priority, first to go when the machine is short of
// memory, one processor, a collector that suits small heaps.
func settle() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(gcPercent)
	debug.SetMaxStack(maxStack)
	time.Local = time.UTC
	bePolite()
}

const (
	gcPercent = 400
	maxStack  = 128 << 20 // bytes; half the memory of functions that have less than twice this
)

// child is a worker process after its start. It serves one function version.
type child struct {
	engine Engine
	out    *frameWriter
	bridge *bridge
	watch  *watchdog

	load    loadMessage
	context InvocationContext // what is the same for every call
	program Program
	jobs    chan job // to goroutines that have nothing to do

	mu      sync.Mutex
	free    []Instance // the last one used last: it is the warmest
	running map[uint64]context.CancelCauseFunc
}

func newChild(engine Engine, pipe io.Writer) *child {
	out := newFrameWriter(pipe)
	return &child{
		engine:  engine,
		out:     out,
		bridge:  newBridge(out),
		jobs:    make(chan job),
		running: map[uint64]context.CancelCauseFunc{},
	}
}

// job is an invocation on its way to a goroutine.
type job struct {
	ctx context.Context
	id  uint64
	m   invokeMessage
}

// work runs one invocation after the other, until the process ends: a goroutine
// whose stack has grown saves the next invocation the growing.
func (c *child) work(j job) {
	for {
		c.invoke(j.ctx, j.id, j.m)
		j = <-c.jobs
	}
}

// serve works until the parent closes the pipe. Everything still running then
// ends with the process.
func (c *child) serve(pipe io.Reader) error {
	if err := c.out.send(frameReady, 0, appendTexts(nil, c.engine.Modules())); err != nil {
		return err
	}
	// While the process waits for a function, its engine makes ready what any
	// function needs.
	if e, ok := c.engine.(interface{ Prepare() }); ok {
		e.Prepare()
	}
	in := newFrameReader(pipe, fromParent)
	for {
		fr, err := in.next()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
				return nil
			}
			return err
		}
		if err := c.handle(fr); err != nil {
			return err
		}
	}
}

func (c *child) handle(fr frame) error {
	switch fr.kind {
	case frameLoad:
		return c.handleLoad(fr.payload)
	case frameInvoke:
		m, err := parseInvoke(fr.payload)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		c.mu.Lock()
		c.running[fr.id] = cancel
		c.mu.Unlock()
		j := job{ctx, fr.id, m}
		select {
		case c.jobs <- j:
		default: // all are at work
			go c.work(j)
		}
	case frameCancel:
		c.mu.Lock()
		cancel := c.running[fr.id]
		c.mu.Unlock()
		if cancel != nil {
			cancel(context.Canceled)
		}
	case frameOpResult:
		m, err := parseOpResult(fr.payload)
		if err != nil {
			return err
		}
		c.bridge.settle(fr.id, m)
	}
	return nil
}

// handleLoad compiles the bundle and makes a first instance. A failure goes to
// the parent, which closes the pipe then.
func (c *child) handleLoad(payload []byte) error {
	m, err := parseLoad(payload)
	if err != nil {
		return err
	}
	c.load = m
	c.context = InvocationContext{
		FunctionName:    m.Name,
		FunctionVersion: m.Version,
		Namespace:       m.Env,
		MemoryLimitMB:   int(m.Memory >> 20),
		TimeLimitMS:     int(m.Timeout.Milliseconds()),
		Environment:     jsonObject(m.Variables),
	}
	if err := c.confine(); err != nil {
		return err
	}
	if failure := c.compile(); failure != nil {
		return c.out.send(frameError, 0, errorMessage{Failure: *failure}.append(nil))
	}
	return c.out.send(frameLoaded, 0)
}

// confine sets the limits that depend on the function.
func (c *child) confine() error {
	memory := c.load.Memory
	debug.SetMaxStack(int(min(maxStack, memory/2)))
	debug.SetMemoryLimit(int64(memory / 10 * 9))
	c.watch = newWatchdog(memory, func(used uint64) {
		_ = c.out.send(frameDying, 0, appendUint(nil, used)) // the exit status says it too
		os.Exit(exitMemory)
	})
	if tz := c.load.Variables["TZ"]; tz != "" {
		zone, err := time.LoadLocation(tz)
		if err != nil {
			zone = time.UTC // as Node does with a zone it does not know
		}
		time.Local = zone
	}
	return limitProcess(memory)
}

func (c *child) compile() (failure *Failure) {
	defer recoverAs(&failure, LoadFailed)
	c.watch.begin()
	defer c.watch.end()
	code, err := os.ReadFile(c.load.Bundle)
	if err != nil {
		return &Failure{Kind: LoadFailed, Text: "the function's bundle cannot be read"}
	}
	c.program, err = c.engine.Compile(Source{
		Name: BundleName,
		Code: code,
		Dir:  c.load.Dir,
		Temp: c.load.Temp,
		Env:  c.load.Variables,
	})
	if err != nil {
		return asFailure(err, LoadFailed)
	}
	first, err := c.engine.New(c.program, c.bridge)
	if err != nil {
		return asFailure(err, LoadFailed)
	}
	c.put(first)
	return nil
}

// invoke runs one invocation and sends its outcome.
func (c *child) invoke(ctx context.Context, id uint64, m invokeMessage) {
	deadline := time.Now().Add(m.Timeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	c.watch.begin()
	log := &logSink{out: c.out, id: id}
	info := c.context
	info.RequestID = m.RequestID

	result, failure := c.run(ctx, Invocation{
		ID:        id,
		Event:     m.Event,
		Context:   info,
		WXContext: m.WXContext,
		Env:       m.Env,
		Deadline:  deadline,
		MaxResult: MaxResult,
		Log:       log.add,
	})

	log.close()
	cancel()
	c.bridge.forget(id)
	c.mu.Lock()
	delete(c.running, id)
	c.mu.Unlock()
	r := c.watch.end()
	if failure == nil && len(result) > MaxResult {
		failure = &Failure{Kind: TooLarge, Text: fmt.Sprintf("the result has %d bytes", len(result))}
	}
	if failure != nil {
		_ = c.out.send(frameError, id, errorMessage{Report: r, Failure: *failure}.append(nil))
		return // a pipe that fails ends the process through serve
	}
	_ = c.out.send(frameResult, id, appendReport(nil, r), result)
}

// run takes an instance and gives it back unless the invocation spoilt it.
func (c *child) run(ctx context.Context, inv Invocation) (result []byte, failure *Failure) {
	instance, failure := c.take()
	if failure != nil {
		return nil, failure
	}
	defer func() {
		if failure != nil && failure.Kind.Spoils() {
			c.discard(instance)
			return
		}
		c.put(instance)
	}()
	defer recoverAs(&failure, UnhandledRejection)
	result, err := instance.Invoke(ctx, inv)
	if err != nil {
		return nil, asFailure(err, Threw)
	}
	return result, nil
}

func (c *child) take() (instance Instance, failure *Failure) {
	c.mu.Lock()
	if n := len(c.free); n > 0 {
		instance, c.free = c.free[n-1], c.free[:n-1]
	}
	c.mu.Unlock()
	if instance != nil {
		return instance, nil
	}
	defer recoverAs(&failure, LoadFailed)
	instance, err := c.engine.New(c.program, c.bridge)
	if err != nil {
		return nil, asFailure(err, LoadFailed)
	}
	return instance, nil
}

func (c *child) put(i Instance) {
	c.mu.Lock()
	c.free = append(c.free, i)
	c.mu.Unlock()
}

func (c *child) discard(i Instance) {
	var failure *Failure
	defer recoverAs(&failure, Exited) // a broken instance may panic once more
	i.Close()
}

// recoverAs turns a panic of the engine into a failure.
func recoverAs(failure **Failure, kind FailureKind) {
	if v := recover(); v != nil {
		*failure = &Failure{Kind: kind, Text: fmt.Sprintf("RuntimeError: the JavaScript engine failed: %v", v)}
	}
}

func asFailure(err error, kind FailureKind) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Kind: kind, Text: err.Error()}
}
