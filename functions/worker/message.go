package worker

import (
	"encoding/binary"
	"errors"
	"time"

	"baas/db/fault"
)

// The payloads are a row of fields: numbers as uvarints, texts as length and
// bytes. A body, where there is one, is the rest of the payload and is never
// looked at here.

var errPayload = errors.New("worker: malformed payload")

// fields reads a payload. After the first mistake every further read yields
// zero, and err says so.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) uint() uint64 {
	v, n := binary.Uvarint(f.rest)
	if n <= 0 {
		f.fail()
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

func (f *fields) bytes() []byte {
	n := f.uint()
	if n > uint64(len(f.rest)) {
		f.fail()
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) text() string { return string(f.bytes()) }

// count reads the length of a list whose items take at least one byte each.
func (f *fields) count() int {
	n := f.uint()
	if n > uint64(len(f.rest)) {
		f.fail()
		return 0
	}
	return int(n)
}

func (f *fields) pairs() map[string]string {
	n := f.count()
	m := make(map[string]string, n)
	for range n {
		k := f.text()
		m[k] = f.text()
	}
	return m
}

func (f *fields) texts() []string {
	n := f.count()
	list := make([]string, 0, n)
	for range n {
		list = append(list, f.text())
	}
	return list
}

func (f *fields) fail() { f.rest, f.err = nil, errPayload }

func appendUint[T ~uint8 | ~uint64 | ~int | ~int64](b []byte, v T) []byte {
	return binary.AppendUvarint(b, uint64(v))
}

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendPairs(b []byte, m map[string]string) []byte {
	b = appendUint(b, len(m))
	for k, v := range m {
		b = appendText(appendText(b, k), v)
	}
	return b
}

func appendTexts(b []byte, list []string) []byte {
	b = appendUint(b, len(list))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

// loadMessage is frameLoad: all of a function version that stays the same from
// call to call.
type loadMessage struct {
	Bundle, Dir, Temp  string
	Name, Version, Env string // of the function; Env is the environment's id
	Variables          map[string]string
	Memory             uint64 // bytes
	Timeout            time.Duration
}

func (m loadMessage) append(b []byte) []byte {
	for _, s := range []string{m.Bundle, m.Dir, m.Temp, m.Name, m.Version, m.Env} {
		b = appendText(b, s)
	}
	b = appendPairs(b, m.Variables)
	return appendUint(appendUint(b, m.Memory), int64(m.Timeout))
}

func parseLoad(payload []byte) (m loadMessage, err error) {
	f := fields{rest: payload}
	for _, s := range []*string{&m.Bundle, &m.Dir, &m.Temp, &m.Name, &m.Version, &m.Env} {
		*s = f.text()
	}
	m.Variables = f.pairs()
	m.Memory = f.uint()
	m.Timeout = time.Duration(f.uint())
	return m, f.err
}

// invokeMessage is frameInvoke; the event is the body.
type invokeMessage struct {
	RequestID string
	Timeout   time.Duration // from now; the two sides' clocks are not compared
	WXContext map[string]string
	Env       map[string]string
	Event     []byte
}

// appendHead writes all but the event, which goes out as a part of its own.
func (m invokeMessage) appendHead(b []byte) []byte {
	b = appendUint(appendText(b, m.RequestID), int64(m.Timeout))
	return appendPairs(appendPairs(b, m.WXContext), m.Env)
}

func parseInvoke(payload []byte) (m invokeMessage, err error) {
	f := fields{rest: payload}
	m.RequestID = f.text()
	m.Timeout = time.Duration(f.uint())
	m.WXContext = f.pairs()
	m.Env = f.pairs()
	m.Event = f.rest
	return m, f.err
}

func appendReport(b []byte, r report) []byte {
	return appendUint(appendUint(appendUint(b, r.Peak), r.Live), int64(r.CPU))
}

func (f *fields) report() report {
	return report{Peak: f.uint(), Live: f.uint(), CPU: time.Duration(f.uint())}
}

// resultMessage is frameResult; the result is the body.
type resultMessage struct {
	Report report
	Result []byte
}

func parseResult(payload []byte) (m resultMessage, err error) {
	f := fields{rest: payload}
	m.Report = f.report()
	m.Result = f.rest
	return m, f.err
}

// errorMessage is frameError.
type errorMessage struct {
	Report  report
	Failure Failure
}

// maxFailure bounds the text and the stack of a failure, each, in bytes.
const maxFailure = 64 << 10

func (m errorMessage) append(b []byte) []byte {
	b = appendUint(appendReport(b, m.Report), m.Failure.Kind)
	b = appendText(b, clip(m.Failure.Text, maxFailure))
	return appendText(b, clip(m.Failure.Stack, maxFailure))
}

func parseError(payload []byte) (m errorMessage, err error) {
	f := fields{rest: payload}
	m.Report = f.report()
	kind := f.uint()
	if kind == 0 || kind > uint64(Exited) {
		f.fail()
	}
	m.Failure = Failure{Kind: FailureKind(kind), Text: f.text(), Stack: f.text()}
	return m, f.err
}

// opMessage is frameOp.
type opMessage struct {
	Invocation uint64
	Op         Op
	Head, Body []byte
}

func (m opMessage) appendHead(b []byte) []byte {
	return appendText(appendUint(appendUint(b, m.Invocation), m.Op), m.Head)
}

func parseOp(payload []byte) (m opMessage, err error) {
	f := fields{rest: payload}
	m.Invocation = f.uint()
	op := f.uint()
	if op == 0 || op > uint64(OpDownload) {
		f.fail()
	}
	m.Op = Op(op)
	m.Head = f.bytes()
	m.Body = f.rest
	return m, f.err
}

// opResultMessage is frameOpResult: a refusal, or head and body.
type opResultMessage struct {
	Err        *fault.Error
	Head, Body []byte
}

func (m opResultMessage) appendHead(b []byte) []byte {
	if m.Err == nil {
		return appendText(appendText(b, ""), m.Head)
	}
	b = appendText(b, m.Err.Code)
	return appendText(appendText(b, m.Err.Msg), m.Err.Field)
}

func parseOpResult(payload []byte) (m opResultMessage, err error) {
	f := fields{rest: payload}
	if code := f.text(); code != "" {
		m.Err = &fault.Error{Code: fault.Code(code), Msg: f.text(), Field: f.text()}
		return m, f.err
	}
	m.Head = f.bytes()
	m.Body = f.rest
	return m, f.err
}

func appendLog(b []byte, r LogRecord) []byte {
	late := uint8(0)
	if r.Late {
		late = 1
	}
	b = appendUint(b, r.Time.UnixNano())
	b = appendUint(appendUint(b, r.Level), late)
	return appendText(b, r.Text)
}

func parseLog(payload []byte) (r LogRecord, err error) {
	f := fields{rest: payload}
	r.Time = time.Unix(0, int64(f.uint()))
	r.Level = LogLevel(min(f.uint(), uint64(LevelError)))
	r.Late = f.uint() != 0
	r.Text = f.text()
	return r, f.err
}

func parseReady(payload []byte) ([]string, error) {
	f := fields{rest: payload}
	modules := f.texts()
	return modules, f.err
}

// clip shortens s to at most n bytes and says so at its end.
func clip(s string, n int) string {
	const note = "… (cut)"
	if len(s) <= n {
		return s
	}
	cut := n - len(note)
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not inside a rune
		cut--
	}
	return s[:cut] + note
}
