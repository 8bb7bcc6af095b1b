package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"baas/db/fault"
)

// Host answers what the user code of one invocation asks of the server; it is
// bound to that invocation's principal. Each context ends with the invocation.
type Host interface {
	// Act runs one action of the TCB wire protocol and returns its reply,
	// errors included.
	Act(ctx context.Context, body []byte) []byte
	// Upload stores a file and returns its id.
	Upload(ctx context.Context, path string, r io.Reader) (fileID string, err error)
	// Download opens a file. The caller closes it.
	Download(ctx context.Context, fileID string) (io.ReadCloser, error)
}

const (
	maxAct    = 6 << 20   // bytes of one action's request
	opsAtWork = 32        // of one invocation; more wait
	maxOps    = 1024      // of one process, waiting ones included
	maxOpSum  = 64 << 20  // bytes of their bodies; the first is always taken
	maxReply  = MaxOpBody // bytes of one reply

	maxRefusals = 16 << 10 // on their way to one process
)

// handleOp starts a host operation. A process that asks for too much at once is
// refused, not slowed down: its other frames must go on.
func (w *process) handleOp(fr frame) error {
	m, err := parseOp(fr.payload)
	if err != nil {
		return err
	}
	w.mu.Lock()
	c := w.calls[m.Invocation]
	full := w.opCount >= maxOps || w.opCount > 0 && w.opBytes+len(m.Body) > maxOpSum
	if c != nil && !full {
		w.opCount++
		w.opBytes += len(m.Body)
		w.ops.Add(1)
	}
	w.mu.Unlock()

	switch {
	case c == nil:
		return w.refuse(fr.id, fault.New(fault.FunctionFailed, "the invocation has ended"))
	case full:
		return w.refuse(fr.id, fault.New(fault.ConcurrencyLimit,
			"too many requests of one function at once: at most %d, with %d bytes together; await some before starting more", maxOps, maxOpSum))
	}
	go w.perform(c, fr.id, m)
	return nil
}

// refuse answers off the reading goroutine, which must not wait for the child
// to read: one that asks and never reads would stop it, and is ended instead.
func (w *process) refuse(id uint64, err *fault.Error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refusals++; w.refusals > maxRefusals {
		return errors.New("worker: refused operations are not read")
	}
	w.ops.Go(func() {
		w.reply(id, opResultMessage{Err: err})
		w.mu.Lock()
		w.refusals--
		w.mu.Unlock()
	})
	return nil
}

func (w *process) reply(id uint64, m opResultMessage) {
	_ = w.out.send(frameOpResult, id, m.appendHead(nil), m.Body) // a dead process needs no reply
}

// perform runs one host operation under its invocation's context.
func (w *process) perform(c *call, id uint64, m opMessage) {
	defer w.ops.Done()
	defer func() {
		w.mu.Lock()
		w.opCount--
		w.opBytes -= len(m.Body)
		w.mu.Unlock()
	}()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-c.ctx.Done():
		return // the child has ended the operation too
	}
	w.reply(id, w.answer(c, m))
}

// answer asks the host. A panic there is a fault of the server, which must
// outlive it.
func (w *process) answer(c *call, m opMessage) (r opResultMessage) {
	defer func() {
		if v := recover(); v != nil {
			w.log.Error("panic in a host operation", "request_id", c.request.RequestID, "panic", fmt.Sprint(v))
			r = opResultMessage{Err: sysErr(fmt.Errorf("worker: panic in a host operation: %v", v))}
		}
	}()
	r, err := ask(c.ctx, c.request.Host, m)
	if err != nil {
		if fault.CodeOf(err) == fault.SysErr {
			w.log.Error("host operation failed", "request_id", c.request.RequestID, "error", err)
		}
		return opResultMessage{Err: sysErr(err)}
	}
	if len(r.Body) > maxReply {
		return opResultMessage{Err: fault.New(fault.RequestTooLarge, "the reply is larger than %d bytes", maxReply)}
	}
	return r
}

func ask(ctx context.Context, host Host, m opMessage) (opResultMessage, error) {
	switch m.Op {
	case OpAct:
		if len(m.Body) > maxAct {
			return opResultMessage{}, fault.New(fault.RequestTooLarge, "the request is larger than %d bytes", maxAct)
		}
		return opResultMessage{Body: host.Act(ctx, m.Body)}, nil
	case OpUpload:
		var head struct {
			Path string `json:"path"`
		}
		if err := json.Unmarshal(m.Head, &head); err != nil {
			return opResultMessage{}, fault.Invalid("path", "must be a text")
		}
		id, err := host.Upload(ctx, head.Path, bytes.NewReader(m.Body))
		if err != nil {
			return opResultMessage{}, err
		}
		reply, err := json.Marshal(map[string]string{"fileID": id})
		return opResultMessage{Head: reply}, err
	default:
		var head struct {
			FileID string `json:"fileID"`
		}
		if err := json.Unmarshal(m.Head, &head); err != nil {
			return opResultMessage{}, fault.Invalid("fileID", "must be a text")
		}
		return download(ctx, host, head.FileID)
	}
}

func download(ctx context.Context, host Host, fileID string) (opResultMessage, error) {
	r, err := host.Download(ctx, fileID)
	if err != nil {
		return opResultMessage{}, err
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, maxReply+1))
	if err != nil {
		return opResultMessage{}, fmt.Errorf("worker: read a file for a function: %w", err)
	}
	return opResultMessage{Body: body}, nil
}
