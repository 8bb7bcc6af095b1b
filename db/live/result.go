package live

import (
	"slices"

	"baas/db/query"
	"baas/db/value"
)

// Result is a watched result as its watcher has been shown it. Of an unlimited
// one only the size is kept; of a limited one the documents are, in order. It
// is not safe for concurrent use.
type Result struct {
	filter *query.Filter
	sort   *query.Sort
	limit  int // 0: none
	size   int
	window []value.Doc // of a limited result
	cut    bool        // there may be matching documents beyond the window
}

// NewResult makes the result of a query that docs, in order, is the answer to.
// limit 0 is none.
func NewResult(f *query.Filter, sort *query.Sort, limit int, docs []value.Doc) *Result {
	r := &Result{filter: f, sort: sort, limit: limit, size: len(docs)}
	if limit > 0 {
		r.window, r.cut = docs, len(docs) >= limit
	}
	return r
}

// Len returns how many documents are in the result.
func (r *Result) Len() int { return r.size }

// Apply moves the result on by the changes of one operation and returns its
// events: none when it does not move. known is false when only the database
// can tell, because a document left and others may move in: the result is as
// it was before, and Become brings it to the newest state. The error is that
// of a filter that could not be evaluated.
func (r *Result) Apply(operation []Change) (events []Event, known bool, err error) {
	if r.limit == 0 {
		events, err = r.follow(operation)
		return events, true, err
	}
	before, cut := r.window, r.cut
	r.window = slices.Clone(before)
	for _, c := range operation {
		if known, err = r.move(c); err != nil || !known {
			r.window, r.cut = before, cut
			return nil, false, err
		}
	}
	r.size = len(r.window)
	return shift(before, r.window, operation), true, nil
}

// Become returns the events that lead from r, a limited result, to a later
// one. changes are those made in between, as far as they are known.
func (r *Result) Become(later *Result, changes []Change) []Event {
	return shift(r.window, later.window, changes)
}

// follow applies changes to an unlimited result.
func (r *Result) follow(operation []Change) ([]Event, error) {
	var events []Event
	for _, c := range operation {
		e, ok, err := step(r.filter, c)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		switch e.Queue {
		case QueueEnqueue:
			r.size++
		case QueueDequeue:
			r.size--
		}
		events = append(events, e)
	}
	return events, nil
}

// move applies one change to the window; false means that documents beyond it
// may have to move in, or that natural order, which decides among equals, is
// not known here.
func (r *Result) move(c Change) (known bool, err error) {
	in, err := matches(r.filter, c.After)
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(r.window, func(d value.Doc) bool { return key(d.Get("_id")) == key(c.ID) })
	if at < 0 && !in {
		return true, nil
	}
	if at >= 0 && in && r.sort.Compare(c.After, r.window[at]) == 0 {
		r.window[at] = c.After
		return true, nil
	}
	// Every document beyond the window comes after its last one, or is equal
	// to it in order and was inserted later.
	beyond := -1
	if r.cut && in {
		beyond = r.sort.Compare(c.After, r.window[len(r.window)-1])
	}
	if at < 0 && beyond >= 0 {
		return beyond > 0 || c.Data == DataAdd, nil
	}
	if at >= 0 {
		if r.cut && (!in || beyond >= 0) {
			return false, nil
		}
		r.window = slices.Delete(r.window, at, at+1)
	}
	return !in || r.insert(c), nil
}

// insert puts a document in its place and cuts the window off at the limit.
// Behind its equals is the place of a new document only; that of any other is
// not known here, and then the answer is false.
func (r *Result) insert(c Change) bool {
	at := 0
	for ; at < len(r.window); at++ {
		order := r.sort.Compare(r.window[at], c.After)
		if order > 0 {
			break
		}
		if order == 0 && c.Data != DataAdd {
			return false
		}
	}
	r.window = slices.Insert(r.window, at, c.After)
	if len(r.window) > r.limit {
		r.window, r.cut = r.window[:r.limit], true
	}
	return true
}
