package live

import (
	"iter"
	"slices"
	"strings"

	"baas/db/keyenc"
	"baas/db/query"
	"baas/db/value"
)

// Router finds the watchers that a change may concern: by collection, then by
// one equality of each watcher's filter, so that a message in one room does not
// wake those who watch others. The zero value is ready. It is not safe for
// concurrent use, iteration included.
type Router[W comparable] struct {
	places      map[W]place
	collections map[string]*routes[W]
}

// place is where a watcher stands. Without a path its filter has no equality
// that could be looked up, and every change of the collection concerns it.
type place struct{ collection, path, value string }

type routes[W comparable] struct {
	all   set[W]
	rest  set[W]                       // those without a path
	paths map[string]map[string]set[W] // by path, then encoded value
}

type set[W comparable] map[W]struct{}

// Add enters a watcher, or moves it when its filter has changed.
func (r *Router[W]) Add(w W, collection string, f *query.Filter) {
	p := place{collection: collection}
	p.path, p.value = selective(f.Equalities())
	if old, ok := r.places[w]; ok {
		if old == p {
			return
		}
		r.Remove(w)
	}
	if r.places == nil {
		r.places, r.collections = make(map[W]place), make(map[string]*routes[W])
	}
	r.places[w] = p
	c := r.collections[collection]
	if c == nil {
		c = &routes[W]{all: make(set[W]), rest: make(set[W]), paths: make(map[string]map[string]set[W])}
		r.collections[collection] = c
	}
	c.all[w] = struct{}{}
	c.bucket(p)[w] = struct{}{}
}

// bucket returns the set that a place names, made if missing.
func (c *routes[W]) bucket(p place) set[W] {
	if p.path == "" {
		return c.rest
	}
	values := c.paths[p.path]
	if values == nil {
		values = make(map[string]set[W])
		c.paths[p.path] = values
	}
	if values[p.value] == nil {
		values[p.value] = make(set[W])
	}
	return values[p.value]
}

// Remove takes a watcher out; one that is not there is no error.
func (r *Router[W]) Remove(w W) {
	p, ok := r.places[w]
	if !ok {
		return
	}
	delete(r.places, w)
	c := r.collections[p.collection]
	delete(c.all, w)
	bucket := c.bucket(p)
	delete(bucket, w)
	if p.path != "" && len(bucket) == 0 {
		delete(c.paths[p.path], p.value)
	}
	if p.path != "" && len(c.paths[p.path]) == 0 {
		delete(c.paths, p.path)
	}
	if len(c.all) == 0 {
		delete(r.collections, p.collection)
	}
}

// Len returns how many watchers there are.
func (r *Router[W]) Len() int { return len(r.places) }

// All yields every watcher.
func (r *Router[W]) All() iter.Seq[W] {
	return func(yield func(W) bool) {
		for w := range r.places {
			if !yield(w) {
				return
			}
		}
	}
}

// Of yields the watchers of a collection.
func (r *Router[W]) Of(collection string) iter.Seq[W] {
	return func(yield func(W) bool) {
		if c := r.collections[collection]; c != nil {
			c.all.each(yield)
		}
	}
}

// Concerned yields, each once, the watchers of a collection whose result a
// change from before to after may move. It may yield too many, never too few.
func (r *Router[W]) Concerned(collection string, before, after value.Doc) iter.Seq[W] {
	return func(yield func(W) bool) {
		c := r.collections[collection]
		if c == nil || !c.rest.each(yield) {
			return
		}
		for path, values := range c.paths {
			for _, v := range keysAt(path, before, after) {
				if !values[v].each(yield) {
					return
				}
			}
		}
	}
}

func (s set[W]) each(yield func(W) bool) bool {
	for w := range s {
		if !yield(w) {
			return false
		}
	}
	return true
}

// selective picks the equality that most likely selects least: the id, the
// owner, else the first. Only those are looked up that a document's values at
// the path can be compared with one by one.
func selective(equalities []query.Equality) (path, encoded string) {
	rank := 0
	for _, e := range equalities {
		better := 1
		switch e.Path {
		case "_id":
			better = 3
		case "_openid":
			better = 2
		}
		if better > rank && isScalar(e.Value) && !strings.Contains(e.Path, ".") {
			rank, path, encoded = better, e.Path, string(keyenc.Append(nil, e.Value))
		}
	}
	return path, encoded
}

// keysAt encodes the scalars that stand at a top-level path, alone or in an
// array, in either document.
func keysAt(path string, docs ...value.Doc) []string {
	var keys []string
	add := func(v value.Value) {
		if !isScalar(v) {
			return
		}
		if k := string(keyenc.Append(nil, v)); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, d := range docs {
		v := d.Get(path)
		if v.Type != value.TypeArray {
			add(v)
			continue
		}
		for _, element := range v.Doc().All() {
			add(element)
		}
	}
	return keys
}

// isScalar leaves out null, which documents without the path equal too, and
// everything that is made of values.
func isScalar(v value.Value) bool {
	switch v.Type {
	case value.TypeString, value.TypeInt32, value.TypeInt64, value.TypeDouble,
		value.TypeBool, value.TypeDate, value.TypeObjectID:
		return true
	}
	return false
}
