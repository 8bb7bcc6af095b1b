package db

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"baas/db/kv"
	"baas/db/plan"
	"baas/db/value"
)

// IndexSpec says what an index is to be.
type IndexSpec = plan.IndexSpec

// IndexKey is one key of an index.
type IndexKey = plan.IndexKey

// IndexState is how far an index is.
type IndexState string

// The states of an index. While it is built, writes to what it has reached keep
// it up, and no search uses it; after a failure neither.
const (
	IndexBuilding IndexState = "building"
	IndexReady    IndexState = "ready"
	IndexFailed   IndexState = "failed"
)

// index is one index of a collection.
type index struct {
	*plan.Index
	id      uint32
	state   IndexState
	reason  string // of a failure
	created int64  // Unix milliseconds
	upto    place  // while building: the documents below have entries
	prefix  []byte // of its entries
	bare    bool   // entries are the fields alone, and their value is the place
}

// holds reports whether the document at a place has, or is to have, entries.
func (x *index) holds(at place) bool {
	return x.state == IndexReady || x.state == IndexBuilding && at < x.upto
}

// indexSet is what a collection's record of indexes says. It is immutable but
// for choices.
type indexSet struct {
	raw   []byte
	all   []*index      // in order of creation
	ready []*plan.Index // those that searches use, the id index first
	of    map[*plan.Index]*index
	// choices are the winners of races between plans, by the shape of the query.
	choices sync.Map
}

// fieldNames of the record, a BSON document {indexes: [{…}]}.
const (
	recordIndexes  = "indexes"
	recordName     = "name"
	recordKeys     = "keys"
	recordUnique   = "unique"
	recordSparse   = "sparse"
	recordExpire   = "expireMs"
	recordID       = "id"
	recordState    = "state"
	recordReason   = "reason"
	recordCreated  = "created"
	recordUpto     = "upto"
	recordMultikey = "multikey"
	recordInexact  = "inexact"
	recordPath     = "path"
	recordKind     = "kind"
)

func encodeIndexes(all []*index) []byte {
	var b value.Builder
	b.Array(recordIndexes, func(a *value.ArrayBuilder) {
		for _, x := range all {
			a.Object(x.encode)
		}
	})
	return b.Doc()
}

func (x *index) encode(b *value.Builder) {
	b.AddInt64(recordID, int64(x.id))
	b.AddString(recordName, x.Name)
	b.Array(recordKeys, func(a *value.ArrayBuilder) {
		for _, k := range x.Keys {
			a.Object(func(b *value.Builder) {
				b.AddString(recordPath, k.Path)
				b.AddInt32(recordKind, int32(k.Kind))
			})
		}
	})
	b.AddBool(recordUnique, x.Unique)
	b.AddBool(recordSparse, x.Sparse)
	b.AddInt64(recordExpire, x.ExpireAfter.Milliseconds())
	b.AddString(recordState, string(x.state))
	b.AddString(recordReason, x.reason)
	b.AddInt64(recordCreated, x.created)
	b.AddInt64(recordUpto, int64(x.upto))
	b.AddInt64(recordMultikey, int64(x.Multikey))
	b.AddBool(recordInexact, x.Inexact)
}

func decodeIndex(d value.Doc) (*index, error) {
	number := func(name string) int64 { n, _ := d.Get(name).AsInt64(); return n }
	spec := IndexSpec{
		Name:        d.Get(recordName).Text(),
		Unique:      d.Get(recordUnique).IsTrue(),
		Sparse:      d.Get(recordSparse).IsTrue(),
		ExpireAfter: time.Duration(number(recordExpire)) * time.Millisecond,
	}
	for _, k := range d.Get(recordKeys).Doc().All() {
		kind, _ := k.Doc().Get(recordKind).AsInt64()
		spec.Keys = append(spec.Keys, IndexKey{Path: k.Doc().Get(recordPath).Text(), Kind: plan.Kind(kind)})
	}
	compiled, err := plan.Compile(spec)
	if err != nil {
		return nil, fmt.Errorf("db: the record of an index is malformed: %w", err)
	}
	compiled.Multikey, compiled.Inexact = uint32(number(recordMultikey)), d.Get(recordInexact).IsTrue()
	x := newIndex(compiled, uint32(number(recordID)))
	x.state, x.reason = IndexState(d.Get(recordState).Text()), d.Get(recordReason).Text()
	x.created, x.upto = number(recordCreated), place(number(recordUpto))
	return x, nil
}

func newIndex(compiled *plan.Index, id uint32) *index {
	return &index{Index: compiled, id: id, prefix: collectionPrefix(prefixIndex, id), bare: compiled.Unique}
}

const idIndexName = "_id_"

// idIndex presents the id index of a collection as one of its indexes.
func idIndex(coll uint32) (*index, error) {
	compiled, err := plan.Compile(IndexSpec{Name: idIndexName, Keys: []IndexKey{{Path: fieldID}}, Unique: true})
	if err != nil {
		return nil, err
	}
	compiled.Whole = true
	return &index{Index: compiled, state: IndexReady, prefix: collectionPrefix(prefixID, coll), bare: true}, nil
}

func decodeIndexes(coll uint32, raw []byte) (*indexSet, error) {
	s := &indexSet{raw: bytes.Clone(raw), of: map[*plan.Index]*index{}}
	if err := value.Check(value.Doc(s.raw)); raw != nil && err != nil {
		return nil, errors.New("db: a record of indexes is malformed")
	}
	byID, err := idIndex(coll)
	if err != nil {
		return nil, err
	}
	s.serve(byID)
	for _, v := range value.Doc(s.raw).Get(recordIndexes).Doc().All() {
		x, err := decodeIndex(v.Doc())
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, x)
		if x.state == IndexReady {
			s.serve(x)
		}
	}
	return s, nil
}

func (s *indexSet) serve(x *index) {
	s.ready = append(s.ready, x.Index)
	s.of[x.Index] = x
}

// isReady reports whether the index with this id can still be searched.
func (s *indexSet) isReady(id uint32) bool {
	return id == 0 || slices.ContainsFunc(s.all, func(x *index) bool { return x.id == id && x.state == IndexReady })
}

// indexCache keeps the decoded records of collections that have been used; a
// record that has changed is decoded anew. The zero value is ready.
type indexCache struct{ sets sync.Map } // collection id → *indexSet

// load returns the indexes of a collection that r shows.
func (c *indexCache) load(r kv.Reader, coll uint32) (*indexSet, error) {
	raw, err := r.Get(collectionPrefix(prefixIndexes, coll))
	if err != nil {
		return nil, err
	}
	if known, ok := c.sets.Load(coll); ok && bytes.Equal(known.(*indexSet).raw, raw) {
		return known.(*indexSet), nil
	}
	s, err := decodeIndexes(coll, raw)
	if err == nil {
		c.sets.Store(coll, s)
	}
	return s, err
}

// indexStats count what an index holds, in the same commit as its entries.
type indexStats struct{ entries, bytes uint64 }

const indexStatsBytes = 4 + 2*8

// readStats returns the counters of a collection's indexes, in the order of all.
func readStats(r kv.Reader, coll uint32, all []*index) ([]indexStats, error) {
	if len(all) == 0 {
		return nil, nil
	}
	b, err := r.Get(collectionPrefix(prefixStats, coll))
	if err != nil {
		return nil, err
	}
	if len(b)%indexStatsBytes != 0 {
		return nil, errors.New("db: the counters of a collection's indexes are malformed")
	}
	stats := make([]indexStats, len(all))
	for ; len(b) > 0; b = b[indexStatsBytes:] {
		id := binary.BigEndian.Uint32(b)
		if i := slices.IndexFunc(all, func(x *index) bool { return x.id == id }); i >= 0 {
			stats[i] = indexStats{binary.BigEndian.Uint64(b[4:]), binary.BigEndian.Uint64(b[12:])}
		}
	}
	return stats, nil
}

// encodeStats writes the counters of all.
func encodeStats(all []*index, stats []indexStats) []byte {
	b := make([]byte, 0, len(all)*indexStatsBytes)
	for i, x := range all {
		b = binary.BigEndian.AppendUint32(b, x.id)
		b = binary.BigEndian.AppendUint64(b, stats[i].entries)
		b = binary.BigEndian.AppendUint64(b, stats[i].bytes)
	}
	return b
}
