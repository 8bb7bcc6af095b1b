// Package plan knows what an index holds and when it helps: the entries of a
// document, and for a condition and an order the index to take and the ranges
// of its entries to walk (db-engine.md section 4). It is pure: no I/O, no
// statistics.
//
// Dangers:
//   - A plan says where documents may be, not which fulfil the condition. Whoever
//     follows it checks the whole condition on each document, unless the plan is
//     Exact and documents are only counted.
//   - Where arrays stand on a path (Index.Multikey), a document has several
//     entries, and two bounds on one path may hold for different elements. The
//     planner keeps bounds apart then; that rests on Multikey being set in the
//     same step as the first such entry is written, for good.
package plan

import (
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/value"
)

// Kind is what a key of an index makes of the values at its path.
type Kind uint8

// The kinds of keys. The first two order values, up or down.
const (
	Asc Kind = iota
	Desc
	Sphere2D
	Text
)

// String returns the kind as MongoDB writes it.
func (k Kind) String() string {
	switch k {
	case Asc:
		return "1"
	case Desc:
		return "-1"
	case Sphere2D:
		return "2dsphere"
	case Text:
		return "text"
	}
	return "unknown"
}

// ordered reports whether the kind orders values.
func (k Kind) ordered() bool { return k == Asc || k == Desc }

// IndexKey is one key of an index, the most important first.
type IndexKey struct {
	Path string
	Kind Kind
}

// IndexSpec says what an index is to be.
type IndexSpec struct {
	// Name is unique in the collection. Empty means a name made of the keys,
	// as MongoDB does: "status_1_createdAt_-1".
	Name string
	Keys []IndexKey
	// Unique refuses a second document with the same keys; a missing one counts
	// as null.
	Unique bool
	// Sparse leaves documents out that have a value at none of the paths.
	Sparse bool
	// ExpireAfter removes documents that long after the date at the one path.
	// Zero means never.
	ExpireAfter time.Duration
}

// Limits of one index.
const (
	MaxKeys      = 32
	MaxNameBytes = 127
	maxPathBytes = 512
)

// DefaultName is the name of an index that is given none.
func (s IndexSpec) DefaultName() string {
	parts := make([]string, 0, 2*len(s.Keys))
	for _, k := range s.Keys {
		parts = append(parts, k.Path, k.Kind.String())
	}
	name := strings.Join(parts, "_")
	return name[:min(len(name), MaxNameBytes)]
}

// Same reports whether two indexes would hold the same entries under the same
// rules.
func (s IndexSpec) Same(o IndexSpec) bool {
	if len(s.Keys) != len(o.Keys) || s.Unique != o.Unique || s.Sparse != o.Sparse || s.ExpireAfter != o.ExpireAfter {
		return false
	}
	for i, k := range s.Keys {
		if k != o.Keys[i] {
			return false
		}
	}
	return true
}

// check refuses what cannot be an index.
func (s IndexSpec) check() error {
	if s.Name == "" || len(s.Name) > MaxNameBytes || strings.ContainsAny(s.Name, "\x00\n") {
		return fault.Invalid("indexName", "a name has 1 to %d bytes", MaxNameBytes)
	}
	if len(s.Keys) == 0 || len(s.Keys) > MaxKeys {
		return fault.Invalid("keys", "an index has 1 to %d keys, this one has %d", MaxKeys, len(s.Keys))
	}
	seen := map[string]bool{}
	for _, k := range s.Keys {
		if err := checkPath(k.Path); err != nil {
			return err
		}
		if seen[k.Path] {
			return fault.Invalid("keys", "the path %s stands twice", k.Path)
		}
		seen[k.Path] = true
	}
	return s.checkOptions()
}

func checkPath(path string) error {
	bad := path == "" || len(path) > maxPathBytes || strings.Count(path, ".") >= value.MaxDepth ||
		strings.HasPrefix(path, ".") || strings.HasSuffix(path, ".") || strings.Contains(path, "..") || strings.ContainsRune(path, 0)
	for part := range strings.SplitSeq(path, ".") {
		bad = bad || strings.HasPrefix(part, "$")
	}
	if bad {
		return fault.Invalid("keys", "%q is not the path of a member", path[:min(len(path), 64)])
	}
	return nil
}

func (s IndexSpec) checkOptions() error {
	for _, k := range s.Keys {
		if !k.Kind.ordered() && termsOf(k.Kind) == nil {
			return fault.Invalid("keys", "%s: there are no indexes of the kind %s", k.Path, k.Kind)
		}
		if !k.Kind.ordered() && s.Unique {
			return fault.Invalid("unique", "an index of the kind %s cannot be unique", k.Kind)
		}
	}
	switch {
	case s.ExpireAfter == 0:
		return nil
	case len(s.Keys) != 1 || !s.Keys[0].Kind.ordered() || s.Keys[0].Path == "_id":
		return fault.Invalid("expireAfterSeconds", "only an index on one field, other than _id, removes documents")
	case s.ExpireAfter < 0:
		return fault.Invalid("expireAfterSeconds", "must not be negative")
	}
	return nil
}
