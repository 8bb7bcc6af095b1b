package query

import (
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// maxIndexes bounds the numeric parts of a path. Such a part may be a position
// or a key, and both are tried, so the work could double with each one.
const maxIndexes = 10

// part is one name of a dotted path. index is the position it also stands for,
// -1 when it is not a number.
type part struct {
	name  string
	index int
}

type path []part

func (p path) String() string {
	if len(p) == 1 {
		return p[0].name
	}
	names := make([]string, len(p))
	for i := range p {
		names[i] = p[i].name
	}
	return strings.Join(names, ".")
}

func splitPath(text string) path {
	names := strings.Split(text, ".")
	out := make(path, len(names))
	for i, name := range names {
		out[i] = part{name, position(name)}
	}
	return out
}

// parsePath splits a user's path. at is where the path stands.
func parsePath(at, text string) (path, error) {
	if strings.Count(text, ".") >= value.MaxDepth {
		return nil, fault.Invalid(at, "the path has more than %d parts", value.MaxDepth)
	}
	out := splitPath(text)
	indexes := 0
	for _, p := range out {
		if p.index >= 0 {
			indexes++
		}
	}
	if indexes > maxIndexes {
		return nil, fault.Invalid(at, "the path has more than %d numeric parts", maxIndexes)
	}
	return out, nil
}

// position reads a part as an array index: decimal digits without a leading
// zero; -1 for anything else.
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
