package query

import (
	"context"
	"time"

	"baas/db/fault"
)

// Limits bound what one request may spend on matching, over all its documents.
// Zero means no bound.
type Limits struct {
	Steps    int           // comparisons
	Patterns time.Duration // in backtracking regular expressions
}

// Effort is what one request has spent. A condition that is cheap on each
// document may still be too dear on all of them. It belongs to one goroutine;
// nil bounds nothing beyond one document.
type Effort struct {
	ctx      context.Context //nolint:containedctx // an Effort lives as long as its request
	limits   Limits
	steps    int
	patterns time.Duration
}

// NewEffort begins a request. When ctx ends, matching stops within a few
// milliseconds with the context's error.
func NewEffort(ctx context.Context, l Limits) *Effort {
	return &Effort{ctx: ctx, limits: l}
}

// lookEvery is how many comparisons pass between looks at the context, a power
// of two.
const lookEvery = 1 << 14

// spend adds comparisons and returns why the request must stop, or nil.
func (e *Effort) spend(steps int) error {
	if e == nil {
		return nil
	}
	before := e.steps
	e.steps += steps
	if e.limits.Steps > 0 && e.steps > e.limits.Steps {
		return fault.New(fault.DatabaseFailed, "the condition needs more than %d comparisons; narrow it", e.limits.Steps)
	}
	if before/lookEvery != e.steps/lookEvery {
		return e.ctx.Err()
	}
	return nil
}

// match adds time in a regular expression and returns why the request must
// stop, or nil.
func (e *Effort) match(took time.Duration) error {
	if e == nil {
		return nil
	}
	if e.patterns += took; e.limits.Patterns > 0 && e.patterns > e.limits.Patterns {
		return errBudget
	}
	return nil
}
