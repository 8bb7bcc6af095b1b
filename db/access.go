package db

import (
	"context"
	"strings"

	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// grant is leave to do one kind of operation on one collection.
type grant struct {
	coll collection
	// absent means a system collection that nothing was written to yet; coll
	// then has only a name.
	absent bool
	// owner, when not empty, narrows the operation to documents with this
	// _openid: others are invisible.
	owner string
}

// narrow adds the grant's condition to a filter.
func (g grant) narrow(f *query.Filter) *query.Filter {
	if g.owner == "" {
		return f
	}
	return query.And(f, query.Equal(fieldOwner, value.String(g.owner)))
}

// enter is the one place where it is decided whether p may do op on the
// documents of a collection. It reads the collection's mode from r, the same
// snapshot the operation works on.
//
// Codes: InvalidParam for a bad name, CollectionNotExist, DatabaseDenied.
func enter(r kv.Reader, p rules.Principal, name string, op rules.Operation) (grant, error) {
	if err := checkReach(p, name); err != nil {
		return grant{}, err
	}
	coll, ok, err := readCollection(r, name)
	if err != nil {
		return grant{}, err
	}
	if !ok {
		if isSystem(name) {
			return grant{coll: collection{name: name}, absent: true}, nil
		}
		return grant{}, missingCollection(name)
	}
	verdict, err := rules.Authorize(coll.mode, p, op)
	if err != nil {
		return grant{}, err
	}
	g := grant{coll: coll}
	if verdict.OwnOnly {
		g.owner = p.Owner()
	}
	return g, nil
}

// checkReach refuses names that are not names, and system collections to
// everybody but the server itself: to others they are no names either.
func checkReach(p rules.Principal, name string) error {
	if p.Role == rules.System && isSystem(name) {
		return checkName(strings.TrimPrefix(name, systemPrefix))
	}
	return checkName(name)
}

// mayManage refuses catalog operations to callers whose permissions are asked.
func mayManage(p rules.Principal) error {
	if !p.ByPassesRules() {
		return fault.New(fault.DatabaseDenied, "Permission denied: only an administrator manages collections")
	}
	return nil
}

func missingCollection(name string) error {
	return fault.New(fault.CollectionNotExist, "[ResourceNotFound] Db or Table not exist: %s.", name)
}

// Access is what a caller who follows a collection may see of it.
type Access struct {
	// Filter holds for every document the caller may see.
	Filter *query.Filter
}

// Reader says what p may read of a collection, for whoever computes results
// from the change log. Codes as those of Find.
func (e *Engine) Reader(ctx context.Context, p rules.Principal, coll string) (Access, error) {
	var a Access
	err := e.view(ctx, func(r kv.Reader) error {
		g, err := enter(r, p, coll, rules.Read)
		a.Filter = g.narrow(query.All())
		return err
	})
	return a, err
}
