package console

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"baas/db"
	"baas/db/fault"
	"baas/db/transfer"
	"baas/db/value"
	"baas/server/env"
)

// download is an answer that is no JSON object: it is written as it comes.
type download struct {
	contentType string
	next        *string // the header markHeader; nil: none
	write       func(context.Context, io.Writer) error
}

// markHeader says where an export of one part goes on; empty at its end.
const markHeader = "Baas-Next"

// send writes a download. One that fails half way must not look whole: the
// connection is cut before the end of the body was sent.
func (c *Console) send(in *call, d *download) error {
	header := in.w.Header()
	header.Set(echo.HeaderContentType, d.contentType)
	if d.next != nil {
		header.Set(markHeader, *d.next)
	}
	in.w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(in.w)
	err := d.write(in.r.Context(), patient{in.w, control, c})
	if err == nil {
		return nil
	}
	c.o.Log.Warn("an export ended half way", "request_id", in.id, "error", err)
	if conn, _, cannot := control.Hijack(); cannot == nil {
		return conn.Close()
	}
	return err
}

// patient gives a slow client some time for each piece, and no more.
type patient struct {
	w       io.Writer
	control *http.ResponseController
	c       *Console
}

// Write implements io.Writer.
func (p patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(p.c.o.Now().Add(lineTime)) // a refinement that a wrapped writer may lack
	return p.w.Write(b)
}

// Bounds of one part of an export, which is held in memory.
const (
	minPart = 1 << 10
	maxPart = 16 << 20
)

// exporting is a request for an export that has been read.
type exporting struct {
	format   transfer.Format
	writer   transfer.Writer
	exporter *db.Exporter
	header   bool
}

// exportDocuments answers the documents of a collection as JSON Lines or CSV:
// all of them as a stream, or with ?part=BYTES about so many, and where to go on
// with ?after= in the header Baas-Next. query is EJSON, fields a list of dotted
// names, strict=1 asks for canonical extended JSON.
func exportDocuments(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	x, err := c.exporting(in, e, name)
	if err != nil {
		return nil, err
	}
	part, err := in.number("part", 0, minPart, maxPart)
	if err != nil {
		return nil, err
	}
	contentType := map[transfer.Format]string{transfer.JSON: "application/x-ndjson", transfer.CSV: "text/csv; charset=utf-8"}[x.format]
	if part == 0 {
		first, err := x.piece(in.r.Context()) // refusals come as such, not as a cut connection
		if err != nil {
			return nil, err
		}
		return &download{contentType: contentType, write: func(ctx context.Context, w io.Writer) error { return x.stream(ctx, w, first) }}, nil
	}
	var body []byte
	for len(body) < int(part) {
		more, err := x.piece(in.r.Context())
		if err != nil {
			return nil, err
		}
		if more == nil {
			break
		}
		body = append(body, more...)
	}
	next := x.exporter.Mark()
	return &download{contentType: contentType, next: &next, write: func(_ context.Context, w io.Writer) error {
		_, err := w.Write(body)
		return err
	}}, nil
}

func (c *Console) exporting(in *call, e *env.Env, name string) (x exporting, err error) {
	query := in.r.URL.Query()
	x.format = transfer.Format(query.Get("format"))
	if x.format == "" {
		x.format = transfer.JSON
	}
	q := db.ExportRequest{Collection: name, After: query.Get("after")}
	x.header = q.After == ""
	if q.Query, err = c.document(in, "query"); err != nil {
		return x, err
	}
	names := splitNames(query.Get("fields"))
	if x.format == transfer.CSV && names == nil {
		if names, err = fieldNames(in, e, db.ExportRequest{Collection: name, Query: q.Query}); err != nil {
			return x, err
		}
		if len(names) == 0 {
			names = []string{"_id"}
		}
	}
	if x.writer, err = transfer.NewWriter(x.format, transfer.WriteOptions{Strict: query.Get("strict") == "1", Fields: names}); err != nil {
		return x, err
	}
	if x.format == transfer.JSON {
		q.Projection = projectionOf(names)
	}
	x.exporter, err = e.DB.Export(in.principal(), q)
	return x, err
}

func splitNames(text string) []string {
	if text == "" {
		return nil
	}
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// projectionOf keeps the fields that are named, and _id only if it is.
func projectionOf(names []string) value.Doc {
	if names == nil {
		return nil
	}
	var b value.Builder
	id := int32(0)
	for _, name := range names {
		if name == "_id" {
			id = 1
			continue
		}
		b.AddInt32(name, 1)
	}
	b.AddInt32("_id", id)
	return b.Doc()
}

// piece returns the next piece of the file, nil at its end.
func (x *exporting) piece(ctx context.Context) ([]byte, error) {
	var b []byte
	if x.header {
		b, x.header = x.writer.Header([]byte{}), false
	}
	docs, err := x.exporter.Next(ctx)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 && len(b) == 0 {
		return nil, nil
	}
	for _, d := range docs {
		b = x.writer.Append(b, d)
	}
	return b, nil
}

func (x *exporting) stream(ctx context.Context, w io.Writer, b []byte) error {
	for b != nil {
		if _, err := w.Write(b); err != nil {
			return err
		}
		var err error
		if b, err = x.piece(ctx); err != nil {
			return err
		}
	}
	return nil
}

// maxFieldNames bounds the columns that are found rather than named.
const maxFieldNames = 1000

// fields answers the names of the members that the documents have, in the order
// in which they are met: the columns of a CSV file for which none are named.
func fields(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	q := db.ExportRequest{Collection: name}
	if q.Query, err = c.document(in, "query"); err != nil {
		return nil, err
	}
	names, err := fieldNames(in, e, q)
	return map[string]any{"fields": names}, err
}

func fieldNames(in *call, e *env.Env, q db.ExportRequest) ([]string, error) {
	x, err := e.DB.Export(in.principal(), q)
	if err != nil {
		return nil, err
	}
	names, seen := []string{}, map[string]bool{}
	for {
		docs, err := x.Next(in.r.Context())
		if len(docs) == 0 || err != nil {
			return names, err
		}
		for _, d := range docs {
			c := d.Cursor()
			for key, _, ok := c.Next(); ok; key, _, ok = c.Next() {
				if seen[string(key)] {
					continue
				}
				if len(names) == maxFieldNames {
					return nil, fault.Invalid("fields", "the documents have more than %d different fields; name those to export", maxFieldNames)
				}
				seen[string(key)] = true
				names = append(names, string(key))
			}
		}
	}
}
