package realtime

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"baas/db"
	"baas/db/live"
	"baas/db/query"
)

// feedBatch is how many changes are read from the log at once.
const feedBatch = 512

// feedRetry is the pause after the log could not be read.
const feedRetry = time.Second

// feed reads an environment's change log, in order, and puts each change into
// the inboxes of the watches that it may concern. It never waits for one.
type feed struct {
	db  *db.Engine
	log *slog.Logger

	mu     sync.Mutex
	router live.Router[*inbox] // guarded by mu
}

// enter makes a watch with this filter hear of every change from now on, or
// gives its inbox another filter. A snapshot that is taken afterwards misses
// nothing; what it shows already is told apart by its number.
func (f *feed) enter(b *inbox, collection string, filter *query.Filter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.router.Add(b, collection, filter)
}

// leave ends the deliveries; an inbox that never entered is no error.
func (f *feed) leave(b *inbox) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.router.Remove(b)
}

// run deals out what happens after position last until ctx ends.
func (f *feed) run(ctx context.Context, bell <-chan struct{}, last uint64) {
	for {
		next, more, err := f.advance(ctx, last)
		if errors.Is(err, db.ErrLogTrimmed) || errors.Is(err, errPanic) {
			next, err = f.skip(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			f.log.ErrorContext(ctx, "the change log could not be read", "error", err)
			if !pause(ctx, feedRetry) {
				return
			}
			continue
		}
		last = next
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-bell:
		}
	}
}

// advance deals out some of what happened after last and returns the new
// position; more says that there may be more.
func (f *feed) advance(ctx context.Context, last uint64) (next uint64, more bool, err error) {
	defer guard(f.log, "change feed", &err)
	newest, err := f.db.LastSeq(ctx)
	if err != nil || newest == last {
		return newest, false, err
	}
	if f.isIdle() {
		// Whoever enters from here on takes a snapshot at newest or later.
		return newest, false, nil
	}
	changes, err := f.db.Changes(ctx, last, feedBatch)
	if err != nil {
		return last, false, err
	}
	if len(changes) == 0 {
		return newest, false, nil // these operations have nothing to tell
	}
	f.deal(changes)
	return changes[len(changes)-1].Seq, true, nil
}

func (f *feed) isIdle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.router.Len() == 0
}

// skip gives up what is not in the log any more: every watch starts anew.
func (f *feed) skip(ctx context.Context) (uint64, error) {
	newest, err := f.db.LastSeq(ctx)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for b := range f.router.All() {
		b.stale()
	}
	return newest, nil
}

// deal hands out changes, one parcel for each watch. A change of a whole
// collection, or of what may be seen of it, makes its watches start anew.
func (f *feed) deal(changes []db.Change) {
	parcels := make(map[*inbox]*parcel)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		if c.Kind.OfCollection() {
			for b := range f.router.Of(c.Collection) {
				b.stale()
			}
			continue
		}
		change := live.Change{ID: c.ID, Data: dataType(c.Kind), Before: c.Before, After: c.After}
		for b := range f.router.Concerned(c.Collection, c.Before, c.After) {
			p := parcels[b]
			if p == nil {
				p = new(parcel)
				parcels[b] = p
			}
			p.add(c.Seq, change)
		}
	}
	for b, p := range parcels {
		b.deliver(*p)
	}
}

func dataType(k db.ChangeKind) live.DataType {
	switch k {
	case db.Added:
		return live.DataAdd
	case db.Replaced:
		return live.DataReplace
	case db.Removed:
		return live.DataRemove
	default:
		return live.DataUpdate
	}
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
