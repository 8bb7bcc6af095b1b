package value

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"baas/db/fault"
)

// ParseOptions says how a JSON text is read.
type ParseOptions struct {
	// Now is what server dates resolve against. When it is zero, a server
	// date is an error.
	Now time.Time
	// RegexValues reads {"$regex": "x", "$options": "i"} as a regular
	// expression, the old dialect's form of one inside data that is to be
	// stored. Leave it off for conditions: there it is an operator and stays
	// an object.
	RegexValues bool
}

// ParseJSON reads one JSON object into a document. It takes plain JSON,
// relaxed and canonical extended JSON, and the old dialect's dates
// (tcb-wire-protocol.md 6.1), in any mixture:
//
//   - a whole number that fits 32 bits is an int32, one that fits 64 bits an
//     int64; a fraction, an exponent or a larger number is a double
//   - {"$numberInt"}, {"$numberLong"}, {"$numberDouble"}, {"$oid"}, {"$binary"},
//     {"$uuid"}, {"$timestamp"}, {"$regularExpression"}
//   - {"$date": ms}, {"$date": "ISO"}, {"$date": {"$numberLong": "ms"}}
//   - {"$date": {"offset": ms}}, {"$tcb_server_date": {"offset": ms}}: o.Now
//     plus the offset
//
// {"$undefined"} is refused: dropping it could turn a condition into one that
// selects everything. Key order is kept. A key that stands twice in one object,
// a NUL in a key and whatever passes the limits of [Check] are refused. Errors
// are InvalidParam and name the path.
func ParseJSON(text []byte, o ParseOptions) (Doc, error) {
	v, err := ParseJSONValue(text, o)
	if err != nil {
		return nil, err
	}
	if v.Type != TypeObject {
		return nil, fault.Invalid("JSON", "must be an object, it is of type %s", v.Type.Name())
	}
	return v.Doc(), nil
}

// ParseJSONValue reads one JSON value of any type by the rules of [ParseJSON].
func ParseJSONValue(text []byte, o ParseOptions) (Value, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	p.scanner, p.opts = scanner{text: text}, o
	p.buf = make([]byte, 0, len(text)+len(text)/4+16)
	return p.whole()
}

// parser turns JSON into BSON in one pass: the payload of the value being read is
// appended to buf, its type byte is patched in afterwards.
type parser struct {
	scanner
	opts  ParseOptions
	buf   []byte
	depth int // open objects and arrays
	wraps int // open extended-JSON wrappers; they nest without adding depth
	nodes int
	path  []step  // to the value being read, for errors
	fixed [8]byte // payload of the value that a wrapper stands for
}

// step is one part of a path: where a name stands in the text or, when from is
// 0, an index in to. It holds no pointer: writing one costs more than reading
// a number.
type step struct{ from, to int }

// parsers are at rest; all they keep is the room of their paths.
var parsers = sync.Pool{New: func() any { return new(parser) }}

func (p *parser) release() {
	*p = parser{path: p.path[:0]}
	parsers.Put(p)
}

func (p *parser) whole() (Value, error) {
	t, err := p.value()
	if err != nil {
		return Value{}, err
	}
	if p.peek(); p.at < len(p.text) {
		return Value{}, fault.Invalid("JSON", "something follows the value; send one value")
	}
	return Value{t, p.buf}, nil
}

// value appends the payload of the next value and returns its type.
func (p *parser) value() (Type, error) {
	switch c := p.peek(); c {
	case '{':
		return p.object()
	case '[':
		return TypeArray, p.array()
	case '"':
		return TypeString, p.string()
	case 't':
		p.buf = append(p.buf, 1)
		return TypeBool, p.word("true")
	case 'f':
		p.buf = append(p.buf, 0)
		return TypeBool, p.word("false")
	case 'n':
		return TypeNull, p.word("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.numeral()
	}
	return TypeMissing, p.unexpected()
}

func (p *parser) object() (Type, error) {
	p.at++
	start := p.open()
	entered := false // a wrapper is no level of its own
	p.path = append(p.path, step{})
	for first := true; p.peek() != '}'; first = false {
		if !first {
			if err := p.take(','); err != nil {
				return TypeMissing, err
			}
		}
		member := len(p.buf)
		p.buf = append(p.buf, 0)
		key, err := p.key()
		if err != nil {
			return TypeMissing, err
		}
		if !entered {
			if p.isWrapper(key) {
				name := string(key)
				p.buf = p.buf[:start]
				return p.wrapper(name)
			}
			if err := p.enter(); err != nil {
				return TypeMissing, err
			}
			entered = true
		}
		t, err := p.member()
		if err != nil {
			return TypeMissing, err
		}
		p.buf[member] = byte(t)
	}
	p.at++
	p.path = p.path[:len(p.path)-1]
	if !entered {
		if err := p.enter(); err != nil {
			return TypeMissing, err
		}
	}
	p.close(start)
	p.depth--
	if key, twice := duplicateKey(Doc(p.buf[start:])); twice {
		path := strings.TrimPrefix(p.dotted()+"."+key, "JSON.")
		return TypeMissing, fault.Invalid(path, "the key stands twice in one object; keep one")
	}
	return TypeObject, nil
}

func (p *parser) array() error {
	if err := p.enter(); err != nil {
		return err
	}
	p.at++
	start := p.open()
	p.path = append(p.path, step{})
	for i := 0; p.peek() != ']'; i++ {
		if i > 0 {
			if err := p.take(','); err != nil {
				return err
			}
		}
		p.path[len(p.path)-1].to = i
		element := len(p.buf)
		p.buf = append(p.buf, 0)
		p.buf = append(strconv.AppendInt(p.buf, int64(i), 10), 0)
		t, err := p.member()
		if err != nil {
			return err
		}
		p.buf[element] = byte(t)
	}
	p.at++
	p.path = p.path[:len(p.path)-1]
	p.close(start)
	p.depth--
	return nil
}

// member reads a member's or element's value and counts it.
func (p *parser) member() (Type, error) {
	if p.nodes++; p.nodes > MaxNodes {
		return TypeMissing, p.invalid("more than %d values in one document", MaxNodes)
	}
	t, err := p.value()
	if err == nil && len(p.buf) > MaxBytes {
		err = p.invalid("the document is larger than %d bytes", MaxBytes)
	}
	return t, err
}

func (p *parser) enter() error {
	if p.depth == MaxDepth {
		return p.tooDeep()
	}
	p.depth++
	return nil
}

func (p *parser) open() int {
	p.buf = append(p.buf, 0, 0, 0, 0)
	return len(p.buf) - 4
}

func (p *parser) close(start int) {
	p.buf = append(p.buf, 0)
	binary.LittleEndian.PutUint32(p.buf[start:], uint32(len(p.buf)-start))
}

// key appends the next member's name and its NUL, takes the colon and returns the
// name.
func (p *parser) key() ([]byte, error) {
	raw, plain, err := p.quoted()
	if err != nil {
		return nil, err
	}
	p.path[len(p.path)-1] = step{p.at - 1 - len(raw), p.at - 1}
	at := len(p.buf)
	if plain {
		p.buf = append(p.buf, raw...)
	} else if p.buf, err = p.unquote(p.buf, raw); err != nil {
		return nil, err
	}
	key := p.buf[at:]
	if !plain && bytes.IndexByte(key, 0) >= 0 {
		return nil, p.invalid("a key cannot hold the character NUL")
	}
	p.buf = append(p.buf, 0)
	return key, p.take(':')
}

// string appends the payload of a string.
func (p *parser) string() error {
	raw, plain, err := p.quoted()
	if err != nil {
		return err
	}
	start := p.open()
	if plain {
		p.buf = append(p.buf, raw...)
	} else if p.buf, err = p.unquote(p.buf, raw); err != nil {
		return err
	}
	p.buf = append(p.buf, 0)
	binary.LittleEndian.PutUint32(p.buf[start:], uint32(len(p.buf)-start-4))
	return nil
}

// numeral appends a number of the narrowest type that holds it.
func (p *parser) numeral() (Type, error) {
	raw, whole, err := p.number()
	if err != nil {
		return TypeMissing, err
	}
	if whole {
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return p.integer(n), nil
		}
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return TypeMissing, p.invalid("the number does not fit a double")
	}
	p.buf = binary.LittleEndian.AppendUint64(p.buf, math.Float64bits(f))
	return TypeDouble, nil
}

func (p *parser) integer(n int64) Type {
	if n == int64(int32(n)) {
		p.buf = binary.LittleEndian.AppendUint32(p.buf, uint32(n))
		return TypeInt32
	}
	p.buf = binary.LittleEndian.AppendUint64(p.buf, uint64(n))
	return TypeInt64
}

func (p *parser) tooDeep() error {
	return p.invalid("nested deeper than %d levels", MaxDepth)
}

// invalid makes the error for the value being read.
func (p *parser) invalid(format string, args ...any) error {
	return fault.Invalid(p.dotted(), format, args...)
}

// dotted is the path of the value being read as users write it.
func (p *parser) dotted() string {
	if len(p.path) == 0 {
		return "JSON"
	}
	var b []byte
	for i, s := range p.path {
		if i > 0 {
			b = append(b, '.')
		}
		if s.from == 0 {
			b = strconv.AppendInt(b, int64(s.to), 10)
		} else if named, err := (&scanner{}).unquote(b, p.text[s.from:s.to]); err == nil {
			b = named
		}
	}
	return string(b)
}
