package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"baas/db/fault"
)

// Options configures a Pool. Zero values mean the defaults named.
type Options struct {
	// Dir holds the workers' private directories. It belongs to the pool
	// alone: what an earlier one left there is removed.
	Dir string
	// Executable is started as worker; this binary if empty.
	Executable string
	// Spares is how many processes are kept ready for the next function that
	// needs one. 1 if zero, none if negative.
	Spares int
	// Processes bounds the processes that live at once, spares included; 32.
	// An idle process of one function makes way for another function.
	Processes int
	// Instances bounds the invocations inside one process; 16.
	Instances int
	// Queue bounds the invocations that wait for one function; 1,000.
	Queue int
	// QueueTime bounds how long one waits; 10 s.
	QueueTime time.Duration
	// Idle is how long a process without invocations is kept; 5 min.
	Idle time.Duration
	// Log takes one line for each process that dies, with the request ids of
	// the invocations inside. Required.
	Log *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" || o.Log == nil {
		return o, errors.New("worker: Options.Dir and Options.Log are required")
	}
	if o.Executable == "" {
		path, err := Executable()
		if err != nil {
			return o, fmt.Errorf("worker: find this binary: %w", err)
		}
		o.Executable = path
	}
	setDefault(&o.Spares, 1)
	setDefault(&o.Processes, 32)
	setDefault(&o.Instances, 16)
	setDefault(&o.Queue, 1000)
	setDefault(&o.QueueTime, 10*time.Second)
	setDefault(&o.Idle, 5*time.Minute)
	return o, nil
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// tempPrefix begins the names of the workers' directories.
const tempPrefix = "worker-"

// Pool owns all worker processes of a server. It is safe for concurrent use.
//
// Locks: process.mu may be taken under Pool.mu or Function.mu; those two are
// never held together.
type Pool struct {
	o       Options
	starter *starter
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	bell    chan struct{} // one slot: the spares need looking after

	mu        sync.Mutex // guards what follows
	spares    []*process // ready
	living    map[*process]struct{}
	functions map[*Function]struct{}
	modules   []string // what the engine serves, once a process has said so
}

// NewPool makes a pool and starts its spares. Close ends it.
func NewPool(o Options) (*Pool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := clearDir(o.Dir); err != nil {
		return nil, err
	}
	p := &Pool{
		o:         o,
		starter:   newStarter(),
		bell:      make(chan struct{}, 1),
		living:    map[*process]struct{}{},
		functions: map[*Function]struct{}{},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.wg.Go(p.keepSpares)
	p.wg.Go(p.reapIdle)
	return p, nil
}

func clearDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("worker: make %s: %w", dir, err)
	}
	old, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// Close ends all processes by force and waits until they are gone. Invocations
// that are still inside fail.
func (p *Pool) Close() error {
	p.cancel()
	for _, f := range p.all() {
		f.Retire()
	}
	p.mu.Lock()
	for w := range p.living {
		w.stop(death{cause: causeRetired})
	}
	p.mu.Unlock()
	p.wg.Wait()
	p.starter.close()
	return nil
}

// Modules lists the module names that workers serve without a bundle, as
// Engine.Modules does. It waits for a worker to be ready.
func (p *Pool) Modules(ctx context.Context) ([]string, error) {
	p.mu.Lock()
	modules := p.modules
	p.mu.Unlock()
	if modules != nil {
		return modules, nil
	}
	w, err := p.take()
	if err != nil {
		return nil, err
	}
	defer p.giveBack(w)
	select {
	case <-w.ready:
	case <-w.gone:
		return nil, w.lost()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p.mu.Lock()
	p.modules = w.modules
	p.mu.Unlock()
	return w.modules, nil
}

// take gets a process that has no function yet: a spare or a new one. Close
// may already have begun: the caller sees the process end then.
func (p *Pool) take() (*process, error) {
	defer p.ring()
	p.mu.Lock()
	for len(p.spares) > 0 {
		w := p.spares[0]
		p.spares = p.spares[1:]
		if w.usable() {
			p.mu.Unlock()
			return w, nil
		}
	}
	full := len(p.living) >= p.o.Processes
	p.mu.Unlock()
	if full && !p.evict() {
		return nil, fault.New(fault.ConcurrencyLimit, "all %d worker processes are busy; try again later", p.o.Processes)
	}
	return p.start()
}

// start starts a process and counts it until it is gone.
func (p *Pool) start() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, errClosed
	}
	w, err := p.startProcess()
	if err != nil {
		return nil, err
	}
	p.living[w] = struct{}{}
	p.wg.Go(func() {
		<-w.gone
		p.mu.Lock()
		delete(p.living, w)
		p.mu.Unlock()
	})
	return w, nil
}

var errClosed = fault.New(fault.FunctionFailed, "the server is stopping")

// giveBack makes a process that has no function a spare again.
func (p *Pool) giveBack(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil || len(p.spares) >= max(p.o.Spares, 0) {
		w.stop(death{cause: causeRetired})
		return
	}
	p.spares = append(p.spares, w)
}

func (p *Pool) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// keepSpares holds the number of spares. It rests a while after a spare that
// could not start: something is wrong with the machine then.
func (p *Pool) keepSpares() {
	const rest = time.Second
	for {
		p.mu.Lock()
		missing := len(p.spares) < p.o.Spares && len(p.living) < p.o.Processes
		p.mu.Unlock()
		if !missing {
			select {
			case <-p.bell:
				continue
			case <-p.ctx.Done():
				return
			}
		}
		if !p.addSpare() {
			select {
			case <-time.After(rest):
			case <-p.ctx.Done():
				return
			}
		}
	}
}

func (p *Pool) addSpare() bool {
	w, err := p.start()
	if err != nil {
		if !errors.Is(err, errClosed) {
			p.o.Log.Error("cannot start a worker", "error", err)
		}
		return false
	}
	select {
	case <-w.ready:
		p.giveBack(w)
		return true
	case <-w.gone:
		return false
	}
}

// reapIdle ends processes that had nothing to do for a while.
func (p *Pool) reapIdle() {
	tick := time.NewTicker(max(p.o.Idle/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, f := range p.all() {
				f.reap(now.Add(-p.o.Idle))
			}
		case <-p.ctx.Done():
			return
		}
	}
}

// evict ends the process that has been idle longest. It reports whether there
// was one.
func (p *Pool) evict() bool {
	var oldest *Function
	var since time.Time
	for _, f := range p.all() {
		if t, ok := f.idleSince(); ok && (oldest == nil || t.Before(since)) {
			oldest, since = f, t
		}
	}
	return oldest != nil && oldest.reap(since)
}

func (p *Pool) all() []*Function {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]*Function, 0, len(p.functions))
	for f := range p.functions {
		list = append(list, f)
	}
	return list
}

// spread is how many invocations a process takes before another one is started
// beside it, as long as there are fewer of them than processors.
func (p *Pool) spread() int { return max(p.o.Instances/4, 1) }

// processors bounds the processes that are started for speed alone.
func processors() int { return runtime.GOMAXPROCS(0) }
