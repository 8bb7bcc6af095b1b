package realtime

import (
	"sync"

	"baas/db/live"
)

// operation is what one operation did to documents that may concern a watch.
// Its changes stay together, or half of it could be taken for all of it.
type operation struct {
	seq     uint64
	changes []live.Change
}

// parcel is some operations, in order. The documents in it are shared with the
// other watches they concern and must not be changed.
type parcel struct {
	operations     []operation
	changes, bytes int
}

func (p *parcel) add(seq uint64, c live.Change) {
	if n := len(p.operations); n == 0 || p.operations[n-1].seq != seq {
		p.operations = append(p.operations, operation{seq: seq})
	}
	last := &p.operations[len(p.operations)-1]
	last.changes = append(last.changes, c)
	p.changes++
	p.bytes += len(c.Before) + len(c.After)
}

// inbox holds the changes that wait for one watch. Putting in never blocks:
// what does not fit turns the whole content into the wish for a fresh snapshot.
type inbox struct {
	maxChanges, maxBytes int
	wake                 func() // somebody should take

	mu     sync.Mutex
	held   parcel // guarded by mu
	behind bool   // a fresh snapshot is due, held is empty; guarded by mu
}

// deliver puts a parcel in. An empty inbox takes any: what the feed reads at
// once is bounded.
func (b *inbox) deliver(p parcel) {
	b.mu.Lock()
	changes, bytes := b.held.changes+p.changes, b.held.bytes+p.bytes
	switch {
	case b.behind:
	case b.held.changes == 0:
		b.held = p
	case changes > b.maxChanges || bytes > b.maxBytes:
		b.held, b.behind = parcel{}, true
	default:
		b.held = parcel{append(b.held.operations, p.operations...), changes, bytes}
	}
	b.mu.Unlock()
	b.wake()
}

// stale asks for a fresh snapshot.
func (b *inbox) stale() {
	b.mu.Lock()
	b.held, b.behind = parcel{}, true
	b.mu.Unlock()
	b.wake()
}

// take empties the inbox.
func (b *inbox) take() (operations []operation, behind bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	operations, behind = b.held.operations, b.behind
	b.held, b.behind = parcel{}, false
	return operations, behind
}

// isEmpty reports whether there is nothing to take.
func (b *inbox) isEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held.changes == 0 && !b.behind
}
