package db

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/rules"
	"baas/db/update"
	"baas/db/value"
)

// HistoryRequest asks what has happened to one document.
type HistoryRequest struct {
	Collection string
	ID         value.Value
	// Before, when it is not 0, leaves out the operation with this number and
	// later ones: it asks for the next page.
	Before uint64
	Limit  int  // versions wanted; 0 means 100. Those of one operation come together.
	Images bool // give the whole documents too
}

// Version is one state of a document and the change that led to it.
type Version struct {
	Seq   uint64
	Date  time.Time
	Kind  ChangeKind // Added, Updated, Replaced or Removed
	Actor Actor
	// Updated and Removed are the difference to the state before, as
	// update.Diff tells it.
	Updated []update.Field
	Removed []string
	// Before and After are set when images were asked for; nil where there was
	// or is no document.
	Before, After value.Doc
}

// History is what the change log tells of a document.
type History struct {
	Versions []Version // newest first
	// More says that older versions are there; ask for those Before the last.
	More bool
	// Reach is the number of the operation up to which nothing is known any
	// more; 0 when the log goes back to the beginning.
	Reach uint64
}

// History returns the versions of a document, newest first, as far as the
// change log reaches (Options.Window). It works for documents that were
// removed, and in collections that were dropped and are still kept.
//
// Codes: InvalidParam, DatabaseDenied for users, CollectionNotExist.
func (e *Engine) History(ctx context.Context, p rules.Principal, q HistoryRequest) (History, error) {
	if err := mayManage(p); err != nil {
		return History{}, err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	coll, x, err := e.pastOf(ctx, p, q.Collection)
	if err != nil {
		return History{}, err
	}
	h := History{Reach: x.Trimmed}
	stretch := commit.LogRange{Newest: true}
	if q.Before > 0 {
		if stretch.Upto = q.Before - 1; stretch.Upto == 0 {
			return h, nil
		}
	}
	err = e.eachChange(ctx, stretch, coll, func(rec commit.Record, c Change) error {
		if !value.Equal(c.ID, q.ID) {
			return nil
		}
		if n := len(h.Versions); n >= q.Limit && h.Versions[n-1].Seq != rec.Seq {
			h.More = true
			return kv.ErrStop
		}
		h.Versions = append(h.Versions, q.version(rec, c))
		return nil
	})
	return h, err
}

func (q HistoryRequest) version(rec commit.Record, c Change) Version {
	c.Before, c.After = slices.Clone(c.Before), slices.Clone(c.After)
	v := Version{Seq: rec.Seq, Date: time.UnixMilli(rec.Date).UTC(), Kind: c.Kind, Actor: c.Actor}
	if c.Kind != Removed {
		v.Updated, v.Removed = update.Diff(c.Before, c.After)
	}
	if q.Images {
		v.Before, v.After = c.Before, c.After
	}
	return v
}

// pastOf returns the id of a collection, or of the one that had the name when
// it was dropped, and how far the log reaches. System collections have no
// past: the log keeps no images of them.
func (e *Engine) pastOf(ctx context.Context, p rules.Principal, name string) (coll uint32, x commit.Extent, err error) {
	if err := checkReach(p, name); err != nil {
		return 0, x, err
	}
	if isSystem(name) {
		return 0, x, fault.Invalid("collectionName", "the server's own collections have no history")
	}
	err = e.view(ctx, func(r kv.Reader) error {
		if x, err = commit.LogExtent(r); err != nil {
			return err
		}
		c, ok, err := readCollection(r, name)
		if err != nil {
			return err
		}
		if ok {
			coll = c.id
			return nil
		}
		d, ok, err := newestDropped(r, name)
		if err == nil && !ok {
			err = missingCollection(name)
		}
		coll = d.id
		return err
	})
	return coll, x, err
}

// logAtOnce bounds the bytes of the log that one view passes.
const logAtOnce = 8 << 20

// eachChange passes the changes of documents of one collection in a stretch of
// the log, in as many views as it takes. The change is valid until fn returns;
// kv.ErrStop of fn ends it. fn must not write: it runs inside a view.
func (e *Engine) eachChange(ctx context.Context, q commit.LogRange, coll uint32, fn func(commit.Record, Change) error) error {
	for {
		next, done := q, true
		last, passed := uint64(0), 0
		err := e.view(ctx, func(r kv.Reader) error {
			return commit.ReadRecords(r, q, func(rec commit.Record) error {
				if rec.Seq != last && passed >= logAtOnce {
					if next.After = last; q.Newest {
						next.After, next.Upto = q.After, last-1
					}
					done = false
					return kv.ErrStop
				}
				last = rec.Seq
				passed += len(rec.Data)
				c, ok, err := changeOf(rec, coll)
				if !ok || err != nil {
					return err
				}
				if err = fn(rec, c); errors.Is(err, kv.ErrStop) {
					done = true
				}
				return err
			})
		})
		if done || err != nil {
			return err
		}
		q = next
	}
}

// changeOf reads a record; ok is false unless it is of a document in coll.
func changeOf(rec commit.Record, coll uint32) (c Change, ok bool, err error) {
	if len(rec.Data) < changeHeader {
		return c, false, errChangeMalformed
	}
	if binary.BigEndian.Uint32(rec.Data[1:]) != coll {
		return c, false, nil
	}
	c, ok, err = readChange(rec.Seq, rec.Data)
	return c, ok && !c.Kind.OfCollection(), err
}
