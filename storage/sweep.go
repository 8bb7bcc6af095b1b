package storage

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// Swept counts what one sweep saw and did.
type Swept struct {
	Objects int   // in the store
	Unused  int   // of them, that no row points at
	Removed int   // of those, that were removed
	Bytes   int64 // in the removed ones
}

// sweeper remembers since when objects have been seen unused.
type sweeper struct {
	mu     sync.Mutex           // held for a whole sweep
	unused map[string]time.Time // nil before the first sweep
}

const (
	sweepPage = 500
	// leftoverAge is how old the remains of an interrupted Put must be. No
	// upload takes so long: a door cuts off slow ones.
	leftoverAge = 24 * time.Hour
)

// Sweep removes the objects that no row points at: contents that have been
// overwritten or deleted, and what crashes left. An object is removed when it
// has been seen unused for the grace time, which slow readers and running
// backups need. The first sweep after the start goes by the object's age
// instead: hardly anybody can still be reading by then.
//
// Two sweeps do not run at once. The error is that of the store or database;
// what was done by then is done.
func (s *Service) Sweep(ctx context.Context) (Swept, error) {
	s.sweeper.mu.Lock()
	defer s.sweeper.mu.Unlock()
	unused := map[string]time.Time{} // seen in this sweep, and kept
	total, err := s.sweepAll(ctx, unused)
	if err != nil && s.sweeper.unused != nil {
		maps.Copy(s.sweeper.unused, unused) // the rest has not been looked at
		return total, err
	}
	s.sweeper.unused = unused
	return total, err
}

func (s *Service) sweepAll(ctx context.Context, unused map[string]time.Time) (total Swept, err error) {
	after := ""
	for {
		page, err := s.driver.List(ctx, "", after, sweepPage)
		if err != nil {
			return total, err
		}
		if len(page) == 0 {
			return total, s.driver.Tidy(ctx, s.now().Add(-leftoverAge))
		}
		if err := s.sweepPage(ctx, page, unused, &total); err != nil {
			return total, err
		}
		after = page[len(page)-1].Key
	}
}

func (s *Service) sweepPage(ctx context.Context, page []Info, unused map[string]time.Time, total *Swept) error {
	total.Objects += len(page)
	ids := make([]string, 0, len(page))
	for _, object := range page {
		if row, ok := rowOfKey(object.Key); ok {
			ids = append(ids, row)
		}
	}
	used, err := s.rows.keys(ctx, ids)
	if err != nil {
		return err
	}
	for _, object := range page {
		if _, ours := rowOfKey(object.Key); !ours || used[object.Key] {
			continue // what the Service has not made it leaves alone
		}
		total.Unused++
		since := s.unusedSince(object)
		if s.now().Sub(since) < s.limits.SweepGrace {
			unused[object.Key] = since
			continue
		}
		if err := s.driver.Delete(ctx, object.Key); err != nil {
			return err
		}
		total.Removed++
		total.Bytes += object.Size
	}
	return nil
}

// unusedSince returns since when an object is known to be unused.
func (s *Service) unusedSince(object Info) time.Time {
	if s.sweeper.unused == nil {
		return object.Modified // the first sweep
	}
	if since, ok := s.sweeper.unused[object.Key]; ok {
		return since
	}
	return s.now()
}

// sweepUntil sweeps at once and then from time to time.
func (s *Service) sweepUntil(ctx context.Context) {
	tick := time.NewTicker(s.limits.SweepEvery)
	defer tick.Stop()
	for {
		swept, err := s.Sweep(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.LogAttrs(ctx, slog.LevelWarn, "storage sweep failed", slog.String("env", s.env), slog.String("error", err.Error()))
		case swept.Removed > 0:
			s.log.LogAttrs(ctx, slog.LevelInfo, "storage swept", slog.String("env", s.env),
				slog.Int("removed", swept.Removed), slog.Int64("bytes", swept.Bytes))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
