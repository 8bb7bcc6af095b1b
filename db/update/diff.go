package update

import (
	"bytes"
	"strings"

	"baas/db/value"
)

// Field is a member that a change set: a dotted path and its new value.
type Field struct {
	Path  string
	Value value.Value
}

// Diff returns what turns before into after, for a watch's updatedFields and
// removedFields (tcb-wire-protocol.md 9.3). Objects on both sides are compared
// member by member; everything else, arrays too, is set as a whole. Paths are
// such that lodash's set and unset understand them: below a name that holds a
// dot or a bracket the nearest object above is set as a whole. The order of
// members does not count. The Values alias after.
func Diff(before, after value.Doc) (updated []Field, removed []string) {
	d := differ{}
	d.object("", before, after)
	return d.updated, d.removed
}

type differ struct {
	updated []Field
	removed []string
}

func (d *differ) object(prefix string, before, after value.Doc) {
	c := after.Cursor()
	for {
		key, now, ok := c.Next()
		if !ok {
			break
		}
		was := before.Get(string(key))
		if was.Type == now.Type && bytes.Equal(was.Data, now.Data) {
			continue
		}
		path := prefix + string(key)
		if was.Type == value.TypeObject && now.Type == value.TypeObject && addressable(was.Doc()) && addressable(now.Doc()) {
			d.object(path+".", was.Doc(), now.Doc())
			continue
		}
		d.updated = append(d.updated, Field{path, now})
	}
	for key := range before.All() {
		if after.Get(key).IsMissing() {
			d.removed = append(d.removed, prefix+key)
		}
	}
}

// addressable reports whether every member of d can be named in a path.
func addressable(d value.Doc) bool {
	for key := range d.All() {
		if key == "" || strings.ContainsAny(key, ".[]") {
			return false
		}
	}
	return true
}
