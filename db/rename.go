package db

import (
	"context"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/rules"
)

// RenameCollection gives a collection another name. Documents, indexes, mode,
// validator and history stay with it. Followers of the log get a change of kind
// Dropped for the old name and one of kind Appeared for the new one.
//
// Codes: InvalidParam for a bad name or the same one, DatabaseDenied,
// CollectionNotExist, CollectionExists when the new name is taken.
func (e *Engine) RenameCollection(ctx context.Context, p rules.Principal, from, to string) error {
	for _, name := range []string{from, to} {
		if err := checkReach(p, name); err != nil {
			return err
		}
	}
	if from == to {
		return fault.Invalid("collectionName", "the collection has this name already")
	}
	if isSystem(from) || isSystem(to) {
		return fault.Invalid("collectionName", "the server's own collections keep their names")
	}
	return e.manage(ctx, p, from, func(tx *commit.Tx) error {
		c, ok, err := readCollection(tx, from)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(from)
		}
		if err := tx.Delete(catalogKey(from)); err != nil {
			return err
		}
		if err := logChange(tx, actorOf(p), c, 0, Dropped, nil, nil); err != nil {
			return err
		}
		c.name = to
		return e.appear(tx, actorOf(p), c)
	})
}
