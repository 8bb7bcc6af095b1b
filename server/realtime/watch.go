package realtime

import (
	"context"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/live"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// watch is one watched query of one socket. It belongs to its session's
// goroutine; only the inbox is shared, with the feed.
type watch struct {
	id     string // watchId, the client's name for it
	token  string // queryID
	query  db.FindRequest
	order  *query.Sort
	limit  int // of the query; 0: none
	limits Limits

	db    *db.Engine
	feed  *feed
	inbox *inbox

	quiet  time.Time    // until then nothing is pushed
	event  int64        // number of the newest event that the client was sent
	seq    uint64       // what the client was shown includes the operations up to this number
	result *live.Result // what the client was shown
}

// read runs the query under the watcher's identity and takes its result as
// what the client is shown. Codes as those of db.Engine.Find; InvalidParam and
// ResultTooLarge for a result beyond the limits.
func (w *watch) read(ctx context.Context, who rules.Principal) ([]value.Doc, error) {
	access, err := w.db.Reader(ctx, who, w.query.Collection)
	if err != nil {
		return nil, err
	}
	own, err := query.Compile(rules.ResolveOpenID(who, w.query.Query))
	if err != nil {
		return nil, err
	}
	if own.HasText() {
		return nil, fault.New(fault.InvalidParam, "watch: $text cannot be watched; watch a condition on members and search with get()")
	}
	filter := query.And(own, access.Filter)
	// First enter, then look: what happens in between is in the inbox and in
	// the snapshot, and told apart by its number.
	w.feed.enter(w.inbox, w.query.Collection, filter)
	docs, seq, err := w.db.Snapshot(ctx, who, w.query)
	if err != nil {
		return nil, err
	}
	size := 0
	for _, d := range docs {
		size += len(d)
	}
	if size > w.limits.ResultBytes {
		return nil, fault.New(fault.ResultTooLarge, "watch: the result is larger than %d bytes; narrow the query or set a limit", w.limits.ResultBytes)
	}
	w.seq, w.result = seq, live.NewResult(filter, w.order, w.limit, docs)
	return docs, w.checkSize()
}

func (w *watch) checkSize() error {
	if w.result.Len() > w.limits.Documents {
		return fault.New(fault.InvalidParam, "watch: the result has more than %d documents; narrow the query or set a limit", w.limits.Documents)
	}
	return nil
}

// fresh shows the whole result under the next number. An empty one is shown
// by a document that comes and goes (tcb-wire-protocol.md 9.5).
func (w *watch) fresh(ctx context.Context, who rules.Principal) (events, error) {
	docs, err := w.read(ctx, who)
	if err != nil {
		return events{}, err
	}
	w.event++
	var out events
	for _, d := range docs {
		out.add(w.event, live.Init(d))
	}
	if len(docs) == 0 {
		var b value.Builder
		b.AddString("_id", "-")
		ghost := live.Init(b.Doc())
		out.add(w.event, ghost)
		out.add(w.event, live.Event{Data: live.DataRemove, Queue: live.QueueDequeue, DocID: ghost.DocID})
	}
	return out, nil
}

// advance turns what is in the inbox into events, none when the result did not
// move. The events of one operation share a number and so form one snapshot.
// After an error the watch is of no use any more.
func (w *watch) advance(ctx context.Context, who rules.Principal) (events, error) {
	operations, behind := w.inbox.take()
	if behind {
		return w.fresh(ctx, who)
	}
	var out events
	for i, op := range operations {
		if op.seq <= w.seq {
			continue // the snapshot shows it already
		}
		moved, known, err := w.result.Apply(op.changes)
		if err != nil {
			return events{}, err
		}
		w.seq = op.seq
		if !known {
			if moved, err = w.reread(ctx, who, operations[i:]); err != nil {
				return events{}, err
			}
		}
		if len(moved) > 0 {
			w.event++
		}
		for _, e := range moved {
			out.add(w.event, e)
		}
	}
	return out, w.checkSize()
}

// reread brings a limited result to the newest state by running its query
// again, and returns what has moved.
func (w *watch) reread(ctx context.Context, who rules.Principal, since []operation) ([]live.Event, error) {
	shown := w.result
	if _, err := w.read(ctx, who); err != nil {
		return nil, err
	}
	var changes []live.Change
	for _, op := range since {
		changes = append(changes, op.changes...)
	}
	return shown.Become(w.result, changes), nil
}
