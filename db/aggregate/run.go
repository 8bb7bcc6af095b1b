package aggregate

import (
	"errors"
	"slices"
	"time"

	"baas/db/effort"
	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
)

// errEnough is what push returns when it needs no more documents.
var errEnough = errors.New("aggregate: enough")

// Budget bounds the memory of one run, in bytes.
type Budget struct {
	Stage int // one stage that keeps documents or groups
	Sort  int // one $sort without a limit behind it
	Total int // all stages of the run together
}

// Input is what a run reads from a collection: what the first stages of its
// pipeline come to, so that the store may use its indexes.
type Input struct {
	Collection  string
	Query, Sort value.Doc // nil: every document, in natural order; of a $near nearest first
	Limit       int64     // of a sorted input, or one with $near: how many are wanted; 0 means all
	Joined      bool      // not the collection of the request: a missing one has no documents
	// Describe asks for documents about the collection instead of its own: the
	// name of the stage that they are for, $collStats or $indexStats.
	Describe string
}

// Store reads collections under the rights of the caller.
type Store interface {
	// Read passes the documents of the input to the feed, which says when to
	// pause and when to stop. Codes: those of a find.
	Read(in Input, f *Feed) error
	// Indexed reports whether a condition that a path has one of some values is
	// searched for without reading the whole collection.
	Indexed(collection, path string) bool
	// GeoPath returns the path of the collection's only 2dsphere index. Codes:
	// DatabaseFailed when there is none, or more than one.
	GeoPath(collection string) (string, error)
}

// Execution is what a run needs.
type Execution struct {
	Store      Store
	Collection string
	Now        time.Time
	Meter      *effort.Meter
	Budget     Budget
	// Emit takes each document of the result, borrowed. Its error ends the run.
	Emit func(value.Doc) error
}

// Run runs the pipeline once. It must be called outside of a view of the store.
// Codes: those of the store; DatabaseFailed for an operation that a document
// does not allow; ResultTooLarge when a budget is spent.
func (p *Pipeline) Run(x Execution) error {
	r := &run{store: x.Store, now: x.Now, meter: x.Meter, budget: x.Budget, total: new(int), score: new(value.Value)}
	in, rest, err := r.input(p, x.Collection)
	if err != nil {
		return err
	}
	f, err := r.feed(rest, emitter(x.Emit))
	if err != nil {
		return err
	}
	return r.into(in, f)
}

// run is the state of one execution. Pipelines within pipelines share it, but
// for their variables.
type run struct {
	store  Store
	now    time.Time
	meter  *effort.Meter
	budget Budget
	total  *int // bytes charged to all stages
	vars   []value.Value
	// score is the text score of the document that is being pushed, Missing when
	// it has none or was kept on the way. It is the own of each execution.
	score *value.Value
}

// next makes a scope ready for the next document.
func (r *run) next(s *expr.Scope, d value.Doc) {
	s.Next(d)
	s.TextScore = *r.score
}

// with returns the run for a pipeline within, with its variables.
func (r *run) with(vars []value.Value) *run {
	inner := *r
	inner.vars, inner.score = vars, new(value.Value)
	return &inner
}

// execute reads another collection through its pipeline and passes the result to
// last, which must not read collections.
func (r *run) execute(p *Pipeline, collection string, last sink) error {
	r = r.with(r.vars)
	in, rest, err := r.input(p, collection)
	if err != nil {
		return err
	}
	f, err := r.feed(rest, last)
	if err != nil {
		return err
	}
	in.Joined = true
	return r.into(in, f)
}

// executeOutside is execute for a last that may read collections.
func (r *run) executeOutside(p *Pipeline, collection string, last sink) error {
	r = r.with(r.vars)
	in, rest, err := r.input(p, collection)
	if err != nil {
		return err
	}
	f, err := r.cutFeed(rest, nil, last)
	if err != nil {
		return err
	}
	in.Joined = true
	return r.into(in, f)
}

// read passes the documents of an input to last.
func (r *run) read(in Input, last sink) error {
	in.Joined = true
	r = r.with(r.vars)
	return r.into(in, &Feed{run: r, first: last})
}

func (r *run) into(in Input, f *Feed) error {
	if err := r.store.Read(in, f); err != nil && !Enough(err) {
		return err
	}
	return f.close()
}

// closing ends a stage whose last documents met err: the next one is closed,
// also when it needs no more of them.
func closing(err error, next sink) error {
	if err != nil && !Enough(err) {
		return err
	}
	return next.close()
}

// chain opens stages so that each passes its documents to the next.
func (r *run) chain(stages []stage, last sink) (sink, error) {
	var err error
	for _, s := range slices.Backward(stages) {
		if last, err = s.open(r, last); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// spend meters work on a document of so many bytes.
func (r *run) spend(bytes int) error { return r.meter.Spend(1 + bytes>>8) }

// emitter is the end of a pipeline.
type emitter func(value.Doc) error

func (e emitter) push(d value.Doc) error { return e(d) }
func (e emitter) close() error           { return nil }

// account is what one stage of a run keeps in memory.
type account struct {
	run   *run
	stage string
	limit int
	used  int
}

func (r *run) account(stage string, limit int) account {
	return account{run: r, stage: stage, limit: limit}
}

// charge adds bytes; a negative number gives them back. ResultTooLarge when the
// stage, or the run, keeps too much.
func (a *account) charge(bytes int) error {
	a.used += bytes
	*a.run.total += bytes
	if a.used > a.limit {
		return fault.New(fault.ResultTooLarge,
			"%s holds more than %d MB in memory; select fewer documents or smaller ones before it", a.stage, a.limit>>20)
	}
	if *a.run.total > a.run.budget.Total {
		return fault.New(fault.ResultTooLarge,
			"the stages up to %s hold more than %d MB in memory together; select fewer documents or smaller ones",
			a.stage, a.run.budget.Total>>20)
	}
	return nil
}

// release gives everything back.
func (a *account) release() {
	*a.run.total -= a.used
	a.used = 0
}

// overhead is what keeping one document costs beside its bytes.
const overhead = 64
