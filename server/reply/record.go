package reply

import (
	"context"

	"baas/db/fault"
)

// Record gathers what the edge's log line and metrics say of one request. It
// belongs to the goroutine that serves the request.
type Record struct {
	Env    string     // id of the environment, once it is known
	Action string     // of the action table; empty for other doors and unknown actions
	Code   fault.Code // how it ended; OK for success
}

type recordKey struct{}

// WithRecord returns ctx carrying rec; nil hides one that ctx has, for work
// that runs on behalf of the request but on other goroutines.
func WithRecord(ctx context.Context, rec *Record) context.Context {
	return context.WithValue(ctx, recordKey{}, rec)
}

// RecordOf returns the Record in ctx, or one that nobody reads.
func RecordOf(ctx context.Context) *Record {
	if rec, _ := ctx.Value(recordKey{}).(*Record); rec != nil {
		return rec
	}
	return &Record{}
}
