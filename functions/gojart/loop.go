package gojart

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// errIdle ends a run whose promise can never settle: no timer is set, no reply
// is awaited, nothing is queued.
var errIdle = errors.New("event loop is empty")

// loop is an instance's event loop. It has no goroutine of its own: run works
// on the goroutine that owns the invocation, and between invocations nothing
// moves. Timers that are set and replies that arrive then wait for the next
// run (the freeze model of cloud functions).
//
// Everything but the function that hold returns belongs to that goroutine.
type loop struct {
	// turn runs one callback and all microtasks after it. Its error ends run.
	turn func(func() error) error

	timers     timerQueue
	immediates []*timer
	sequence   uint64
	pending    int // replies that somebody waits for

	mu     sync.Mutex // guards posted and closed
	posted []func() error
	closed bool
	bell   chan struct{} // one slot, rung after each post
}

func newLoop(turn func(func() error) error) *loop {
	return &loop{turn: turn, bell: make(chan struct{}, 1)}
}

// timer is one setTimeout, setInterval or setImmediate.
type timer struct {
	id       uint64 // also the order among timers that are due together
	due      time.Time
	delay    time.Duration
	repeat   bool
	weak     bool // unref was called: it does not keep a run alive
	cleared  bool // stop was called
	index    int  // in the heap, or -1
	callback func() error
}

// hold announces a reply that will come from outside. It must be called on the
// loop. The function it returns may be called from any goroutine and must be
// called exactly once, or the loop waits for ever: it queues the callback,
// which then runs on the loop, where alone JavaScript values may be touched.
//
//	settle := l.hold()
//	go func() {
//		v, err := work(ctx) // must return when ctx ends
//		settle(func() error { return resolve(v) })
//	}()
func (l *loop) hold() (settle func(callback func() error)) {
	l.pending++
	return func(callback func() error) {
		l.post(func() error {
			l.pending--
			return callback()
		})
	}
}

func (l *loop) post(callback func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.posted = append(l.posted, callback)
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// close makes late replies go nowhere.
func (l *loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.posted = nil
}

// after sets a timer. Due times under a millisecond are one, as in Node.
func (l *loop) after(delay time.Duration, repeat bool, callback func() error) *timer {
	l.sequence++
	t := &timer{id: l.sequence, delay: max(delay, time.Millisecond), repeat: repeat, callback: callback, index: -1}
	l.start(t)
	return t
}

// start sets a timer anew, from now on.
func (l *loop) start(t *timer) {
	l.stop(t)
	t.cleared = false
	t.due = time.Now().Add(t.delay)
	heap.Push(&l.timers, t)
}

// stop clears a timer or immediate; stopping one twice does nothing.
func (l *loop) stop(t *timer) {
	t.cleared = true
	if t.index >= 0 {
		heap.Remove(&l.timers, t.index)
	}
}

// immediate queues a callback for the next round, after replies.
func (l *loop) immediate(callback func() error) *timer {
	l.sequence++
	t := &timer{id: l.sequence, callback: callback, index: -1}
	l.immediates = append(l.immediates, t)
	return t
}

// run works until done holds, a turn fails, ctx ends, or nothing is left that
// could make done hold (errIdle). done is asked after every turn; what is
// queued when it holds stays queued.
func (l *loop) run(ctx context.Context, done func() bool) error {
	for !done() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		worked, err := l.round(done)
		if err != nil {
			return err
		}
		if worked {
			continue
		}
		if !l.alive() {
			return errIdle
		}
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// round runs what is ready: due timers, replies, immediates.
func (l *loop) round(done func() bool) (worked bool, err error) {
	now := time.Now()
	for len(l.timers) > 0 && !l.timers[0].due.After(now) {
		t := heap.Pop(&l.timers).(*timer)
		if err := l.fire(t); err != nil || done() {
			return true, err
		}
		worked = true
	}
	for range l.ready() {
		if err := l.turn(l.next()); err != nil || done() {
			return true, err
		}
		worked = true
	}
	for range len(l.immediates) {
		t := l.immediates[0]
		l.immediates = l.immediates[1:]
		if t.cleared {
			continue
		}
		t.cleared = true
		if err := l.turn(t.callback); err != nil || done() {
			return true, err
		}
		worked = true
	}
	return worked, nil
}

func (l *loop) fire(t *timer) error {
	if err := l.turn(t.callback); err != nil {
		return err
	}
	if t.repeat && !t.cleared && t.index < 0 {
		l.start(t)
	}
	return nil
}

// ready counts the replies that have arrived. Those that arrive while they are
// worked off wait for the next round, so that timers get their turn.
func (l *loop) ready() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.posted)
}

func (l *loop) next() func() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	callback := l.posted[0]
	l.posted[0] = nil
	l.posted = l.posted[1:]
	return callback
}

// alive reports whether anything may still happen.
func (l *loop) alive() bool {
	if l.pending > 0 {
		return true
	}
	for _, t := range l.timers {
		if !t.weak {
			return true
		}
	}
	for _, t := range l.immediates {
		if !t.cleared && !t.weak {
			return true
		}
	}
	return false
}

// wait sleeps until a reply arrives, a timer is due or ctx ends.
func (l *loop) wait(ctx context.Context) error {
	var due <-chan time.Time
	if len(l.timers) > 0 {
		t := time.NewTimer(time.Until(l.timers[0].due))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-l.bell:
		return nil
	case <-due:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// timerQueue is a heap by due time, then by age.
type timerQueue []*timer

func (q timerQueue) Len() int { return len(q) }

func (q timerQueue) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].id < q[j].id
	}
	return q[i].due.Before(q[j].due)
}

func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push adds a *timer; only container/heap calls it.
func (q *timerQueue) Push(x any) {
	t := x.(*timer)
	t.index = len(*q)
	*q = append(*q, t)
}

// Pop removes the last one; only container/heap calls it.
func (q *timerQueue) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	t.index = -1
	return t
}
