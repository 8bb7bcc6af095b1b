package db

import (
	"bytes"
	"context"
	"errors"
	"maps"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// ImportRequest asks for documents of a file to be stored. The caller brings
// some hundreds at a time: they are written in one operation.
type ImportRequest struct {
	Collection string
	Docs       []value.Doc
	// Upsert replaces a document that has the same _id; without it such a
	// document is refused.
	Upsert bool
	// StopOnError stores nothing behind the first document that is refused.
	StopOnError bool
}

// ImportResult says what became of the documents.
type ImportResult struct {
	Inserted, Updated, Unchanged int64
	// Refused holds the error of each document that was not stored, by its
	// place in the request. With StopOnError it is the first, and nothing
	// behind it was looked at.
	Refused map[int]error
}

// Import stores documents with the rights of an administrator. A document that
// cannot be stored, whose _id or other unique value is taken, or that a
// validator does not admit, is refused by itself; the others are stored.
//
// Codes: InvalidParam, DatabaseDenied for users, CollectionNotExist, those of
// the store.
func (e *Engine) Import(ctx context.Context, p rules.Principal, q ImportRequest) (ImportResult, error) {
	if err := mayManage(p); err != nil {
		return ImportResult{}, err
	}
	i := importing{ImportRequest: q, refused: map[int]error{}}
	for n, d := range q.Docs {
		fresh, id, err := e.prepare(p, d)
		if err != nil {
			i.refuse(n, err)
		}
		i.fresh, i.ids = append(i.fresh, fresh), append(i.ids, id)
	}
	for {
		bad := -1
		err := e.do(ctx, func(tx *commit.Tx) error {
			w, err := e.beginWriting(tx, p, q.Collection, rules.Create)
			if err != nil {
				return err
			}
			bad, i.result = -1, ImportResult{}
			w.effort = effort.New(ctx, e.bounds.inside)
			for n := range i.docs() {
				if i.refused[n] != nil {
					continue
				}
				if err := i.store(w, n); err != nil {
					bad = n
					return err
				}
			}
			return w.finish()
		})
		// What a document that was refused half way has written is dropped
		// with the operation, and the others are stored by another one.
		if _, told := errors.AsType[*fault.Error](err); told && bad >= 0 && ctx.Err() == nil && !errors.Is(err, commit.ErrTooBig) {
			i.refuse(bad, err)
			continue
		}
		if i.StopOnError {
			first := len(i.docs())
			maps.DeleteFunc(i.refused, func(n int, _ error) bool { return n > first })
		}
		i.result.Refused = i.refused
		return i.result, err
	}
}

// importing is one Import at work.
type importing struct {
	ImportRequest
	fresh   []value.Doc
	ids     []value.Value
	refused map[int]error
	result  ImportResult
}

func (i *importing) refuse(n int, err error) { i.refused[n] = err }

// docs returns the documents to be stored: with StopOnError those before the
// first that was refused.
func (i *importing) docs() []value.Doc {
	docs := i.fresh
	if i.StopOnError {
		for n := range i.refused {
			docs = docs[:min(len(docs), n)]
		}
	}
	return docs
}

func (i *importing) store(w *writing, n int) error {
	places, err := placesOf(w.tx, w.coll.id, i.ids[n:n+1])
	if err != nil {
		return err
	}
	if len(places) == 0 {
		i.result.Inserted++
		return w.add(i.fresh[n], i.ids[n])
	}
	if !i.Upsert {
		return duplicateID(w.coll.name, i.ids[n])
	}
	before, err := w.read(places[0])
	if err != nil {
		return err
	}
	if bytes.Equal(before, i.fresh[n]) {
		i.result.Unchanged++
		return nil
	}
	i.result.Updated++
	return w.change(places[0], Replaced, before, i.fresh[n])
}
