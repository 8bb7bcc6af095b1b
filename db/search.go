package db

import (
	"context"
	"encoding/binary"
	"time"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/keyenc"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/value"
)

// search is a compiled condition and the way to the documents it may hold for.
type search struct {
	cond   value.Doc // what was compiled, nil for no condition
	filter *query.Filter
	// ids, when byID is set, are the only ids the condition may hold for.
	ids  []value.Value
	byID bool
	// bound says that a $text in the filter knows what it speaks of.
	bound bool
}

// compileSearch reads a condition for p. Codes: those of query.Compile.
func compileSearch(p rules.Principal, q value.Doc) (*search, error) {
	if q.IsEmpty() {
		return &search{filter: query.All()}, nil
	}
	if asksRules(p) {
		if err := value.Check(q); err != nil {
			return nil, err
		}
		q = rules.ResolveOpenID(p, q)
	}
	f, err := query.Compile(q)
	if err != nil {
		return nil, err
	}
	s := &search{cond: q, filter: f}
	s.ids, s.byID = idsOf(q, f)
	return s, nil
}

// idsOf returns the ids that a condition is limited to. The whole condition is
// checked on each document all the same, so any part of it that must hold will
// do.
func idsOf(q value.Doc, f *query.Filter) (ids []value.Value, ok bool) {
	if id, ok := f.EqualTo(fieldID); ok && checkID(id) == nil {
		return []value.Value{id}, true
	}
	list := q.Get(fieldID).Doc().Get("$in")
	if list.Type != value.TypeArray {
		return nil, false
	}
	for _, v := range list.Doc().All() {
		if checkID(v) != nil {
			return nil, false
		}
		ids = append(ids, v)
	}
	return ids, true
}

// idKey is the key of an id in its collection's index.
func idKey(coll uint32, id value.Value) []byte {
	key := make([]byte, 0, 5+8+len(id.Data))
	key = binary.BigEndian.AppendUint32(append(key, prefixID), coll)
	return keyenc.Append(key, id)
}

// keyOf is the end of an idKey: an id as the id index has it.
func keyOf(id value.Value) string { return string(keyenc.Append(nil, id)) }

// bounds are how much the engine looks at or holds at once.
type bounds struct {
	// A view of the store ends after so many entries or bytes, within a few
	// milliseconds: an open one makes the file grow (threats.md section 1,
	// fact 2). Zero entries mean no bound.
	viewEntries, viewBytes int
	// A request searches so long, and spends so much of it in backtracking
	// regular expressions; what it matches again inside a commit operation, all
	// writers wait for.
	searchTime        time.Duration
	searching, inside effort.Limits
	// One Find holds so many bytes of documents, fewer when it has to sort;
	// a sorted one with a limit holds only its best documents so far.
	resultBytes, sortBytes int
	pipeline               aggregate.Budget // one Aggregate
	// One transaction holds so much.
	transaction txn.Limits
}

func defaultBounds() bounds {
	return bounds{
		viewEntries: 8192, viewBytes: 16 << 20,
		searchTime:  10 * time.Second,
		searching:   effort.Limits{Patterns: 3 * time.Second},
		inside:      effort.Limits{Patterns: 250 * time.Millisecond, Steps: 20_000_000},
		resultBytes: 64 << 20, sortBytes: 32 << 20,
		pipeline:    aggregate.Budget{Stage: 100 << 20, Sort: 32 << 20, Total: 128 << 20},
		transaction: txn.Limits{Writes: 10_000, Bytes: 64 << 20, Reads: 100_000},
	}
}

// fewIDs is how many documents are read in no time worth bounding.
const fewIDs = 100

// each passes every document that p may op on and that s holds for, in natural
// order or that of the walk, in as many views as it takes. The walk w is fresh.
// ServerTimeout when that takes too long.
func (e *Engine) each(ctx context.Context, p rules.Principal, name string, op rules.Operation, w *walk, s *search, fn func(hit) error) error {
	if !s.byID || len(s.ids) > fewIDs {
		bounded, cancel := context.WithTimeout(ctx, e.bounds.searchTime)
		defer cancel()
		ctx = bounded
	}
	if w.effort == nil {
		w.effort = effort.New(ctx, e.bounds.searching)
	}
	w.indexes = &e.indexes
	start := time.Now()
	defer func() { e.tell(ctx, name, w, time.Since(start)) }()
	for !w.done {
		err := e.view(ctx, func(r kv.Reader) error {
			g, err := enter(r, p, name, op)
			if err != nil {
				return err
			}
			if g.absent {
				w.done = true
				return nil
			}
			return w.view(r, g, s, e.bounds, fn)
		})
		if err == nil && w.between != nil {
			err = w.between()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPage refuses negative skip and limit.
func checkPage(skip, limit int64) error {
	if skip < 0 {
		return fault.Invalid("skip", "must not be negative, is %d", skip)
	}
	if limit < 0 {
		return fault.Invalid("limit", "must not be negative, is %d", limit)
	}
	return nil
}
