package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/value"
)

// csvReader reads CSV as RFC 4180 has it: commas, cells in double quotes where
// they hold a comma, a quote (doubled) or a new line.
type csvReader struct {
	lines  *lines
	o      ReadOptions
	fields []string
	texts  []bool // of fields
	cells  []string
}

func newCSVReader(l *lines, o ReadOptions) (*csvReader, error) {
	r := &csvReader{lines: l, o: o, fields: o.Fields}
	if r.fields == nil {
		_, err := r.row()
		if errors.Is(err, io.EOF) {
			return nil, fault.Invalid("file", "is empty; its first line names the fields")
		}
		if err != nil {
			return nil, err
		}
		for _, name := range r.cells {
			r.fields = append(r.fields, strings.TrimSpace(name))
		}
	}
	if err := checkFields(r.fields); err != nil {
		return nil, err
	}
	for _, name := range r.fields {
		r.texts = append(r.texts, slices.Contains(o.Texts, name))
	}
	return r, nil
}

// Next implements Reader. Empty lines are passed over.
func (r *csvReader) Next() (Record, error) {
	for {
		line, err := r.row()
		rec := Record{Line: line}
		if bad, ok := errors.AsType[*fault.Error](err); ok {
			rec.Err = bad
			return rec, nil
		}
		if err != nil {
			return rec, err
		}
		if len(r.cells) == 1 && r.cells[0] == "" {
			continue
		}
		rec.Doc, rec.Err = r.document()
		return rec, nil
	}
}

// row reads the next row into cells and returns the line it begins on. A row
// that is broken is a fault, and the next call goes on behind its line.
func (r *csvReader) row() (line int, err error) {
	line = r.lines.line
	text, err := r.lines.next()
	if errors.Is(err, errTooLong) {
		return line, fault.Invalid("line", "is longer than %d bytes, more than any document", r.lines.most)
	}
	if err != nil {
		return line, err
	}
	r.cells = r.cells[:0]
	var cell []byte
	for rest := text; ; {
		if len(rest) == 0 || rest[0] != '"' {
			end := bytes.IndexAny(rest, ",\n")
			if end < 0 {
				end = len(rest)
			}
			plain := rest[:end]
			if end == len(rest) || rest[end] == '\n' {
				plain = bytes.TrimSuffix(plain, []byte("\r"))
			}
			if bytes.IndexByte(plain, '"') >= 0 {
				return line, fault.Invalid("line", `holds a quote inside a cell; put the cell in quotes and double those inside`)
			}
			r.cells = append(r.cells, string(plain))
			if end == len(rest) || rest[end] == '\n' {
				return line, r.valid()
			}
			rest = rest[end+1:]
			continue
		}
		if cell, rest, err = r.quoted(cell[:0], rest[1:]); err != nil {
			return line, err
		}
		r.cells = append(r.cells, string(cell))
		switch {
		case len(rest) > 0 && rest[0] == ',':
			rest = rest[1:]
		case len(bytes.TrimRight(rest, "\r\n")) == 0:
			return line, r.valid()
		default:
			return line, fault.Invalid("line", "has text behind the closing quote of a cell")
		}
	}
}

// quoted reads a cell up to its closing quote, over further lines if need be.
func (r *csvReader) quoted(cell, rest []byte) (whole, after []byte, err error) {
	for {
		i := bytes.IndexByte(rest, '"')
		switch {
		case i < 0:
			cell = append(cell, rest...)
			if len(cell) > r.lines.most {
				return nil, nil, fault.Invalid("line", "a cell is longer than %d bytes; its closing quote is missing", r.lines.most)
			}
			if rest, err = r.lines.next(); err != nil {
				return nil, nil, fault.Invalid("line", "the closing quote of a cell is missing")
			}
		case i+1 < len(rest) && rest[i+1] == '"':
			cell = append(cell, rest[:i+1]...)
			rest = rest[i+2:]
		default:
			return append(cell, rest[:i]...), rest[i+1:], nil
		}
	}
}

func (r *csvReader) valid() error {
	for _, c := range r.cells {
		if !utf8.ValidString(c) {
			return fault.Invalid("line", "is not UTF-8; save the file in UTF-8 (it may be in GBK)")
		}
	}
	return nil
}

// document makes a document of a row.
func (r *csvReader) document() (value.Doc, error) {
	if len(r.cells) > len(r.fields) {
		return nil, fault.Invalid("line", "has %d cells, there are %d fields", len(r.cells), len(r.fields))
	}
	t := &tree{}
	for i, cell := range r.cells {
		v, err := r.cell(cell, r.texts[i])
		if err != nil {
			return nil, fault.Invalid(r.fields[i], "%s", fault.Text(err))
		}
		if v.IsMissing() {
			continue
		}
		if err := t.add(strings.Split(r.fields[i], "."), v, nil); err != nil {
			return nil, err
		}
	}
	return t.doc(), nil
}

// cell reads a cell: nothing for an empty one; what reads as a number, true,
// false, null, or as a JSON text, object or array, is that; all else is a text,
// and so is a row of digits that no number holds to the last one.
func (r *csvReader) cell(text string, isText bool) (value.Value, error) {
	if text == "" {
		return value.Value{}, nil
	}
	if !looksTyped(text) || isText && text[0] != '"' {
		return value.String(text), nil
	}
	if !json.Valid([]byte(text)) {
		return value.String(text), nil
	}
	v, err := value.ParseJSONValue([]byte(text), value.ParseOptions{Now: r.o.Now, RegexValues: true})
	if err != nil {
		return v, err // such as a {"$date": …} that is none
	}
	if v.Type == value.TypeObject {
		d, err := Nest(v.Doc())
		return value.FromDoc(d), err
	}
	if v.Type == value.TypeDouble && !strings.ContainsAny(text, ".eE") {
		return value.String(text), nil // a card or order number, beyond 64 bits
	}
	return v, nil
}

// looksTyped reports whether a cell may be more than a text.
func looksTyped(text string) bool {
	switch c := text[0]; {
	case c == '{', c == '[', c == '"', c == '-', c >= '0' && c <= '9':
		return true
	}
	return text == "true" || text == "false" || text == "null"
}

// csvWriter writes CSV.
type csvWriter struct{ fields []string }

// Header implements Writer.
func (w csvWriter) Header(dst []byte) []byte {
	for i, name := range w.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, []byte(name))
	}
	return append(dst, '\n')
}

// Append implements Writer.
func (w csvWriter) Append(dst []byte, d value.Doc) []byte {
	for i, name := range w.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		v := d.Lookup(name)
		if v.IsMissing() {
			continue
		}
		if v.Type == value.TypeString && isPlain(v.TextBytes()) {
			dst = appendCell(dst, v.TextBytes())
		} else {
			dst = appendCell(dst, value.AppendReadable(nil, v))
		}
	}
	return append(dst, '\n')
}

// isPlain reports whether a text can stand in a cell as it is: it reads back as
// the same text, and no spreadsheet takes it for a formula.
func isPlain(text []byte) bool {
	if len(text) == 0 || bytes.ContainsAny(text[:1], "=+-@\t\r") {
		return false
	}
	return !looksTyped(string(text)) || !json.Valid(text) && text[0] != '"'
}

// appendCell writes a cell, in quotes where it needs them.
func appendCell(dst, text []byte) []byte {
	if !bytes.ContainsAny(text, ",\"\r\n") {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, bytes.ReplaceAll(text, []byte{'"'}, []byte(`""`))...)
	return append(dst, '"')
}
