package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"baas/db/fault"

	"github.com/go-json-experiment/json/jsontext"
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
	p := newParser(text, o)
	v, err := p.whole()
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
	return newParser(text, o).whole()
}

// parser turns tokens into BSON in one pass: the payload of the value being
// read is appended to buf, its type byte is patched in afterwards.
type parser struct {
	dec   *jsontext.Decoder
	opts  ParseOptions
	buf   []byte
	depth int // open objects and arrays
	wraps int // open extended-JSON wrappers; they nest without adding depth
	nodes int
}

func newParser(text []byte, o ParseOptions) *parser {
	return &parser{
		// The decoder could look for duplicate names itself, but keeps a set
		// for every object; object looks at the finished bytes instead.
		dec:  jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)),
		opts: o,
		buf:  make([]byte, 0, len(text)+len(text)/4+16),
	}
}

func (p *parser) whole() (Value, error) {
	t, err := p.value()
	if err != nil {
		return Value{}, err
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return Value{}, fault.Invalid("JSON", "something follows the value; send one value")
	}
	return Value{t, p.buf}, nil
}

// value appends the payload of the next value and returns its type.
func (p *parser) value() (Type, error) {
	switch kind := p.dec.PeekKind(); kind {
	case '{':
		return p.object()
	case '[':
		return TypeArray, p.array()
	case '"':
		return TypeString, p.text()
	case '0':
		return p.number()
	case 't', 'f':
		if _, err := p.dec.ReadToken(); err != nil {
			return TypeMissing, p.syntax(err)
		}
		b := byte(0)
		if kind == 't' {
			b = 1
		}
		p.buf = append(p.buf, b)
		return TypeBool, nil
	}
	if _, err := p.dec.ReadToken(); err != nil { // null, or what is no value at all
		return TypeMissing, p.syntax(err)
	}
	return TypeNull, nil
}

func (p *parser) object() (Type, error) {
	if _, err := p.dec.ReadToken(); err != nil {
		return TypeMissing, p.syntax(err)
	}
	start := p.open()
	entered := false // a wrapper is no level of its own
	for p.dec.PeekKind() != '}' {
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
	if _, err := p.dec.ReadToken(); err != nil {
		return TypeMissing, p.syntax(err)
	}
	if !entered {
		if err := p.enter(); err != nil {
			return TypeMissing, err
		}
	}
	p.close(start)
	p.depth--
	if key, twice := duplicateKey(Doc(p.buf[start:])); twice {
		path := strings.TrimPrefix(dotted(p.dec.StackPointer())+"."+key, "JSON.")
		return TypeMissing, fault.Invalid(path, "the key stands twice in one object; keep one")
	}
	return TypeObject, nil
}

func (p *parser) array() error {
	if _, err := p.dec.ReadToken(); err != nil {
		return p.syntax(err)
	}
	if err := p.enter(); err != nil {
		return err
	}
	start := p.open()
	for i := 0; p.dec.PeekKind() != ']'; i++ {
		element := len(p.buf)
		p.buf = append(p.buf, 0)
		p.buf = append(strconv.AppendInt(p.buf, int64(i), 10), 0)
		t, err := p.member()
		if err != nil {
			return err
		}
		p.buf[element] = byte(t)
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return p.syntax(err)
	}
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

// key appends the next member's name and its NUL, and returns the name.
func (p *parser) key() ([]byte, error) {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return nil, p.syntax(err)
	}
	at := len(p.buf)
	p.buf, err = jsontext.AppendUnquote(p.buf, raw)
	if err != nil {
		return nil, p.syntax(err)
	}
	key := p.buf[at:]
	if bytes.IndexByte(key, 0) >= 0 {
		return nil, p.invalid("a key cannot hold the character NUL")
	}
	p.buf = append(p.buf, 0)
	return key, nil
}

// text appends the payload of a string.
func (p *parser) text() error {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return p.syntax(err)
	}
	start := p.open()
	p.buf, err = jsontext.AppendUnquote(p.buf, raw)
	if err != nil {
		return p.syntax(err)
	}
	p.buf = append(p.buf, 0)
	binary.LittleEndian.PutUint32(p.buf[start:], uint32(len(p.buf)-start-4))
	return nil
}

func (p *parser) number() (Type, error) {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return TypeMissing, p.syntax(err)
	}
	if !bytes.ContainsAny(raw, ".eE") {
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

// invalid makes the error for the value last read.
func (p *parser) invalid(format string, args ...any) error {
	return fault.Invalid(dotted(p.dec.StackPointer()), format, args...)
}

// syntax turns a decoder's error into ours.
func (p *parser) syntax(err error) error {
	se, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return fault.Invalid("JSON", "the text ends too early")
	}
	return fault.Invalid("JSON", "not valid JSON at byte %d: %v", se.ByteOffset, se.Err)
}

// dotted turns a JSON pointer into the path form that users write.
func dotted(pointer jsontext.Pointer) string {
	var parts []string
	for token := range pointer.Tokens() {
		parts = append(parts, token)
	}
	if len(parts) == 0 {
		return "JSON"
	}
	return strings.Join(parts, ".")
}
