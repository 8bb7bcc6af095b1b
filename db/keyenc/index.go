package keyenc

import (
	"bytes"
	"crypto/sha256"

	"baas/db/value"
)

// What indexes need beyond the encoding of one value: a place for empty arrays,
// values of any length under a bound, and the bounds of ranges.

// tagEmptyArray stands for an array without elements: an index has an entry for
// each element of an array, and this one has none. It comes before null, where a
// sort has it too.
const tagEmptyArray = 0x0E

// MaxCapped bounds what AppendCapped appends: 32 of them fit into a key.
const MaxCapped = 1000

// cappedPrefix is the longest encoding that stays whole, and what stays of a
// longer one before the hash. Were it longer for whole ones, these would not be
// in order with cut ones that begin like them.
const cappedPrefix = MaxCapped - 8

// AppendEmptyArray appends the ascending encoding of an array without elements.
func AppendEmptyArray(dst []byte) []byte { return append(dst, tagEmptyArray) }

// AppendCapped is Append for at most MaxCapped bytes: of a longer encoding it
// keeps the beginning and 8 bytes of a hash, and cut is true. Capped encodings
// are equal when the values are, and none is the beginning of another. They are
// in order unless two cut ones begin alike.
func AppendCapped(dst []byte, v value.Value) (_ []byte, cut bool) {
	start := len(dst)
	dst = Append(dst, v)
	if len(dst)-start <= cappedPrefix {
		return dst, false
	}
	sum := sha256.Sum256(dst[start:])
	return append(dst[:start+cappedPrefix], sum[:8]...), true
}

// CutPrefix returns the part of a cut encoding that is in order: all capped
// encodings of values between two others that share it begin with it.
func CutPrefix(capped []byte) []byte { return capped[:cappedPrefix] }

// Complement turns an encoding into its descending form, and back, in place.
func Complement(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// Bracket returns the first bytes of the ascending encodings of values of one
// rank (value.Type.Rank): from low to below high. The rank of null has empty
// arrays outside.
func Bracket(rank int) (low, high byte) {
	switch rank {
	case value.TypeDouble.Rank():
		return tagNumber, tagNumber + 1
	case value.TypeString.Rank():
		return tagString, tagString + 1
	case value.TypeObject.Rank():
		return tagObject, tagObject + 1
	case value.TypeArray.Rank():
		return tagArray, tagArray + 1
	case value.TypeBinary.Rank():
		return tagBinary, tagBinary + 1
	case value.TypeObjectID.Rank():
		return tagObjectID, tagObjectID + 1
	case value.TypeBool.Rank():
		return tagFalse, tagTrue + 1
	case value.TypeDate.Rank():
		return tagDate, tagDate + 1
	case value.TypeTimestamp.Rank():
		return tagTimestamp, tagTimestamp + 1
	case value.TypeRegex.Rank():
		return tagRegex, tagRegex + 1
	}
	return tagNull, tagNull + 1
}

// After returns the lowest key above all keys that begin with b, nil when there
// is none.
func After(b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xFF {
			after := append([]byte(nil), b[:i+1]...)
			after[i]++
			return after
		}
	}
	return nil
}

// Length returns how many bytes the first encoding in b takes, descending or
// not; -1 when b does not begin with a whole one. Cut encodings are not
// recognised.
func Length(b []byte, descending bool) int {
	w := walker{b: b}
	if descending {
		w.flip = 0xFF
	}
	if !w.value() {
		return -1
	}
	return w.at
}

// walker passes encodings. flip is what each byte is to be xored with.
type walker struct {
	b    []byte
	at   int
	flip byte
}

func (w *walker) next() (byte, bool) {
	if w.at >= len(w.b) {
		return 0, false
	}
	c := w.b[w.at] ^ w.flip
	w.at++
	return c, true
}

func (w *walker) skip(n int) bool {
	w.at += n
	return n >= 0 && w.at <= len(w.b)
}

func (w *walker) value() bool {
	tag, ok := w.next()
	if !ok {
		return false
	}
	switch tag {
	case tagEmptyArray, tagNull, tagFalse, tagTrue:
		return true
	case tagNumber:
		return w.number()
	case tagString:
		return w.text()
	case tagObject:
		return w.object()
	case tagArray:
		return w.array()
	case tagBinary:
		n := 0
		for range 4 {
			c, ok := w.next()
			if !ok {
				return false
			}
			n = n<<8 | int(c)
		}
		return w.skip(1 + n)
	case tagObjectID:
		return w.skip(12)
	case tagDate, tagTimestamp:
		return w.skip(8)
	case tagRegex:
		pattern := w.name()
		return pattern && w.name() // its options
	}
	return false
}

// number passes a float and, from 2^53 on, its residual.
func (w *walker) number() bool {
	if w.at+8 > len(w.b) {
		return false
	}
	var f [8]byte
	for i := range f {
		f[i], _ = w.next()
	}
	if bytes.Compare(f[:], []byte{0xC3, 0x40, 0, 0, 0, 0, 0, 0}) >= 0 ||
		bytes.Compare(f[:], []byte{0x3C, 0xBF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}) <= 0 && f != [8]byte{} {
		return w.skip(2)
	}
	return true
}

func (w *walker) text() bool {
	for {
		c, ok := w.next()
		if !ok {
			return false
		}
		if c == 0 {
			if c, ok = w.next(); !ok || c == textEnd {
				return ok
			}
		}
	}
}

func (w *walker) name() bool {
	for {
		if c, ok := w.next(); !ok || c == end {
			return ok
		}
	}
}

func (w *walker) object() bool {
	for {
		tag, ok := w.next()
		if !ok || tag == end {
			return ok
		}
		if !w.name() || !w.value() {
			return false
		}
	}
}

func (w *walker) array() bool {
	for w.at < len(w.b) {
		if w.b[w.at]^w.flip == end {
			w.at++
			return true
		}
		if !w.value() {
			return false
		}
	}
	return false
}
