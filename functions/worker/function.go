package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"baas/db/fault"
)

// Spec is one version of a function: all of it that stays the same from call
// to call.
type Spec struct {
	Name      string            // shown in the handler's context
	Version   string            // shown in the handler's context
	Env       string            // the environment's id, shown as namespace
	Bundle    string            // path of the bundled CommonJS
	Dir       string            // path of the function's own files
	Variables map[string]string // process.env; TZ sets the time zone
	Memory    int               // MB a process of it may use
	Timeout   time.Duration     // of one invocation
	// Concurrency bounds the invocations at work at once; 100 if zero.
	Concurrency int
}

// Request is one invocation.
type Request struct {
	RequestID string
	Event     []byte            // JSON text, at most MaxEvent; empty means undefined
	WXContext map[string]string // getWXContext()
	Env       map[string]string // process.env, over Spec.Variables
	Host      Host
	Log       func(LogRecord) // takes console lines as they arrive; must not block
}

// Result is what an invocation returned.
type Result struct {
	Value    []byte        // JSON text, at most MaxResult; empty means undefined
	Memory   uint64        // highest use of the process meanwhile, bytes
	Duration time.Duration // inside the process
}

// ErrRetired is returned for an invocation of a Function after Retire. Nothing
// has run: its successor may take the same request.
var ErrRetired = errors.New("worker: the function version is retired")

// Function runs one version of a function in as many processes as its load
// needs. It is safe for concurrent use.
type Function struct {
	pool *Pool
	spec Spec

	mu       sync.Mutex
	seats    []*seat
	busy     int
	starting bool
	waiting  []chan admission
	retired  bool
	failures int // processes in a row that ended before they served anybody
}

// seat is a process with room for several invocations.
type seat struct {
	w      *process
	inside int
	served bool
	last   time.Time // when the last invocation left
}

type admission struct {
	seat *seat
	err  error
}

// Function returns the handle of a version. It starts nothing yet. Retire ends
// it.
func (p *Pool) Function(s Spec) *Function {
	if s.Concurrency == 0 {
		s.Concurrency = 100
	}
	f := &Function{pool: p, spec: s}
	p.mu.Lock()
	defer p.mu.Unlock()
	f.retired = p.ctx.Err() != nil
	p.functions[f] = struct{}{}
	return f
}

// Warm waits until the function is loaded in a process. The error is a
// *Failure of kind LoadFailed if the bundle does not compile, a *fault.Error
// if its process died of it.
func (f *Function) Warm(ctx context.Context) error {
	s, err := f.enter(ctx)
	if err != nil {
		return err
	}
	f.leave(s, false)
	return nil
}

// Invoke runs one invocation. It waits for room until wait ends or the pool's
// QueueTime is over (ConcurrencyLimit). Once inside, only the end of run
// cancels it: a caller that goes away does not stop work half done, as in the
// original. Host operations get run's values.
//
// The error is a *Failure if the user code failed, a *fault.Error if its
// process died (FunctionMemory, FunctionExecute) or there was no room, else
// ErrRetired or wait's. Result.Memory and Duration are set in all cases in
// which it ran.
func (f *Function) Invoke(wait, run context.Context, r Request) (Result, error) {
	for {
		s, err := f.enter(wait)
		if err != nil {
			return Result{}, err
		}
		result, err := s.w.invoke(run, r, f.spec.Timeout)
		_, failed := errors.AsType[*Failure](err)
		f.leave(s, err == nil || failed && s.w.usable())
		if !errors.Is(err, errLeft) {
			return result, err
		}
	}
}

// Retire refuses further invocations and ends the processes as soon as nobody
// is inside. It does not wait.
func (f *Function) Retire() {
	f.pool.mu.Lock()
	delete(f.pool.functions, f)
	f.pool.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.retired = true
	f.refuse(ErrRetired)
	for _, s := range f.seats {
		if s.inside == 0 {
			s.w.stop(death{cause: causeRetired})
		}
	}
}

// enter finds room in a process, or waits for it.
func (f *Function) enter(ctx context.Context) (*seat, error) {
	f.mu.Lock()
	if f.retired {
		f.mu.Unlock()
		return nil, ErrRetired
	}
	if len(f.waiting) == 0 {
		if s := f.room(); s != nil {
			f.mu.Unlock()
			return s, nil
		}
	}
	if len(f.waiting) >= f.pool.o.Queue {
		f.mu.Unlock()
		return nil, fault.New(fault.ConcurrencyLimit, "too many calls of function %s are waiting (%d)", f.spec.Name, f.pool.o.Queue)
	}
	ticket := make(chan admission, 1)
	f.waiting = append(f.waiting, ticket)
	f.mu.Unlock()

	patience := time.NewTimer(f.pool.o.QueueTime)
	defer patience.Stop()
	var err error
	select {
	case a := <-ticket:
		return a.seat, a.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-patience.C:
		err = fault.New(fault.ConcurrencyLimit, "function %s had no room for this call for %s", f.spec.Name, f.pool.o.QueueTime)
	}
	f.giveUp(ticket)
	return nil, err
}

// giveUp leaves the queue; room that was just assigned goes to the next.
func (f *Function) giveUp(ticket chan admission) {
	f.mu.Lock()
	if i := slices.Index(f.waiting, ticket); i >= 0 {
		f.waiting = slices.Delete(f.waiting, i, i+1)
		f.mu.Unlock()
		return
	}
	f.mu.Unlock()
	if a := <-ticket; a.seat != nil {
		f.leave(a.seat, false)
	}
}

// room takes a place in the process with the fewest invocations inside. If
// there is none, it sees to one more process, unless that would not help. It is
// called with mu held.
func (f *Function) room() *seat {
	if f.busy >= f.spec.Concurrency {
		return nil
	}
	var best *seat
	for _, s := range f.seats {
		if s.w.usable() && (best == nil || s.inside < best.inside) {
			best = s
		}
	}
	if best == nil {
		f.grow()
		return nil
	}
	capacity, busy := best.w.capacity(f.pool.o.Instances)
	full := best.inside >= capacity
	idleProcessor := len(f.seats) < processors()
	if full && !busy || idleProcessor && (full || best.inside >= f.pool.spread()) {
		f.grow()
	}
	if full {
		return nil
	}
	best.inside++
	f.busy++
	return best
}

// leave gives a place back and admits who waits.
func (f *Function) leave(s *seat, served bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.inside--
	s.last = time.Now()
	f.busy--
	if served {
		s.served = true
		f.failures = 0
	}
	if f.retired && s.inside == 0 {
		s.w.stop(death{cause: causeRetired})
	}
	f.admit()
}

// admit gives room to those who wait, first come first served. It is called
// with mu held.
func (f *Function) admit() {
	for len(f.waiting) > 0 {
		s := f.room()
		if s == nil {
			return
		}
		f.waiting[0] <- admission{seat: s}
		f.waiting = f.waiting[1:]
	}
}

// refuse answers all who wait with an error. It is called with mu held.
func (f *Function) refuse(err error) {
	for _, ticket := range f.waiting {
		ticket <- admission{err: err}
	}
	f.waiting = nil
}

// grow starts one more process unless one is starting. It is called with mu
// held.
func (f *Function) grow() {
	if f.starting || f.retired {
		return
	}
	f.starting = true
	delay := backOff(f.failures)
	f.pool.wg.Go(func() { f.tend(delay) })
}

// backOff is the pause before the next start after n processes in a row that
// ended before they served anybody.
func backOff(n int) time.Duration {
	const first, longest, free = 100 * time.Millisecond, 5 * time.Second, 2
	if n < free {
		return 0
	}
	return min(first<<min(n-free, 10), longest)
}

// tend starts a process, loads the function into it, and stays with it to its
// end.
func (f *Function) tend(delay time.Duration) {
	w, err := f.bringUp(delay)
	f.mu.Lock()
	f.starting = false
	if err != nil {
		f.failures++
		// With other processes at work, those who wait may still get room.
		if !fault.Is(err, fault.ConcurrencyLimit) || len(f.seats) == 0 {
			f.refuse(err)
		}
		f.mu.Unlock()
		return
	}
	s := &seat{w: w, last: time.Now()}
	f.seats = append(f.seats, s)
	if f.retired {
		w.stop(death{cause: causeRetired})
	}
	f.admit()
	f.mu.Unlock()

	<-w.gone
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seats = slices.DeleteFunc(f.seats, func(x *seat) bool { return x == s })
	if !s.served && w.crashed() {
		f.failures++
	}
	f.admit()
}

func (f *Function) bringUp(delay time.Duration) (*process, error) {
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-f.pool.ctx.Done():
			return nil, errClosed
		}
	}
	w, err := f.pool.take()
	if err != nil {
		return nil, err
	}
	err = w.load(f.pool.ctx, loadMessage{
		Bundle:    f.spec.Bundle,
		Dir:       f.spec.Dir,
		Name:      f.spec.Name,
		Version:   f.spec.Version,
		Env:       f.spec.Env,
		Variables: f.spec.Variables,
		Memory:    uint64(f.spec.Memory) << 20,
		Timeout:   f.spec.Timeout,
	})
	if err != nil {
		w.stop(death{cause: causeRetired, detail: "its function did not load"})
		return nil, err
	}
	return w, nil
}

// idleSince tells since when the process that has been idle longest is so.
func (f *Function) idleSince() (since time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.seats {
		if s.inside == 0 && s.w.usable() && (!ok || s.last.Before(since)) {
			since, ok = s.last, true
		}
	}
	return since, ok
}

// reap ends the processes that have been idle at least since a time. It
// reports whether there were any.
func (f *Function) reap(since time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := false
	for _, s := range f.seats {
		if s.inside == 0 && s.w.usable() && !s.last.After(since) {
			s.w.stop(death{cause: causeRetired})
			found = true
		}
	}
	return found
}
