package db

import (
	"errors"

	"baas/db/kv"
	"baas/db/plan"
	"baas/db/query"
)

// Which of several indexes is the best for a query, nobody can tell from the
// query. So the first of each shape tries all: it looks at a hundred entries by
// each plan, then at a thousand, until one of them comes to its end. The winner
// is kept for queries of the shape, and when it takes a query much further than
// it took the first, the race is run again.

// Bounds of a race.
const (
	raceShort, raceLong = 100, 1000 // entries for each plan
	racers              = 4
	// scattered is how many documents of a scan cost what one costs that is read
	// by an index entry.
	scattered = 8
	// patience is how many times the entries of the race, and some, a plan may
	// take before another race.
	patience, somePatience = 10, 1000
)

// choice is the winner of a race.
type choice struct {
	plan int // among those of the query; -1 is the whole collection
	cost int // entries it took, or may take
}

// race is one race, in one view.
type race struct {
	r      kv.Reader
	w      *walk
	set    *indexSet
	coll   collection
	filter *query.Filter
	plans  []plan.Plan
}

// pick returns the plan to follow, nil for the whole collection.
func (c *race) pick(q plan.Query) (*plan.Plan, error) {
	whole := c.wholeRuns()
	if len(c.plans) == 1 && !whole {
		return &c.plans[0], nil
	}
	shape := q.Shape(c.w.first)
	if known, ok := c.set.choices.Load(shape); ok && !c.w.raced {
		if k := known.(choice); k.plan < len(c.plans) {
			c.w.patience = int64(k.cost*patience + somePatience)
			return c.at(k.plan), nil
		}
	}
	if c.w.quick {
		return &c.plans[0], nil
	}
	c.w.raced = true
	best, err := c.run(whole)
	if err != nil {
		return nil, err
	}
	c.set.choices.Store(shape, best)
	return c.at(best.plan), nil
}

func (c *race) at(i int) *plan.Plan {
	if i < 0 {
		return nil
	}
	return &c.plans[i]
}

// wholeRuns reports whether the whole collection may be the best: where little is
// wanted, and an index gives nothing but the order, or not the natural one.
func (c *race) wholeRuns() bool {
	p := c.plans[0]
	if c.w.first == 0 || c.w.first > raceLong || len(p.Scans) == 0 {
		return false
	}
	if p.Scans[0].Index.HasTerms() { // words and places differ too much in how rare they are
		return false
	}
	if c.w.sort == nil {
		return p.Order != plan.Natural
	}
	return p.Order == plan.Sorted && !p.Exact && p.Scans[0].Equal+p.Scans[0].Bound == 0
}

// run returns the best plan: the cheapest that comes to its end, or that
// promises to.
func (c *race) run(whole bool) (choice, error) {
	for _, entries := range []int{raceShort, raceLong} {
		best, over := choice{cost: -1}, false
		for i := range c.plans[:min(len(c.plans), racers)] {
			t := trial{race: c, entries: entries, ordered: c.isOrdered(&c.plans[i])}
			if err := t.run(c.plans[i].Scans); err != nil {
				return best, err
			}
			best, over = t.better(i, best, over)
		}
		if whole {
			t := trial{race: c, entries: entries}
			if err := t.scan(); err != nil {
				return best, err
			}
			best, over = t.better(-1, best, over)
		}
		if over || entries == raceLong {
			return best, nil
		}
	}
	return choice{}, nil // not reached
}

// isOrdered reports whether a plan gives documents in the order that is asked
// for, so that it ends with the last one wanted.
func (c *race) isOrdered(p *plan.Plan) bool {
	if c.w.sort != nil {
		return p.Order == plan.Sorted
	}
	return p.Order == plan.Natural
}

// trial is one plan in a race.
type trial struct {
	*race
	entries   int
	ordered   bool
	seen      int
	skipped   int // entries whose documents were not read
	hits      int64
	over      bool // it came to its end
	wholeCost int  // of going over the whole collection, in entries of an index
}

// better returns the better of t and the best so far.
func (t *trial) better(i int, best choice, over bool) (choice, bool) {
	cost := t.cost()
	if best.cost < 0 || t.over && !over || t.over == over && cost < best.cost {
		return choice{i, cost}, over || t.over
	}
	return best, over
}

// cost is how many entries the plan takes.
func (t *trial) cost() int {
	looked := t.seen + t.skipped/scattered
	switch {
	case t.wholeCost > 0:
		return t.wholeCost
	case t.over:
		return looked
	case t.ordered && t.w.first > 0 && t.hits > 0:
		return min(int(t.w.first*int64(looked)/t.hits), t.all())
	case t.ordered:
		return t.all()
	}
	return 20*looked - int(10*t.hits)
}

// all is the number of documents.
func (t *trial) all() int { return int(min(t.coll.count, 1<<40)) }

func (t *trial) run(scans []plan.Scan) error {
	for _, s := range scans {
		scan := indexScan{Scan: s, x: t.set.of[s.Index]}
		done, err := scan.walk(t.r, t.skip, func(key, stored []byte) (full bool, err error) {
			stored, err = t.r.Get(docKey(t.coll.id, scan.x.placeIn(key, stored)))
			if err != nil {
				return false, err
			}
			t.w.work.keys++
			return t.entry(stored)
		})
		if !done || err != nil {
			return err
		}
	}
	t.over = true
	return nil
}

// skip counts an entry whose document need not be read: it costs little.
func (t *trial) skip(int) (full bool) {
	t.skipped++
	t.w.work.keys++
	return t.skipped >= scattered*t.entries
}

// entry counts one document; full ends the trial.
func (t *trial) entry(stored []byte) (full bool, err error) {
	t.seen++
	t.w.work.docs++
	doc, err := storedDoc(stored)
	if err != nil {
		return false, err
	}
	ok, err := t.filter.MatchWithin(t.w.effort, doc)
	if ok {
		t.hits++
	}
	t.over = t.ordered && t.w.first > 0 && t.hits >= t.w.first
	return t.over || t.seen >= t.entries, err
}

// scan tries the whole collection. When documents have to be put in order, it is
// over only at the end.
func (t *trial) scan() error {
	t.entries *= scattered
	t.ordered = t.w.sort == nil
	err := t.r.Scan(kv.Range{Low: docKey(t.coll.id, 0), High: docKey(t.coll.id, t.coll.next)}, func(_, stored []byte) error {
		full, err := t.entry(stored)
		if full && err == nil {
			err = errTrialFull
		}
		return err
	})
	if err != nil && !errors.Is(err, errTrialFull) {
		return err
	}
	t.over = t.over || err == nil
	t.wholeCost = max(t.cost()/scattered, 1)
	if !t.over && !t.ordered {
		t.wholeCost = max(t.all()/scattered, 1)
	}
	return nil
}

// errTrialFull ends the scan of a trial.
var errTrialFull = errors.New("db: the trial has seen enough")
