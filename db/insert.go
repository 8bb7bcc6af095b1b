package db

import (
	"context"
	"errors"
	"fmt"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// Insert stores new documents, all or none, and returns their ids in order. A
// document without _id gets one; one made by a user gets the user's _openid
// and must not bring its own.
//
// Codes: CollectionNotExist, DatabaseDenied, InvalidParam for a document that
// cannot be stored, DatabaseFailed for a field name that starts with '$' or
// holds '.', DuplicateWrite for an id that is taken (it wraps ErrDuplicate).
func (e *Engine) Insert(ctx context.Context, p rules.Principal, coll string, docs []value.Doc) ([]value.Value, error) {
	fresh, ids, err := e.prepareAll(p, docs)
	if err != nil {
		return nil, err
	}
	err = e.do(ctx, func(tx *commit.Tx) error {
		w, err := e.beginWriting(tx, p, coll, rules.Create)
		if err != nil {
			return err
		}
		for i, d := range fresh {
			if err := w.add(d, ids[i]); err != nil {
				return err
			}
		}
		return w.finish()
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// prepareAll is prepare for several documents.
func (e *Engine) prepareAll(p rules.Principal, docs []value.Doc) ([]value.Doc, []value.Value, error) {
	if len(docs) == 0 {
		return nil, nil, fault.Invalid("data", "give at least one document")
	}
	fresh := make([]value.Doc, len(docs))
	ids := make([]value.Value, len(docs))
	for i, d := range docs {
		var err error
		if fresh[i], ids[i], err = e.prepare(p, d); err != nil {
			if len(docs) > 1 {
				err = inElement(err, i)
			}
			return nil, nil, err
		}
	}
	return fresh, ids, nil
}

// prepare checks a document that p creates and gives it the server's fields.
func (e *Engine) prepare(p rules.Principal, d value.Doc) (value.Doc, value.Value, error) {
	d = value.FromDoc(d).Doc() // nil is the empty document
	if err := checkDocument(d); err != nil {
		return nil, value.Value{}, err
	}
	fresh, id, err := newDocument(p, d, e.opts.NewID)
	if err != nil {
		return nil, value.Value{}, err
	}
	if len(fresh) > value.MaxBytes {
		return nil, value.Value{}, fault.Invalid("data", "the document has %d bytes, allowed are %d", len(fresh), value.MaxBytes)
	}
	return fresh, id, nil
}

// inElement says which document of several an error is about.
func inElement(err error, i int) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		told := *f
		told.Msg = fmt.Sprintf("document %d: %s", i, f.Msg)
		return &told
	}
	return err
}
