package aggregate

import (
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// unwind is $unwind: one document for each element of an array.
type unwind struct {
	path     fieldPath
	index    fieldPath // where the position goes, nil: nowhere
	preserve bool      // documents without an element pass, too
}

func compileUnwind(at string, v value.Value) (*unwind, error) {
	u := &unwind{}
	var err error
	if v.Type == value.TypeString {
		u.path, err = parseReference(at, v)
		return u, err
	}
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be a path or an object with a path, it is of type %s", v.Type.Name())
	}
	for key, option := range v.Doc().All() {
		where := at + "." + key
		switch key {
		case "path":
			u.path, err = parseReference(where, option)
		case "includeArrayIndex":
			if option.Type != value.TypeString || strings.HasPrefix(option.Text(), "$") {
				return nil, fault.Refused(where, "must be the name of a member, without $")
			}
			u.index, err = parseField(where, option.Text())
		case "preserveNullAndEmptyArrays":
			if option.Type != value.TypeBool {
				return nil, fault.Refused(where, "must be true or false")
			}
			u.preserve = option.IsTrue()
		default:
			return nil, unknownOption(where)
		}
		if err != nil {
			return nil, err
		}
	}
	if u.path == nil {
		return nil, fault.Refused(at, "give the path of the array")
	}
	return u, nil
}

// unknownOption refuses a member of a stage's argument.
func unknownOption(at string) error {
	return fault.Refused(at, "the stage has no such option")
}

func (u *unwind) open(r *run, next sink) (sink, error) {
	return &unwinding{unwind: u, run: r, next: next}, nil
}

type unwinding struct {
	*unwind
	run  *run
	next sink
	// The document that is made, and the same before the position is set.
	out, mid buffer
}

func (u *unwinding) push(d value.Doc) error {
	v := u.path.get(d)
	switch v.Type {
	case value.TypeArray:
		if !v.Doc().IsEmpty() {
			return u.elements(d, v.Doc())
		}
		if !u.preserve {
			return nil
		}
		return u.pass(d, value.Value{}, value.Null())
	case value.TypeMissing, value.TypeNull:
		if !u.preserve {
			return nil
		}
	}
	if u.index == nil {
		return u.next.push(d)
	}
	return u.pass(d, v, value.Null())
}

func (u *unwinding) elements(d, array value.Doc) error {
	c := array.Cursor()
	for i := int64(0); ; i++ {
		_, v, ok := c.Next()
		if !ok {
			return nil
		}
		if err := u.run.spend(len(d)); err != nil {
			return err
		}
		var at value.Value
		if u.index != nil {
			at = value.Int64(i)
		}
		if err := u.pass(d, v, at); err != nil {
			return err
		}
	}
}

// pass pushes d with v at the path and, when wanted, the position.
func (u *unwinding) pass(d value.Doc, v, at value.Value) error {
	w := &u.out
	if u.index != nil {
		w = &u.mid
	}
	w.begin()
	u.path.set(w, d, v)
	out := w.doc()
	if u.index != nil {
		u.out.begin()
		u.index.set(&u.out, out, at)
		out = u.out.doc()
	}
	return u.next.push(out)
}

func (u *unwinding) close() error { return u.next.close() }
