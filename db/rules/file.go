package rules

import "baas/db/fault"

// AuthorizeFile decides an operation on one file when the storage of an env is
// in a simple mode (wx-cloud-api.md 7.4). owner is the file's creator, empty
// for one that an admin or a function made; Create, which is for a path where
// no file stands, does not look at it. A refusal is a StorageDenied error; the
// files service asks nobody else.
//
// In the modes where all may read, a caller who has not logged in may too.
func AuthorizeFile(m Mode, p Principal, op Operation, owner string) error {
	if p.ByPassesRules() {
		return nil
	}
	allRead := m == ReadOnly || m == AdminWrite
	if op == Read && allRead {
		return nil
	}
	if p.Owner() == "" {
		return fault.New(fault.StorageDenied, "Permission denied: log in first")
	}
	creatorWrites := m == ReadOnly || m == Private
	switch {
	case !creatorWrites:
		return fault.New(fault.StorageDenied, "Permission denied: the storage's permission mode is %s", m)
	case op == Create || owner == p.Owner():
		return nil
	default:
		return fault.New(fault.StorageDenied,
			"Permission denied: the file belongs to another user; the storage's permission mode is %s", m)
	}
}
