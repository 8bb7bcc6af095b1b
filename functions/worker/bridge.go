package worker

import (
	"context"
	"sync"

	"baas/db/fault"
)

// bridge is the child's end of the host operations.
type bridge struct {
	out *frameWriter

	mu      sync.Mutex
	last    uint64
	pending map[uint64]pendingOp
}

type pendingOp struct {
	invocation uint64
	done       chan opResultMessage // buffered for one; closed when the invocation ended first
}

func newBridge(out *frameWriter) *bridge {
	return &bridge{out: out, pending: map[uint64]pendingOp{}}
}

// Call implements Bridge.
func (b *bridge) Call(ctx context.Context, invocation uint64, op Op, head, body []byte) (head2, body2 []byte, err error) {
	if len(body) > MaxOpBody || len(head) > maxSmall/2 {
		return nil, nil, fault.New(fault.RequestTooLarge, "the request is larger than %d bytes", MaxOpBody)
	}
	done := make(chan opResultMessage, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.pending[id] = pendingOp{invocation, done}
	b.mu.Unlock()
	defer b.drop(id)

	m := opMessage{Invocation: invocation, Op: op, Head: head}
	if err := b.out.send(frameOp, id, m.appendHead(nil), body); err != nil {
		return nil, nil, err
	}
	select {
	case r, ok := <-done:
		if !ok {
			return nil, nil, fault.New(fault.FunctionFailed, "the invocation has ended")
		}
		if r.Err != nil {
			return nil, nil, r.Err
		}
		return r.Head, r.Body, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}

func (b *bridge) drop(id uint64) {
	b.mu.Lock()
	delete(b.pending, id)
	b.mu.Unlock()
}

// settle hands an operation its result; nobody may be waiting any more.
func (b *bridge) settle(id uint64, r opResultMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p, ok := b.pending[id]; ok {
		delete(b.pending, id)
		p.done <- r
	}
}

// forget ends the operations of an invocation that is over.
func (b *bridge) forget(invocation uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.pending {
		if p.invocation == invocation {
			delete(b.pending, id)
			close(p.done)
		}
	}
}
