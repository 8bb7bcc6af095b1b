package value

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"baas/db/fault"
)

// Check reports whether d is a sound BSON document within the limits: lengths
// that add up, only the types this package lists, UTF-8 texts, array keys "0",
// "1", …, no key twice in one object, at most [MaxDepth] levels, [MaxNodes]
// values and [MaxBytes] bytes. The error is an InvalidParam that names the path
// of the culprit. It does not recurse.
func Check(d Doc) error {
	if len(d) > MaxBytes {
		return fault.Invalid("document", "%d bytes; the limit is %d", len(d), MaxBytes)
	}
	if !framed(d) {
		return fault.Invalid("document", "not a BSON document: its length does not fit")
	}
	c := checker{}
	if err := c.enter(d, false); err != nil {
		return err
	}
	for c.depth > 0 {
		if err := c.step(); err != nil {
			return err
		}
	}
	return nil
}

// framed reports whether d's length prefix and final NUL are right.
func framed(d Doc) bool {
	return len(d) >= 5 && int(int32(binary.LittleEndian.Uint32(d))) == len(d) && d[len(d)-1] == 0
}

// checker holds one frame per open object or array.
type checker struct {
	frames [MaxDepth]struct {
		cursor Cursor
		key    []byte // name of the element last taken
		array  bool
		next   int // index the next array element must carry
	}
	depth int
	nodes int
}

func (c *checker) enter(d Doc, array bool) error {
	if c.depth == MaxDepth {
		return c.invalid("nested deeper than %d levels", MaxDepth)
	}
	if !framed(d) {
		return c.invalid("not a BSON document: its length does not fit")
	}
	f := &c.frames[c.depth]
	f.cursor, f.key, f.array, f.next = d.Cursor(), nil, array, 0
	if !array {
		if key, twice := duplicateKey(d); twice {
			f.key = []byte(key)
			c.depth++
			return c.invalid("the key stands twice in one object; keep one")
		}
	}
	c.depth++
	return nil
}

// step takes one element of the innermost frame, or leaves the frame.
func (c *checker) step() error {
	f := &c.frames[c.depth-1]
	if f.cursor.rest() == nil {
		c.depth--
		return nil
	}
	key, v, ok := f.cursor.Next()
	if !ok {
		return c.invalid("damaged BSON, or a type that documents cannot hold")
	}
	f.key = key
	if c.nodes++; c.nodes > MaxNodes {
		return c.invalid("more than %d values in one document", MaxNodes)
	}
	if f.array {
		if string(key) != strconv.Itoa(f.next) {
			return c.invalid("array elements must be numbered from 0 without gaps")
		}
		f.next++
	} else if !utf8.Valid(key) {
		return c.invalid("the key is not UTF-8")
	}
	switch v.Type {
	case TypeObject, TypeArray:
		return c.enter(v.Doc(), v.Type == TypeArray)
	case TypeString:
		if v.Data[len(v.Data)-1] != 0 || !utf8.Valid(v.TextBytes()) {
			return c.invalid("the text is not UTF-8")
		}
	case TypeRegex:
		if !utf8.Valid(v.Data) {
			return c.invalid("the regular expression is not UTF-8")
		}
	case TypeBool:
		if v.Data[0] > 1 {
			return c.invalid("a bool must be 0 or 1")
		}
	}
	return nil
}

func (c *checker) invalid(format string, args ...any) error {
	var path []string
	for i := range c.depth {
		if key := c.frames[i].key; key != nil {
			path = append(path, strings.ToValidUTF8(string(key), "\uFFFD"))
		}
	}
	if len(path) == 0 {
		path = append(path, "document")
	}
	return fault.Invalid(strings.Join(path, "."), format, args...)
}

// duplicateKey returns a key that d holds twice.
func duplicateKey(d Doc) (string, bool) {
	const few = 24 // up to here comparing each pair is cheaper than a set
	var keys [few][]byte
	n := 0
	c := d.Cursor()
	for {
		key, _, ok := c.Next()
		if !ok {
			return "", false
		}
		if n == few {
			return duplicateInMany(d)
		}
		for _, k := range keys[:n] {
			if bytes.Equal(k, key) {
				return string(key), true
			}
		}
		keys[n] = key
		n++
	}
}

func duplicateInMany(d Doc) (string, bool) {
	seen := map[string]struct{}{}
	for key := range d.All() {
		if _, twice := seen[key]; twice {
			return key, true
		}
		seen[key] = struct{}{}
	}
	return "", false
}
