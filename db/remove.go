package db

import (
	"context"

	"baas/db/rules"
	"baas/db/value"
)

// RemoveRequest asks for the removal of documents.
type RemoveRequest struct {
	Collection string
	Query      value.Doc // nil: all documents
	Multi      bool      // all matches rather than the first in natural order
}

// Remove takes documents out, in one step, and returns how many. Codes:
// CollectionNotExist, DatabaseDenied, those of query.Compile, DatabaseFailed
// for too much at once, ServerTimeout.
func (e *Engine) Remove(ctx context.Context, p rules.Principal, q RemoveRequest) (int64, error) {
	s, err := compileSearch(p, q.Query)
	if err != nil {
		return 0, err
	}
	var n int64
	err = e.write(ctx, p, q.Collection, rules.Delete, s, q.Multi, func(w *writing, f finder) error {
		n = 0
		return f.each(func(at place, d value.Doc) error {
			n++
			return w.remove(at, d)
		})
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
