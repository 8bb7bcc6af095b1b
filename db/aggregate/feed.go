package aggregate

import (
	"errors"
	"slices"

	"baas/db/value"
)

// Bounds of what a cut keeps before it asks for a pause.
const (
	cutDocuments = 1024
	cutBytes     = 4 << 20
)

// Feed takes the documents that a store reads for a run.
//
// Stages that read other collections must not run inside a view. So the feed
// stops in front of the first of them, at the cut: behind Push, while the view is
// open, run only the stages before it, and Drain runs the others on what they
// have let through.
type Feed struct {
	run   *run
	first sink
	cut   *cut // nil: no stage reads another collection
}

// Push takes one borrowed document inside a view. An error other than the end
// of the run (see [Enough]) is the run's.
func (f *Feed) Push(d value.Doc) error { return f.first.push(d) }

// Score tells the text score of the document that is pushed next.
func (f *Feed) Score(score float64) { *f.run.score = value.Float(score) }

// Full reports whether the view should end, and Drain be called, before more
// documents are pushed. A reader that cannot go on where it stopped may push the
// rest of its documents first: they are charged to the run's budget.
func (f *Feed) Full() bool { return f.cut != nil && f.cut.full() }

// Drain runs the stages that read other collections on what was pushed. It must
// be called outside of a view. Its errors are those of Push.
func (f *Feed) Drain() error {
	if f.cut == nil {
		return nil
	}
	return f.cut.drain()
}

// close ends the reading: what the stages keep back comes when no view is open
// any more, and passes the cut at once.
func (f *Feed) close() error {
	if err := f.Drain(); err != nil && !Enough(err) {
		return err
	}
	if f.cut != nil {
		f.cut.inside = false
	}
	*f.run.score = value.Value{}
	return f.first.close()
}

// Enough reports whether an error of Push or Drain says that the run needs no
// more documents, which is no failure.
func Enough(err error) bool { return errors.Is(err, errEnough) }

// reader is implemented by stages that read other collections.
type reader interface{ readsOthers() bool }

func readsOthers(s stage) bool {
	r, ok := s.(reader)
	return ok && r.readsOthers()
}

// feed opens stages with a cut in front of the first that reads another
// collection.
func (r *run) feed(stages []stage, last sink) (*Feed, error) {
	at := slices.IndexFunc(stages, readsOthers)
	if at < 0 {
		first, err := r.chain(stages, last)
		return &Feed{run: r, first: first}, err
	}
	for at > 0 && multiplies(stages[at-1]) {
		at-- // one document more in the cut, not all that becomes of it
	}
	return r.cutFeed(stages[:at], stages[at:], last)
}

// cutFeed opens stages with a cut between those before and those after.
func (r *run) cutFeed(before, after []stage, last sink) (*Feed, error) {
	rest, err := r.chain(after, last)
	if err != nil {
		return nil, err
	}
	c := &cut{next: rest, inside: true, memory: r.account("the pipeline", r.budget.Stage)}
	first, err := r.chain(before, c)
	return &Feed{run: r, first: first, cut: c}, err
}

func multiplies(s stage) bool {
	_, ok := s.(*unwind)
	return ok
}

// cut keeps documents until the view has ended.
type cut struct {
	next   sink
	inside bool // a view may be open: keep what comes
	kept   []scored
	memory account
	done   bool // the next stage has enough
}

// scored is a document and its text score.
type scored struct {
	doc   value.Doc
	score value.Value
}

func (c *cut) push(d value.Doc) error {
	if c.done {
		return errEnough
	}
	if !c.inside {
		return c.next.push(d)
	}
	c.kept = append(c.kept, scored{slices.Clone(d), *c.memory.run.score})
	return c.memory.charge(len(d) + overhead)
}

func (c *cut) full() bool {
	return len(c.kept) >= cutDocuments || c.memory.used >= min(cutBytes, c.memory.limit/4)
}

func (c *cut) drain() error {
	kept := c.kept
	c.kept = c.kept[:0]
	c.memory.release()
	for i, one := range kept {
		kept[i] = scored{}
		*c.memory.run.score = one.score
		if err := c.next.push(one.doc); err != nil {
			c.done = Enough(err)
			return err
		}
	}
	return nil
}

func (c *cut) close() error { return c.next.close() }
