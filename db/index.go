package db

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/plan"
	"baas/db/rules"
)

// MaxIndexes bounds the indexes of a collection, the one on _id not counted.
const MaxIndexes = 20

// IndexInfo describes an index.
type IndexInfo struct {
	IndexSpec
	State IndexState
	// Failure says why the index is IndexFailed; it quotes no document.
	Failure string
	// Progress is the part of the documents that have their entries, 0 to 1.
	Progress float64
	Entries  int64
	Bytes    int64 // of their keys
	Created  time.Time
}

// CreateIndex adds an index to a collection and returns once it is being built:
// from then on writes keep it up, and WaitIndex waits until searches use it. An
// index that is there under the same name and is the same is left alone; one
// whose building failed is built anew.
//
// Codes: InvalidParam for a spec that cannot be, DatabaseDenied for users,
// CollectionNotExist, DatabaseFailed for more than MaxIndexes and for a name or
// keys that another index has.
func (e *Engine) CreateIndex(ctx context.Context, p rules.Principal, coll string, spec IndexSpec) error {
	compiled, err := plan.Compile(spec)
	if err != nil {
		return err
	}
	err = e.manage(ctx, p, coll, func(tx *commit.Tx) error {
		c, ok, err := readCollection(tx, coll)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(coll)
		}
		return e.addIndex(tx, c, compiled.IndexSpec)
	})
	if err == nil {
		wake(e.build)
		wake(e.purge)
	}
	return err
}

// addIndex writes the record of a new index; over no documents it is ready.
func (e *Engine) addIndex(tx *commit.Tx, c collection, spec IndexSpec) error {
	compiled, err := plan.Compile(spec)
	if err != nil {
		return err
	}
	u, err := e.newUpkeep(tx, c)
	if err != nil {
		return err
	}
	if there, err := u.known(compiled.IndexSpec); there || err != nil {
		return err
	}
	if err := u.oneTextIndex(compiled.IndexSpec); err != nil {
		return err
	}
	if len(u.all) >= MaxIndexes {
		return fault.New(fault.DatabaseFailed, "a collection has at most %d indexes; drop one first", MaxIndexes)
	}
	id, err := nextIndexID(tx)
	if err != nil {
		return err
	}
	x := newIndex(compiled, id)
	x.state, x.created = IndexBuilding, e.opts.Now().UnixMilli()
	if c.count == 0 {
		x.state, x.upto = IndexReady, c.next
	}
	u.all, u.stats = append(slices.Clone(u.all), x), append(u.stats, indexStats{})
	u.marked, u.counts = true, true
	return u.finish()
}

// known reports whether the index is there; a failed one of the same name is
// taken away.
func (u *upkeep) known(spec IndexSpec) (there bool, err error) {
	if spec.Name == idIndexName || len(spec.Keys) == 1 && spec.Keys[0].Path == fieldID {
		return false, fault.New(fault.DatabaseFailed, "the index on _id is always there")
	}
	for i, x := range u.all {
		switch {
		case x.Name == spec.Name && x.state == IndexFailed:
			return false, u.drop(i)
		case x.Name == spec.Name && x.Same(spec):
			return true, nil
		case x.Name == spec.Name:
			return false, fault.New(fault.DatabaseFailed, "there is another index of the name %s; drop it first or give a new name", spec.Name)
		case slices.Equal(x.Keys, spec.Keys):
			return false, fault.New(fault.DatabaseFailed, "the index %s has the same keys; drop it first", x.Name)
		}
	}
	return false, nil
}

// drop takes an index off the record and leaves its entries to the purger.
func (u *upkeep) drop(i int) error {
	id := u.all[i].id
	u.all, u.stats = slices.Delete(slices.Clone(u.all), i, i+1), slices.Delete(u.stats, i, i+1)
	u.marked, u.counts = true, true
	return u.w.Put(collectionPrefix(prefixDroppedIndex, id), nil)
}

func nextIndexID(tx *commit.Tx) (uint32, error) {
	b, err := tx.Get([]byte(metaNextIndex))
	if err != nil {
		return 0, err
	}
	id := uint32(1)
	if len(b) == 4 {
		id = binary.BigEndian.Uint32(b)
	}
	return id, tx.Put([]byte(metaNextIndex), binary.BigEndian.AppendUint32(nil, id+1))
}

// DropIndex takes an index away; its entries are purged in the background.
// Codes: InvalidParam, DatabaseDenied, CollectionNotExist, DatabaseFailed with a
// text that contains "IndexNotFound".
func (e *Engine) DropIndex(ctx context.Context, p rules.Principal, coll, name string) error {
	err := e.manage(ctx, p, coll, func(tx *commit.Tx) error {
		c, ok, err := readCollection(tx, coll)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(coll)
		}
		u, err := e.newUpkeep(tx, c)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(u.all, func(x *index) bool { return x.Name == name })
		if i < 0 {
			return noIndex(coll, name)
		}
		return errors.Join(u.drop(i), u.finish())
	})
	if err == nil {
		wake(e.purge)
		e.news.spread()
	}
	return err
}

func noIndex(coll, name string) error {
	return fault.New(fault.DatabaseFailed, "IndexNotFound: the collection %s has no index %s", coll, name)
}

// dropIndexes leaves the entries of all indexes of a collection that is not kept
// any longer to the purger.
func dropIndexes(tx *commit.Tx, coll uint32) error {
	set, err := new(indexCache).load(tx, coll)
	if err != nil {
		return err
	}
	if set.raw == nil {
		return nil
	}
	for _, x := range set.all {
		if err := tx.Put(collectionPrefix(prefixDroppedIndex, x.id), nil); err != nil {
			return err
		}
	}
	return errors.Join(tx.Delete(collectionPrefix(prefixIndexes, coll)), tx.Delete(collectionPrefix(prefixStats, coll)))
}

// Indexes lists the indexes of a collection, the one on _id first, then in order
// of creation. Codes: InvalidParam, DatabaseDenied for users,
// CollectionNotExist.
func (e *Engine) Indexes(ctx context.Context, p rules.Principal, coll string) ([]IndexInfo, error) {
	if err := mayManage(p); err != nil {
		return nil, err
	}
	if err := checkReach(p, coll); err != nil {
		return nil, err
	}
	var infos []IndexInfo
	err := e.view(ctx, func(r kv.Reader) error {
		c, ok, err := readCollection(r, coll)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(coll)
		}
		infos, err = e.describe(r, c)
		return err
	})
	return infos, err
}

func (e *Engine) describe(r kv.Reader, c collection) ([]IndexInfo, error) {
	set, err := e.indexes.load(r, c.id)
	if err != nil {
		return nil, err
	}
	stats, err := readStats(r, c.id, set.all)
	if err != nil {
		return nil, err
	}
	infos := []IndexInfo{{IndexSpec: set.ready[0].IndexSpec, State: IndexReady, Progress: 1, Entries: int64(c.count), Created: time.UnixMilli(c.created)}}
	for i, x := range set.all {
		info := IndexInfo{
			IndexSpec: x.IndexSpec, State: x.state, Failure: x.reason, Created: time.UnixMilli(x.created),
			Entries: int64(stats[i].entries), Bytes: int64(stats[i].bytes),
		}
		switch {
		case x.state == IndexReady:
			info.Progress = 1
		case c.next > 0:
			info.Progress = float64(x.upto) / float64(c.next)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// WaitIndex waits until an index is ready. The error of one that could not be
// built is a DatabaseFailed that says why. Other codes are those of Indexes and
// DropIndex.
func (e *Engine) WaitIndex(ctx context.Context, p rules.Principal, coll, name string) error {
	for {
		changed := e.news.next()
		infos, err := e.Indexes(ctx, p, coll)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(infos, func(x IndexInfo) bool { return x.Name == name })
		if i < 0 {
			return noIndex(coll, name)
		}
		switch infos[i].State {
		case IndexReady:
			return nil
		case IndexFailed:
			return fault.New(fault.DatabaseFailed, "the index %s could not be built: %s", name, infos[i].Failure)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return translate(ctx.Err())
		}
	}
}

// news wakes whoever waits for something to change. The zero value is ready.
type news struct {
	mu sync.Mutex // guards ch
	ch chan struct{}
}

// next returns a channel that is closed at the next change.
func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *news) spread() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}
