package db

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/rules"
)

// CollectionInfo describes a collection.
type CollectionInfo struct {
	Name      string
	Mode      rules.Mode
	Count     int64 // documents
	Bytes     int64 // of their BSON
	Created   time.Time
	Validated bool // it has a validator
	// Indexes counts the indexes, the one on _id among them; IndexBytes those
	// of the others' keys.
	Indexes    int
	IndexBytes int64
}

// CreateCollection makes an empty collection in mode PRIVATE with an index on
// _openid, as the original does. Codes: InvalidParam for a bad name,
// DatabaseDenied for users, CollectionExists with a text that contains "Table
// exist", CollectionLimit.
func (e *Engine) CreateCollection(ctx context.Context, p rules.Principal, name string) error {
	return e.manage(ctx, p, name, func(tx *commit.Tx) error {
		_, ok, err := readCollection(tx, name)
		if err != nil {
			return err
		}
		if ok {
			return collectionExists(name)
		}
		_, err = e.create(tx, name)
		return err
	})
}

func collectionExists(name string) error {
	return fault.New(fault.CollectionExists, "[ResourceUnavailable] Table exist: %s.", name)
}

// haveRoom refuses one more collection than there may be. Those of the system
// do not count.
func (e *Engine) haveRoom(r kv.Reader, name string) error {
	if isSystem(name) {
		return nil
	}
	n := 0
	err := r.Scan(kv.Prefix([]byte{prefixCatalog}), func(key, _ []byte) error {
		if !isSystem(string(key[1:])) {
			n++
		}
		return nil
	})
	if err == nil && n >= e.opts.MaxCollections {
		return fault.New(fault.CollectionLimit,
			"there are %d collections, as many as an environment may have; drop one, or start the server with a higher max-collections", n)
	}
	return err
}

// create writes the record of a new collection. Code: CollectionLimit.
func (e *Engine) create(tx *commit.Tx, name string) (collection, error) {
	if err := e.haveRoom(tx, name); err != nil {
		return collection{}, err
	}
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
	err = errors.Join(tx.Put([]byte(metaNextCollection), next), tx.Put(catalogKey(name), c.encode()))
	if err != nil || isSystem(name) {
		return c, err
	}
	return c, e.addIndex(tx, c, IndexSpec{Name: "_openid_1", Keys: []IndexKey{{Path: fieldOwner}}, Sparse: true})
}

// DropCollection removes a collection and its documents. The name is free at
// once; Undrop can bring the collection back as long as Dropped lists it, after
// that its entries are purged in the background. Followers of the log get one
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
			tx.Put(collectionPrefix(prefixDropped, c.id), e.droppedRecord(tx, c)),
			logChange(tx, actorOf(p), c, 0, Dropped, nil, nil),
		)
	})
	if err == nil {
		wake(e.purge)
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
				i, err := e.info(r, c)
				list = append(list, i)
				return err
			}
			return nil
		})
	})
	return list, err
}

func (e *Engine) info(r kv.Reader, c collection) (CollectionInfo, error) {
	i := CollectionInfo{
		Name: c.name, Mode: c.mode, Count: int64(c.count), Bytes: int64(c.bytes),
		Created: time.UnixMilli(c.created).UTC(), Validated: e.validators.of(c.id) != nil,
	}
	indexes, err := e.describe(r, c)
	i.Indexes = len(indexes)
	for _, x := range indexes {
		i.IndexBytes += x.Bytes
	}
	return i, err
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
