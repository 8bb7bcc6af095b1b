// Package transfer reads and writes documents as JSON Lines and CSV, one at a
// time: what import and export exchange with the outside.
//
// Dangers:
//   - A file is input: one line, or one row, is held in memory and bounded by
//     MaxRecord. A quote that is never closed must not swallow the file.
//   - A bad record is not the end of a file: it is reported with its line, and
//     reading goes on with the next.
//   - Spreadsheets run what begins with =, +, - or @. Texts that do are written
//     into CSV as JSON texts, in quotes of their own.
package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/value"
)

// Format is how documents are written down.
type Format string

// The formats.
const (
	JSON Format = "json" // JSON Lines: one document a line
	CSV  Format = "csv"
)

// MaxRecord bounds the bytes of one line or row: the largest document in
// extended JSON.
const MaxRecord = 64 << 20

// Record is one document of a file, or what is wrong with it.
type Record struct {
	Line int // where it begins, from 1
	Doc  value.Doc
	Err  error // an InvalidParam: there is no document
}

// Reader reads documents. Next returns io.EOF at the end; any other error is
// one of the file as a whole, or of what it is read from.
type Reader interface {
	Next() (Record, error)
}

// ReadOptions say how a file is to be read. The zero value has a meaning.
type ReadOptions struct {
	// FirstLine is the number of the file's first line; 0 means 1.
	FirstLine int
	// MaxRecord bounds the bytes of a line or row; 0 means the constant.
	MaxRecord int
	// Now is what server dates resolve against. Zero refuses them.
	Now time.Time
	// Fields names the columns of a CSV file that has no header.
	Fields []string
	// Texts are the columns whose cells are texts, whatever they look like.
	Texts []string
}

// NewReader returns a reader of the format. For CSV it reads the header. Codes:
// InvalidParam for an unknown format, a bad header, and a file in UTF-16.
func NewReader(f Format, r io.Reader, o ReadOptions) (Reader, error) {
	if o.FirstLine == 0 {
		o.FirstLine = 1
	}
	if o.MaxRecord == 0 {
		o.MaxRecord = MaxRecord
	}
	l := &lines{r: bufio.NewReaderSize(r, 64<<10), line: o.FirstLine, most: o.MaxRecord}
	if err := l.mark(); err != nil {
		return nil, err
	}
	switch f {
	case JSON:
		return &jsonReader{lines: l, o: o}, nil
	case CSV:
		return newCSVReader(l, o)
	}
	return nil, fault.Invalid("format", "must be json (one document a line) or csv")
}

// lines cuts a file into lines.
type lines struct {
	r    *bufio.Reader
	line int // number of the next line
	most int // bytes of one
	buf  []byte
}

// mark passes a UTF-8 byte order mark and refuses that of UTF-16.
func (l *lines) mark() error {
	head, _ := l.r.Peek(3) // a shorter file has no mark
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = l.r.Discard(3) // it was just looked at
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return fault.Invalid("file", "is in UTF-16; save it in UTF-8")
	}
	return nil
}

// errTooLong ends a record that is larger than MaxRecord.
var errTooLong = errors.New("transfer: record too long")

// next returns the next line with its end, valid until the following call; a
// line that is too long is passed over and yields errTooLong.
func (l *lines) next() ([]byte, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if long = long || len(l.buf)+len(part) > l.most; !long {
			l.buf = append(l.buf, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(l.buf) == 0 && !long) {
			return nil, err
		}
		l.line++
		if long {
			return nil, errTooLong
		}
		return l.buf, nil
	}
}

// jsonReader reads JSON Lines.
type jsonReader struct {
	lines *lines
	o     ReadOptions
}

// Next implements Reader. Empty lines are passed over.
func (r *jsonReader) Next() (Record, error) {
	for {
		rec := Record{Line: r.lines.line}
		text, err := r.lines.next()
		if errors.Is(err, errTooLong) {
			rec.Err = fault.Invalid("line", "is longer than %d bytes, more than any document", r.lines.most)
			return rec, nil
		}
		if err != nil {
			return rec, err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		rec.Doc, rec.Err = r.parse(text)
		return rec, nil
	}
}

func (r *jsonReader) parse(text []byte) (value.Doc, error) {
	if !utf8.Valid(text) {
		return nil, fault.Invalid("line", "is not UTF-8; save the file in UTF-8 (it may be in GBK)")
	}
	if text[0] == '[' {
		return nil, fault.Invalid("line", "is an array; write one document a line, without commas between them")
	}
	d, err := value.ParseJSON(text, value.ParseOptions{Now: r.o.Now, RegexValues: true})
	if err != nil {
		return nil, err
	}
	return Nest(d)
}

// Writer writes documents. Nothing is held back: each call writes what it got.
type Writer interface {
	// Append appends the document to dst in the writer's format.
	Append(dst []byte, d value.Doc) []byte
	// Header appends what stands before the first document.
	Header(dst []byte) []byte
}

// WriteOptions say how documents are to be written.
type WriteOptions struct {
	// Strict writes canonical extended JSON; else it is as plain as it can be.
	// Both read back as the same documents.
	Strict bool
	// Fields are the columns of CSV, dotted paths. Required for CSV.
	Fields []string
}

// NewWriter returns a writer of the format. Code: InvalidParam.
func NewWriter(f Format, o WriteOptions) (Writer, error) {
	switch f {
	case JSON:
		return jsonWriter{o.Strict}, nil
	case CSV:
		if len(o.Fields) == 0 {
			return nil, fault.Invalid("fields", "name the columns, such as _id,title,owner.name")
		}
		if err := checkFields(o.Fields); err != nil {
			return nil, err
		}
		return csvWriter{o.Fields}, nil
	}
	return nil, fault.Invalid("format", "must be json (one document a line) or csv")
}

type jsonWriter struct{ strict bool }

// Header implements Writer.
func (jsonWriter) Header(dst []byte) []byte { return dst }

// Append implements Writer.
func (w jsonWriter) Append(dst []byte, d value.Doc) []byte {
	if w.strict {
		dst = value.AppendStrict(dst, value.FromDoc(d))
	} else {
		dst = value.AppendReadable(dst, value.FromDoc(d))
	}
	return append(dst, '\n')
}

// checkKey refuses a key that does not read as a dotted path.
func checkKey(key string) error {
	if key == "" || strings.HasPrefix(key, ".") || strings.HasSuffix(key, ".") || strings.Contains(key, "..") {
		return fault.Invalid(shortened(key), "a key must not be empty, begin or end with '.', or hold '..'")
	}
	return nil
}

func shortened(text string) string {
	if text == "" {
		return `""`
	}
	if len(text) > 64 {
		return strings.ToValidUTF8(text[:64], "") + "…"
	}
	return text
}

func checkFields(fields []string) error {
	seen := map[string]bool{}
	for _, name := range fields {
		if err := checkKey(name); err != nil {
			return err
		}
		if seen[name] {
			return fault.Invalid(shortened(name), "this column stands twice in the list of fields")
		}
		seen[name] = true
	}
	return nil
}
