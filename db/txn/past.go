package txn

import (
	"iter"

	"baas/db/value"
)

// Past is what the documents of one collection were at a snapshot, as far as
// they were written to since. The zero value knows of no write.
type Past struct {
	// Until is the number of the newest operation that was noted.
	Until uint64

	docs  map[uint64]value.Doc // by place; nil where no document was
	byKey map[string]uint64    // places of those that were there
	bytes int
}

// Note takes the next write to the collection after the snapshot: what stood
// at a place before it. Only the first one about a place tells what the
// snapshot had.
func (p *Past) Note(at uint64, key string, before value.Doc) {
	if _, known := p.docs[at]; known {
		return
	}
	if p.docs == nil {
		p.docs, p.byKey = map[uint64]value.Doc{}, map[string]uint64{}
	}
	p.docs[at] = before
	p.bytes += len(before)
	if before != nil {
		p.byKey[key] = at
	}
}

// Knows reports whether the place was written to since the snapshot.
func (p *Past) Knows(at uint64) bool {
	_, ok := p.docs[at]
	return ok
}

// ByKey returns the document that had an id at the snapshot and was written to
// since.
func (p *Past) ByKey(key string) (at uint64, d value.Doc, ok bool) {
	at, ok = p.byKey[key]
	return at, p.docs[at], ok
}

// Docs returns the documents of the snapshot that were written to since, in no
// order.
func (p *Past) Docs() iter.Seq2[uint64, value.Doc] {
	return func(yield func(uint64, value.Doc) bool) {
		for _, at := range p.byKey {
			if !yield(at, p.docs[at]) {
				return
			}
		}
	}
}

// Bytes returns how many bytes of documents are held.
func (p *Past) Bytes() int { return p.bytes }
