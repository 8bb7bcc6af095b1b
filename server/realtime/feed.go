package realtime

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"baas/db"
	"baas/db/live"
)

// feedBatch is how many changes are read from the log at once.
const feedBatch = 512

// feedRetry is the pause after the log could not be read.
const feedRetry = time.Second

// feed reads an environment's change log, in order, and hands each
// collection's changes to the watches on it. It never waits for one of them.
type feed struct {
	db  *db.Engine
	log *slog.Logger

	mu      sync.Mutex
	watches map[string]map[*watch]struct{} // by collection; guarded by mu
}

func newFeed(engine *db.Engine, log *slog.Logger) *feed {
	return &feed{db: engine, log: log, watches: make(map[string]map[*watch]struct{})}
}

// add registers a watch. From then on it gets every change; those that its
// snapshot already shows it drops by their number.
func (f *feed) add(w *watch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.watches[w.query.Collection]
	if set == nil {
		set = make(map[*watch]struct{})
		f.watches[w.query.Collection] = set
	}
	set[w] = struct{}{}
}

func (f *feed) remove(w *watch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watches[w.query.Collection], w)
	if len(f.watches[w.query.Collection]) == 0 {
		delete(f.watches, w.query.Collection)
	}
}

// run deals out what happens after position last until ctx ends.
func (f *feed) run(ctx context.Context, last uint64, bell <-chan struct{}) {
	for {
		last = f.catchUp(ctx, last)
		select {
		case <-ctx.Done():
			return
		case <-bell:
		}
	}
}

// catchUp deals out everything after last and returns the new position.
func (f *feed) catchUp(ctx context.Context, last uint64) uint64 {
	for {
		changes, err := f.db.Changes(ctx, last, feedBatch)
		if errors.Is(err, db.ErrLogTrimmed) {
			var now uint64
			if now, err = f.db.LastSeq(ctx); err == nil {
				last = now
				f.staleAll()
				continue
			}
		}
		if err != nil {
			if ctx.Err() == nil {
				f.log.ErrorContext(ctx, "the change log could not be read", "error", err)
			}
			if !pause(ctx, feedRetry) {
				return last
			}
			continue
		}
		if len(changes) == 0 {
			return last
		}
		f.deal(changes)
		last = changes[len(changes)-1].Seq
	}
}

// deal hands changes, in order, to the watches of their collections.
func (f *feed) deal(changes []db.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		if c.Kind == db.Dropped {
			for w := range f.watches[c.Collection] {
				w.stale()
			}
			continue
		}
		step := numbered{seq: c.Seq, change: live.Change{ID: c.ID, Data: dataType(c.Kind), Before: c.Before, After: c.After}}
		for w := range f.watches[c.Collection] {
			w.deliver(step)
		}
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

func (f *feed) staleAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, set := range f.watches {
		for w := range set {
			w.stale()
		}
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
