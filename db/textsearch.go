package db

import (
	"context"

	"baas/db/fault"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/query"
)

// bindText gives the $text of the condition the paths of the collection's text
// index, of which it speaks. Code: DatabaseFailed when there is none.
func (s *search) bindText(r kv.Reader, coll uint32) error {
	if s.bound || !s.filter.HasText() {
		return nil
	}
	set, err := new(indexCache).load(r, coll)
	if err != nil {
		return err
	}
	fields := set.textFields()
	if fields == nil {
		return fault.New(fault.DatabaseFailed, "text index required for $text query")
	}
	s.filter, s.bound = s.filter.WithText(fields), true
	return nil
}

// bindText is that of a search in a transaction.
func (t *transaction) bindText(ctx context.Context, s *search, coll uint32) error {
	if s.bound || !s.filter.HasText() {
		return nil
	}
	return t.e.view(ctx, func(r kv.Reader) error { return s.bindText(r, coll) })
}

// textFields returns the paths of the text index, nil when there is none.
func (s *indexSet) textFields() []query.TextField {
	for _, x := range s.all {
		if x.state == IndexFailed {
			continue
		}
		var fields []query.TextField
		for _, k := range x.Keys {
			if k.Kind == plan.Text {
				fields = append(fields, query.TextField{Path: k.Path, Weight: 1})
			}
		}
		if fields != nil {
			return fields
		}
	}
	return nil
}

// oneTextIndex refuses a second text index.
func (u *upkeep) oneTextIndex(spec IndexSpec) error {
	isText := func(s IndexSpec) bool {
		for _, k := range s.Keys {
			if k.Kind == plan.Text {
				return true
			}
		}
		return false
	}
	for _, x := range u.all {
		if isText(spec) && isText(x.IndexSpec) && x.state != IndexFailed {
			return fault.New(fault.DatabaseFailed, "only one text index per collection allowed, found existing text index %q; drop it first", x.Name)
		}
	}
	return nil
}
