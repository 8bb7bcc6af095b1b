package db

import (
	"context"
	"fmt"
	"slices"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// ExportRequest asks for the documents of a collection, however many.
type ExportRequest struct {
	Collection        string
	Query, Projection value.Doc // nil: all documents, whole
	// After goes on where an earlier export has stopped: its Mark.
	After string
}

// Exporter reads a collection in natural order, piece by piece, each in a view
// of its own, so that neither a slow reader nor a large collection holds up
// writers or makes the file grow. It is no snapshot: a document that is written
// meanwhile is read as it was or as it is; one that is inserted after the first
// piece is left out. Not safe for concurrent use.
type Exporter struct {
	e          *Engine
	p          rules.Principal
	q          ExportRequest
	search     *search
	projection *query.Projection

	started, done bool
	coll          uint32
	next, end     place
}

// What one piece of an export holds, and how much is looked at for it in one
// view.
const (
	pieceDocs    = 1000
	pieceBytes   = 1 << 20
	pieceEntries = 4096
	pieceLooked  = 4 << 20
)

// Export begins an export. Codes: those of query.Compile, InvalidParam for a
// mark that is none.
func (e *Engine) Export(p rules.Principal, q ExportRequest) (*Exporter, error) {
	x := &Exporter{e: e, p: p, q: q}
	s, err := compileSearch(p, q.Query)
	if err != nil {
		return nil, err
	}
	x.search = s
	if !q.Projection.IsEmpty() {
		if x.projection, err = query.CompileProjection(q.Projection, s.filter); err != nil {
			return nil, err
		}
	}
	if q.After != "" {
		x.started = true
		if n, err := fmt.Sscanf(q.After, "%x-%x-%x", &x.coll, &x.next, &x.end); n != 3 || err != nil {
			return nil, fault.Invalid("after", "must be a mark that an earlier export gave")
		}
	}
	return x, nil
}

// Mark says where the export stands, for an ExportRequest that is to go on from
// there; "" once there is nothing left.
func (x *Exporter) Mark() string {
	if x.done {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x", x.coll, uint64(x.next), uint64(x.end))
}

// Next returns the next documents, none at the end. They are the caller's own.
// Codes: those of Find, CollectionNotExist also when the collection was dropped
// since the export began.
func (x *Exporter) Next(ctx context.Context) ([]value.Doc, error) {
	var docs []value.Doc
	for !x.done && len(docs) == 0 {
		err := x.e.view(ctx, func(r kv.Reader) (err error) {
			docs, err = x.piece(r)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if x.projection == nil {
		return docs, nil
	}
	if x.search.bound {
		x.projection = x.projection.With(x.search.filter)
	}
	for i, d := range docs {
		var err error
		if docs[i], err = x.projection.ApplyWithin(effort.New(ctx, x.e.bounds.searching), d); err != nil {
			return nil, translate(err)
		}
	}
	return docs, nil
}

// piece reads on in one view.
func (x *Exporter) piece(r kv.Reader) ([]value.Doc, error) {
	g, err := enter(r, x.p, x.q.Collection, rules.Read)
	if err != nil {
		return nil, err
	}
	if !x.started {
		x.started, x.coll, x.end = true, g.coll.id, g.coll.next
	}
	if g.coll.id != x.coll {
		return nil, missingCollection(x.q.Collection) // dropped and made anew meanwhile
	}
	if err := x.search.bindText(r, x.coll); err != nil {
		return nil, err
	}
	filter := g.narrow(x.search.filter)
	var docs []value.Doc
	entries, looked, held, full := 0, 0, 0, false
	err = r.Scan(kv.Range{Low: docKey(x.coll, x.next), High: docKey(x.coll, x.end)}, func(key, stored []byte) error {
		d, err := storedDoc(stored)
		if err != nil {
			return err
		}
		ok, err := filter.Match(d)
		if err != nil {
			return err
		}
		if ok {
			docs = append(docs, slices.Clone(d))
			held += len(d)
		}
		x.next = placeOf(key) + 1
		entries++
		looked += len(stored)
		if entries >= pieceEntries || looked >= pieceLooked || len(docs) >= pieceDocs || held >= pieceBytes {
			full = true
			return kv.ErrStop
		}
		return nil
	})
	x.done = err == nil && !full
	return docs, err
}
