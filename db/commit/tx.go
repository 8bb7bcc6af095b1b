package commit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"baas/db/kv"
)

// Tx is what an operation works on: the newest state, the earlier operations
// of the same batch and the operation's own writes, which nobody else sees
// until it has succeeded. It implements kv.Writer and is not for concurrent
// use, nor for use after the operation has returned.
type Tx struct {
	ctx    context.Context
	base   kv.Writer
	limits kv.Limits
	seq    uint64
	most   int // bytes the operation may write

	own    []write
	places map[string]int // index into own, kept once own is long
	log    packer
	size   int
}

// write is one own write; a nil value deletes.
type write struct{ key, value []byte }

// fewWrites is how many own writes are searched one by one.
const fewWrites = 8

func newTx(ctx context.Context, base kv.Writer, limits kv.Limits, seq uint64, most int) *Tx {
	return &Tx{ctx: ctx, base: base, limits: limits, seq: seq, most: most}
}

// Seq is the number this operation gets if it writes anything.
func (t *Tx) Seq() uint64 { return t.seq }

// Log adds one record to the change log, under the operation's number and in
// the order of the calls. It copies the record, which must leave room for the
// frame of a log entry below the store's largest value.
func (t *Tx) Log(record []byte) error {
	if len(record) > t.limits.MaxValue-dateBytes-binary.MaxVarintLen64 {
		return ErrTooBig
	}
	if err := t.grow(len(record)); err != nil {
		return err
	}
	t.log.add(record)
	return nil
}

// Get implements kv.Reader.
func (t *Tx) Get(key []byte) ([]byte, error) {
	if i, ok := t.find(key); ok {
		return t.own[i].value, nil
	}
	return t.base.Get(key)
}

// GetMany implements kv.Reader.
func (t *Tx) GetMany(keys [][]byte) ([][]byte, error) {
	values, err := t.base.GetMany(keys)
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if at, ok := t.find(key); ok {
			values[i] = t.own[at].value
		}
	}
	return values, nil
}

// Put implements kv.Writer. ErrTooBig when the operation has written enough.
func (t *Tx) Put(key, value []byte) error {
	if err := t.limits.CheckEntry(key, value); err != nil {
		return err
	}
	// Appended to an empty slice: nil would mean a deletion.
	return t.set(key, append([]byte{}, value...))
}

// Delete implements kv.Writer.
func (t *Tx) Delete(key []byte) error { return t.set(key, nil) }

func (t *Tx) set(key, value []byte) error {
	if err := t.grow(len(key) + len(value)); err != nil {
		return err
	}
	if i, ok := t.find(key); ok {
		t.own[i].value = value
		return nil
	}
	t.own = append(t.own, write{bytes.Clone(key), value})
	switch n := len(t.own); {
	case n == fewWrites+1:
		t.places = make(map[string]int, 4*fewWrites)
		for i, w := range t.own {
			t.places[string(w.key)] = i
		}
	case n > fewWrites:
		t.places[string(key)] = n - 1
	}
	return nil
}

func (t *Tx) find(key []byte) (place int, ok bool) {
	if t.places != nil {
		place, ok = t.places[string(key)]
		return place, ok
	}
	for i := range t.own {
		if bytes.Equal(t.own[i].key, key) {
			return i, true
		}
	}
	return 0, false
}

func (t *Tx) grow(n int) error {
	if t.size+n > t.most {
		return ErrTooBig
	}
	t.size += n
	return nil
}

// dirty reports whether the operation has written anything.
func (t *Tx) dirty() bool { return len(t.own) > 0 || !t.log.empty() }

// flush hands the own writes to the batch.
func (t *Tx) flush(w kv.Writer) error {
	for _, own := range t.own {
		var err error
		if own.value == nil {
			err = w.Delete(own.key)
		} else {
			err = w.Put(own.key, own.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ctxEvery is how many entries a scan passes between looks at its context.
const ctxEvery = 256

// Scan implements kv.Reader. It merges the own writes into what lies below,
// and ends with the context of whoever asked for the operation.
func (t *Tx) Scan(r kv.Range, fn func(key, value []byte) error) error {
	m := merge{own: t.within(r), reverse: r.Reverse, limit: r.Limit, fn: fn}
	below := r
	below.Limit = 0
	passed := 0
	err := t.base.Scan(below, func(key, value []byte) error {
		if passed%ctxEvery == 0 {
			if err := t.ctx.Err(); err != nil {
				return err
			}
		}
		passed++
		return m.below(key, value)
	})
	if err != nil || m.stopped {
		return err
	}
	if err := m.ownBefore(nil); !errors.Is(err, kv.ErrStop) {
		return err
	}
	return nil
}

// within returns the own writes of a range, in its direction.
func (t *Tx) within(r kv.Range) []write {
	var in []write
	for _, w := range t.own {
		if bytes.Compare(w.key, r.Low) >= 0 && (r.High == nil || bytes.Compare(w.key, r.High) < 0) {
			in = append(in, w)
		}
	}
	slices.SortFunc(in, func(a, b write) int {
		if r.Reverse {
			a, b = b, a
		}
		return bytes.Compare(a.key, b.key)
	})
	return in
}

// merge passes entries from two sorted sources to fn: own writes, which hide
// and delete, and what lies below.
type merge struct {
	own     []write // those still to come
	reverse bool
	limit   int
	fn      func(key, value []byte) error
	seen    int
	stopped bool
}

func (m *merge) emit(key, value []byte) error {
	m.seen++
	err := m.fn(key, value)
	if err == nil && m.seen == m.limit {
		err = kv.ErrStop
	}
	m.stopped = errors.Is(err, kv.ErrStop)
	return err
}

// below takes the next entry from below.
func (m *merge) below(key, value []byte) error {
	if err := m.ownBefore(key); err != nil {
		return err
	}
	if len(m.own) > 0 && bytes.Equal(m.own[0].key, key) {
		value = m.own[0].value
		m.own = m.own[1:]
		if value == nil {
			return nil
		}
	}
	return m.emit(key, value)
}

// ownBefore passes the own writes that come before key, or all for nil.
func (m *merge) ownBefore(key []byte) error {
	for len(m.own) > 0 {
		w := m.own[0]
		c := bytes.Compare(w.key, key)
		if key != nil && (c == 0 || (c < 0) == m.reverse) {
			return nil
		}
		m.own = m.own[1:]
		if w.value == nil {
			continue
		}
		if err := m.emit(w.key, w.value); err != nil {
			return err
		}
	}
	return nil
}
