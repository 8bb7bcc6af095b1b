package boltkv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"baas/db/kv"
)

// The file's layout: a bucket "baas" with the identity, and one bucket "k"+b
// for the keys whose first byte is b, stored whole. Separate trees let each
// kind of key have its own fill; a value ends with a CRC-32C of key and value.
const (
	metaBucket  = "baas"
	identityKey = "identity"
	dataBucket  = 'k'
	sumBytes    = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value)
}

// tree is the bucket of one first byte, looked up once per transaction, and a
// cursor for single reads: reusing it spares most of their allocations.
type tree struct {
	first  byte
	bucket *bbolt.Bucket
	cursor *bbolt.Cursor
}

// reader implements kv.Reader on one bbolt transaction.
type reader struct {
	ctx   context.Context
	store *Store
	tx    *bbolt.Tx
	trees []tree
	few   [4]tree // room for the first of them
	name  [2]byte // of a bucket that is looked up
}

// bucketName returns the name of the bucket of a first byte, good until the
// next call.
func (r *reader) bucketName(first byte) []byte {
	r.name = [2]byte{dataBucket, first}
	return r.name[:]
}

// tree returns the tree of keys that start with first; its bucket is nil when
// there is none.
func (r *reader) tree(first byte) (t tree, err error) {
	for _, t := range r.trees {
		if t.first == first {
			return t, nil
		}
	}
	defer guard(r.store.path, &err)
	if b := r.tx.Bucket(r.bucketName(first)); b != nil {
		t = r.remember(first, b)
	}
	return t, nil
}

func (r *reader) remember(first byte, b *bbolt.Bucket) tree {
	t := tree{first, b, b.Cursor()}
	if r.trees == nil {
		r.trees = r.few[:0]
	}
	r.trees = append(r.trees, t)
	return t
}

// Get implements kv.Reader.
func (r *reader) Get(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, nil
	}
	t, err := r.tree(key[0])
	if t.bucket == nil || err != nil {
		return nil, err
	}
	return r.get(t.cursor, key)
}

func (r *reader) get(c *bbolt.Cursor, key []byte) (value []byte, err error) {
	defer guard(r.store.path, &err)
	found, stored := c.Seek(key)
	if !bytes.Equal(found, key) {
		return nil, nil
	}
	return r.verify(key, stored)
}

// GetMany implements kv.Reader.
func (r *reader) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		v, err := r.Get(key)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// verify returns the value without its checksum, or a DamagedError.
func (r *reader) verify(key, stored []byte) ([]byte, error) {
	n := len(stored) - sumBytes
	if n < 0 || binary.LittleEndian.Uint32(stored[n:]) != checksum(key, stored[:n]) {
		return nil, &kv.DamagedError{
			Store:  r.store.path,
			Detail: fmt.Sprintf("the checksum of the value under key %x is wrong", key),
		}
	}
	return stored[:n:n], nil
}

// ctxEvery is how many entries a scan passes between looks at its context.
const ctxEvery = 256

// Scan implements kv.Reader. It walks the trees that the range touches.
func (r *reader) Scan(rg kv.Range, fn func(key, value []byte) error) error {
	low, high := 0, 0xff
	if len(rg.Low) > 0 {
		low = int(rg.Low[0])
	}
	if len(rg.High) > 0 {
		high = int(rg.High[0])
	} else if rg.High != nil {
		return nil // nothing lies below the empty key
	}
	left := rg.Limit
	for i := range max(high-low+1, 0) {
		first := low + i
		if rg.Reverse {
			first = high - i
		}
		t, err := r.tree(byte(first))
		if err != nil {
			return err
		}
		if t.bucket == nil {
			continue
		}
		seen, err := r.scanTree(t.bucket, rg, left, fn)
		if errors.Is(err, kv.ErrStop) {
			return nil
		}
		if err != nil {
			return err
		}
		if rg.Limit > 0 {
			if left -= seen; left == 0 {
				return nil
			}
		}
	}
	return nil
}

// scanTree passes the entries of one tree, at most limit when that is not 0.
func (r *reader) scanTree(b *bbolt.Bucket, rg kv.Range, limit int, fn func(key, value []byte) error) (seen int, err error) {
	c := b.Cursor()
	k, v, err := r.first(c, rg)
	for ; k != nil && err == nil; k, v, err = r.next(c, k, rg) {
		if seen%ctxEvery == 0 {
			if err := r.ctx.Err(); err != nil {
				return seen, err
			}
		}
		seen++
		if err := fn(k, v); err != nil {
			return seen, err
		}
		if seen == limit {
			return seen, nil
		}
	}
	return seen, err
}

// first moves the cursor to the first entry of the range in its direction.
func (r *reader) first(c *bbolt.Cursor, rg kv.Range) (k, v []byte, err error) {
	defer guard(r.store.path, &err)
	if !rg.Reverse {
		k, v = c.Seek(rg.Low)
		return r.inRange(k, v, rg)
	}
	// In a tree whose every page was emptied in this transaction, Last never
	// returns (bbolt 1.5.0).
	if k, _ = c.First(); k == nil {
		return nil, nil, nil
	}
	if rg.High != nil {
		k, _ = c.Seek(rg.High)
	}
	if rg.High == nil || k == nil {
		k, v = c.Last()
	} else {
		k, v = previous(c, k)
	}
	return r.inRange(k, v, rg)
}

// next moves the cursor on from the entry with key from.
func (r *reader) next(c *bbolt.Cursor, from []byte, rg kv.Range) (k, v []byte, err error) {
	defer guard(r.store.path, &err)
	if rg.Reverse {
		k, v = previous(c, from)
	} else {
		k, v = c.Next()
	}
	return r.inRange(k, v, rg)
}

// previous moves the cursor back from the entry with key from. A nil key of
// Prev means the start of the tree or a page that was emptied in this
// transaction (bbolt 1.5.0); only a look at the first key tells which.
func previous(c *bbolt.Cursor, from []byte) (k, v []byte) {
	if k, v = c.Prev(); k != nil {
		return k, v
	}
	if start, _ := c.Bucket().Cursor().First(); bytes.Equal(start, from) {
		return nil, nil
	}
	for k == nil {
		k, v = c.Prev()
	}
	return k, v
}

// inRange ends the walk at the range's far bound and verifies what is inside.
func (r *reader) inRange(k, v []byte, rg kv.Range) ([]byte, []byte, error) {
	if k == nil {
		return nil, nil, nil
	}
	if rg.Reverse && bytes.Compare(k, rg.Low) < 0 {
		return nil, nil, nil
	}
	if !rg.Reverse && rg.High != nil && bytes.Compare(k, rg.High) >= 0 {
		return nil, nil, nil
	}
	value, err := r.verify(k, v)
	return k, value, err
}

// writer implements kv.Writer.
type writer struct{ reader }

// Put implements kv.Writer.
func (w *writer) Put(key, value []byte) error {
	if err := limits.CheckEntry(key, value); err != nil {
		return err
	}
	b, err := w.bucketForWriting(key[0])
	if err != nil {
		return err
	}
	// bbolt copies the key but keeps the value until the commit.
	stored := make([]byte, len(value)+sumBytes)
	copy(stored, value)
	binary.LittleEndian.PutUint32(stored[len(value):], checksum(key, value))
	return w.put(b, key, stored)
}

func (w *writer) put(b *bbolt.Bucket, key, stored []byte) (err error) {
	defer guard(w.store.path, &err)
	if err := b.Put(key, stored); err != nil {
		return fmt.Errorf("boltkv: put: %w", err)
	}
	return nil
}

// Delete implements kv.Writer.
func (w *writer) Delete(key []byte) error {
	if len(key) == 0 {
		return nil
	}
	b, err := w.bucketForWriting(key[0])
	if err != nil {
		return err
	}
	return w.delete(b, key)
}

func (w *writer) delete(b *bbolt.Bucket, key []byte) (err error) {
	defer guard(w.store.path, &err)
	if err := b.Delete(key); err != nil {
		return fmt.Errorf("boltkv: delete: %w", err)
	}
	return nil
}

// bucketForWriting returns the tree of a first byte, made when it is missing.
func (w *writer) bucketForWriting(first byte) (b *bbolt.Bucket, err error) {
	t, err := w.tree(first)
	if err != nil {
		return nil, err
	}
	if b = t.bucket; b == nil {
		if b, err = w.makeBucket(first); err != nil {
			return nil, err
		}
	}
	if bytes.IndexByte([]byte(w.store.opts.Append), first) >= 0 {
		b.FillPercent = appendFill
	}
	return b, nil
}

func (w *writer) makeBucket(first byte) (b *bbolt.Bucket, err error) {
	defer guard(w.store.path, &err)
	if b, err = w.tx.CreateBucketIfNotExists([]byte{dataBucket, first}); err != nil {
		return nil, fmt.Errorf("boltkv: make tree: %w", err)
	}
	return w.remember(first, b).bucket, nil
}
