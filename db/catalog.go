package db

import (
	"context"
	"encoding/binary"
	"errors"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/rules"
)

// CollectionInfo describes a collection.
type CollectionInfo struct {
	Name  string
	Mode  rules.Mode
	Count int64 // documents
	Bytes int64 // of their BSON
}

// CreateCollection makes an empty collection in mode PRIVATE, as the original
// does. Codes: InvalidParam for a bad name, DatabaseDenied for users,
// CollectionExists with a text that contains "Table exist".
func (e *Engine) CreateCollection(ctx context.Context, p rules.Principal, name string) error {
	return e.manage(ctx, p, name, func(tx *commit.Tx) error {
		_, ok, err := readCollection(tx, name)
		if err != nil {
			return err
		}
		if ok {
			return fault.New(fault.CollectionExists, "[ResourceUnavailable] Table exist: %s.", name)
		}
		_, err = e.create(tx, name)
		return err
	})
}

// create writes the record of a new collection.
func (e *Engine) create(tx *commit.Tx, name string) (collection, error) {
	b, err := tx.Get([]byte(metaNextCollection))
	if err != nil {
		return collection{}, err
	}
	id := uint32(1)
	if len(b) == 4 {
		id = binary.BigEndian.Uint32(b)
	}
	c := collection{name: name, id: id, created: e.opts.Now().UnixMilli(), mode: rules.Private}
	if isSystem(name) {
		c.mode = rules.AdminOnly
	}
	next := binary.BigEndian.AppendUint32(nil, id+1)
	return c, errors.Join(tx.Put([]byte(metaNextCollection), next), tx.Put(catalogKey(name), c.encode()))
}

// DropCollection removes a collection and its documents. The name is free at
// once; the entries are purged in the background. Followers of the log get one
// change of kind Dropped. Codes: InvalidParam, DatabaseDenied,
// CollectionNotExist.
func (e *Engine) DropCollection(ctx context.Context, p rules.Principal, name string) error {
	err := e.manage(ctx, p, name, func(tx *commit.Tx) error {
		c, ok, err := readCollection(tx, name)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(name)
		}
		return errors.Join(
			tx.Delete(catalogKey(name)),
			tx.Put(collectionPrefix(prefixDropped, c.id), nil),
			logChange(tx, actorOf(p), c, 0, Dropped, nil, nil),
		)
	})
	if err == nil {
		e.wakePurger()
	}
	return err
}

// SetMode sets a collection's permission mode. Followers of the log get one
// change of kind ModeSet. Codes: InvalidParam, DatabaseDenied,
// CollectionNotExist.
func (e *Engine) SetMode(ctx context.Context, p rules.Principal, name string, m rules.Mode) error {
	if !m.Valid() {
		return fault.Invalid("mode", "use one of READONLY, PRIVATE, ADMINWRITE, ADMINONLY")
	}
	return e.manage(ctx, p, name, func(tx *commit.Tx) error {
		c, ok, err := readCollection(tx, name)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(name)
		}
		c.mode = m
		return errors.Join(tx.Put(catalogKey(name), c.encode()), logChange(tx, actorOf(p), c, 0, ModeSet, nil, nil))
	})
}

// manage runs an operation on the catalog for a caller who may.
func (e *Engine) manage(ctx context.Context, p rules.Principal, name string, fn func(*commit.Tx) error) error {
	if err := mayManage(p); err != nil {
		return err
	}
	if err := checkReach(p, name); err != nil {
		return err
	}
	return e.do(ctx, fn)
}

// Collections lists the collections by name; those of the system only for the
// system. Code: DatabaseDenied for users.
func (e *Engine) Collections(ctx context.Context, p rules.Principal) ([]CollectionInfo, error) {
	if err := mayManage(p); err != nil {
		return nil, err
	}
	var list []CollectionInfo
	err := e.view(ctx, func(r kv.Reader) error {
		return eachCollection(r, func(c collection) error {
			if !isSystem(c.name) || p.Role == rules.System {
				list = append(list, CollectionInfo{c.name, c.mode, int64(c.count), int64(c.bytes)})
			}
			return nil
		})
	})
	return list, err
}

func eachCollection(r kv.Reader, fn func(collection) error) error {
	return r.Scan(kv.Prefix([]byte{prefixCatalog}), func(key, b []byte) error {
		c, err := decodeCollection(string(key[1:]), b)
		if err != nil {
			return err
		}
		return fn(c)
	})
}

// purgeAtOnce bounds the entries that one commit operation purges.
const purgeAtOnce = 1000

func (e *Engine) wakePurger() {
	select {
	case e.purge <- struct{}{}:
	default: // it is awake
	}
}

// runPurger removes the entries of dropped collections, a few at a time, so
// that dropping a large one holds nobody up. What it leaves when the process
// ends, the next one finds.
func (e *Engine) runPurger(ctx context.Context) {
	defer close(e.purged)
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.purge:
		}
		for more := true; more; {
			_, err := e.commit.Do(ctx, func(tx *commit.Tx) (err error) {
				more, err = purgeSome(tx)
				return err
			})
			if err != nil {
				if ctx.Err() == nil {
					e.opts.Log.Error("purging a dropped collection failed", "error", err)
				}
				break
			}
		}
	}
}

// purgeSome removes some entries of one dropped collection; more says whether
// there may be others.
func purgeSome(tx *commit.Tx) (more bool, err error) {
	var mark []byte
	dropped := kv.Prefix([]byte{prefixDropped})
	dropped.Limit = 1
	err = tx.Scan(dropped, func(key, _ []byte) error {
		mark = append([]byte(nil), key...)
		return nil
	})
	if mark == nil || err != nil {
		return false, err
	}
	coll := binary.BigEndian.Uint32(mark[1:])
	var keys [][]byte
	for _, prefix := range []byte{prefixDoc, prefixID} {
		r := kv.Prefix(collectionPrefix(prefix, coll))
		r.Limit = purgeAtOnce
		err := tx.Scan(r, func(key, _ []byte) error {
			keys = append(keys, append([]byte(nil), key...))
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	if len(keys) == 0 {
		keys = [][]byte{mark}
	}
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return false, err
		}
	}
	return true, nil
}
