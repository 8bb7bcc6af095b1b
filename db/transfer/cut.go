package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Cutter cuts a file between records, for whoever sends it on in parts: each
// part reads as a file of its own, except that only the first has the header
// of CSV.
type Cutter struct {
	lines *lines
	csv   bool
	held  []byte // a record that did not fit into the part before
	at    int    // the line where it begins
}

// NewCutter returns a cutter. A byte order mark at the beginning is passed over.
// Code: InvalidParam for a file in UTF-16.
func NewCutter(f Format, r io.Reader) (*Cutter, error) {
	l := &lines{r: bufio.NewReaderSize(r, 64<<10), line: 1, most: MaxRecord}
	if err := l.mark(); err != nil {
		return nil, err
	}
	return &Cutter{lines: l, csv: f == CSV}, nil
}

// Next returns the next records, about size bytes of them but at least one, and
// the number of the line where they begin. io.EOF at the end. The part is the
// caller's own.
func (c *Cutter) Next(size int) (part []byte, line int, err error) {
	line = c.lines.line
	if c.held != nil {
		part, line, c.held = c.held, c.at, nil
	}
	for len(part) == 0 || len(part) < size {
		at := c.lines.line
		rec, err := c.record()
		if len(rec) > 0 && len(part) > 0 && len(part)+len(rec) > size {
			c.held, c.at = rec, at
			return part, line, nil
		}
		part = append(part, rec...)
		if errors.Is(err, io.EOF) && len(part) > 0 {
			return part, line, nil
		}
		if err != nil {
			return part, line, err
		}
	}
	return part, line, nil
}

// record returns the next line, or the lines of the next row. What is longer
// than MaxRecord is cut off there: the reader will refuse it by its line.
func (c *Cutter) record() (rec []byte, err error) {
	quotes := 0
	for {
		text, err := c.lines.next()
		if errors.Is(err, errTooLong) {
			return append(rec, "{\n"...), nil
		}
		if err != nil {
			return rec, err
		}
		rec = append(rec, text...)
		quotes += bytes.Count(text, []byte{'"'})
		if !c.csv || quotes%2 == 0 || len(rec) > MaxRecord {
			return rec, nil
		}
	}
}
