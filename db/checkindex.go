package db

import (
	"bytes"
	"encoding/binary"
	"slices"

	"baas/db/kv"
	"baas/db/plan"
	"baas/db/value"
)

// checkedIndex is an index with what is found of it.
type checkedIndex struct {
	*index
	of      *tally // nil for one that is being purged
	stats   indexStats
	found   indexStats
	wanted  uint64 // entries that the documents should have
	dropped bool   // or of a dropped collection
}

// readIndexes reads the records of all indexes and the marks of dropped ones.
func (c *checker) readIndexes() error {
	c.indexes = map[uint32]*checkedIndex{}
	for id, t := range c.collections {
		set, err := new(indexCache).load(c.r, id)
		if err != nil {
			return err
		}
		stats, err := readStats(c.r, id, set.all)
		if err != nil {
			return err
		}
		for i, x := range set.all {
			if c.indexes[x.id] != nil {
				c.report("two indexes share the id %d", x.id)
			}
			t.indexes = append(t.indexes, &checkedIndex{index: x, of: t, stats: stats[i], dropped: t.dropped})
			c.indexes[x.id] = t.indexes[i]
		}
	}
	for _, prefix := range []byte{prefixIndexes, prefixStats} {
		err := c.r.Scan(kv.Prefix([]byte{prefix}), func(key, _ []byte) error {
			if t := c.collections[binary.BigEndian.Uint32(key[1:])]; t == nil {
				c.report("the key %x belongs to no collection", key)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return c.r.Scan(kv.Prefix([]byte{prefixDroppedIndex}), func(key, _ []byte) error {
		id := binary.BigEndian.Uint32(key[1:])
		if x := c.indexes[id]; x != nil && x.state != IndexFailed {
			c.report("collection %q: the index %s is there and marked as dropped", x.of.coll.name, x.Name)
		}
		c.indexes[id] = &checkedIndex{dropped: true}
		return nil
	})
}

// checkIndexesOf looks for the entries that a document should have.
func (c *checker) checkIndexesOf(t *tally, at place, d value.Doc) error {
	for _, x := range t.indexes {
		if !x.holds(at) {
			continue
		}
		var e plan.Entries
		if err := x.Entries(d, &e); err != nil {
			c.report("collection %q, document at %d: %w", t.coll.name, at, err)
			continue
		}
		if e.Multikey&^x.Multikey != 0 || e.Inexact && !x.Inexact {
			c.report("collection %q: the record of the index %s does not know of the arrays or long values in the document at %d", t.coll.name, x.Name, at)
		}
		for _, fields := range e.Keys {
			x.wanted++
			key := (&upkeep{}).entry(x.index, fields, at)
			stored, err := c.r.Get(key)
			if err != nil {
				return err
			}
			if stored == nil || x.placeIn(key, stored) != at {
				c.report("collection %q: the index %s lacks an entry of the document at %d", t.coll.name, x.Name, at)
			}
		}
	}
	return nil
}

// checkIndexEntry looks for the document of an entry.
func (c *checker) checkIndexEntry(key, stored []byte) error {
	var x *checkedIndex
	if len(key) > 5 {
		x = c.indexes[binary.BigEndian.Uint32(key[1:])]
	}
	if x == nil {
		c.report("the key %x belongs to no index", key)
		return nil
	}
	if x.dropped {
		return nil
	}
	x.found.entries++
	x.found.bytes += uint64(len(key))
	at := x.placeIn(key, stored)
	b, err := c.r.Get(docKey(x.of.coll.id, at))
	if err != nil {
		return err
	}
	fields := bytes.TrimPrefix(key, x.prefix)
	if !x.bare {
		fields = fields[:max(0, len(fields)-8)]
	}
	doc, err := storedDoc(b)
	var e plan.Entries
	if err == nil {
		err = x.Entries(doc, &e)
	}
	if err != nil || !slices.ContainsFunc(e.Keys, func(k []byte) bool { return bytes.Equal(k, fields) }) {
		c.report("collection %q: an entry of the index %s leads to no document, or another at %d", x.of.coll.name, x.Name, at)
	}
	return nil
}

// compareIndexes compares what was found with the counters.
func (c *checker) compareIndexes(t *tally) {
	for _, x := range t.indexes {
		if x.state == IndexFailed {
			continue
		}
		if x.found != x.stats {
			c.report("collection %q: the index %s has %d entries of %d bytes, its counters say %d of %d",
				t.coll.name, x.Name, x.found.entries, x.found.bytes, x.stats.entries, x.stats.bytes)
		}
		if x.found.entries != x.wanted {
			c.report("collection %q: the index %s has %d entries, its documents should have %d", t.coll.name, x.Name, x.found.entries, x.wanted)
		}
	}
}
