// Package ledger keeps small records in a system collection of a database:
// users, sessions, keys, used codes, admins.
//
// Danger first: what must happen once (create a user, use up a code) is never
// a read followed by a write. Create, Update and Take are each one
// operation of the database, decided inside its one committer, and say
// whether this caller was the one. A Get tells only how things stood.
package ledger

import (
	"context"
	"errors"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// Book is one system collection. It is a value, safe for concurrent use.
type Book struct {
	engine     *db.Engine
	collection string
}

// Open names a collection ("sys.users") of an engine. The collection is made
// by the first write.
func Open(engine *db.Engine, collection string) Book {
	return Book{engine: engine, collection: collection}
}

// Create stores a record whose _id nobody has. It reports false, and changes
// nothing, when the id is taken.
func (b Book) Create(ctx context.Context, record value.Doc) (bool, error) {
	_, err := b.engine.Insert(ctx, rules.SystemPrincipal(), b.collection, []value.Doc{record})
	if errors.Is(err, db.ErrDuplicate) {
		return false, nil
	}
	return err == nil, err
}

// Get returns the record of an id, or nil when there is none.
func (b Book) Get(ctx context.Context, id string) (value.Doc, error) {
	found, err := b.List(ctx, ByID(id), 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// List returns at most limit records that match; limit 0 means all.
func (b Book) List(ctx context.Context, query value.Doc, limit int64) ([]value.Doc, error) {
	found, err := b.engine.Find(ctx, rules.SystemPrincipal(), db.FindRequest{
		Collection: b.collection, Query: query, Limit: limit,
	})
	if fault.Is(err, fault.CollectionNotExist) {
		return nil, nil
	}
	return found, err
}

// Change sets members of the one record that matches and reports whether this
// call changed it.
func (b Book) Change(ctx context.Context, query, set value.Doc) (bool, error) {
	return b.Update(ctx, query, Doc(func(u *value.Builder) { u.Add("$set", value.FromDoc(set)) }))
}

// Update applies an update in MongoDB's language ("$set", "$inc", …) to the
// one record that matches and reports whether this call changed it.
func (b Book) Update(ctx context.Context, query, update value.Doc) (bool, error) {
	done, err := b.engine.Update(ctx, rules.SystemPrincipal(), db.UpdateRequest{
		Collection: b.collection, Query: query, Update: update,
	})
	if fault.Is(err, fault.CollectionNotExist) {
		return false, nil
	}
	return err == nil && done.Updated == 1, err
}

// Take removes the one record that matches and reports whether this call
// removed it: of many callers exactly one is told true.
func (b Book) Take(ctx context.Context, query value.Doc) (bool, error) {
	n, err := b.remove(ctx, query, false)
	return n == 1, err
}

// Purge removes every record that matches and returns how many there were.
func (b Book) Purge(ctx context.Context, query value.Doc) (int64, error) {
	return b.remove(ctx, query, true)
}

func (b Book) remove(ctx context.Context, query value.Doc, multi bool) (int64, error) {
	n, err := b.engine.Remove(ctx, rules.SystemPrincipal(), db.RemoveRequest{
		Collection: b.collection, Query: query, Multi: multi,
	})
	if fault.Is(err, fault.CollectionNotExist) {
		return 0, nil
	}
	return n, err
}

// Doc builds a record, a condition or a set of members.
func Doc(build func(*value.Builder)) value.Doc {
	var b value.Builder
	build(&b)
	return b.Doc()
}

// ByID is the condition for one record.
func ByID(id string) value.Doc {
	return Doc(func(b *value.Builder) { b.AddString("_id", id) })
}

// Before is the condition for records whose date member is past.
func Before(member string, now time.Time) value.Doc {
	return Doc(func(b *value.Builder) {
		b.Object(member, func(b *value.Builder) { b.AddTime("$lte", now) })
	})
}
