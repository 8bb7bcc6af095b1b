package txn

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Key names a document by its collection and id.
type Key struct {
	Coll uint32
	ID   string // as the id index has it
}

// Bounds of what Intents remember; beyond them documents in demand are
// forgotten, which costs speed and nothing else.
const (
	mostHot       = 10_000
	mostPrints    = 1_000
	mostPrintKeys = 32
)

// Intents let transactions on documents in demand take turns. After a conflict
// the documents of the loser are hot, and kept as a footprint. The next
// transaction of the same caller that begins with the same document takes the
// intents of the whole footprint before its snapshot is taken; one that begins
// with a hot document takes that one's. Whoever cannot have all of its intents
// at once waits and holds none meanwhile, so that no two wait for each other;
// those who have waited longest choose first.
//
// An intent stops nobody from reading, nor plain writes from writing. It is
// lost some time after it was taken, and waiting ends as well: then the
// transaction goes on without. Intents are safe for concurrent use.
type Intents struct {
	now        func() time.Time
	hold, wait time.Duration

	mu     sync.Mutex // guards the rest
	held   map[Key]holding
	queue  []*waiter // longest waiting first
	hot    map[Key]time.Time
	prints map[start][]footprint
	count  int       // of footprints
	swept  time.Time // when what is over was last forgotten
}

type holding struct {
	by      *Turn
	expires time.Time
}

// waiter is a transaction that waits for all of keys.
type waiter struct {
	turn  *Turn
	keys  []Key
	since time.Time
	ready chan struct{} // closed when it has them
}

// start is what a footprint is recognised by: the caller, and the document its
// transaction began with.
type start struct {
	who   string
	first Key
}

type footprint struct {
	keys    []Key
	expires time.Time
}

// Turn is one transaction's part in Intents. The zero value holds nothing. It
// belongs to one Intents.
type Turn struct{ keys []Key }

// NewIntents returns an empty set. hold is how long an intent lasts, a
// footprint and a mark as hot too; wait is how long a transaction waits.
func NewIntents(now func() time.Time, hold, wait time.Duration) *Intents {
	return &Intents{
		now: now, hold: hold, wait: wait,
		held: map[Key]holding{}, hot: map[Key]time.Time{}, prints: map[start][]footprint{},
	}
}

// Enter takes the intents that a transaction of who should have when it begins
// with the document first, and waits for them; without them, and without an
// error, it returns when ctx ends or the wait is too long.
func (x *Intents) Enter(ctx context.Context, t *Turn, who string, first Key) {
	w := x.join(t, start{who, first})
	if w == nil {
		return
	}
	over := time.NewTimer(x.wait)
	defer over.Stop()
	for {
		select {
		case <-w.ready:
			return
		case <-time.After(x.lapse(w)):
			x.mu.Lock()
			x.grant()
			x.mu.Unlock()
		case <-over.C:
			x.leaveQueue(w)
			return
		case <-ctx.Done():
			x.leaveQueue(w)
			return
		}
	}
}

// join takes the intents or queues for them; nil means that there is nothing
// to wait for.
func (x *Intents) join(t *Turn, s start) *waiter {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	keys := x.wanted(s, now)
	if len(keys) == 0 {
		return nil
	}
	w := &waiter{turn: t, keys: keys, since: now, ready: make(chan struct{})}
	x.queue = append(x.queue, w)
	x.grant()
	select {
	case <-w.ready:
		return nil
	default:
		return w
	}
}

// wanted returns the keys that a transaction should have.
func (x *Intents) wanted(s start, now time.Time) []Key {
	for prints := x.prints[s]; len(prints) > 0; prints = x.prints[s] {
		p := prints[0]
		x.count--
		if x.prints[s] = prints[1:]; len(prints) == 1 {
			delete(x.prints, s)
		}
		if now.Before(p.expires) {
			return p.keys
		}
	}
	if until, ok := x.hot[s.first]; ok && now.Before(until) {
		return []Key{s.first}
	}
	delete(x.hot, s.first)
	return nil
}

// grant gives intents to those in line who can have all of theirs. What one
// who has waited for long lacks is kept for him: nobody behind him gets it.
func (x *Intents) grant() {
	now := x.now()
	var kept map[Key]struct{}
	x.queue = slices.DeleteFunc(x.queue, func(w *waiter) bool {
		for _, k := range w.keys {
			_, reserved := kept[k]
			if h, ok := x.held[k]; reserved || ok && now.Before(h.expires) {
				if now.Sub(w.since) > x.wait/4 {
					kept = keep(kept, w.keys)
				}
				return false
			}
		}
		for _, k := range w.keys {
			x.held[k] = holding{w.turn, now.Add(x.hold)}
		}
		w.turn.keys = append(w.turn.keys, w.keys...)
		close(w.ready)
		return true
	})
}

func keep(kept map[Key]struct{}, keys []Key) map[Key]struct{} {
	if kept == nil {
		kept = map[Key]struct{}{}
	}
	for _, k := range keys {
		kept[k] = struct{}{}
	}
	return kept
}

// lapse is how long the holders of what a waiter wants may still hold it.
func (x *Intents) lapse(w *waiter) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	now, d := x.now(), x.hold
	for _, k := range w.keys {
		if h, ok := x.held[k]; ok && now.Before(h.expires) {
			d = min(d, h.expires.Sub(now))
		}
	}
	return d
}

func (x *Intents) leaveQueue(w *waiter) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.queue = slices.DeleteFunc(x.queue, func(other *waiter) bool { return other == w })
	x.grant() // what was kept for it
}

// Taken reports whether another transaction holds the intent of a document.
func (x *Intents) Taken(t *Turn, k Key) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	h, ok := x.held[k]
	return ok && h.by != t && x.now().Before(h.expires)
}

// Conflict marks the documents of a transaction that failed as hot and keeps
// them for its caller's next try. keys are in the order of their use; the first
// is what the transaction began with.
func (x *Intents) Conflict(who string, keys []Key) {
	if len(keys) == 0 {
		return
	}
	s := start{who, keys[0]}
	keys = slices.Clone(keys[:min(len(keys), mostPrintKeys)])
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	full := func() bool { return len(x.hot)+len(keys) > mostHot || x.count >= mostPrints }
	if full() && now.Sub(x.swept) >= x.hold/4 {
		x.sweep(now)
	}
	if full() {
		return
	}
	until := now.Add(x.hold)
	for _, k := range keys {
		x.hot[k] = until
	}
	x.prints[s] = append(x.prints[s], footprint{keys, until})
	x.count++
}

// sweep forgets what is over.
func (x *Intents) sweep(now time.Time) {
	x.swept = now
	for k, until := range x.hot {
		if !now.Before(until) {
			delete(x.hot, k)
		}
	}
	for s, list := range x.prints {
		if !now.Before(list[len(list)-1].expires) {
			delete(x.prints, s)
			x.count -= len(list)
		}
	}
}

// Leave gives back what a transaction holds.
func (x *Intents) Leave(t *Turn) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, k := range t.keys {
		if x.held[k].by == t {
			delete(x.held, k)
		}
	}
	if len(t.keys) > 0 {
		x.grant()
	}
	t.keys = nil
}
