package update

import (
	"bytes"
	"strconv"
	"strings"

	"baas/db/query"
	"baas/db/value"
)

// Storable reports whether d may be stored as a document: no key anywhere in it
// begins with $ (a database reference's $ref, $id and $db excepted), holds a dot
// or, at the top level, is empty. The error is a DatabaseFailed that names the
// path. It does not ask the limits of value.Check.
func Storable(d value.Doc) error {
	for key := range d.All() {
		if key == "" {
			return failed("document", "a member's name is empty, which cannot be queried; give it a name")
		}
	}
	return storable("", value.FromDoc(d))
}

func storable(path string, v value.Value) error {
	switch v.Type {
	case value.TypeArray:
		i := 0
		for _, element := range v.Doc().All() {
			if element.Type == value.TypeObject || element.Type == value.TypeArray {
				if err := storable(join(path, strconv.Itoa(i)), element); err != nil {
					return err
				}
			}
			i++
		}
	case value.TypeObject:
		for key, member := range v.Doc().All() {
			if err := storableKey(path, key); err != nil {
				return err
			}
			if member.Type == value.TypeObject || member.Type == value.TypeArray {
				if err := storable(join(path, key), member); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func storableKey(path, key string) error {
	switch {
	case key == "$ref" || key == "$id" || key == "$db":
		return nil
	case strings.HasPrefix(key, "$"):
		return failed(join(path, key), "The dollar ($) prefixed field '%s' is not valid for storage.", key)
	case strings.Contains(key, "."):
		return failed(join(path, key), "a member's name cannot hold a dot when it is stored")
	}
	return nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Replace returns the document that replaces before: the members of replacement,
// with before's _id as the first one. before may be nil, for an upsert that
// creates. changed is false when no byte differs. A replacement that is not
// [Storable], holds operators or brings another _id is a DatabaseFailed.
func Replace(before, replacement value.Doc) (out value.Doc, changed bool, err error) {
	if err := value.Check(replacement); err != nil {
		return nil, false, err
	}
	if err := Storable(replacement); err != nil {
		return nil, false, err
	}
	id := before.Get("_id")
	if given := replacement.Get("_id"); id.IsMissing() {
		id = given
	} else if !given.IsMissing() && !value.Equal(id, given) {
		return nil, false, failed("_id", "the _id of a document cannot change")
	}
	var b value.Builder
	b.Grow(len(replacement) + len(id.Data) + 8)
	b.Add("_id", id)
	c := replacement.Cursor()
	for {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		if string(key) != "_id" {
			b.AddRaw(key, v)
		}
	}
	out = b.Doc()
	return out, !bytes.Equal(out, before), nil
}

// Seed returns the document that an upsert starts from: the equalities of its
// condition, _id first. A path that is given twice, or lies below another, is a
// DatabaseFailed; a condition that does not compile fails as query.Compile does.
func Seed(condition value.Doc) (value.Doc, error) {
	f, err := query.Compile(condition)
	if err != nil {
		return nil, err
	}
	p := &Program{}
	for _, e := range f.Equalities() {
		if err := storable(e.Path, e.Value); err != nil {
			return nil, err
		}
		t, clash, err := p.place(e.Path)
		if err != nil {
			return nil, err
		}
		if clash != "" {
			return nil, failed(e.Path, "cannot infer query fields to set, path '%s' is matched twice", e.Path)
		}
		t.edit = set{e.Value}
	}
	p.root.sort()
	out, err := p.run(nil, state{Run: Run{Position: -1}, insert: true})
	if err != nil {
		return nil, err
	}
	return idFirst(out), nil
}
