package db

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/rules"
)

// DroppedInfo describes a collection that was dropped and can be brought back.
type DroppedInfo struct {
	Name  string
	Seq   uint64    // number of the operation that dropped it
	Date  time.Time // when
	Until time.Time // kept until then, unless newer ones need its room
	Count int64     // documents
	Bytes int64     // of their BSON
}

// A dropped collection stays whole under its id. Its record: date in Unix
// milliseconds (8), number of the operation (8), length of the name (1), name,
// the catalog record. An empty one is being purged.
const droppedHeader = 8 + 8

func (e *Engine) droppedRecord(tx *commit.Tx, c collection) []byte {
	if e.opts.KeepDropped < 0 || isSystem(c.name) {
		return nil
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(e.opts.Now().UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, tx.Seq())
	b = append(b, byte(len(c.name)))
	b = append(b, c.name...)
	return append(b, c.encode()...)
}

// dropped is a record that has been read; its collection may be brought back
// when kept is set.
type dropped struct {
	id   uint32
	date int64
	seq  uint64
	coll collection
	kept bool
}

// readDropped returns the dropped collections in the order of their ids.
func readDropped(r kv.Reader) (list []dropped, err error) {
	err = r.Scan(kv.Prefix([]byte{prefixDropped}), func(key, b []byte) error {
		if len(key) != 5 {
			return errors.New("db: the key of a dropped collection is malformed")
		}
		d := dropped{id: binary.BigEndian.Uint32(key[1:])}
		if len(b) > 0 {
			if err := d.read(b); err != nil {
				return err
			}
		}
		list = append(list, d)
		return nil
	})
	return list, err
}

func (d *dropped) read(b []byte) (err error) {
	if len(b) > droppedHeader {
		d.date = int64(binary.BigEndian.Uint64(b))
		d.seq = binary.BigEndian.Uint64(b[8:])
		if name, rest, ok := cutCounted(b[droppedHeader:]); ok {
			d.kept = true
			d.coll, err = decodeCollection(string(name), slices.Clone(rest))
			return err
		}
	}
	return errors.New("db: the record of a dropped collection is malformed")
}

// newestDropped returns the collection that had a name when it was last
// dropped.
func newestDropped(r kv.Reader, name string) (newest dropped, ok bool, err error) {
	list, err := readDropped(r)
	for _, d := range list {
		if d.kept && d.coll.name == name && (!ok || d.seq > newest.seq) {
			newest, ok = d, true
		}
	}
	return newest, ok, err
}

// Dropped lists the collections that can be brought back, the newest first.
// Code: DatabaseDenied for users.
func (e *Engine) Dropped(ctx context.Context, p rules.Principal) ([]DroppedInfo, error) {
	if err := mayManage(p); err != nil {
		return nil, err
	}
	var list []DroppedInfo
	err := e.view(ctx, func(r kv.Reader) error {
		all, err := readDropped(r)
		for _, d := range all {
			if !d.kept {
				continue
			}
			date := time.UnixMilli(d.date).UTC()
			list = append(list, DroppedInfo{
				Name: d.coll.name, Seq: d.seq, Date: date, Until: date.Add(e.opts.Window.Age),
				Count: int64(d.coll.count), Bytes: int64(d.coll.bytes),
			})
		}
		return err
	})
	slices.SortFunc(list, func(a, b DroppedInfo) int { return cmp.Compare(b.Seq, a.Seq) })
	return list, err
}

// UndropRequest asks for a dropped collection.
type UndropRequest struct {
	Name string
	// Seq is the operation that dropped it; 0 means the last that dropped one
	// of this name.
	Seq uint64
	As  string // the name it gets; "" means the one it had
}

// Undrop brings a dropped collection back with its documents, indexes, mode and
// validator, as they were. Followers of the log get one change of kind
// Appeared.
//
// Codes: InvalidParam, DatabaseDenied, CollectionNotExist when there is no such
// dropped collection (any more), CollectionExists when the name is taken,
// CollectionLimit.
func (e *Engine) Undrop(ctx context.Context, p rules.Principal, q UndropRequest) (CollectionInfo, error) {
	if q.As == "" {
		q.As = q.Name
	}
	if err := checkReach(p, q.As); err != nil {
		return CollectionInfo{}, err
	}
	var back CollectionInfo
	err := e.manage(ctx, p, q.Name, func(tx *commit.Tx) error {
		d, err := q.find(tx)
		if err != nil {
			return err
		}
		d.coll.name = q.As
		if err := e.appear(tx, actorOf(p), d.coll); err != nil {
			return err
		}
		if back, err = e.info(tx, d.coll); err != nil {
			return err
		}
		return tx.Delete(collectionPrefix(prefixDropped, d.id))
	})
	return back, err
}

func (q UndropRequest) find(r kv.Reader) (dropped, error) {
	list, err := readDropped(r)
	if err != nil {
		return dropped{}, err
	}
	found, ok := dropped{}, false
	for _, d := range list {
		fits := d.kept && d.coll.name == q.Name && (q.Seq == 0 || q.Seq == d.seq)
		if fits && (!ok || d.seq > found.seq) {
			found, ok = d, true
		}
	}
	if !ok {
		return dropped{}, fault.New(fault.CollectionNotExist,
			"[ResourceNotFound] no dropped collection %s is kept; list those that are", q.Name)
	}
	return found, nil
}

// appear puts a collection into the catalog under a name that must be free.
func (e *Engine) appear(tx *commit.Tx, by Actor, c collection) error {
	_, taken, err := readCollection(tx, c.name)
	if err != nil {
		return err
	}
	if taken {
		return collectionExists(c.name)
	}
	if err := e.haveRoom(tx, c.name); err != nil {
		return err
	}
	return errors.Join(tx.Put(catalogKey(c.name), c.encode()), logChange(tx, by, c, 0, Appeared, nil, nil))
}

const (
	// purgeAtOnce bounds the entries that one commit operation purges.
	purgeAtOnce = 1000
	// purgeEvery is how often the purger looks for what has become too old.
	purgeEvery = time.Minute
)

// runPurger removes the entries of dropped indexes, and of dropped collections
// that are not kept any longer, a few at a time, so that purging a large one
// holds nobody up. What it
// leaves when the process ends, the next one finds.
func (e *Engine) runPurger(ctx context.Context) {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.purge:
		case <-tick.C:
		}
		for more := true; more; {
			_, err := e.commit.Do(ctx, func(tx *commit.Tx) (err error) {
				more, err = e.purgeSome(tx)
				return err
			})
			if err != nil {
				if ctx.Err() == nil {
					e.opts.Log.Error("purging what was dropped failed", "error", err)
				}
				break
			}
		}
	}
}

// due returns the dropped collection that is to be purged next: one whose
// purging has begun, one that is too old, or the oldest of those that together
// are too large.
func (e *Engine) due(r kv.Reader) (next dropped, ok bool, err error) {
	list, err := readDropped(r)
	if err != nil {
		return dropped{}, false, err
	}
	slices.SortFunc(list, func(a, b dropped) int { return cmp.Compare(b.seq, a.seq) })
	room, oldest := max(e.opts.KeepDropped, 0), e.opts.Now().Add(-e.opts.Window.Age).UnixMilli()
	for _, d := range list {
		if room -= int64(min(d.coll.bytes, math.MaxInt64)); !d.kept || room < 0 || d.date < oldest {
			next, ok = d, true
		}
	}
	return next, ok, nil
}

// purgeSome removes some entries of one dropped index or collection; more says
// whether there may be others.
func (e *Engine) purgeSome(tx *commit.Tx) (more bool, err error) {
	if more, err := purgeIndex(tx); more || err != nil {
		return more, err
	}
	d, ok, err := e.due(tx)
	if !ok || err != nil {
		return false, err
	}
	if err := dropIndexes(tx, d.id); err != nil {
		return false, err
	}
	mark := collectionPrefix(prefixDropped, d.id)
	var keys [][]byte
	for _, prefix := range []byte{prefixDoc, prefixID, prefixRule} {
		r := kv.Prefix(collectionPrefix(prefix, d.id))
		r.Limit = purgeAtOnce
		err := tx.Scan(r, func(key, _ []byte) error {
			keys = append(keys, slices.Clone(key))
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	if len(keys) == 0 {
		return true, tx.Delete(mark)
	}
	if d.kept { // from now on it is not whole
		if err := tx.Put(mark, nil); err != nil {
			return false, err
		}
	}
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return false, err
		}
	}
	return true, nil
}
