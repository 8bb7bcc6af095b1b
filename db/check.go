package db

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"baas/db/commit"
	"baas/db/kv"
	"baas/db/value"
)

// Check reads the whole store in one view and reports whatever does not hold:
// documents that are unsound or lack entries in the indexes, entries without
// a document, counters that disagree, strays of unknown collections, and what
// the store's checksums find. It is for tests and for a quiet database: the
// one view makes the file grow under writers.
func (e *Engine) Check(ctx context.Context) error { return check(ctx, e.store) }

// Check is Engine.Check for a store that no engine has opened. It refuses one
// that a newer program has written.
func Check(ctx context.Context, store kv.Store) error {
	err := store.View(ctx, func(r kv.Reader) error {
		_, err := checkFormat(r)
		return err
	})
	if err != nil {
		return err
	}
	return check(ctx, store)
}

func check(ctx context.Context, store kv.Store) error {
	return store.View(ctx, func(r kv.Reader) error {
		c := checker{r: r, collections: map[uint32]*tally{}}
		if err := c.run(); err != nil {
			return err
		}
		return errors.Join(c.problems...)
	})
}

// maxProblems is how many are told.
const maxProblems = 100

// tally is what is found of one collection.
type tally struct {
	coll               collection
	dropped            bool
	docs, entries, sum uint64
	indexes            []*checkedIndex
}

type checker struct {
	r           kv.Reader
	collections map[uint32]*tally
	indexes     map[uint32]*checkedIndex
	problems    []error
}

func (c *checker) report(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Errorf("db: "+format, args...))
	}
}

func (c *checker) run() error {
	if err := c.readCatalog(); err != nil {
		return err
	}
	if err := c.readIndexes(); err != nil {
		return err
	}
	for prefix, check := range map[byte]func(key, stored []byte) error{
		prefixDoc: c.checkDoc, prefixID: c.checkEntry, prefixIndex: c.checkIndexEntry,
	} {
		if err := c.r.Scan(kv.Prefix([]byte{prefix}), check); err != nil {
			return err
		}
	}
	for _, t := range c.collections {
		c.compare(t)
	}
	if err := commit.CheckLog(c.r); err != nil {
		c.report("%w", err)
	}
	return nil
}

func (c *checker) readCatalog() error {
	err := eachCollection(c.r, func(coll collection) error {
		if c.collections[coll.id] != nil {
			c.report("the collections %q and %q share the id %d", c.collections[coll.id].coll.name, coll.name, coll.id)
		}
		c.collections[coll.id] = &tally{coll: coll}
		return nil
	})
	if err != nil {
		return err
	}
	return c.r.Scan(kv.Prefix([]byte{prefixDropped}), func(key, _ []byte) error {
		id := binary.BigEndian.Uint32(key[1:])
		if c.collections[id] != nil {
			c.report("the collection %q is there and marked as dropped", c.collections[id].coll.name)
			return nil
		}
		c.collections[id] = &tally{dropped: true}
		return nil
	})
}

// of returns the tally for a key of documents or index entries; nil, with a
// report, when no collection has the key.
func (c *checker) of(key []byte) *tally {
	if len(key) > 5 {
		if t := c.collections[binary.BigEndian.Uint32(key[1:])]; t != nil {
			return t
		}
	}
	c.report("the key %x belongs to no collection", key)
	return nil
}

func (c *checker) checkDoc(key, stored []byte) error {
	t := c.of(key)
	if t == nil || t.dropped {
		return nil
	}
	doc, err := storedDoc(stored)
	if err == nil {
		err = value.Check(doc)
	}
	if err != nil {
		c.report("collection %q, document at %d: %w", t.coll.name, placeOf(key), err)
		return nil
	}
	at := placeOf(key)
	t.docs++
	t.sum += uint64(len(doc))
	if at >= t.coll.next {
		c.report("collection %q: a document stands at %d, where the next one is to go to %d", t.coll.name, at, t.coll.next)
	}
	entry, err := c.r.Get(idKey(t.coll.id, doc.Get(fieldID)))
	if err != nil {
		return err
	}
	if entry == nil || decodePlace(entry) != at {
		c.report("collection %q: the id index does not lead to the document at %d", t.coll.name, at)
	}
	return c.checkIndexesOf(t, at, doc)
}

func (c *checker) checkEntry(key, stored []byte) error {
	t := c.of(key)
	if t == nil || t.dropped {
		return nil
	}
	t.entries++
	b, err := c.r.Get(docKey(t.coll.id, decodePlace(stored)))
	if err != nil {
		return err
	}
	doc, err := storedDoc(b)
	if err != nil || !bytes.Equal(idKey(t.coll.id, doc.Get(fieldID)), key) {
		c.report("collection %q: the index entry %x leads to no document, or another", t.coll.name, key)
	}
	return nil
}

func (c *checker) compare(t *tally) {
	if t.dropped {
		return
	}
	if t.docs != t.coll.count || t.sum != t.coll.bytes {
		c.report("collection %q has %d documents of %d bytes, its counters say %d of %d", t.coll.name, t.docs, t.sum, t.coll.count, t.coll.bytes)
	}
	c.compareIndexes(t)
	if t.entries != t.docs {
		c.report("collection %q has %d documents and %d index entries", t.coll.name, t.docs, t.entries)
	}
}
