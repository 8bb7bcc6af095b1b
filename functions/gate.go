package functions

import (
	"context"
	"sync/atomic"
	"time"

	"baas/db/fault"
)

// gate bounds the calls of an environment that run at once, and those that
// wait. A call made by a function does not pass it: the place of the first call
// in its chain counts for all, or calls that wait for each other could fill it.
type gate struct {
	places  chan struct{}
	waiting atomic.Int64
}

const (
	gateQueue    = 2000
	gatePatience = 10 * time.Second
)

func newGate(n int) *gate { return &gate{places: make(chan struct{}, n)} }

// enter waits for a place until ctx ends or patience does. The caller calls
// leave.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.places }
	select {
	case g.places <- struct{}{}:
		return leave, nil
	default:
	}
	if g.waiting.Add(1) > gateQueue {
		g.waiting.Add(-1)
		return nil, fault.New(fault.ConcurrencyLimit, "too many function calls are waiting in this environment (%d)", gateQueue)
	}
	defer g.waiting.Add(-1)
	patience := time.NewTimer(gatePatience)
	defer patience.Stop()
	select {
	case g.places <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-patience.C:
		return nil, fault.New(fault.ConcurrencyLimit, "%d function calls of this environment are running; none ended within %v", cap(g.places), gatePatience)
	}
}
