package realtime

import (
	"context"
	"sync"

	"baas/db"
	"baas/db/fault"
	"baas/db/live"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/env"
)

// numbered is a change under the number of its operation.
type numbered struct {
	seq    uint64
	change live.Change
}

// watch is one watched query of one socket.
type watch struct {
	id    string // watchId, the client's name for it
	env   *env.Env
	who   rules.Principal
	token string // queryID
	query db.FindRequest
	limit int // of the query; 0: none
	ring  func()

	mu     sync.Mutex
	inbox  []numbered // guarded by mu
	behind bool       // too much was missed: a fresh snapshot is due; guarded by mu
	event  int64      // number of the newest event; guarded by mu

	// What the client has been shown. Only one goroutine at a time uses it:
	// the reader until the watch is entered in its session, the writer after.
	filter *query.Filter // the query and what its watcher may see
	seq    uint64        // position in the change log
	size   int           // documents in the result
	window []value.Doc   // the result of a limited query
}

// deliver queues one change. It is called by the feed and never blocks.
func (w *watch) deliver(n numbered) {
	w.mu.Lock()
	switch {
	case w.behind:
	case len(w.inbox) >= maxInbox:
		w.behind, w.inbox = true, nil
	default:
		w.inbox = append(w.inbox, n)
	}
	w.mu.Unlock()
	w.ring()
}

// stale asks for a fresh snapshot.
func (w *watch) stale() {
	w.mu.Lock()
	w.behind, w.inbox = true, nil
	w.mu.Unlock()
	w.ring()
}

// take empties the inbox.
func (w *watch) take() (steps []numbered, behind bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	steps, behind = w.inbox, w.behind
	w.inbox, w.behind = nil, false
	return steps, behind
}

// due reports whether there is something to advance over.
func (w *watch) due() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.behind || len(w.inbox) > 0
}

// position is the number of the newest event.
func (w *watch) position() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.event
}

// next counts one event and returns its number.
func (w *watch) next() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.event++
	return w.event
}

// load runs the query under the watcher's identity and takes its result as
// what the client is shown. Codes as those of db.Engine.Find; InvalidParam for
// a result beyond maxDocs.
func (w *watch) load(ctx context.Context) ([]value.Doc, error) {
	access, err := w.env.DB.Reader(ctx, w.who, w.query.Collection)
	if err != nil {
		return nil, err
	}
	own, err := query.Compile(rules.ResolveOpenID(w.who, w.query.Query))
	if err != nil {
		return nil, err
	}
	docs, seq, err := w.env.DB.Snapshot(ctx, w.who, w.query)
	if err != nil {
		return nil, err
	}
	if len(docs) > maxDocs {
		return nil, tooMany()
	}
	w.filter, w.seq, w.size = query.And(own, access.Filter), seq, len(docs)
	if w.limit > 0 {
		w.window = docs
	}
	return docs, nil
}

func tooMany() error {
	return fault.New(fault.InvalidParam, "watch: the result has more than %d documents; narrow the query or set a limit", maxDocs)
}

// fresh is the frame content that shows a whole result under one number. An
// empty one is shown by a document that comes and goes (9.5).
func (w *watch) fresh(docs []value.Doc) eventsData {
	id := w.next()
	events := make([]wireEvent, 0, max(len(docs), 2))
	for _, d := range docs {
		events = append(events, encodeEvent(id, live.Init(d)))
	}
	if len(docs) == 0 {
		var b value.Builder
		b.AddString("_id", "-")
		ghost := live.Init(b.Doc())
		gone := live.Event{Data: live.DataRemove, Queue: live.QueueDequeue, DocID: ghost.DocID}
		events = append(events, encodeEvent(id, ghost), encodeEvent(id, gone))
	}
	return eventsData{QueryID: w.token, CurrEvent: id, Events: events}
}

// advance computes the events of queued changes; nil when the result did not
// move.
func (w *watch) advance(ctx context.Context) (*eventsData, error) {
	steps, behind := w.take()
	if behind {
		docs, err := w.load(ctx)
		if err != nil {
			return nil, err
		}
		data := w.fresh(docs)
		return &data, nil
	}
	if w.limit > 0 {
		return w.shift(ctx, steps)
	}
	return w.step(steps)
}

// step matches each change of an unlimited query. The changes of one operation
// share a number and so form one snapshot.
func (w *watch) step(steps []numbered) (*eventsData, error) {
	data := eventsData{QueryID: w.token}
	var id int64
	var last uint64
	for _, n := range steps {
		if n.seq <= w.seq {
			continue // the snapshot shows it already
		}
		e, ok, err := live.Step(w.filter, n.change)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if n.seq != last {
			id, last = w.next(), n.seq
		}
		if err := w.count(e); err != nil {
			return nil, err
		}
		data.Events = append(data.Events, encodeEvent(id, e))
	}
	if len(steps) > 0 {
		w.seq = max(w.seq, steps[len(steps)-1].seq)
	}
	if len(data.Events) == 0 {
		return nil, nil
	}
	data.CurrEvent = id
	return &data, nil
}

func (w *watch) count(e live.Event) error {
	switch e.Queue {
	case live.QueueEnqueue:
		w.size++
	case live.QueueDequeue:
		w.size--
	}
	if w.size > maxDocs {
		return tooMany()
	}
	return nil
}

// shift runs a limited query again when a change may have moved its result,
// and shows the difference as one event.
func (w *watch) shift(ctx context.Context, steps []numbered) (*eventsData, error) {
	var changes []live.Change
	concerned := false
	for _, n := range steps {
		if n.seq <= w.seq {
			continue
		}
		touches, err := live.Concerns(w.filter, n.change)
		if err != nil {
			return nil, err
		}
		concerned = concerned || touches
		changes = append(changes, n.change)
	}
	if !concerned {
		return nil, nil
	}
	before := w.window
	after, err := w.load(ctx)
	if err != nil {
		return nil, err
	}
	moved := live.Shift(before, after, changes)
	if len(moved) == 0 {
		return nil, nil
	}
	id := w.next()
	data := eventsData{QueryID: w.token, CurrEvent: id}
	for _, e := range moved {
		data.Events = append(data.Events, encodeEvent(id, e))
	}
	return &data, nil
}
