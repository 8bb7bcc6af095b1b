// Package commit is the one writer of a store. Operations are queued; the
// committer runs them one after the other against a batch under construction
// and makes the batch durable with one commit of the store, which acknowledges
// them all. No timer is involved: it takes the first, drains what is queued,
// commits, repeats (db-engine.md section 3).
//
// Dangers:
//   - An operation runs on the committer's goroutine: what it does slowly, all
//     writers of the store wait for. Search first, outside; then check and
//     write here.
//   - An operation may run more than once (kv.ErrConflict). What it hands out
//     through captured variables it must set anew each time, and they count
//     only once Do has returned nil.
//   - The numbers of operations are those of the log: every operation that
//     writes gets the next one, and all it logs carries that number.
package commit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"baas/db/kv"
)

// ErrClosed is the answer of a committer after Close.
var ErrClosed = errors.New("commit: the committer is closed")

// ErrTooBig ends an operation that writes more than Options.MaxOperation.
var ErrTooBig = errors.New("commit: the operation writes too much at once")

// Bounds of one batch: what has to fit into memory and into one sync.
const (
	maxBatchOperations = 1024
	maxBatchBytes      = 32 << 20
)

// Options configure a Committer. The zero value of each field has a meaning.
type Options struct {
	// Now is the clock that dates log records. Nil means time.Now.
	Now func() time.Time
	// Log gets a line when an operation panics. Nil discards it.
	Log *slog.Logger
	// Queue is how many operations may wait. Zero means 1,024.
	Queue int
	// MaxOperation is how many bytes one operation may write, log included.
	// Zero means 256 MiB.
	MaxOperation int
	// Window is how much of the log is kept.
	Window Window
}

// Committer owns the write side of a store. It is safe for concurrent use.
type Committer struct {
	store kv.Store
	opts  Options
	queue chan *request
	done  chan struct{} // closed when the goroutine has ended

	mu     sync.RWMutex // read-held while sending to queue, so that Close may close it
	closed bool         // guarded by mu

	bells bells
}

// request is one operation on its way through the queue.
type request struct {
	ctx   context.Context
	fn    func(*Tx) error
	state atomic.Uint32
	seq   uint64
	err   error
	done  chan struct{}
}

// The states of a request: whoever moves it out of waiting decides whether it
// runs.
const (
	waiting uint32 = iota
	taken
	abandoned
)

// take claims the request for running; a second run of a batch claims again.
func (r *request) take() bool {
	if r.state.Load() == taken {
		return true
	}
	if r.ctx.Err() != nil {
		return false
	}
	return r.state.CompareAndSwap(waiting, taken)
}

// New starts a committer on the store. The caller closes the committer before
// the store.
func New(store kv.Store, o Options) *Committer {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Queue == 0 {
		o.Queue = 1024
	}
	if o.MaxOperation == 0 {
		o.MaxOperation = 256 << 20
	}
	o.Window = o.Window.WithDefaults()
	c := &Committer{
		store: store,
		opts:  o,
		queue: make(chan *request, o.Queue),
		done:  make(chan struct{}),
	}
	go c.run()
	return c
}

// Do runs fn as one operation and returns once its writes are durable, with
// the operation's number, or 0 when it wrote nothing. When fn fails or panics
// only its own writes are dropped and its error is returned; others in the
// same batch are not touched.
//
// Waiting in the queue ends with ctx. Once fn has started, Do waits for the
// outcome whatever becomes of ctx, because nothing else could tell it. An
// error that wraps kv.ErrOutcomeUnknown says that the store failed.
func (c *Committer) Do(ctx context.Context, fn func(*Tx) error) (uint64, error) {
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := c.enqueue(ctx, r); err != nil {
		return 0, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, abandoned) {
			return 0, ctx.Err()
		}
		<-r.done
	}
	return r.seq, r.err
}

func (c *Committer) enqueue(ctx context.Context, r *request) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.queue <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close refuses new operations, finishes those that are queued and waits for
// the goroutine to end. Closing twice is allowed.
func (c *Committer) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	<-c.done
	return nil
}

// run is the committer's goroutine.
func (c *Committer) run() {
	defer close(c.done)
	var batch []*request
	for {
		if len(batch) == 0 {
			r, ok := <-c.queue
			if !ok {
				return
			}
			batch = append(batch, r)
		}
		batch = c.drain(batch)
		n := c.commit(batch)
		for _, r := range batch[:n] {
			close(r.done)
		}
		batch = append(batch[:0], batch[n:]...)
	}
}

// drain adds what is queued right now. Before, it lets others run as long as
// that makes the queue longer: those whom the last batch has just woken come
// again at once, and would otherwise miss this one and form a second cohort.
func (c *Committer) drain(batch []*request) []*request {
	for queued := -1; len(c.queue) > queued; {
		queued = len(c.queue)
		runtime.Gosched()
	}
	for len(batch) < maxBatchOperations {
		select {
		case r, ok := <-c.queue:
			if !ok {
				return batch
			}
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// errNothing ends a batch in which nothing was written, without a sync: all
// that its operations have read is durable already.
var errNothing = errors.New("commit: nothing to write")

// commit runs a batch and returns how many of its requests are settled; the
// rest did not fit.
func (c *Committer) commit(batch []*request) (settled int) {
	err := c.commitStore(func(w kv.Writer) error {
		var err error
		settled, err = c.build(w, batch)
		return err
	})
	if errors.Is(err, errNothing) {
		return settled
	}
	if err != nil {
		// What an operation has seen may have been another's write that is
		// now undone, so that its own error means nothing either.
		settled = max(settled, 1)
		for _, r := range batch[:settled] {
			r.seq, r.err = 0, err
		}
		return settled
	}
	c.bells.ring()
	return settled
}

// commitStore is Store.Commit with a panic of the driver as an error.
func (c *Committer) commitStore(fn func(kv.Writer) error) (err error) {
	defer c.recovered("store", &err)
	return c.store.Commit(context.Background(), fn)
}

// build runs the operations of a batch into w.
func (c *Committer) build(w kv.Writer, batch []*request) (settled int, err error) {
	st, err := readState(w)
	if err != nil {
		return 0, err
	}
	before, now, written := st.seq, c.opts.Now(), 0
	for _, r := range batch {
		if written >= maxBatchBytes {
			break
		}
		settled++
		r.seq, r.err = 0, nil
		if !r.take() {
			r.err = r.ctx.Err()
			continue
		}
		tx := newTx(r.ctx, w, c.store.Limits(), st.seq+1, c.opts.MaxOperation)
		if r.err = c.apply(r, tx); r.err != nil || !tx.dirty() {
			continue
		}
		if err := tx.flush(w); err != nil {
			return settled, err
		}
		if err := tx.flushLog(w, &st, now); err != nil {
			return settled, err
		}
		st.seq++
		r.seq = st.seq
		written += tx.size
	}
	if st.seq == before {
		return settled, errNothing
	}
	if err := c.opts.Window.trim(w, &st, now); err != nil {
		return settled, err
	}
	return settled, st.write(w)
}

// apply runs one operation; its panic is its own failure and nobody else's.
func (c *Committer) apply(r *request, tx *Tx) (err error) {
	defer c.recovered("operation", &err)
	return r.fn(tx)
}

func (c *Committer) recovered(what string, err *error) {
	if p := recover(); p != nil {
		c.opts.Log.Error("panic while writing", "in", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = fmt.Errorf("commit: %s panicked: %v", what, p)
	}
}

// Listen returns a bell that is rung after each commit. It holds one ring and
// carries nothing: whoever hears it reads the log. stop ends the ringing.
func (c *Committer) Listen() (bell <-chan struct{}, stop func()) {
	return c.bells.add()
}

// bells is a set of one-slot channels. The zero value is ready.
type bells struct {
	mu  sync.Mutex // guards all
	all map[chan struct{}]struct{}
}

func (b *bells) add() (bell <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[chan struct{}]struct{}{}
	}
	b.all[ch] = struct{}{}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.all, ch)
	}
}

func (b *bells) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.all {
		select {
		case ch <- struct{}{}:
		default: // already rung and not yet heard
		}
	}
}
