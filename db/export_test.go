package db

import (
	"time"

	"baas/db/effort"
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
