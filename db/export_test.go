package db

import "time"

// SetViewBound makes scans of e go on in a fresh view after so many entries.
func SetViewBound(e *Engine, entries int) { e.bounds.viewEntries = entries }

// SetResultBounds sets how many bytes one Find may hold, and hold to sort.
func SetResultBounds(e *Engine, result, sort int) {
	e.bounds.resultBytes, e.bounds.sortBytes = result, sort
}

// NewIDSource returns the default source of ids on a clock.
func NewIDSource(now func() time.Time) func() string { return (&idSource{now: now}).next }
