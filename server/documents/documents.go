// Package documents is the documents service as the doors ask for it: documents
// and orders are read in either dialect, and what a request leaves open is
// filled in (limits, merge or replace), once for all doors, before db.Engine
// runs it.
//
// A request may name a transaction; Within finds the Store that it means.
//
// Dangers: a plain update document must become $set, or it would replace what
// it should merge into; a replacement must not hold operators; an order is an
// object whose key order counts.
package documents

import (
	"bytes"
	"context"
	"strings"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/wire"
)

// Limits of one read. The native client of the original gets 20 documents at
// most, but the js-sdk asks for 100 unless told otherwise and is answered
// (tcb-wire-protocol.md 10), so here the caller's role decides only what
// happens when no limit is sent, and one maximum holds for all. The SDK of a
// mini program keeps to its 20 by itself (wx-cloud-api.md 3.3).
const (
	UserLimit  = 20   // documents, when a user's request names no limit
	AdminLimit = 100  // documents, when a server SDK names none
	MaxLimit   = 1000 // a higher limit is cut to this

	// UserResultBytes is the most that one read may return to a user, in the
	// encoding of the reply: ResultTooLarge (-602001) beyond it.
	UserResultBytes = 1 << 20
)

// Find is a read. Nil documents ask for nothing special.
type Find struct {
	Collection               string
	Where, Order, Projection value.Doc
	Offset                   int64
	Limit                    int64 // 0: Default
	Default                  int64 // 0: by the caller's role
}

// Found is what a Find returns, with the offset and limit that were used.
type Found struct {
	Docs          []value.Doc
	Offset, Limit int64
}

// Run reads. Codes: InvalidParam for a negative limit or offset and for a
// condition that an SDK could not encode, and those of db.Engine.Find.
func (f Find) Run(ctx context.Context, s Store, p rules.Principal) (Found, error) {
	if f.Offset < 0 {
		return Found{}, fault.Invalid("offset", "must not be negative")
	}
	if f.Limit < 0 {
		return Found{}, fault.Invalid("limit", "must not be negative")
	}
	limit := f.Limit
	if limit == 0 {
		limit = f.Default
	}
	if limit == 0 {
		limit = UserLimit
		if p.ByPassesRules() {
			limit = AdminLimit
		}
	}
	limit = min(limit, MaxLimit)
	if err := checkCommands("query", f.Where); err != nil {
		return Found{}, err
	}
	docs, err := s.Find(ctx, p, db.FindRequest{
		Collection: f.Collection, Query: withDistances(f.Where), Sort: f.Order,
		Projection: projection(f.Projection), Skip: f.Offset, Limit: limit,
	})
	return Found{docs, f.Offset, limit}, err
}

// projection drops an empty one, which the SDKs send for "everything".
func projection(d value.Doc) value.Doc {
	if d.IsEmpty() {
		return nil
	}
	return d
}

// CheckSize refuses a reply of n bytes that is too large for the caller. Code:
// ResultTooLarge.
func CheckSize(p rules.Principal, n int) error {
	if p.ByPassesRules() || n <= UserResultBytes {
		return nil
	}
	return fault.New(fault.ResultTooLarge,
		"the result is larger than 1 MB; ask for fewer fields with field() or fewer documents with limit()")
}

// Count counts what matches; a nil condition matches everything. Codes:
// InvalidParam for a condition that an SDK could not encode, and those of
// db.Engine.Count.
func Count(ctx context.Context, s Store, p rules.Principal, collection string, where value.Doc) (int64, error) {
	if err := checkCommands("query", where); err != nil {
		return 0, err
	}
	return s.Count(ctx, p, collection, withDistances(where))
}

// Remove removes one matching document, or all with multi. Code: InvalidParam
// when where is nil or one that an SDK could not encode, beside those of
// db.Engine.Remove.
func Remove(ctx context.Context, s Store, p rules.Principal, collection string, where value.Doc, multi bool) (int64, error) {
	if where == nil {
		return 0, fault.Invalid("query", "is required; send {} for every document")
	}
	if err := checkCommands("query", where); err != nil {
		return 0, err
	}
	return s.Remove(ctx, p, db.RemoveRequest{Collection: collection, Query: withDistances(where), Multi: multi})
}

// Change is a write to documents that may exist.
type Change struct {
	Collection string
	Where      value.Doc // required
	Data       value.Doc // operators, or a plain document; required without Pipeline
	// Pipeline computes the new document from the old one, instead of Data.
	Pipeline []aggregate.Stage
	// ArrayFilters say which elements a $[name] in a path of Data means.
	ArrayFilters []value.Doc
	Multi        bool
	Merge        bool // a plain document is merged; else it replaces
	Upsert       bool
	ReturnDoc    bool
}

// Changed is what a Change did.
type Changed struct {
	Matched, Updated int64
	UpsertedID       value.Value // Missing unless a document was made
	Doc              value.Doc   // nil unless asked for and found
}

// ReadData reads the data of a request: a document, or a list of stages, as JSON
// or as its text. Codes: InvalidParam naming the member.
func (c *Change) ReadData(field string, raw []byte, o value.ParseOptions) error {
	if raw == nil {
		return nil
	}
	if text, ok := wire.Unquote(raw); ok {
		raw = bytes.TrimSpace([]byte(text))
	}
	var err error
	if len(raw) > 0 && raw[0] == '[' {
		c.Pipeline, err = ParsePipeline(field, raw, o)
		return err
	}
	c.Data, err = value.ParseJSON(raw, o)
	return Below(field, err)
}

// Run writes. A replacement that found its document counts as an update even
// if it changed nothing (wx-cloud-api.md 3.4, doc.set).
//
// Codes: InvalidParam for a missing Where or Data, a mixture of operators and
// fields, or a command that an SDK could not encode, DatabaseFailed for operators in a replacement, and those of
// db.Engine.Update.
func (c Change) Run(ctx context.Context, s Store, p rules.Principal) (Changed, error) {
	if c.Where == nil {
		return Changed{}, fault.Invalid("query", "is required; send {} for every document")
	}
	if c.Data == nil && c.Pipeline == nil {
		return Changed{}, fault.Invalid("data", "is required")
	}
	if err := checkCommands("query", c.Where); err != nil {
		return Changed{}, err
	}
	if c.Pipeline != nil {
		return c.compute(ctx, s, p)
	}
	operators, err := hasOperators(c.Data)
	if err != nil {
		return Changed{}, err
	}
	if err := checkUpdate(c.Data); err != nil {
		return Changed{}, err
	}
	data := c.Data
	switch {
	case !c.Merge && operators:
		return Changed{}, fault.New(fault.DatabaseFailed,
			"data: update operator complicit: a document that replaces another cannot hold update commands; use update()")
	case c.Merge && data.IsEmpty() && !c.Upsert:
		// What the SDKs make of update({a: {}}): nothing to do, but the
		// collection and the right to read it are still checked.
		n, err := s.Count(ctx, p, c.Collection, c.Where)
		return Changed{Matched: n}, err
	case c.Merge && !operators:
		data = set(data)
	}
	q := c.request()
	q.Update, q.Replace = data, !c.Merge
	out, err := changed(s.Update(ctx, p, q))
	if !c.Merge {
		out.Updated = out.Matched
	}
	return out, err
}

// compute changes what matches by a pipeline.
func (c Change) compute(ctx context.Context, s Store, p rules.Principal) (Changed, error) {
	if !c.Merge {
		return Changed{}, fault.Invalid("data", "a document that replaces another cannot be a pipeline; use update()")
	}
	q := c.request()
	q.Pipeline = c.Pipeline
	return changed(s.Update(ctx, p, q))
}

// request is what all writes have in common.
func (c Change) request() db.UpdateRequest {
	return db.UpdateRequest{
		Collection: c.Collection, Query: withDistances(c.Where), ArrayFilters: c.ArrayFilters,
		Multi: c.Multi, Upsert: c.Upsert, ReturnDoc: c.ReturnDoc,
	}
}

func changed(r db.UpdateResult, err error) (Changed, error) {
	if err != nil {
		return Changed{}, err
	}
	return Changed{r.Matched, r.Updated, r.UpsertedID, r.Doc}, nil
}

// hasOperators reports whether a document consists of update operators.
func hasOperators(d value.Doc) (bool, error) {
	operators, fields := 0, 0
	for name := range d.All() {
		if strings.HasPrefix(name, "$") {
			operators++
			continue
		}
		fields++
	}
	if operators > 0 && fields > 0 {
		return false, fault.Invalid("data", "mixes update operators with plain fields; put the fields below $set")
	}
	return operators > 0, nil
}

func set(d value.Doc) value.Doc {
	var b value.Builder
	b.Add("$set", value.FromDoc(d))
	return b.Doc()
}
