package db

import (
	"bytes"
	"strings"

	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// The fields that belong to the server (wx-cloud-api.md 1.6, 3.6, 3.7, 3.13):
//
//   - _id is given at creation, by the caller or made here, and never changes.
//   - _openid is the creator of a document made by a user. Users neither give
//     nor change it; administrators write it like any other field.
//
// All rules about them are in this file.
const (
	fieldID    = "_id"
	fieldOwner = "_openid"
)

// maxIDBytes bounds an _id that is a string.
const maxIDBytes = 1024

// asksRules reports whether p is held to the rules of users.
func asksRules(p rules.Principal) bool { return !p.ByPassesRules() }

func cannotUpdate(field string) error {
	return &fault.Error{Code: fault.InvalidParam, Field: field, Msg: "不能更新" + field + "的值"}
}

func ownerGiven() error {
	return fault.Invalid(fieldOwner, "the server fills this field with the caller's id; leave it out")
}

// newDocument returns d as p creates it, with the server's fields in front,
// and its id. newID is asked when d has none.
func newDocument(p rules.Principal, d value.Doc, newID func() string) (value.Doc, value.Value, error) {
	owner := value.Value{}
	if asksRules(p) {
		if !d.Get(fieldOwner).IsMissing() {
			return nil, value.Value{}, ownerGiven()
		}
		owner = value.String(p.Owner())
	}
	id := d.Get(fieldID)
	if id.IsMissing() {
		id = value.String(newID())
	}
	if err := checkID(id); err != nil {
		return nil, value.Value{}, err
	}
	return withSystemFields(d, id, owner), id.Clone(), nil
}

// checkID refuses values that cannot be an _id.
func checkID(id value.Value) error {
	switch id.Type {
	case value.TypeString:
		if n := len(id.TextBytes()); n == 0 || n > maxIDBytes {
			return fault.Invalid(fieldID, "an id that is a string has 1 to %d bytes, this one has %d", maxIDBytes, n)
		}
		return nil
	case value.TypeInt32, value.TypeInt64, value.TypeDouble, value.TypeObjectID:
		return nil
	}
	return fault.Invalid(fieldID, "an id is a string or a number, not of type %s", id.Type.Name())
}

// withSystemFields returns d with these two fields in front in place of its
// own; a missing owner keeps the one d has.
func withSystemFields(d value.Doc, id, owner value.Value) value.Doc {
	if owner.IsMissing() {
		owner = d.Get(fieldOwner)
	}
	var b value.Builder
	b.Add(fieldID, id)
	b.Add(fieldOwner, owner)
	c := d.Cursor()
	for key, v, ok := c.Next(); ok; key, v, ok = c.Next() {
		if name := string(key); name != fieldID && name != fieldOwner {
			b.Add(name, v)
		}
	}
	return b.Doc()
}

// checkReplacement refuses a whole document that p may not put in the place
// of another. The server itself may repeat the _id that is there.
func checkReplacement(p rules.Principal, d value.Doc) error {
	if !d.Get(fieldID).IsMissing() && p.Role != rules.System {
		return cannotUpdate(fieldID)
	}
	if asksRules(p) && !d.Get(fieldOwner).IsMissing() {
		return ownerGiven()
	}
	return nil
}

// replaced returns the document that takes before's place: before keeps its
// _id, and its _openid too when a user replaces it.
func replaced(p rules.Principal, before, d value.Doc) (value.Doc, error) {
	id := before.Get(fieldID)
	if given := d.Get(fieldID); !given.IsMissing() && !value.Equal(given, id) {
		return nil, cannotUpdate(fieldID)
	}
	owner := value.Value{}
	if asksRules(p) {
		owner = before.Get(fieldOwner)
	}
	return withSystemFields(d, id, owner), nil
}

// checkPaths refuses update operators on the server's fields by name.
func checkPaths(p rules.Principal, paths []string) error {
	for _, path := range paths {
		head, _, _ := strings.Cut(path, ".")
		if head == fieldID || head == fieldOwner && asksRules(p) {
			return cannotUpdate(head)
		}
	}
	return nil
}

// checkKept refuses an update by its outcome, whatever path led to it.
func checkKept(p rules.Principal, before, after value.Doc) error {
	if !same(before, after, fieldID) {
		return cannotUpdate(fieldID)
	}
	if asksRules(p) && !same(before, after, fieldOwner) {
		return cannotUpdate(fieldOwner)
	}
	return nil
}

func same(a, b value.Doc, field string) bool {
	x, y := a.Get(field), b.Get(field)
	return x.Type == y.Type && bytes.Equal(x.Data, y.Data)
}

// seeded prepares the equality fields of a query for the document that an
// upsert makes of them: a user may have named himself in the query.
func seeded(p rules.Principal, seed value.Doc) (value.Doc, error) {
	owner := seed.Get(fieldOwner)
	if !asksRules(p) || owner.IsMissing() {
		return seed, nil
	}
	if owner.Text() != p.Owner() {
		return nil, ownerGiven()
	}
	var b value.Builder
	for name, v := range seed.All() {
		if name != fieldOwner {
			b.Add(name, v)
		}
	}
	return b.Doc(), nil
}
