package aggregate

import (
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// count is $count: one document with the number of those that came, none when
// none came.
type count struct{ name []byte }

func compileCount(at string, v value.Value) (*count, error) {
	name := v.Text()
	switch {
	case v.Type != value.TypeString || name == "":
		return nil, fault.Refused(at, "must be the name of the member for the number")
	case strings.HasPrefix(name, "$"), strings.ContainsAny(name, ".\x00"):
		return nil, fault.Refused(at, "a name cannot begin with $ or hold a dot or NUL")
	}
	return &count{[]byte(name)}, nil
}

func (c *count) open(_ *run, next sink) (sink, error) { return &counting{c, 0, next}, nil }

type counting struct {
	*count
	n    int64
	next sink
}

func (c *counting) push(value.Doc) error {
	c.n++
	return nil
}

func (c *counting) close() error {
	if c.n == 0 {
		return c.next.close()
	}
	var w buffer
	w.begin()
	w.add(c.name, value.Int(c.n))
	return closing(c.next.push(w.doc()), c.next)
}
