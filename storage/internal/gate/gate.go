// Package gate lets calls into a driver until it is closed.
//
// Danger first: Close waits for the calls inside, so it must not be called
// from one of them.
package gate

import (
	"context"
	"sync"

	"baas/storage"
)

// Gate counts the calls that are inside. The zero Gate is open. It is safe for
// concurrent use.
type Gate struct {
	mu      sync.Mutex // guards what follows, and Add against Wait
	closed  bool
	last    uint64 // id of the latest caller
	cancels map[uint64]context.CancelCauseFunc
	inside  sync.WaitGroup
}

// Enter lets one call in. The context it returns ends with ctx and, with
// storage.ErrClosed as its cause, when the gate closes. The call leaves by
// leave, once.
func (g *Gate) Enter(ctx context.Context) (inner context.Context, leave func(), err error) {
	return g.admit(ctx, true)
}

// Follow is Enter for what may outlive a call, such as an open reader: its
// context ends before Close returns, but Close does not wait for it to leave.
func (g *Gate) Follow(ctx context.Context) (inner context.Context, leave func(), err error) {
	return g.admit(ctx, false)
}

func (g *Gate) admit(ctx context.Context, awaited bool) (context.Context, func(), error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ctx, nil, storage.ErrClosed
	}
	if ctx.Err() != nil {
		return ctx, nil, context.Cause(ctx)
	}
	inner, cancel := context.WithCancelCause(ctx)
	if g.cancels == nil {
		g.cancels = map[uint64]context.CancelCauseFunc{}
	}
	g.last++
	id := g.last
	g.cancels[id] = cancel
	if awaited {
		g.inside.Add(1)
	}
	return inner, func() {
		cancel(nil)
		g.mu.Lock()
		delete(g.cancels, id)
		g.mu.Unlock()
		if awaited {
			g.inside.Done()
		}
	}, nil
}

// Close refuses new calls, ends the contexts of those inside and waits for
// them. It may be called again.
func (g *Gate) Close() {
	g.mu.Lock()
	g.closed = true
	for _, cancel := range g.cancels {
		cancel(storage.ErrClosed)
	}
	g.mu.Unlock()
	g.inside.Wait()
}
