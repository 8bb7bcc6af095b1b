package db

import (
	"encoding/binary"
	"errors"
	"fmt"

	"baas/db/kv"
	"baas/db/rules"
	"baas/db/value"
)

// The first byte of a key says what the entry is. commit.StateKey 's' and
// commit.LogPrefix 'l' belong to the committer.
const (
	prefixMeta    = 'm' // format and counters of the whole store
	prefixCatalog = 'c' // collection name → its record
	prefixDoc     = 'd' // collection id (4), place (8) → version (8), BSON
	prefixID      = 'p' // collection id (4), encoded _id → place (8)
	prefixDropped = 'x' // collection id (4): dropped → what brings it back, or empty while its entries are purged
	prefixRule    = 'v' // collection id (4) → the JSON Schema of its documents, BSON

	prefixIndexes      = 'k' // collection id (4) → the record of its indexes
	prefixStats        = 'n' // collection id (4) → counters of its indexes
	prefixIndex        = 'i' // index id (4), encoded fields, place (8); of a unique index without place → place (8)
	prefixDroppedIndex = 'y' // index id (4): dropped, its entries are being purged
)

// AppendKeys are the first bytes of keys that arrive in ascending order, for
// the driver's Append option: documents and the log.
const AppendKeys = "dl"

// formatVersion is the version of everything below the keys of this file. A
// store with a higher one is refused; a lower one is raised at opening, because
// all that older programs wrote still reads.
const formatVersion = 2

const (
	metaFormat         = "mformat"
	metaNextCollection = "mcollections"
	metaNextIndex      = "mindexes"
)

// place is a document's position in its collection.
type place uint64

func catalogKey(name string) []byte {
	return append([]byte{prefixCatalog}, name...)
}

func collectionPrefix(prefix byte, coll uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefix}, coll)
}

const docKeyBytes = 1 + 4 + 8

func docKey(coll uint32, at place) []byte {
	return appendDocKey(make([]byte, 0, docKeyBytes), coll, at)
}

func appendDocKey(key []byte, coll uint32, at place) []byte {
	key = append(key, prefixDoc)
	key = binary.BigEndian.AppendUint32(key, coll)
	return binary.BigEndian.AppendUint64(key, uint64(at))
}

// placeOf reads the place from the key of a document.
func placeOf(key []byte) place {
	return place(binary.BigEndian.Uint64(key[docKeyBytes-8:]))
}

const versionBytes = 8

// encodeDoc is the stored form of a document: the number of the operation
// that wrote it, then its BSON.
func encodeDoc(version uint64, d value.Doc) []byte {
	b := make([]byte, 0, versionBytes+len(d))
	return append(binary.BigEndian.AppendUint64(b, version), d...)
}

// storedDoc returns the document of a stored form without copying it.
func storedDoc(b []byte) (value.Doc, error) {
	if len(b) < versionBytes {
		return nil, errors.New("db: a stored document is too short")
	}
	return value.Doc(b[versionBytes:]), nil
}

// storedVersion returns the number of the operation that wrote a stored
// document, which storedDoc has accepted.
func storedVersion(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// collection is a catalog record. The counters are written in the same commit
// as the documents they count.
//
// What belongs to a collection stands under its id, so that it stays with it
// through a new name, and through being dropped and brought back.
type collection struct {
	name    string
	id      uint32
	next    place  // where the next document goes
	count   uint64 // documents
	bytes   uint64 // of BSON
	created int64  // Unix milliseconds
	mode    rules.Mode
}

const catalogBytes = 4 + 4*8

func (c collection) encode() []byte {
	b := make([]byte, 0, catalogBytes+len(c.mode))
	b = binary.BigEndian.AppendUint32(b, c.id)
	for _, n := range []uint64{uint64(c.next), c.count, c.bytes, uint64(c.created)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return append(b, c.mode...)
}

func decodeCollection(name string, b []byte) (collection, error) {
	if len(b) < catalogBytes {
		return collection{}, fmt.Errorf("db: the catalog record of %q is too short", name)
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[4+8*i:]) }
	return collection{
		name:    name,
		id:      binary.BigEndian.Uint32(b),
		next:    place(n(0)),
		count:   n(1),
		bytes:   n(2),
		created: int64(n(3)),
		mode:    modeOf(b[catalogBytes:]),
	}, nil
}

// modeOf reads a mode; the known ones without an allocation.
func modeOf(b []byte) rules.Mode {
	for _, m := range [...]rules.Mode{rules.ReadOnly, rules.Private, rules.AdminWrite, rules.AdminOnly} {
		if string(b) == string(m) {
			return m
		}
	}
	return rules.Mode(b)
}

// readCollection returns the record of a collection; ok is false when there
// is none.
func readCollection(r kv.Reader, name string) (c collection, ok bool, err error) {
	b, err := r.Get(catalogKey(name))
	if b == nil || err != nil {
		return collection{}, false, err
	}
	c, err = decodeCollection(name, b)
	return c, err == nil, err
}

// checkFormat refuses a store that a newer program has written; behind reports
// that none has written to it yet, or an older one.
func checkFormat(r kv.Reader) (behind bool, err error) {
	b, err := r.Get([]byte(metaFormat))
	if b == nil || err != nil {
		return err == nil, err
	}
	if len(b) != 4 {
		return false, errors.New("db: the format entry is malformed")
	}
	v := binary.BigEndian.Uint32(b)
	if v > formatVersion {
		return false, fmt.Errorf("db: the database has format %d, this program knows up to %d; run the newer program", v, formatVersion)
	}
	return v < formatVersion, nil
}

func writeFormat(w kv.Writer) error {
	return w.Put([]byte(metaFormat), binary.BigEndian.AppendUint32(nil, formatVersion))
}

func encodePlace(at place) []byte { return binary.BigEndian.AppendUint64(nil, uint64(at)) }

// decodePlace reads the value of an id index entry; a malformed one reads as
// a place where no document is.
func decodePlace(b []byte) place {
	if len(b) != 8 {
		return 1<<64 - 1
	}
	return place(binary.BigEndian.Uint64(b))
}
