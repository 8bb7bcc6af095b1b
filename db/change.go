package db

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"baas/db/commit"
	"baas/db/kv"
	"baas/db/value"
)

// ErrLogTrimmed says that the change log no longer reaches back to the number
// asked for, or that the number is not of this database: start anew from a
// Snapshot.
var ErrLogTrimmed = commit.ErrTrimmed

// ChangeKind says what happened to a document or a collection.
type ChangeKind uint8

// The kinds of change. Those from Dropped on are about a whole collection: they
// have neither id nor images, and no change of the dropped documents is
// recorded. After ModeSet its readers may see more, or less. Appeared says that
// a collection with its documents is there under this name, because it was
// renamed (its old name was Dropped) or brought back.
const (
	Added ChangeKind = iota + 1
	Updated
	Replaced
	Removed
	Dropped
	ModeSet
	Appeared
)

// OfCollection reports whether the change is about a whole collection.
func (k ChangeKind) OfCollection() bool { return k >= Dropped }

// Change is what one operation did to one document.
type Change struct {
	Seq           uint64 // number of the operation
	Collection    string
	ID            value.Value
	Kind          ChangeKind
	Before, After value.Doc // nil where there was or is no document
	Actor         Actor     // who did it
}

// A log record: kind (1), collection id (4), place (8), and unless the change
// is hidden: length of the name (1), name, the actor, length of before
// (varint), before, after. Changes of system collections are hidden: they are
// there for those who ask what was touched, and their images are not. Records
// of format 1 have no actor.
const (
	hiddenChange = 0x80
	actedChange  = 0x40 // an actor follows the name
	changeHeader = 1 + 4 + 8
)

// logChange records a change under the operation's number.
func logChange(tx *commit.Tx, by Actor, c collection, at place, kind ChangeKind, before, after value.Doc) error {
	head := byte(kind) | actedChange
	if isSystem(c.name) {
		head = byte(kind) | hiddenChange
	}
	b := make([]byte, 0, changeHeader+1+len(c.name)+by.size()+binary.MaxVarintLen64+len(before)+len(after))
	b = append(b, head)
	b = binary.BigEndian.AppendUint32(b, c.id)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	if head&hiddenChange != 0 {
		return tx.Log(b)
	}
	b = append(b, byte(len(c.name)))
	b = append(b, c.name...)
	b = by.append(b)
	b = binary.AppendUvarint(b, uint64(len(before)))
	b = append(b, before...)
	return tx.Log(append(b, after...))
}

var errChangeMalformed = errors.New("db: a record of the change log is malformed")

// readChange reads a record; the Change aliases it. ok is false for a hidden
// one.
func readChange(seq uint64, b []byte) (c Change, ok bool, err error) {
	if len(b) < changeHeader {
		return c, false, errChangeMalformed
	}
	if b[0]&hiddenChange != 0 {
		return c, false, nil
	}
	c.Seq, c.Kind = seq, ChangeKind(b[0]&^actedChange)
	name, rest, ok := cutCounted(b[changeHeader:])
	if ok && b[0]&actedChange != 0 {
		c.Actor, rest, ok = cutActor(rest)
	}
	if !ok {
		return c, false, errChangeMalformed
	}
	n, used := binary.Uvarint(rest)
	if used <= 0 || n > uint64(len(rest)-used) {
		return c, false, errChangeMalformed
	}
	c.Collection = string(name)
	rest = rest[used:]
	if n > 0 {
		c.Before = value.Doc(rest[:n:n])
	}
	if n < uint64(len(rest)) {
		c.After = value.Doc(rest[n:])
	}
	if c.ID = c.After.Get(fieldID); c.After == nil {
		c.ID = c.Before.Get(fieldID)
	}
	return c, true, nil
}

// changeAt returns which document a record that readChange has accepted is
// about.
func changeAt(b []byte) (coll uint32, at place) {
	return binary.BigEndian.Uint32(b[1:]), place(binary.BigEndian.Uint64(b[5:]))
}

// cutCounted cuts off what stands behind a one-byte length.
func cutCounted(b []byte) (head, rest []byte, ok bool) {
	if len(b) == 0 || int(b[0]) > len(b)-1 {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], true
}

// changesBytes bounds what Changes copies out at once.
const changesBytes = 16 << 20

// Changes returns what happened after the operation with number after, in
// order. limit is a target: the changes of one operation always come together.
// None are returned when all operations since, if any, have nothing to tell.
// The changes are the caller's own, and of all documents: whoever passes them
// on asks Reader what each recipient may see. System collections are left out.
//
// ErrLogTrimmed when the log does not reach back to after.
func (e *Engine) Changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	var changes []Change
	bytes, last := 0, uint64(0)
	err := e.view(ctx, func(r kv.Reader) error {
		changes, bytes = nil, 0
		return commit.ReadLog(r, after, func(seq uint64, record []byte) error {
			if seq != last && (len(changes) >= max(limit, 1) || bytes >= changesBytes) {
				return kv.ErrStop
			}
			last = seq
			c, ok, err := readChange(seq, slices.Clone(record))
			if ok {
				changes = append(changes, c)
				bytes += len(record)
			}
			return err
		})
	})
	return changes, err
}

// LastSeq returns the number of the newest operation.
func (e *Engine) LastSeq(ctx context.Context) (seq uint64, err error) {
	err = e.view(ctx, func(r kv.Reader) error {
		seq, err = commit.LastSeq(r)
		return err
	})
	return seq, err
}

// Listen returns a bell that is rung after each commit; it holds one ring and
// carries nothing. stop ends the ringing.
func (e *Engine) Listen() (bell <-chan struct{}, stop func()) { return e.commit.Listen() }

// touchedSince returns the places of a collection that operations after seq
// have written to, in order, each once.
func touchedSince(r kv.Reader, coll uint32, seq uint64) ([]place, error) {
	var places []place
	err := commit.ReadLog(r, seq, func(_ uint64, b []byte) error {
		if len(b) < changeHeader {
			return errChangeMalformed
		}
		if binary.BigEndian.Uint32(b[1:]) == coll {
			places = append(places, place(binary.BigEndian.Uint64(b[5:])))
		}
		return nil
	})
	slices.Sort(places)
	return slices.Compact(places), err
}
