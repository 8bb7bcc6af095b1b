package aggregate

import (
	"strings"

	"baas/db/value"
)

// queryPath is a path as conditions read it: it walks through arrays.
type queryPath []queryPart

// queryPart is one name of a path; index is the position it also stands for, -1
// when it is not a number.
type queryPart struct {
	name  string
	index int
}

func parseQueryPath(text string) queryPath {
	var p queryPath
	for name := range strings.SplitSeq(text, ".") {
		p = append(p, queryPart{name, position(name)})
	}
	return p
}

// position reads a name as an array index: digits without a leading zero.
func position(name string) int {
	if name == "" || len(name) > 8 || name[0] == '0' && len(name) > 1 {
		return -1
	}
	n := 0
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return -1
		}
		n = n*10 + int(name[i]-'0')
	}
	return n
}

// each passes every value that the condition {path: {$eq: x}} compares x with:
// what db/query's filters look at, Missing included.
func (p queryPath) each(d value.Doc, fn func(value.Value)) {
	p[1:].from(d.Get(p[0].name), fn)
}

func (p queryPath) from(v value.Value, fn func(value.Value)) {
	for {
		switch {
		case v.Type == value.TypeArray:
			p.elements(v, fn)
			return
		case len(p) == 0:
			fn(v)
			return
		case v.Type != value.TypeObject:
			fn(value.Value{})
			return
		}
		v, p = v.Doc().Get(p[0].name), p[1:]
	}
}

func (p queryPath) elements(array value.Value, fn func(value.Value)) {
	c := array.Doc().Cursor()
	for i := 0; ; i++ {
		_, v, ok := c.Next()
		if !ok {
			break
		}
		switch {
		case len(p) == 0:
			fn(v)
			continue
		case v.Type == value.TypeObject:
			p.each(v.Doc(), fn)
		}
		if i != p[0].index {
			continue
		}
		switch rest := p[1:]; {
		case len(rest) == 0:
			fn(v)
		case v.Type == value.TypeObject:
			rest.each(v.Doc(), fn)
		case v.Type == value.TypeArray:
			rest.elements(v, fn)
		}
	}
	if len(p) == 0 {
		fn(array)
	}
}

// joined passes the values of a document that a join looks for: those at the
// path, of an array its elements.
func (p queryPath) joined(d value.Doc, fn func(value.Value)) {
	v := d.Get(p[0].name)
	rest := p[1:]
	for len(rest) > 0 && v.Type == value.TypeArray && rest[0].index >= 0 {
		v, rest = v.Doc().At(rest[0].index), rest[1:]
	}
	switch {
	case len(rest) == 0 && v.Type == value.TypeArray:
		for _, one := range v.Doc().All() {
			fn(one)
		}
	case len(rest) == 0:
		fn(v)
	case v.Type == value.TypeObject:
		rest.joined(v.Doc(), fn)
	case v.Type == value.TypeArray:
		for _, one := range v.Doc().All() {
			if one.Type == value.TypeObject {
				rest.joined(one.Doc(), fn)
			}
		}
	}
}
