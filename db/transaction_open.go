package db

import (
	"slices"
	"sync"
	"time"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/txn"
)

// openBounds are what the open transactions of an engine hold together.
type openBounds struct {
	all, user int // transactions: in all, and of one user
	bytes     int // of documents
}

// openTransactions are the transactions that nobody has ended. Those that
// outlive TransactionLife a timer ends, so that what they hold is free soon
// after.
type openTransactions struct {
	now     func() time.Time
	intents *txn.Intents
	bounds  openBounds

	mu      sync.Mutex // guards the rest
	byID    map[string]*transaction
	byOwner map[owner]int
	byCall  map[functionCall][]*transaction
	line    []*transaction // in the order of Begin; those that are over too
	bytes   int
	timer   *time.Timer // nil when nothing is open
	firing  sync.WaitGroup
	closed  bool
}

func newOpenTransactions(now func() time.Time, intents *txn.Intents) *openTransactions {
	return &openTransactions{
		now: now, intents: intents,
		bounds:  openBounds{all: 2000, user: 20, bytes: 256 << 20},
		byID:    map[string]*transaction{},
		byOwner: map[owner]int{},
		byCall:  map[functionCall][]*transaction{},
	}
}

// add opens t.
func (o *openTransactions) add(t *transaction) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return translate(commit.ErrClosed)
	}
	o.sweep()
	switch {
	case len(o.byID) >= o.bounds.all:
		return fault.New(fault.ConcurrencyLimit, "%d transactions are open, the most there may be; commit or abort some, or try again in a moment", o.bounds.all)
	case t.owner.role < rules.Admin && o.byOwner[t.owner] >= o.bounds.user:
		return fault.New(fault.ConcurrencyLimit, "%d transactions of this user are open, the most there may be; commit or abort some", o.bounds.user)
	}
	o.byID[t.id] = t
	o.byOwner[t.owner]++
	if t.call.request != "" {
		o.byCall[t.call] = append(o.byCall[t.call], t)
	}
	o.line = append(o.line, t)
	o.arm()
	return nil
}

// get returns the open transaction of an id, nil when there is none.
func (o *openTransactions) get(id string) *transaction {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sweep()
	return o.byID[id]
}

// open reports whether t is open.
func (o *openTransactions) open(t *transaction) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sweep()
	return !t.over
}

// end ends t; false means that it was over.
func (o *openTransactions) end(t *transaction) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sweep()
	if t.over {
		return false
	}
	o.close(t)
	return true
}

// endOf ends the transactions of a function's call.
func (o *openTransactions) endOf(c functionCall) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range slices.Clone(o.byCall[c]) {
		o.close(t)
	}
}

// hold counts n bytes more, or fewer, for an open transaction.
func (o *openTransactions) hold(t *transaction, n int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t.over {
		return transactionGone()
	}
	if n > 0 && o.bytes+n > o.bounds.bytes {
		return fault.New(fault.ConcurrencyLimit, "the open transactions hold %d MiB of documents together, the most there may be; try again in a moment", o.bounds.bytes>>20)
	}
	o.bytes += n
	t.held += n
	return nil
}

// free takes back all bytes that an open transaction is counted with.
func (o *openTransactions) free(t *transaction) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !t.over {
		o.bytes -= t.held
		t.held = 0
	}
}

// close takes t out.
func (o *openTransactions) close(t *transaction) {
	t.over = true
	delete(o.byID, t.id)
	if o.byOwner[t.owner]--; o.byOwner[t.owner] == 0 {
		delete(o.byOwner, t.owner)
	}
	if list := o.byCall[t.call]; len(list) > 1 {
		o.byCall[t.call] = slices.DeleteFunc(list, func(other *transaction) bool { return other == t })
	} else {
		delete(o.byCall, t.call)
	}
	o.bytes -= t.held
	o.intents.Leave(&t.intents)
}

// sweep ends the transactions whose life is over.
func (o *openTransactions) sweep() {
	now := o.now()
	for len(o.line) > 0 {
		t := o.line[0]
		if !t.over {
			if now.Before(t.ends) {
				return
			}
			o.close(t)
		}
		o.line[0] = nil
		o.line = o.line[1:]
	}
}

// arm starts the timer if something is open and it is not running.
func (o *openTransactions) arm() {
	if o.timer != nil || o.closed || len(o.byID) == 0 {
		return
	}
	o.firing.Add(1)
	o.timer = time.AfterFunc(TransactionLife+time.Second, func() {
		defer o.firing.Done()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.timer = nil
		o.sweep()
		o.arm()
	})
}

// shut ends all transactions and waits for the timer.
func (o *openTransactions) shut() {
	o.mu.Lock()
	o.closed = true
	for _, t := range o.byID {
		o.close(t)
	}
	o.line = nil
	if o.timer != nil && o.timer.Stop() {
		o.firing.Done()
	}
	o.mu.Unlock()
	o.firing.Wait()
}
