package value

import (
	"bytes"
	"encoding/binary"
	"iter"
	"strings"
)

// Doc is one BSON document, raw: length, elements, NUL. It is immutable by
// agreement. A nil Doc reads as the empty document.
type Doc []byte

// Get returns the top-level member of that name, Missing when there is none.
// The Value aliases d.
func (d Doc) Get(key string) Value {
	c := d.Cursor()
	b := c.rest
	for len(b) > 0 {
		t, name := Type(b[0]), b[1:]
		if len(name) > len(key) && name[len(key)] == 0 && string(name[:len(key)]) == key {
			data := name[len(key)+1:]
			n := payloadSize(t, data)
			if n < 0 {
				return Value{}
			}
			return Value{t, data[:n:n]}
		}
		end := bytes.IndexByte(name, 0)
		if end < 0 {
			return Value{}
		}
		data := name[end+1:]
		n := payloadSize(t, data)
		if n < 0 {
			return Value{}
		}
		b = data[n:]
	}
	return Value{}
}

// Lookup returns the value at a dotted path that leads through objects only:
// an array on the way ends it with Missing. The Value aliases d.
func (d Doc) Lookup(path string) Value {
	for {
		head, rest, more := strings.Cut(path, ".")
		v := d.Get(head)
		if !more {
			return v
		}
		if v.Type != TypeObject {
			return Value{}
		}
		d, path = Doc(v.Data), rest
	}
}

// All yields the members in order. The keys are copies, the Values alias d.
func (d Doc) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		c := d.Cursor()
		for {
			key, v, ok := c.Next()
			if !ok || !yield(string(key), v) {
				return
			}
		}
	}
}

// Len returns the number of members (of elements, for an array's payload).
func (d Doc) Len() int {
	n := 0
	c := d.Cursor()
	for c.skip() {
		n++
	}
	return n
}

// IsEmpty reports whether d has no members.
func (d Doc) IsEmpty() bool { return len(d) <= 5 }

// At returns element i of an array's payload by position, Missing when there
// is none.
func (d Doc) At(i int) Value {
	if i < 0 {
		return Value{}
	}
	c := d.Cursor()
	for range i {
		if !c.skip() {
			return Value{}
		}
	}
	_, v, _ := c.Next()
	return v
}

// Cursor walks a document without allocating. Copy it to keep a position.
type Cursor struct{ rest []byte }

// Cursor returns a walker that stands before the first member.
func (d Doc) Cursor() Cursor {
	if len(d) <= 5 {
		return Cursor{}
	}
	return Cursor{d[4 : len(d)-1]}
}

// Next returns the next member; key and v alias the document. ok is false at
// the end, and at the first damaged element.
func (c *Cursor) Next() (key []byte, v Value, ok bool) {
	b := c.rest
	if len(b) == 0 {
		return nil, Value{}, false
	}
	t, name := Type(b[0]), b[1:]
	end := bytes.IndexByte(name, 0)
	if end < 0 {
		c.rest = nil
		return nil, Value{}, false
	}
	data := name[end+1:]
	n := payloadSize(t, data)
	if n < 0 {
		c.rest = nil
		return nil, Value{}, false
	}
	c.rest = data[n:]
	return name[:end:end], Value{t, data[:n:n]}, true
}

func (c *Cursor) skip() bool {
	_, _, ok := c.Next()
	return ok
}

// payloadSize returns how many bytes of b the payload of a value of type t
// takes, -1 when b is too short or t is not a type that documents may hold.
func payloadSize(t Type, b []byte) int {
	n := 0
	switch t {
	case TypeDouble, TypeDate, TypeTimestamp, TypeInt64:
		n = 8
	case TypeInt32:
		n = 4
	case TypeNull:
		return 0
	case TypeBool:
		n = 1
	case TypeObjectID:
		n = 12
	case TypeString:
		n = 4 + lengthPrefix(b, 1)
	case TypeObject, TypeArray:
		n = lengthPrefix(b, 5)
	case TypeBinary:
		n = 5 + lengthPrefix(b, 0)
	case TypeRegex:
		return regexSize(b)
	default:
		return -1
	}
	if n > len(b) {
		return -1
	}
	return n
}

// lengthPrefix reads an int32 length; one below least reads as a length that
// fits nowhere.
func lengthPrefix(b []byte, least int32) int {
	const nowhere = 1 << 40
	if len(b) < 4 {
		return nowhere
	}
	n := int32(binary.LittleEndian.Uint32(b))
	if n < least {
		return nowhere
	}
	return int(n)
}

func regexSize(b []byte) int {
	pattern := bytes.IndexByte(b, 0)
	if pattern < 0 {
		return -1
	}
	options := bytes.IndexByte(b[pattern+1:], 0)
	if options < 0 {
		return -1
	}
	return pattern + options + 2
}
