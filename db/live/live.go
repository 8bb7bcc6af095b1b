// Package live says what committed changes mean to somebody who watches a
// query: whom they concern, which events they are, and what the events show.
//
// It is pure: the log is read, and results are queried, elsewhere.
//
// Dangers:
//   - A watcher's filter must already hold what the watcher may see. Then a
//     document that stops being visible is an ordinary departure, and a
//     departure never shows the document as it is now.
//   - The changes of one operation belong together: half of them, applied, is
//     a state that never was.
package live

import (
	"strings"

	"baas/db/query"
	"baas/db/update"
	"baas/db/value"
)

// DataType is what happened to the document (wx-cloud-api.md 6.3).
type DataType string

// QueueType is what happened to the watched result.
type QueueType string

// The types of the original.
const (
	DataInit    DataType = "init"
	DataAdd     DataType = "add"
	DataUpdate  DataType = "update"
	DataReplace DataType = "replace"
	DataRemove  DataType = "remove"
	DataLimit   DataType = "limit" // moved in or out of a limited result without a change of its own

	QueueInit    QueueType = "init"
	QueueEnqueue QueueType = "enqueue"
	QueueUpdate  QueueType = "update"
	QueueDequeue QueueType = "dequeue"
)

// Event is one step of a watched result. It aliases the change it was made
// from.
type Event struct {
	Data  DataType
	Queue QueueType
	DocID value.Value
	// Doc is the whole document. It is nil for update/update, where Updated
	// and Removed say what to change unless they cannot, and for departures;
	// a replace/dequeue has the document as it was before, because the SDK
	// demands one (tcb-wire-protocol.md 9.3).
	Doc     value.Doc
	Updated []update.Field
	Removed []string
}

// Change is what one committed operation did to one document.
type Change struct {
	ID            value.Value
	Data          DataType  // DataAdd, DataUpdate, DataReplace or DataRemove
	Before, After value.Doc // nil where there was or is no document
}

// Init is the event that shows d in a fresh result.
func Init(d value.Doc) Event {
	return Event{Data: DataInit, Queue: QueueInit, DocID: d.Get("_id"), Doc: d}
}

// step returns the event of a change for an unlimited query; ok is false when
// the result does not move. An error says that the filter could not be
// evaluated: the result is not known any more.
func step(f *query.Filter, c Change) (e Event, ok bool, err error) {
	was, err := matches(f, c.Before)
	if err != nil {
		return e, false, err
	}
	is, err := matches(f, c.After)
	if err != nil {
		return e, false, err
	}
	switch {
	case was && is:
		e, ok = stays(c)
		return e, ok, nil
	case is:
		return Event{Data: c.Data, Queue: QueueEnqueue, DocID: c.ID, Doc: c.After}, true, nil
	case was:
		return leaves(c.ID, c.Data, c.Before), true, nil
	}
	return e, false, nil
}

func matches(f *query.Filter, d value.Doc) (bool, error) {
	if d == nil {
		return false, nil
	}
	return f.Match(d)
}

// leaves is the event of a document that was in the result, as before.
func leaves(id value.Value, data DataType, before value.Doc) Event {
	e := Event{Data: data, Queue: QueueDequeue, DocID: id}
	if data == DataReplace {
		e.Doc = before
	}
	return e
}

// stays is the event of a document that was and is in the result.
func stays(c Change) (e Event, ok bool) {
	if c.Data == DataReplace {
		return Event{Data: DataReplace, Queue: QueueUpdate, DocID: c.ID, Doc: c.After}, true
	}
	updated, removed := update.Diff(c.Before, c.After)
	if len(updated) == 0 && len(removed) == 0 {
		return e, false
	}
	e = Event{Data: DataUpdate, Queue: QueueUpdate, DocID: c.ID, Updated: updated, Removed: removed}
	if !addressable(updated, removed) {
		e.Doc = c.After
	}
	return e, true
}

// addressable reports whether clients can follow every path: they read
// brackets in it as positions. Diff gives such paths at the top level only.
func addressable(updated []update.Field, removed []string) bool {
	for _, f := range updated {
		if strings.ContainsAny(f.Path, "[]") {
			return false
		}
	}
	for _, path := range removed {
		if strings.ContainsAny(path, "[]") {
			return false
		}
	}
	return true
}
