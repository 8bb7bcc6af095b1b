package aggregate

import (
	"bytes"
	"strings"

	"baas/db/fault"
	"baas/db/value"
)

// fieldPath is a path through objects: "a.b" in three parts of a program that
// set or read one member.
type fieldPath [][]byte

// parseField reads the path of a member that a stage writes or reads. Codes:
// DatabaseFailed for an empty part, a part with $, or too many of them.
func parseField(at, text string) (fieldPath, error) {
	parts := strings.Split(text, ".")
	if len(parts) > value.MaxDepth {
		return nil, fault.Refused(at, "the path has more than %d parts", value.MaxDepth)
	}
	out := make(fieldPath, len(parts))
	for i, part := range parts {
		switch {
		case part == "":
			return nil, fault.Refused(at, "a path has no empty parts")
		case part[0] == '$':
			return nil, fault.Refused(at, "the name of a member cannot begin with $")
		case strings.IndexByte(part, 0) >= 0:
			return nil, fault.Refused(at, "the name of a member cannot hold a NUL")
		}
		out[i] = []byte(part)
	}
	return out, nil
}

// parseReference reads "$a.b", the path of a member that a stage reads.
func parseReference(at string, v value.Value) (fieldPath, error) {
	text := v.Text()
	if v.Type != value.TypeString || !strings.HasPrefix(text, "$") || strings.HasPrefix(text, "$$") {
		return nil, fault.Refused(at, "must be the path of a member as a string that begins with $")
	}
	return parseField(at, text[1:])
}

// top is the top-level member that the path begins with.
func (p fieldPath) top() string { return string(p[0]) }

// get returns the value at the path; only objects are walked through.
func (p fieldPath) get(d value.Doc) value.Value {
	for i, part := range p {
		v := d.Get(string(part))
		if i == len(p)-1 {
			return v
		}
		if v.Type != value.TypeObject {
			return value.Value{}
		}
		d = v.Doc()
	}
	return value.Value{}
}

// set writes the members of d with the value at the path replaced, or appended
// when it is not there. Missing takes it out. What is no object on the way
// becomes one.
func (p fieldPath) set(w *buffer, d value.Doc, v value.Value) {
	at := 4 // of the member that the cursor takes next
	for c := d.Cursor(); ; {
		key, old, ok := c.Next()
		if !ok {
			break
		}
		next := at + len(key) + len(old.Data) + 2
		if bytes.Equal(key, p[0]) {
			w.b = append(w.b, d[4:at]...)
			p.setMember(w, old, v)
			w.b = append(w.b, d[next:len(d)-1]...)
			return
		}
		at = next
	}
	if at > 4 {
		w.b = append(w.b, d[4:at]...)
	}
	p.setMember(w, value.Value{}, v)
}

func (p fieldPath) setMember(w *buffer, old, v value.Value) {
	switch {
	case len(p) == 1:
		w.add(p[0], v)
	case v.IsMissing() && old.Type != value.TypeObject:
		w.add(p[0], old)
	default:
		var below value.Doc
		if old.Type == value.TypeObject {
			below = old.Doc()
		}
		start := w.open(value.TypeObject, p[0])
		p[1:].set(w, below, v)
		w.end(start)
	}
}
