package db

import (
	"bytes"
	"context"

	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/update"
	"baas/db/value"
)

// UpdateRequest asks for a change of documents.
type UpdateRequest struct {
	Collection string
	Query      value.Doc // nil: all documents
	// Update holds update operators, or the whole new document when Replace
	// is set.
	Update value.Doc
	// Pipeline, when not nil, stands instead of Update: stages that compute the
	// new document from the old one.
	Pipeline []aggregate.Stage
	// ArrayFilters say which elements of arrays a $[name] in a path means.
	ArrayFilters []value.Doc
	Replace      bool
	Multi        bool // all matches rather than the first in natural order
	Upsert       bool // make a document when nothing matches
	ReturnDoc    bool // give the document as it is afterwards; not with Multi
}

// UpdateResult is what an update did.
type UpdateResult struct {
	Matched    int64       // documents the condition held for
	Updated    int64       // those that are different now
	UpsertedID value.Value // of the document that was made; else Missing
	Doc        value.Doc   // with ReturnDoc: the new state, nil without a match
}

// compiledUpdate is an UpdateRequest that has been read.
type compiledUpdate struct {
	UpdateRequest
	search  *search
	program *update.Program // nil when the request replaces
}

func compileUpdate(p rules.Principal, q UpdateRequest) (c compiledUpdate, err error) {
	c.UpdateRequest = q
	if q.Multi && q.Replace {
		return c, fault.Invalid("multi", "a whole document replaces one document; use update operators to change many")
	}
	if q.Multi && q.ReturnDoc {
		return c, fault.Invalid("multi", "only the update of one document returns it")
	}
	if c.search, err = compileSearch(p, q.Query); err != nil {
		return c, err
	}
	if q.Replace {
		if err := checkDocument(q.Update); err != nil {
			return c, err
		}
		return c, checkReplacement(p, q.Update)
	}
	if c.program, err = compileProgram(q); err != nil {
		return c, err
	}
	return c, checkPaths(p, c.program.Paths())
}

func compileProgram(q UpdateRequest) (*update.Program, error) {
	switch {
	case q.Pipeline == nil:
		return update.Compile(q.Update, q.ArrayFilters...)
	case len(q.ArrayFilters) > 0:
		return nil, fault.Invalid("arrayFilters", "cannot be used when the update is a pipeline")
	}
	return update.CompilePipeline(q.Pipeline)
}

// Update changes, replaces or makes documents, in one step: others see all of
// it or nothing. _id never changes, and _openid not by users.
//
// Codes: CollectionNotExist, DatabaseDenied, those of query.Compile and
// update.Compile, InvalidParam ("不能更新_id的值", a document that cannot be
// stored), DatabaseFailed (an operator that does not fit what is there, a
// duplicate id of an upsert, too much at once), ServerTimeout.
func (e *Engine) Update(ctx context.Context, p rules.Principal, q UpdateRequest) (UpdateResult, error) {
	c, err := compileUpdate(p, q)
	if err != nil {
		return UpdateResult{}, err
	}
	var res UpdateResult
	err = e.write(ctx, p, q.Collection, rules.Update, c.search, q.Multi, func(w *writing, f finder) error {
		res = UpdateResult{}
		err := f.each(func(at place, before value.Doc) error { return c.apply(w, p, at, before, &res) })
		if err != nil || res.Matched > 0 || !q.Upsert {
			return err
		}
		return e.upsert(w, p, c, &res)
	})
	if err != nil {
		return UpdateResult{}, err
	}
	return res, nil
}

// apply changes one document that the condition holds for.
func (c compiledUpdate) apply(w *writing, p rules.Principal, at place, before value.Doc, res *UpdateResult) error {
	res.Matched++
	after, err := c.changed(w.run(), p, before)
	if err != nil {
		return err
	}
	if c.ReturnDoc {
		res.Doc = bytes.Clone(after)
	}
	if bytes.Equal(before, after) {
		return nil
	}
	res.Updated++
	return w.change(at, c.kind(), before, after)
}

func (c compiledUpdate) kind() ChangeKind {
	if c.Replace {
		return Replaced
	}
	return Updated
}

// changed returns what becomes of a document. r has no position yet.
func (c compiledUpdate) changed(r update.Run, p rules.Principal, before value.Doc) (value.Doc, error) {
	if c.Replace {
		return replaced(p, before, c.Update)
	}
	if c.program.Positional() { // the array element that the condition found
		var err error
		if r.Position, _, err = c.search.filter.Locate(r.Meter, before); err != nil {
			return nil, err
		}
	}
	after, _, err := c.program.Apply(r, before)
	if err != nil {
		return nil, err
	}
	return after, checkKept(p, before, after)
}

// run is what an update program needs to know besides the document.
func (w *writing) run() update.Run {
	return update.Run{Meter: w.effort, Now: w.now, Position: -1}
}

// upsert makes the document of an update that nothing matched.
func (e *Engine) upsert(w *writing, p rules.Principal, c compiledUpdate, res *UpdateResult) error {
	if _, err := enter(w.tx, p, w.coll.name, rules.Create); err != nil {
		return err
	}
	d, id, err := e.upserted(w.run(), p, c)
	if err != nil {
		return err
	}
	res.UpsertedID = id
	if c.ReturnDoc {
		res.Doc = d
	}
	return w.add(d, id)
}

// upserted returns the document that an update makes when nothing matches: the
// equality fields of the condition, changed by the operators, or the whole new
// document under the condition's id.
func (e *Engine) upserted(r update.Run, p rules.Principal, c compiledUpdate) (value.Doc, value.Value, error) {
	seed, err := update.Seed(c.search.cond)
	if err != nil {
		return nil, value.Value{}, err
	}
	if seed, err = seeded(p, seed); err != nil {
		return nil, value.Value{}, err
	}
	made, err := c.made(r, seed)
	if err != nil {
		return nil, value.Value{}, err
	}
	return e.prepare(p, made)
}

// made returns the document of an upsert before it gets the server's fields.
func (c compiledUpdate) made(r update.Run, seed value.Doc) (value.Doc, error) {
	if !c.Replace {
		return c.program.ApplyInsert(r, seed)
	}
	id := c.Update.Get(fieldID)
	if id.IsMissing() {
		id = seed.Get(fieldID)
	}
	return withSystemFields(c.Update, id, value.Value{}), nil
}
