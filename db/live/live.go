// Package live says what a committed change means to somebody who watches a
// query: which event it is, and what the event shows.
//
// It is pure: the log is read, and results are queried, elsewhere. A watcher's
// filter already holds what the watcher may see, so that a document that stops
// being visible is an ordinary departure, and a departure shows nothing of the
// document but its id.
package live

import (
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

// Event is one step of a watched result.
type Event struct {
	Data  DataType
	Queue QueueType
	DocID value.Value
	// Doc is the whole document, except for update/update, where Updated and
	// Removed say what to change, and for dequeue, which shows nothing.
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

// Step returns the event of a change for an unlimited query; ok is false when
// the watched result does not move. The error is that
// of a filter that could not be evaluated: the result is not known any more.
func Step(f *query.Filter, c Change) (e Event, ok bool, err error) {
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
		return Event{Data: c.Data, Queue: QueueDequeue, DocID: c.ID}, true, nil
	}
	return e, false, nil
}

// Concerns reports whether a change may move the result of f.
func Concerns(f *query.Filter, c Change) (bool, error) {
	was, err := matches(f, c.Before)
	if was || err != nil {
		return was, err
	}
	return matches(f, c.After)
}

func matches(f *query.Filter, d value.Doc) (bool, error) {
	if d == nil {
		return false, nil
	}
	return f.Match(d)
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
	return Event{Data: DataUpdate, Queue: QueueUpdate, DocID: c.ID, Updated: updated, Removed: removed}, true
}
