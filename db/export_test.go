package db

import (
	"context"
	"testing"
	"time"

	"baas/db/aggregate"
	"baas/db/commit"
	"baas/db/effort"
	"baas/db/kv"
	"baas/db/txn"
)

// SetViewBound makes scans of e go on in a fresh view after so many entries.
func SetViewBound(e *Engine, entries int) { e.bounds.viewEntries = entries }

// SetResultBounds sets how many bytes one Find may hold, and hold to sort.
func SetResultBounds(e *Engine, result, sort int) {
	e.bounds.resultBytes, e.bounds.sortBytes = result, sort
}

// SetSearchBounds sets how long one request may search, and what matching may
// take outside and inside a commit operation.
func SetSearchBounds(e *Engine, d time.Duration, searching, inside effort.Limits) {
	e.bounds.searchTime, e.bounds.searching, e.bounds.inside = d, searching, inside
}

// NewIDSource returns the default source of ids on a clock.
func NewIDSource(now func() time.Time) func() string { return (&idSource{now: now}).next }

// Purge does what the purger does when it wakes, and returns when it is done.
func Purge(t testing.TB, e *Engine) {
	t.Helper()
	for more := true; more; {
		_, err := e.commit.Do(t.Context(), func(tx *commit.Tx) (err error) {
			more, err = e.purgeSome(tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// SetTransactionBounds sets how many transactions may be open, in all and of
// one user, and how many bytes they may hold together.
func SetTransactionBounds(e *Engine, all, user, bytes int) {
	e.transactions.bounds = openBounds{all, user, bytes}
}

// SetTransactionLimits sets what one transaction may hold.
func SetTransactionLimits(e *Engine, l txn.Limits) { e.bounds.transaction = l }

// OpenTransactions returns how many are open and the bytes they hold.
func OpenTransactions(e *Engine) (n, bytes int) {
	o := e.transactions
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.byID), o.bytes
}

// SetPipelineBudget sets how much memory one Aggregate may hold.
func SetPipelineBudget(e *Engine, stage, total int) {
	e.bounds.pipeline = aggregate.Budget{Stage: stage, Sort: stage, Total: total}
}

// SetSearchTime sets how many milliseconds one request may search.
func SetSearchTime(e *Engine, ms int) { e.bounds.searchTime = time.Duration(ms) * time.Millisecond }

// IndexEntries returns how many entries all indexes but those on _id hold.
func IndexEntries(ctx context.Context, e *Engine) (n int) {
	_ = e.store.View(ctx, func(r kv.Reader) error {
		return r.Scan(kv.Prefix([]byte{prefixIndex}), func(_, _ []byte) error { n++; return nil })
	})
	return n
}
