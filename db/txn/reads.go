package txn

import (
	"baas/db/effort"
	"baas/db/query"
	"baas/db/value"
)

// So many conditions and ids are kept of a collection; with more of them the
// transaction counts as having read all of it.
const (
	mostConditions = 256
	mostKeys       = 100_000
)

// Reads is what the results of a transaction rest on. A change by others that
// it Concerns might have given other results. The zero value concerns nothing.
type Reads struct {
	colls map[uint32]*read
}

// read is what was read of one collection.
type read struct {
	keys  map[string]struct{} // ids that were asked for, there or not
	conds []condition
	all   bool
}

// condition is a search: what it did not find counts as well as what it found.
type condition struct {
	filter *query.Filter
	until  uint64 // places behind it were not looked at
}

func (r *Reads) of(coll uint32) *read {
	if r.colls == nil {
		r.colls = map[uint32]*read{}
	}
	if r.colls[coll] == nil {
		r.colls[coll] = &read{keys: map[string]struct{}{}}
	}
	return r.colls[coll]
}

// Key notes that a document was asked for by its id.
func (r *Reads) Key(coll uint32, key string) {
	c := r.of(coll)
	if c.all = c.all || len(c.keys) >= mostKeys; c.all {
		c.conds, c.keys = nil, nil
		return
	}
	c.keys[key] = struct{}{}
}

// Search notes a search by a condition in places up to until.
func (r *Reads) Search(coll uint32, f *query.Filter, until uint64) {
	c := r.of(coll)
	if c.all = c.all || len(c.conds) >= mostConditions; c.all {
		c.conds, c.keys = nil, nil
		return
	}
	c.conds = append(c.conds, condition{f, until})
}

// Touched reports whether anything of a collection was read.
func (r *Reads) Touched(coll uint32) bool { return r.colls[coll] != nil }

// Concerns reports whether a change of the document at a place might have
// changed a result. m bounds the matching; nil is no bound.
func (r *Reads) Concerns(m *effort.Meter, coll uint32, at uint64, key string, before, after value.Doc) (bool, error) {
	c := r.colls[coll]
	if c == nil {
		return false, nil
	}
	if _, ok := c.keys[key]; ok || c.all {
		return true, nil
	}
	for _, cond := range c.conds {
		if at > cond.until {
			continue
		}
		for _, d := range []value.Doc{before, after} {
			if d == nil {
				continue
			}
			if ok, err := cond.filter.MatchWithin(m, d); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}
