package db

import (
	"baas/db/update"
	"baas/db/value"
)

// checkDocument refuses a whole document that cannot be stored: broken, too
// deep or too large BSON (InvalidParam), and member names that would read as
// an operator or a path (DatabaseFailed, tcb-wire-protocol.md 6.4). What an
// update makes of a document, db/update checks.
func checkDocument(d value.Doc) error {
	if err := value.Check(d); err != nil {
		return err
	}
	return update.Storable(d)
}
