package txn

import (
	"cmp"
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

func (k Key) compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Coll, o.Coll), cmp.Compare(k.ID, o.ID))
}

// Bounds of what Intents remember; beyond them hot documents are forgotten,
// which costs speed and nothing else.
const (
	mostSpots     = 10_000
	mostPrints    = 1_000
	mostPrintKeys = 32
)

// Intents let transactions on documents in demand take turns. After a conflict
// the documents of the loser are hot, and the keys it used are kept as a
// footprint. The next transaction of the same caller that begins with the same
// document takes the intents of the whole footprint in sorted order before its
// snapshot is taken; one that begins with a hot document takes that one's.
// Whoever finds an intent taken waits in line, holding nothing that comes later
// in the order, so that no two wait for each other.
//
// An intent stops nobody from reading, nor plain writes from writing. It is
// lost Hold after it was taken, and waiting ends after Wait: then the
// transaction goes on without. Intents are safe for concurrent use.
type Intents struct {
	now        func() time.Time
	hold, wait time.Duration

	mu     sync.Mutex // guards the rest
	spots  map[Key]*spot
	prints map[start][]footprint
	count  int // of footprints
}

// spot is one hot document.
type spot struct {
	holder  *Turn
	expires time.Time // when the holder loses it
	hot     time.Time // until when it is hot without a holder
	queue   []*Turn
}

// start is what a footprint is recognised by: the caller, and the document its
// transaction began with.
type start struct {
	who   string
	first Key
}

type footprint struct {
	keys    []Key // sorted
	expires time.Time
}

// Turn is one transaction's part in Intents. The zero value holds nothing. It
// belongs to one Intents.
type Turn struct {
	held   []Key
	called chan struct{} // one-slot: look again
}

// NewIntents returns an empty set. hold is how long an intent lasts, a mark as
// hot and a footprint too; wait is how long one transaction waits for all of
// its intents.
func NewIntents(now func() time.Time, hold, wait time.Duration) *Intents {
	return &Intents{
		now: now, hold: hold, wait: wait,
		spots: map[Key]*spot{}, prints: map[start][]footprint{},
	}
}

// Enter takes the intents that a transaction of who should have when it begins
// with the document first, and waits for them. It returns early, without an
// error, when ctx ends.
func (x *Intents) Enter(ctx context.Context, t *Turn, who string, first Key) {
	keys := x.wanted(start{who, first})
	if len(keys) == 0 {
		return
	}
	timer := time.NewTimer(x.wait)
	defer timer.Stop()
	t.called = make(chan struct{}, 1)
	for _, k := range keys {
		if !x.take(ctx, timer.C, t, k) {
			return
		}
	}
}

// wanted returns the keys to take, in order.
func (x *Intents) wanted(s start) []Key {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	if prints := x.prints[s]; len(prints) > 0 {
		p := prints[0]
		x.count--
		if x.prints[s] = prints[1:]; len(prints) == 1 {
			delete(x.prints, s)
		}
		if now.Before(p.expires) {
			return p.keys
		}
	}
	if sp := x.spots[s.first]; sp != nil && sp.alive(now) {
		return []Key{s.first}
	}
	return nil
}

func (s *spot) alive(now time.Time) bool {
	return len(s.queue) > 0 || s.held(now) || now.Before(s.hot)
}

func (s *spot) held(now time.Time) bool { return s.holder != nil && now.Before(s.expires) }

// take waits in the line of one document; false means that waiting is over.
func (x *Intents) take(ctx context.Context, over <-chan time.Time, t *Turn, k Key) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.spot(k)
	if s == nil {
		return true // too many are hot: go without
	}
	s.queue = append(s.queue, t)
	for {
		now := x.now()
		if s.queue[0] == t && !s.held(now) {
			if len(s.queue) > 1 {
				s.hot = now.Add(x.hold)
			}
			s.queue = s.queue[1:]
			s.holder, s.expires = t, now.Add(x.hold)
			t.held = append(t.held, k)
			return true
		}
		// Only the first in line looks after a holder that does not let go.
		var lapse <-chan time.Time
		if s.queue[0] == t {
			lapse = time.After(s.expires.Sub(now))
		}
		x.mu.Unlock()
		waiting := true
		select {
		case <-t.called:
		case <-lapse:
		case <-over:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
		x.mu.Lock()
		if !waiting {
			at := slices.Index(s.queue, t)
			if s.queue = slices.Delete(s.queue, at, at+1); at == 0 {
				s.call()
			}
			return false
		}
	}
}

// call wakes the first in line.
func (s *spot) call() {
	if len(s.queue) == 0 {
		return
	}
	select {
	case s.queue[0].called <- struct{}{}:
	default: // it knows
	}
}

// spot returns the spot of a key, made if there is room.
func (x *Intents) spot(k Key) *spot {
	s := x.spots[k]
	if s != nil {
		return s
	}
	if len(x.spots) >= mostSpots {
		x.sweep()
	}
	if len(x.spots) >= mostSpots {
		return nil
	}
	s = &spot{}
	x.spots[k] = s
	return s
}

// sweep forgets what is over.
func (x *Intents) sweep() {
	now := x.now()
	for k, s := range x.spots {
		if !s.alive(now) {
			delete(x.spots, k)
		}
	}
	for k, list := range x.prints {
		if !now.Before(list[len(list)-1].expires) {
			delete(x.prints, k)
			x.count -= len(list)
		}
	}
}

// Taken reports whether another transaction holds the intent of a document.
func (x *Intents) Taken(t *Turn, k Key) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.spots[k]
	return s != nil && s.holder != t && s.held(x.now())
}

// Conflict marks the documents of a transaction that failed as hot and keeps
// them as the footprint of its caller's next try. keys are in the order of
// their use; the first is what the transaction began with.
func (x *Intents) Conflict(who string, keys []Key) {
	if len(keys) == 0 {
		return
	}
	first := keys[0]
	keys = slices.Clone(keys[:min(len(keys), mostPrintKeys)])
	slices.SortFunc(keys, Key.compare)
	keys = slices.Compact(keys)
	x.mu.Lock()
	defer x.mu.Unlock()
	until := x.now().Add(x.hold)
	for _, k := range keys {
		if s := x.spot(k); s != nil {
			s.hot = until
		}
	}
	if x.count >= mostPrints {
		x.sweep()
	}
	if x.count < mostPrints {
		s := start{who, first}
		x.prints[s] = append(x.prints[s], footprint{keys, until})
		x.count++
	}
}

// Leave gives back what a transaction holds.
func (x *Intents) Leave(t *Turn) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, k := range t.held {
		s := x.spots[k]
		if s == nil || s.holder != t {
			continue // lost meanwhile
		}
		s.holder = nil
		if s.call(); !s.alive(x.now()) {
			delete(x.spots, k)
		}
	}
	t.held = nil
}
