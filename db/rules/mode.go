package rules

import "baas/db/fault"

// Mode is a collection's simple permission mode (wx-cloud-api.md 8.1).
type Mode string

// The four simple modes. A new collection is Private, as in the original.
const (
	ReadOnly   Mode = "READONLY"   // all read, the creator writes
	Private    Mode = "PRIVATE"    // the creator reads and writes
	AdminWrite Mode = "ADMINWRITE" // all read, only admins write
	AdminOnly  Mode = "ADMINONLY"  // only admins read and write
)

// Valid reports whether m is one of the simple modes.
func (m Mode) Valid() bool {
	switch m {
	case ReadOnly, Private, AdminWrite, AdminOnly:
		return true
	}
	return false
}

// Operation is what a caller wants to do with documents.
type Operation uint8

// The operations that permissions tell apart. Count, aggregate and watch are
// reads.
const (
	Read Operation = iota
	Create
	Update
	Delete
)

// Verdict is the answer to "may this caller do this here?".
type Verdict struct {
	// OwnOnly narrows the operation to documents whose _openid is the
	// caller's: others are invisible, without an error (8.1).
	OwnOnly bool
}

// Authorize decides an operation on a collection in a simple mode. A refusal
// is a DatabaseDenied error; the documents service asks nobody else.
func Authorize(m Mode, p Principal, op Operation) (Verdict, error) {
	if p.ByPassesRules() {
		return Verdict{}, nil
	}
	if p.Owner() == "" {
		return Verdict{}, fault.New(fault.DatabaseDenied,
			"Permission denied: log in first; this collection does not admit callers without an identity")
	}
	denied := fault.New(fault.DatabaseDenied,
		"Permission denied: the collection's permission mode is %s", m)
	switch m {
	case ReadOnly:
		return Verdict{OwnOnly: op == Update || op == Delete}, nil
	case Private:
		return Verdict{OwnOnly: op != Create}, nil
	case AdminWrite:
		if op == Read {
			return Verdict{}, nil
		}
		return Verdict{}, denied
	default:
		return Verdict{}, denied
	}
}
