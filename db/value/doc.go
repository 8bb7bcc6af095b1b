package value

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"strings"
)

// Doc is one BSON document, raw: length, elements, NUL. It is immutable by
// agreement. A nil Doc reads as the empty document.
type Doc []byte

// Get returns the top-level member of that name, Missing when there is none.
// The Value aliases d.
func (d Doc) Get(key string) Value {
	for at := 4; at < len(d)-1; {
		end, next := element(d, at)
		if next < 0 {
			return Value{}
		}
		if end-at == len(key)+1 && string(d[at+1:end]) == key {
			return Value{Type(d[at]), d[end+1 : next : next]}
		}
		at = next
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
type Cursor struct {
	doc []byte
	at  int // of the next element
}

// Cursor returns a walker that stands before the first member.
func (d Doc) Cursor() Cursor { return Cursor{d, 4} }

// Next returns the next member; key and v alias the document. ok is false at
// the end, and at the first damaged element.
func (c *Cursor) Next() (key []byte, v Value, ok bool) {
	at := c.at
	if at >= len(c.doc)-1 {
		return nil, Value{}, false
	}
	end, next := element(c.doc, at)
	if next < 0 {
		c.doc = nil
		return nil, Value{}, false
	}
	c.at = next
	return c.doc[at+1 : end : end], Value{Type(c.doc[at]), c.doc[end+1 : next : next]}, true
}

func (c *Cursor) skip() bool {
	_, _, ok := c.Next()
	return ok
}

// rest returns the elements that the cursor has not passed.
func (c *Cursor) rest() []byte {
	if c.at >= len(c.doc)-1 {
		return nil
	}
	return c.doc[c.at : len(c.doc)-1]
}

// element returns where the key of the element at b[at] ends and where the next
// element begins. next is -1 when the element does not fit into b, which ends in
// the document's NUL, or has a type that documents cannot hold. Everything that
// reads documents goes through here: the common cases stand first and in line.
func element(b []byte, at int) (end, next int) {
	end = keyEnd(b, at+1)
	if end < 0 {
		return 0, -1
	}
	data := end + 1
	switch Type(b[at]) {
	case TypeString:
		next = data + 4 + length(b, data, 1)
	case TypeInt32:
		next = data + 4
	case TypeObject, TypeArray:
		next = data + length(b, data, 5)
	case TypeDouble, TypeDate, TypeTimestamp, TypeInt64:
		next = data + 8
	case TypeBool:
		next = data + 1
	case TypeNull:
		next = data
	case TypeObjectID:
		next = data + 12
	case TypeBinary:
		next = data + 5 + length(b, data, 0)
	case TypeRegex:
		next = keyEnd(b, data) + 1
		if next > 0 {
			next = keyEnd(b, next) + 1
		}
		if next == 0 {
			return 0, -1
		}
	default:
		return 0, -1
	}
	if next > len(b)-1 {
		return 0, -1
	}
	return end, next
}

// nowhere is a length that fits into no document.
const nowhere = 1 << 40

// length reads the int32 length at b[at]; one below least fits nowhere.
func length(b []byte, at int, least int32) int {
	if at+4 > len(b) {
		return nowhere
	}
	n := int32(binary.LittleEndian.Uint32(b[at:]))
	if n < least {
		return nowhere
	}
	return int(n)
}

// keyEnd returns where the NUL behind the text at b[at] is, -1 when there is
// none. Keys are short: eight bytes at once beat a call of bytes.IndexByte.
func keyEnd(b []byte, at int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(b); at += 8 {
		word := binary.LittleEndian.Uint64(b[at:])
		if zero := (word - ones) &^ word & tops; zero != 0 {
			return at + bits.TrailingZeros64(zero)>>3
		}
	}
	for ; at < len(b); at++ {
		if b[at] == 0 {
			return at
		}
	}
	return -1
}
