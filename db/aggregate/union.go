package aggregate

import (
	"baas/db/fault"
	"baas/db/value"
)

// union is $unionWith: behind the documents that come, those of another
// collection, or what a pipeline makes of them.
type union struct {
	from     string
	pipeline *Pipeline
}

func (c *compiler) union(at string, v value.Value) (*union, error) {
	u := &union{pipeline: &Pipeline{}}
	if v.Type == value.TypeString {
		u.from = v.Text()
	} else if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be the name of a collection or an object with coll, it is of type %s", v.Type.Name())
	}
	for key, option := range v.Doc().All() {
		where := at + "." + key
		switch key {
		case "coll":
			if option.Type != value.TypeString {
				return nil, fault.Refused(where, "must be the name of a collection, it is of type %s", option.Type.Name())
			}
			u.from = option.Text()
		case "pipeline":
			stages, err := Parse(where, option)
			if err != nil {
				return nil, err
			}
			if u.pipeline, err = c.nest(where, "$unionWith", nil, stages, 0); err != nil {
				return nil, err
			}
		default:
			return nil, unknownOption(where)
		}
	}
	if u.from == "" {
		return nil, fault.Refused(at, "give coll, the name of the collection")
	}
	return u, nil
}

func (u *union) open(r *run, next sink) (sink, error) { return &uniting{u, r, next, false}, nil }

// uniting reads the other collection when it is closed, so it needs no cut before
// it.
type uniting struct {
	*union
	run  *run
	next sink
	done bool
}

func (u *uniting) push(d value.Doc) error {
	err := u.next.push(d)
	u.done = u.done || Enough(err)
	return err
}

func (u *uniting) close() error {
	if u.done {
		return u.next.close()
	}
	// What follows may read collections, too: it must not run inside the view.
	err := u.run.executeOutside(u.pipeline, u.from, notClosed{u.next})
	return closing(err, u.next)
}
