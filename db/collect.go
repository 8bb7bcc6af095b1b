package db

import (
	"cmp"
	"container/heap"
	"slices"

	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/value"
)

// collector takes the hits of a find and gives its documents. offer may end
// the walk with kv.ErrStop.
type collector interface {
	offer(h hit) error
	docs() []value.Doc
}

// page is the collector of a find, chosen once its walk has begun.
type page struct {
	find   compiledFind
	walk   *walk
	bounds bounds
	collector
}

func (p *page) offer(h hit) error {
	if p.collector == nil {
		sort := p.find.search.order(p.find.sort)
		if p.walk.sorted {
			sort = nil
		}
		p.collector = newCollector(sort, p.find.Skip, p.find.Limit, p.bounds)
	}
	return p.collector.offer(h)
}

// reset forgets what was offered.
func (p *page) reset() { p.collector = nil }

func (p *page) docs() []value.Doc {
	if p.collector == nil {
		return nil
	}
	return p.collector.docs()
}

// newCollector returns the collector for a page: limit 0 means no limit.
func newCollector(sort *query.Sort, skip, limit int64, b bounds) collector {
	if sort == nil {
		return &inOrder{skip: skip, limit: limit, room: b.resultBytes}
	}
	s := &sorted{sort: sort, skip: int(min(skip, 1<<40)), room: b.sortBytes}
	if limit > 0 && skip+limit > 0 {
		s.most = int(min(skip+limit, 1<<40))
	}
	return s
}

// inOrder keeps the hits of a page as they come.
type inOrder struct {
	skip, limit int64
	room        int // bytes still to be kept
	kept        []value.Doc
}

func (c *inOrder) offer(h hit) error {
	if c.skip > 0 {
		c.skip--
		return nil
	}
	if c.room -= len(h.doc); c.room < 0 {
		return fault.New(fault.ResultTooLarge, "the result is too large for one answer; give a smaller limit or a narrower condition")
	}
	if c.kept == nil && c.limit > 0 {
		c.kept = make([]value.Doc, 0, min(c.limit, 64))
	}
	c.kept = append(c.kept, slices.Clone(h.doc))
	if int64(len(c.kept)) == c.limit {
		return kv.ErrStop
	}
	return nil
}

func (c *inOrder) docs() []value.Doc { return c.kept }

// sorted keeps all hits, or the first most of them in a heap whose root is the
// last in order. Documents that are equal in order stay in natural order.
type sorted struct {
	sort *query.Sort
	skip int
	most int // 0 means all
	room int // bytes still to be kept
	kept []hit
}

func (c *sorted) compare(a, b hit) int {
	if n := c.sort.CompareRanked(a.doc, a.rank, b.doc, b.rank); n != 0 {
		return n
	}
	return cmp.Compare(a.at, b.at)
}

func (c *sorted) offer(h hit) (err error) {
	if h.rank, err = c.sort.Rank(nil, h.doc); err != nil {
		return err
	}
	full := c.most > 0 && len(c.kept) == c.most
	if full && c.compare(h, c.kept[0]) >= 0 {
		return nil
	}
	c.room -= len(h.doc)
	switch {
	case full:
		c.room += len(c.kept[0].doc)
		h.doc = append(c.kept[0].doc[:0], h.doc...) // the memory of the one that goes
		c.kept[0] = h
		heap.Fix(c, 0)
	case c.most > 0:
		h.doc = slices.Clone(h.doc)
		heap.Push(c, h)
	default:
		h.doc = slices.Clone(h.doc)
		c.kept = append(c.kept, h)
	}
	if c.room < 0 {
		return fault.New(fault.ResultTooLarge, "sorting holds too much in memory; give a smaller skip and limit, or a narrower condition")
	}
	return nil
}

func (c *sorted) docs() []value.Doc {
	slices.SortFunc(c.kept, c.compare)
	kept := c.kept[min(c.skip, len(c.kept)):]
	docs := make([]value.Doc, len(kept))
	for i, h := range kept {
		docs[i] = h.doc
	}
	return docs
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (c *sorted) Len() int           { return len(c.kept) }
func (c *sorted) Less(i, j int) bool { return c.compare(c.kept[i], c.kept[j]) > 0 }
func (c *sorted) Swap(i, j int)      { c.kept[i], c.kept[j] = c.kept[j], c.kept[i] }
func (c *sorted) Push(h any)         { c.kept = append(c.kept, h.(hit)) }

// Pop implements heap.Interface; nothing here ever shrinks the heap.
func (c *sorted) Pop() any {
	last := c.kept[len(c.kept)-1]
	c.kept = c.kept[:len(c.kept)-1]
	return last
}
