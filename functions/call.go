package functions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions/worker"
)

// Call asks for one invocation.
type Call struct {
	Name      string
	Qualifier string // "" or $LATEST: the live version; a version's number or id
	Event     []byte // JSON text, at most worker.MaxEvent; empty means {}
	RequestID string // made if empty
}

// Result is what an invocation gave. RequestID is set even when it failed.
type Result struct {
	Value     []byte // JSON text; empty if the function returned undefined
	RequestID string
	Duration  time.Duration
	Memory    uint64 // highest use of its process meanwhile, bytes
}

// maxDepth bounds functions that call functions that call functions.
const maxDepth = 10

type depthKey struct{}

func depth(ctx context.Context) int {
	n, _ := ctx.Value(depthKey{}).(int)
	return n
}

// Call invokes a function and waits for its answer. While it waits for a place
// it ends with ctx; once the function runs, it runs to its end or its time
// limit whatever becomes of ctx, as in the original.
//
// Codes: ExceedAuthority for callers who are not logged in (wx-cloud-api.md
// 8.6), FunctionNotFound, InvalidParam for an event that is no JSON,
// RequestTooLarge, ConcurrencyLimit, FunctionExecute, FunctionTimeout,
// FunctionMemory, FunctionResultTooLarge.
func (s *Service) Call(ctx context.Context, p rules.Principal, c Call) (Result, error) {
	if c.RequestID == "" {
		c.RequestID = s.o.NewID()
	}
	r := Result{RequestID: c.RequestID}
	if p.Role == rules.Nobody {
		return r, fault.New(fault.ExceedAuthority, "log in first: function %.70q is open to users who are logged in", c.Name)
	}
	if depth(ctx) >= maxDepth {
		return r, fault.New(fault.ConcurrencyLimit, "functions call each other more than %d deep; the chain ended at %.70q", maxDepth, c.Name)
	}
	event, err := prepareEvent(c.Event, p)
	if err != nil {
		return r, err
	}
	if err := s.begin(ctx); err != nil {
		return r, err
	}
	defer s.calls.Done()
	if depth(ctx) == 0 {
		leave, err := s.gate.enter(ctx)
		if err != nil {
			return r, err
		}
		defer leave()
	}
	c.Event = event
	return s.invoke(ctx, p, c)
}

// invoke runs the call on its version. One that is replaced at this very moment
// refuses, and its successor takes the call.
func (s *Service) invoke(ctx context.Context, p rules.Principal, c Call) (Result, error) {
	run, stop := s.runContext(ctx)
	defer stop()
	// The context of what the call asked for has ended when this runs.
	defer s.o.DB.AbortOwner(c.Name, c.RequestID)
	w := &writer{journal: s.journal, function: c.Name, request: c.RequestID, now: s.o.Now}
	for {
		version, err := s.find(c.Name, c.Qualifier)
		if err != nil {
			return Result{RequestID: c.RequestID}, err
		}
		w.start(version.trace)
		result, err := version.worker.Invoke(ctx, run, worker.Request{
			RequestID: c.RequestID,
			Event:     c.Event,
			WXContext: wxContext(s.o.Env, p),
			Env:       callVariables(p),
			Host:      boundHost{s.o.Host, p.AsFunction().Through(c.Name, c.RequestID)},
			Log:       w.console,
		})
		if errors.Is(err, worker.ErrRetired) && s.life.Err() == nil {
			continue
		}
		if err != nil {
			err = outcome(err, version.Config, version.trace)
			w.failed(err)
		}
		w.end(result, version.Config.memory())
		return Result{Value: result.Value, RequestID: c.RequestID, Duration: result.Duration, Memory: result.Memory}, err
	}
}

// runContext is the context of the running function: the caller's values, one
// level deeper, and the service's life.
func (s *Service) runContext(ctx context.Context) (context.Context, func()) {
	run := context.WithValue(context.WithoutCancel(ctx), depthKey{}, depth(ctx)+1)
	run, cancel := context.WithCancel(run)
	unhook := context.AfterFunc(s.life, cancel)
	return run, func() { unhook(); cancel() }
}

// boundHost is the Host for one invocation.
type boundHost struct {
	host Host
	p    rules.Principal
}

func (h boundHost) Act(ctx context.Context, body []byte) []byte { return h.host.Act(ctx, h.p, body) }

func (h boundHost) Upload(ctx context.Context, path string, r io.Reader) (string, error) {
	return h.host.Upload(ctx, h.p, path, r)
}

func (h boundHost) Download(ctx context.Context, fileID string) (io.ReadCloser, error) {
	return h.host.Download(ctx, h.p, fileID)
}

// writer writes the log lines of one invocation (wx-cloud-api.md 9.5).
type writer struct {
	journal           *journal
	function, request string
	now               func() time.Time
	trace             *trace // nil before start
}

func (w *writer) add(kind LogKind, level, text string) {
	w.journal.add(entry{line: LogLine{
		Time: w.now(), Function: w.function, RequestID: w.request, Kind: kind, Level: level, Text: text,
	}})
}

// start writes the first line, once, and says whose source map is right.
func (w *writer) start(t *trace) {
	if w.trace == nil {
		w.add(LogStart, "info", "START RequestId: "+w.request)
	}
	w.trace = t
}

// console takes a line as it comes from the worker.
func (w *writer) console(r worker.LogRecord) {
	w.journal.add(entry{trace: w.trace, line: LogLine{
		Time: r.Time, Function: w.function, RequestID: w.request, Kind: LogConsole,
		Level: levelName(r.Level), Text: r.Text, Late: r.Late,
	}})
}

func (w *writer) failed(err error) { w.add(LogFailure, "error", fault.Text(err)) }

func (w *writer) end(r worker.Result, memory int) {
	w.add(LogEnd, "info", "END RequestId: "+w.request)
	w.add(LogReport, "info", fmt.Sprintf("Report RequestId: %s Duration:%dms Memory:%dMB MemUsage:%.2fMB",
		w.request, r.Duration.Milliseconds(), memory, float64(r.Memory)/(1<<20)))
}
