package dbtest

import (
	"bytes"
	"fmt"
	"slices"

	"baas/db"
	"baas/db/fault"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/update"
	"baas/db/value"
)

// Model is what an Engine must answer, in the plainest form: lists of
// documents in the order of insertion, searched from front to back. It knows
// no store, no indexes and no log. It takes the pure rooms (query, update,
// rules) as given; they have their own tests.
//
// It is for callers that give valid documents with an _id of their own, and is
// not safe for concurrent use.
type Model struct {
	Collections map[string]*ModelCollection
}

// ModelCollection is one collection of a Model.
type ModelCollection struct {
	Mode rules.Mode
	Docs []value.Doc
}

// NewModel returns a model without collections.
func NewModel() *Model { return &Model{Collections: map[string]*ModelCollection{}} }

// Create makes a collection.
func (m *Model) Create(name string, mode rules.Mode) {
	m.Collections[name] = &ModelCollection{Mode: mode}
}

// enter returns the collection and the condition that p adds to every search.
func (m *Model) enter(p rules.Principal, name string, op rules.Operation) (*ModelCollection, *query.Filter, error) {
	c := m.Collections[name]
	if c == nil {
		return nil, nil, fault.New(fault.CollectionNotExist, "no collection %s", name)
	}
	v, err := rules.Authorize(c.Mode, p, op)
	if err != nil {
		return nil, nil, err
	}
	if v.OwnOnly {
		return c, query.Equal("_openid", value.String(p.Owner())), nil
	}
	return c, query.All(), nil
}

// matches returns the indexes of the documents that p may op on and q selects.
func (m *Model) matches(p rules.Principal, name string, op rules.Operation, q value.Doc) (*ModelCollection, []int, error) {
	f, err := query.Compile(q)
	if err != nil {
		return nil, nil, err
	}
	c, own, err := m.enter(p, name, op)
	if err != nil {
		return nil, nil, err
	}
	var found []int
	for i, d := range c.Docs {
		ok, err := query.And(f, own).Match(d)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			found = append(found, i)
		}
	}
	return c, found, nil
}

// Insert adds documents, all or none.
func (m *Model) Insert(p rules.Principal, name string, docs []value.Doc) error {
	c, _, err := m.enter(p, name, rules.Create)
	if err != nil {
		return err
	}
	next := slices.Clone(c.Docs)
	for _, d := range docs {
		made, err := created(p, d, next)
		if err != nil {
			return err
		}
		next = append(next, made)
	}
	c.Docs = next
	return nil
}

// created returns d as p stores it beside the others.
func created(p rules.Principal, d value.Doc, others []value.Doc) (value.Doc, error) {
	for _, other := range others {
		if value.Equal(other.Get("_id"), d.Get("_id")) {
			return nil, fault.New(fault.DuplicateWrite, "E11000 duplicate id")
		}
	}
	owner := d.Get("_openid")
	if !p.ByPassesRules() {
		owner = value.String(p.Owner())
	}
	return front(d, d.Get("_id"), owner), nil
}

// front returns d with the two fields of the server first.
func front(d value.Doc, id, owner value.Value) value.Doc {
	var b value.Builder
	b.Add("_id", id)
	b.Add("_openid", owner)
	for name, v := range d.All() {
		if name != "_id" && name != "_openid" {
			b.Add(name, v)
		}
	}
	return b.Doc()
}

// Find returns what Engine.Find does.
func (m *Model) Find(p rules.Principal, q db.FindRequest) ([]value.Doc, error) {
	c, found, err := m.matches(p, q.Collection, rules.Read, q.Query)
	if err != nil {
		return nil, err
	}
	var docs []value.Doc
	for _, i := range found {
		docs = append(docs, c.Docs[i])
	}
	sort, err := query.CompileSort(q.Sort)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(docs, sort.Compare)
	docs = docs[min(int(q.Skip), len(docs)):]
	if q.Limit > 0 {
		docs = docs[:min(int(q.Limit), len(docs))]
	}
	f, err := query.Compile(q.Query)
	if err != nil {
		return nil, err
	}
	projection, err := query.CompileProjection(q.Projection, f)
	if err != nil {
		return nil, err
	}
	for i, d := range docs {
		if docs[i], err = projection.Apply(d); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// Update returns what Engine.Update does.
func (m *Model) Update(p rules.Principal, q db.UpdateRequest) (res db.UpdateResult, err error) {
	c, found, err := m.matches(p, q.Collection, rules.Update, q.Query)
	if err != nil {
		return res, err
	}
	next := slices.Clone(c.Docs)
	for _, i := range found {
		after, err := changed(p, q, next[i])
		if err != nil {
			return db.UpdateResult{}, err
		}
		res.Matched++
		if !bytes.Equal(after, next[i]) {
			res.Updated++
		}
		if q.ReturnDoc {
			res.Doc = after
		}
		next[i] = after
		if !q.Multi {
			break
		}
	}
	if len(found) == 0 && q.Upsert {
		made, err := m.upserted(p, q, next)
		if err != nil {
			return db.UpdateResult{}, err
		}
		res.UpsertedID = made.Get("_id")
		if q.ReturnDoc {
			res.Doc = made
		}
		next = append(next, made)
	}
	c.Docs = next
	return res, nil
}

func changed(p rules.Principal, q db.UpdateRequest, d value.Doc) (value.Doc, error) {
	if q.Replace {
		owner := q.Update.Get("_openid")
		if !p.ByPassesRules() {
			owner = d.Get("_openid")
		}
		return front(q.Update, d.Get("_id"), owner), nil
	}
	program, err := update.Compile(q.Update, q.ArrayFilters...)
	if err != nil {
		return nil, err
	}
	f, err := query.Compile(q.Query)
	if err != nil {
		return nil, err
	}
	at, _, err := f.Locate(nil, d)
	if err != nil {
		return nil, err
	}
	after, _, err := program.Apply(update.Run{Position: at}, d)
	return after, err
}

func (m *Model) upserted(p rules.Principal, q db.UpdateRequest, others []value.Doc) (value.Doc, error) {
	if _, _, err := m.enter(p, q.Collection, rules.Create); err != nil {
		return nil, err
	}
	seed, err := update.Seed(q.Query)
	if err != nil {
		return nil, err
	}
	made := front(q.Update, seed.Get("_id"), q.Update.Get("_openid"))
	if !q.Replace {
		program, err := update.Compile(q.Update, q.ArrayFilters...)
		if err != nil {
			return nil, err
		}
		if made, err = program.ApplyInsert(update.Run{}, seed); err != nil {
			return nil, err
		}
	}
	if made.Get("_id").IsMissing() {
		return nil, fmt.Errorf("dbtest: the model makes no ids; give one in the condition")
	}
	return created(p, made, others)
}

// Remove returns what Engine.Remove does.
func (m *Model) Remove(p rules.Principal, q db.RemoveRequest) (int64, error) {
	c, found, err := m.matches(p, q.Collection, rules.Delete, q.Query)
	if err != nil {
		return 0, err
	}
	if !q.Multi {
		found = found[:min(1, len(found))]
	}
	c.Docs = slices.Clone(c.Docs)
	for _, i := range slices.Backward(found) {
		c.Docs = slices.Delete(c.Docs, i, i+1)
	}
	return int64(len(found)), nil
}
