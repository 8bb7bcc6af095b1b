package console

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"slices"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/transfer"
	"baas/db/value"
	"baas/server/env"
)

// importError is one line that was not stored.
type importError struct {
	Line    int        `json:"line"`
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
}

// importReport says what became of a file. Every line before Next has been
// dealt with: an import that is to go on starts there.
type importReport struct {
	Inserted  int64         `json:"inserted"`
	Updated   int64         `json:"updated"`
	Unchanged int64         `json:"unchanged"`
	Failed    int64         `json:"failed"`
	Errors    []importError `json:"errors"` // the first 100
	Next      int           `json:"next"`
	Stopped   bool          `json:"stopped"` // at the first error, as asked
}

// Bounds of what an import stores in one operation, and tells.
const (
	importDocs   = 500
	importBytes  = 1 << 20
	importErrors = 100
)

// importing is an import at work. It holds one batch of documents.
type importing struct {
	in       *call
	db       *db.Engine
	p        rules.Principal
	request  db.ImportRequest // without documents
	report   importReport
	docs     []value.Doc
	lines    []int // of docs
	bytes    int
	lastLine int
}

// importDocuments stores the body, JSON Lines (application/x-ndjson) or CSV
// (text/csv), in a collection. ?mode= is insert or upsert; stop=1 ends at the
// first bad line; from is the number of the body's first line; fields names the
// columns of CSV without a header, texts those whose cells are texts; create=1
// makes a missing collection.
//
// The body is read as it comes, in bounded memory, except when the request is
// signed: then it is read first, and limited like any body.
func importDocuments(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	format, err := in.importFormat()
	if err != nil {
		return nil, err
	}
	first, err := in.number("from", 1, 1, 1<<40)
	if err != nil {
		return nil, err
	}
	query := in.r.URL.Query()
	i := importing{in: in, db: e.DB, p: in.principal(), request: db.ImportRequest{Collection: name, StopOnError: query.Get("stop") == "1"}}
	i.report.Errors, i.lastLine = []importError{}, int(first)
	switch query.Get("mode") {
	case "", "insert":
	case "upsert":
		i.request.Upsert = true
	default:
		return nil, fault.Invalid("mode", "must be insert or upsert")
	}
	if err := ready(in, e, name, query.Get("create") == "1"); err != nil {
		return nil, err
	}
	reader, err := transfer.NewReader(format, in.stream(), transfer.ReadOptions{
		FirstLine: int(first), Now: c.o.Now(), Fields: splitNames(query.Get("fields")), Texts: splitNames(query.Get("texts")),
	})
	if err != nil {
		return nil, err
	}
	if err := i.run(reader); err != nil {
		return nil, err
	}
	return i.report, nil
}

// ready sees to it that there is a collection.
func ready(in *call, e *env.Env, name string, create bool) error {
	if create {
		if err := e.DB.CreateCollection(in.r.Context(), in.principal(), name); !fault.Is(err, fault.CollectionExists) {
			return err
		}
	}
	_, err := e.DB.Validator(in.r.Context(), in.principal(), name)
	return err
}

// importFormat reads the media type, one that a page of another site cannot
// send without asking first.
func (in *call) importFormat() (transfer.Format, error) {
	media, _, _ := mime.ParseMediaType(in.r.Header.Get("Content-Type")) // a broken one is none of the two
	switch media {
	case "application/x-ndjson":
		return transfer.JSON, nil
	case "text/csv":
		return transfer.CSV, nil
	}
	return "", fault.Invalid("content-type", "must be application/x-ndjson (JSON Lines) or text/csv")
}

// stream is the body as it comes, or as it was read for its signature.
func (in *call) stream() io.Reader {
	if in.read {
		return bytes.NewReader(in.raw)
	}
	return in.r.Body
}

func (i *importing) run(r transfer.Reader) error {
	for !i.report.Stopped {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(i.flush(), fault.Wrap(fault.InvalidParam, err,
				"body: was not sent to its end; the lines before %d are dealt with, go on there", rec.Line))
		}
		if rec.Err != nil {
			if err := i.bad(rec); err != nil {
				return err
			}
			continue
		}
		i.docs, i.lines = append(i.docs, rec.Doc), append(i.lines, rec.Line)
		if i.bytes += len(rec.Doc); len(i.docs) >= importDocs || i.bytes >= importBytes {
			if err := i.flush(); err != nil {
				return err
			}
		}
		i.lastLine = rec.Line + 1
	}
	if err := i.flush(); err != nil {
		return err
	}
	if !i.report.Stopped {
		i.report.Next = i.lastLine
	}
	slices.SortFunc(i.report.Errors, func(a, b importError) int { return a.Line - b.Line })
	return nil
}

// bad notes a line that holds no document, behind those before it.
func (i *importing) bad(rec transfer.Record) error {
	if i.request.StopOnError {
		if err := i.flush(); err != nil || i.report.Stopped {
			return err
		}
	}
	i.refused(rec.Line, rec.Err)
	i.lastLine = rec.Line + 1
	return nil
}

func (i *importing) refused(line int, err error) {
	i.report.Failed++
	if len(i.report.Errors) < importErrors {
		i.report.Errors = append(i.report.Errors, importError{line, fault.CodeOf(err), fault.Text(err)})
	}
	if i.request.StopOnError {
		i.report.Stopped, i.report.Next = true, line
	}
}

// flush stores the batch.
func (i *importing) flush() error {
	if len(i.docs) == 0 {
		return nil
	}
	q := i.request
	q.Docs = i.docs
	res, err := i.db.Import(i.in.r.Context(), i.p, q)
	if err != nil {
		return err
	}
	i.report.Inserted += res.Inserted
	i.report.Updated += res.Updated
	i.report.Unchanged += res.Unchanged
	for n, line := range i.lines {
		if err := res.Refused[n]; err != nil {
			i.refused(line, err)
		}
	}
	i.docs, i.lines, i.bytes = nil, i.lines[:0], 0
	return nil
}
