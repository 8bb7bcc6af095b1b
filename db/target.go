package db

import (
	"context"
	"errors"
	"slices"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// A write with a condition searches in views first and gives the committer
// only the places it has found. Inside the commit operation these are checked
// again, and so is everything that the log says was touched since the search
// began: the outcome is that of a search inside the operation, without its
// price for the other writers.

// found is what a search before the operation has come to.
type found struct {
	coll   uint32
	seq    uint64 // newest operation when the search began
	places []place
	// more: the search ended at the first place; whether later ones hold
	// is not known.
	more bool
}

// errStale sends the operation back to search again.
var errStale = errors.New("db: the search before the operation is out of date")

// searches is how often a search is repeated before it is made inside the
// operation, where nothing can overtake it.
const searches = 4

// write searches the documents a condition holds for and runs fn, with a
// finder for them, as a commit operation.
func (e *Engine) write(ctx context.Context, p rules.Principal, name string, op rules.Operation, s *search, multi bool, fn func(*writing, finder) error) error {
	for try := range searches {
		var before *found
		if !s.byID && try < searches-1 {
			var err error
			if before, err = e.searchFirst(ctx, p, name, op, s, multi); err != nil {
				return err
			}
		}
		err := e.do(ctx, func(tx *commit.Tx) error {
			w, err := e.beginWriting(tx, p, name, op)
			if err != nil {
				return err
			}
			w.effort = effort.New(ctx, e.bounds.inside)
			if err := s.bindText(tx, w.coll.id); err != nil {
				return err
			}
			err = fn(w, finder{w: w, search: s, filter: w.grant.narrow(s.filter), before: before, multi: multi})
			if err != nil {
				return err
			}
			return w.finish()
		})
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return errStale // not reached: the last try does not use an earlier search
}

// searchFirst searches in views. It returns nil when there is nothing to
// search in, which the operation itself will see.
func (e *Engine) searchFirst(ctx context.Context, p rules.Principal, name string, op rules.Operation, s *search, multi bool) (*found, error) {
	f, w := &found{}, &walk{numbered: true}
	if !multi {
		w.first = 1
	}
	err := e.each(ctx, p, name, op, w, s, func(h hit) error {
		f.places = append(f.places, h.at)
		if !multi {
			f.more = true
			return kv.ErrStop
		}
		return nil
	})
	if e.opts.AutoCreate && fault.Is(err, fault.CollectionNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !w.started {
		return nil, nil
	}
	f.coll, f.seq = w.coll, w.seq
	return f, nil
}

// finder gives the documents a condition holds for, inside an operation.
type finder struct {
	w      *writing
	search *search
	filter *query.Filter
	before *found // nil: search here
	multi  bool
}

// each passes the matching documents in natural order: all, or the first when
// the operation is not for many. fn may write to what it is given.
func (f finder) each(fn func(at place, d value.Doc) error) error {
	places, err := f.candidates()
	if err != nil {
		return err
	}
	for _, at := range places {
		d, err := f.w.read(at)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		ok, err := f.filter.MatchWithin(f.w.effort, d)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := fn(at, d); err != nil || !f.multi {
			return err
		}
	}
	if f.before != nil && f.before.more {
		return errStale // the one that was found is gone, another may be behind it
	}
	return nil
}

// candidates returns the places to look at.
func (f finder) candidates() ([]place, error) {
	coll := f.w.coll.id
	if f.search.byID {
		return placesOf(f.w.tx, coll, f.search.ids)
	}
	if f.before == nil {
		return f.searchHere()
	}
	if f.before.coll != coll {
		return nil, errStale
	}
	touched, err := touchedSince(f.w.tx, coll, f.before.seq)
	if errors.Is(err, commit.ErrTrimmed) {
		return nil, errStale
	}
	if err != nil {
		return nil, err
	}
	if f.before.more {
		// Beyond the first hit nothing has been searched.
		first := f.before.places[0]
		touched = slices.DeleteFunc(touched, func(at place) bool { return at > first })
	}
	places := slices.Concat(f.before.places, touched)
	slices.Sort(places)
	return slices.Compact(places), nil
}

func (f finder) searchHere() (places []place, err error) {
	err = (&walk{indexes: f.w.cache, effort: f.w.effort, quick: true}).view(f.w.tx, f.w.grant, f.search, bounds{}, func(h hit) error {
		places = append(places, h.at)
		if !f.multi {
			return kv.ErrStop
		}
		return nil
	})
	return places, err
}
