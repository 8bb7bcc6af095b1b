// Package effort counts what one request spends: comparisons and time in
// backtracking regular expressions, over all the documents it looks at. What is
// cheap on each document may still be too dear on all of them.
package effort

import (
	"context"
	"errors"
	"time"

	"baas/db/fault"
)

// ErrPatterns says that a request has spent its time for regular expressions.
var ErrPatterns = errors.New("effort: the regular expressions exceed the time of the request")

// Limits bound what one request may spend, over all its documents.
// Zero means no bound.
type Limits struct {
	Steps    int           // comparisons
	Patterns time.Duration // in backtracking regular expressions
}

// Meter is what one request has spent. It belongs to one goroutine; nil bounds
// nothing beyond one document.
type Meter struct {
	ctx      context.Context //nolint:containedctx // a Meter lives as long as its request
	limits   Limits
	steps    int
	patterns time.Duration
}

// New begins a request. When ctx ends, matching stops within a few
// milliseconds with the context's error.
func New(ctx context.Context, l Limits) *Meter {
	return &Meter{ctx: ctx, limits: l}
}

// Stride is how many comparisons pass between looks at the context, a power of
// two: whoever counts them alone reports at least this often.
const Stride = 1 << 14

// Spend adds comparisons and returns why the request must stop, or nil.
func (m *Meter) Spend(steps int) error {
	if m == nil {
		return nil
	}
	before := m.steps
	m.steps += steps
	if m.limits.Steps > 0 && m.steps > m.limits.Steps {
		return fault.New(fault.DatabaseFailed, "the condition needs more than %d comparisons; narrow it", m.limits.Steps)
	}
	if before/Stride != m.steps/Stride {
		return m.ctx.Err()
	}
	return nil
}

// Matched adds time spent in a regular expression and returns ErrPatterns when
// the request must stop, or nil.
func (m *Meter) Matched(took time.Duration) error {
	if m == nil {
		return nil
	}
	if m.patterns += took; m.limits.Patterns > 0 && m.patterns > m.limits.Patterns {
		return ErrPatterns
	}
	return nil
}
