package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"baas/db/fault"
)

const (
	startTimeout = 15 * time.Second // from exec to ready, on a very busy machine
	loadTimeout  = 15 * time.Second // to compile a bundle
	killGrace    = 200 * time.Millisecond
)

// process is the parent's view of one worker. Its goroutine reads the pipe to
// the end, then buries the process; everybody who waits for something is
// answered by then.
type process struct {
	cmd   *exec.Cmd
	pipe  io.ReadWriteCloser
	out   *frameWriter
	words *firstWords
	temp  string
	log   *slog.Logger

	starting *time.Timer   // ends the process if it does not get ready
	ready    chan struct{} // closed once modules is set
	modules  []string
	loaded   chan error    // buffered for one: the answer to load
	gone     chan struct{} // closed after the process was waited for
	ops      sync.WaitGroup

	mu       sync.Mutex // guards what follows
	end      death      // the first cause that was found
	ended    bool       // end is set: no new invocation enters
	lastID   uint64
	calls    map[uint64]*call
	opCount  int
	opBytes  int
	refusals int
	memory   uint64 // of the function it has loaded, bytes
	meter    meter
}

// call is one invocation inside a process.
type call struct {
	request  Request
	ctx      context.Context // of its host operations: ends with the invocation
	start    time.Time
	done     chan outcome  // buffered for one
	slots    chan struct{} // of its host operations at work
	logBytes int           // touched by the reading goroutine alone
}

type outcome struct {
	result Result
	err    error
}

// startProcess starts a worker that nobody has given a function yet.
func (p *Pool) startProcess() (*process, error) {
	temp, err := os.MkdirTemp(p.o.Dir, tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("worker: make the worker's directory: %w", err)
	}
	w, err := p.launch(temp)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("worker: start a worker: %w", err), os.RemoveAll(temp))
	}
	w.starting = time.AfterFunc(startTimeout, func() {
		w.stop(death{cause: causeStart, detail: "not ready in time"})
	})
	p.wg.Go(w.run)
	return w, nil
}

func (p *Pool) launch(temp string) (*process, error) {
	words := &firstWords{}
	cmd := exec.CommandContext(context.Background(), p.o.Executable, workerArg) // its end is stop's business
	cmd.Args[0] = "baas"
	cmd.Dir = temp
	// Nothing of the server's environment: user code must not find it.
	cmd.Env = []string{"GOTRACEBACK=none"}
	cmd.Stderr = words
	cmd.WaitDelay = time.Second
	prepare(cmd)
	pipe, theirs, err := attachPipe(cmd)
	if err != nil {
		return nil, err
	}
	err = p.starter.start(cmd)
	_ = theirs.Close()
	if err != nil {
		return nil, errors.Join(err, pipe.Close())
	}
	return &process{
		cmd:    cmd,
		pipe:   pipe,
		out:    newFrameWriter(pipe),
		words:  words,
		temp:   temp,
		log:    p.o.Log.With("pid", cmd.Process.Pid),
		ready:  make(chan struct{}),
		loaded: make(chan error, 1),
		gone:   make(chan struct{}),
		calls:  map[uint64]*call{},
	}, nil
}

// run is the process's goroutine.
func (w *process) run() {
	in := newFrameReader(w.pipe, fromChild)
	for {
		fr, err := in.next()
		if err == nil {
			err = w.handle(fr)
		}
		if err != nil {
			// At the end of the pipe the child is dead or dying, and its
			// status is already settled: the kill changes nothing then.
			if _, failed := errors.AsType[*protocolError](err); failed {
				w.stop(death{cause: causeProtocol, detail: err.Error()})
			}
			break
		}
	}
	w.bury()
}

// protocolError is a frame that no worker of ours sends.
type protocolError struct{ err error }

func (e *protocolError) Error() string { return e.err.Error() }
func (e *protocolError) Unwrap() error { return e.err }

func (w *process) handle(fr frame) error {
	var err error
	switch fr.kind {
	case frameReady:
		err = w.handleReady(fr)
	case frameLoaded:
		w.answerLoad(nil)
	case frameResult:
		var m resultMessage
		if m, err = parseResult(fr.payload); err == nil {
			w.finish(fr.id, m.Report, m.Result, nil)
		}
	case frameError:
		var m errorMessage
		if m, err = parseError(fr.payload); err == nil {
			if fr.id == 0 {
				w.answerLoad(&m.Failure)
				break
			}
			w.finish(fr.id, m.Report, nil, &m.Failure)
		}
	case frameLog:
		err = w.handleLog(fr)
	case frameOp:
		err = w.handleOp(fr)
	case frameDying:
		w.note(death{cause: causeMemory, detail: "the watchdog found the memory used up"})
	}
	if err != nil {
		return &protocolError{err}
	}
	return nil
}

func (w *process) handleReady(fr frame) error {
	select {
	case <-w.ready:
		return errors.New("worker: ready twice")
	default:
	}
	modules, err := parseReady(fr.payload)
	if err != nil {
		return err
	}
	w.starting.Stop()
	w.modules = modules
	close(w.ready)
	return nil
}

func (w *process) answerLoad(err error) {
	select {
	case w.loaded <- err:
	default: // an answer nobody asked for
	}
}

func (w *process) handleLog(fr frame) error {
	r, err := parseLog(fr.payload)
	if err != nil {
		return err
	}
	w.mu.Lock()
	c := w.calls[fr.id]
	w.mu.Unlock()
	if c == nil {
		return nil
	}
	if c.logBytes += len(r.Text); c.logBytes <= 2*maxLogBytes {
		c.request.Log(r)
	}
	return nil
}

// finish hands an invocation its outcome, once.
func (w *process) finish(id uint64, r report, value []byte, err error) {
	w.mu.Lock()
	c := w.calls[id]
	if c == nil {
		w.mu.Unlock()
		return
	}
	took := time.Since(c.start)
	w.meter.observe(r, took, len(w.calls))
	delete(w.calls, id)
	w.mu.Unlock()
	c.done <- outcome{Result{Value: value, Memory: r.Peak, Duration: took}, err}
}

// capacity is how many invocations the process should have inside.
func (w *process) capacity(most int) (n int, busy bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.meter.capacity(most, w.memory)
}

// note records why the process ends; the first cause stays.
func (w *process) note(d death) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.end, w.ended = d, true
	}
}

// stop ends the process by force.
func (w *process) stop(d death) {
	w.note(d)
	_ = w.cmd.Process.Kill() // gone already is fine
}

// bury waits for the process and answers all who are still inside.
func (w *process) bury() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait() // the status is read below
	_ = w.pipe.Close()
	w.starting.Stop()
	d := autopsy(w.cmd.ProcessState, w.words.bytes())

	w.mu.Lock()
	if w.ended {
		d.cause, d.culprit = w.end.cause, w.end.culprit
		d.detail = w.end.detail + "; " + d.detail
	}
	d.memory = w.memory
	w.end, w.ended = d, true
	left := w.calls
	w.calls = map[uint64]*call{}
	w.mu.Unlock()

	requests := make([]string, 0, len(left))
	for _, c := range left {
		requests = append(requests, c.request.RequestID)
	}
	if d.cause != causeRetired {
		w.log.Warn("worker process ended", "cause", d.cause.String(), "request_ids", requests, "detail", d.detail)
	}
	for id, c := range left {
		c.done <- outcome{Result{Duration: time.Since(c.start)}, d.failure(id)}
	}
	if err := os.RemoveAll(w.temp); err != nil {
		w.log.Warn("cannot remove a worker's directory", "error", err)
	}
	close(w.gone)
	w.ops.Wait() // their contexts have ended with their invocations
}

// load gives the process its function. The error is a *Failure if the bundle
// does not compile, a *fault.Error if the process died of it.
func (w *process) load(ctx context.Context, m loadMessage) error {
	select {
	case <-w.ready:
	case <-w.gone:
		return w.lost()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	m.Temp = w.temp
	w.mu.Lock()
	w.memory = m.Memory
	w.mu.Unlock()
	if err := w.out.send(frameLoad, 0, m.append(nil)); err != nil {
		<-w.gone // a pipe that does not take a frame has lost its reader
		return w.lost()
	}
	timer := time.AfterFunc(loadTimeout, func() {
		w.stop(death{cause: causeStart, detail: "not loaded in time"})
	})
	defer timer.Stop()
	select {
	case err := <-w.loaded:
		return err
	case <-w.gone:
		return w.lost()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// lost is the error of those who wait for a process that is gone.
func (w *process) lost() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end.failure(0)
}

// invoke runs one invocation to its end. When ctx ends first, the invocation
// is cancelled; the outcome comes soon after in any case.
func (w *process) invoke(ctx context.Context, r Request, timeout time.Duration) (Result, error) {
	opCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &call{request: r, ctx: opCtx, start: time.Now(), done: make(chan outcome, 1), slots: make(chan struct{}, opsAtWork)}
	id, err := w.enter(c)
	if err != nil {
		return Result{}, err
	}
	// Set before anything is sent: a child that does not read is killed too.
	deadline := time.AfterFunc(timeout+killGrace, func() {
		w.stop(death{cause: causeTimeout, culprit: id, detail: "an invocation did not end at its deadline"})
	})
	defer deadline.Stop()

	m := invokeMessage{RequestID: r.RequestID, Timeout: timeout, WXContext: r.WXContext, Env: r.Env}
	_ = w.out.send(frameInvoke, id, m.appendHead(nil), r.Event) // on failure the process is dying, and the outcome says so

	var o outcome
	select {
	case o = <-c.done:
	case <-ctx.Done():
		_ = w.out.send(frameCancel, id)
		patience := time.AfterFunc(killGrace, func() {
			w.stop(death{cause: causeCancel, culprit: id, detail: "an invocation did not end when cancelled"})
		})
		o = <-c.done
		patience.Stop()
	}
	return o.result, o.err
}

func (w *process) enter(c *call) (uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return 0, errLeft
	}
	w.lastID++
	w.calls[w.lastID] = c
	return w.lastID, nil
}

// errLeft says that the process was gone before the invocation entered it:
// nothing has happened yet, another process may take it.
var errLeft = errors.New("worker: the process is gone")

// usable reports whether the process may take an invocation.
func (w *process) usable() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.ended
}

// crashed reports whether the process ended without our having wanted it.
func (w *process) crashed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended && w.end.cause != causeRetired
}

func sysErr(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return fault.Wrap(fault.SysErr, err, "%s", fault.Text(err))
}
