package db

import (
	"context"
	"time"

	"baas/db/commit"
	"baas/db/kv"
	"baas/db/rules"
)

// Stats says how large the database is.
type Stats struct {
	Collections  int
	Documents    int64
	Bytes        int64 // of the documents' BSON
	Dropped      int   // collections that can be brought back
	DroppedBytes int64
	FileBytes    int64 // of the store's file, 0 when it is none
	Log          LogStats
}

// LogStats says what the change log holds: history and undo reach back to
// Oldest, and to the state after the operation with number Reach.
type LogStats struct {
	Newest uint64 // number of the newest operation
	Reach  uint64
	Bytes  int64
	Oldest time.Time // zero when the log is empty
	Window commit.Window
}

// Stats returns the sizes of the database, system collections left out. Code:
// DatabaseDenied for users.
func (e *Engine) Stats(ctx context.Context, p rules.Principal) (s Stats, err error) {
	if err := mayManage(p); err != nil {
		return s, err
	}
	err = e.view(ctx, func(r kv.Reader) error {
		if s.Log, err = e.logStats(r); err != nil {
			return err
		}
		list, err := readDropped(r)
		for _, d := range list {
			if d.kept {
				s.Dropped++
				s.DroppedBytes += int64(d.coll.bytes)
			}
		}
		if err != nil {
			return err
		}
		return eachCollection(r, func(c collection) error {
			if !isSystem(c.name) {
				s.Collections++
				s.Documents += int64(c.count)
				s.Bytes += int64(c.bytes)
			}
			return nil
		})
	})
	if file, ok := e.store.(interface{ Size() (int64, error) }); ok && err == nil {
		s.FileBytes, err = file.Size()
	}
	return s, err
}

func (e *Engine) logStats(r kv.Reader) (LogStats, error) {
	x, err := commit.LogExtent(r)
	s := LogStats{Newest: x.Newest, Reach: x.Trimmed, Bytes: int64(x.Bytes), Window: e.opts.Window}
	if x.Oldest > 0 {
		s.Oldest = time.UnixMilli(x.Oldest).UTC()
	}
	return s, err
}
