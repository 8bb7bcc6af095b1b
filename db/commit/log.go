package commit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"baas/db/kv"
)

// The keys of this package in the store; the engine's schema stays clear of
// them. The state is one entry; the log has entries LogPrefix, number (8
// bytes, big-endian), part (4 bytes), so that its key order is commit order.
const (
	StateKey  = "s"
	LogPrefix = 'l'
)

// ErrTrimmed says that records after the asked-for number are gone: whoever
// follows the log must start from a fresh snapshot.
var ErrTrimmed = errors.New("commit: the log no longer reaches back that far")

// Window is how much of the log is kept, whichever bound is met first. Zero
// fields get defaults.
type Window struct {
	Parts int           // log entries; 0 means 100,000
	Bytes int           // of keys and values; 0 means 64 MiB
	Age   time.Duration // 0 means 1 hour
}

// WithDefaults returns w with the defaults in place of zero fields.
func (w Window) WithDefaults() Window {
	if w.Parts == 0 {
		w.Parts = 100_000
	}
	if w.Bytes == 0 {
		w.Bytes = 64 << 20
	}
	if w.Age == 0 {
		w.Age = time.Hour
	}
	return w
}

// state is the StateKey entry: the newest number and the extent of the log.
type state struct {
	seq     uint64 // number of the newest operation
	trimmed uint64 // highest number whose records are gone
	parts   uint64 // entries in the log
	bytes   uint64 // their keys and values
	oldest  uint64 // date of the first entry, Unix milliseconds
}

const stateBytes = 5 * 8

func readState(r kv.Reader) (state, error) {
	b, err := r.Get([]byte(StateKey))
	if err != nil || b == nil {
		return state{}, err
	}
	if len(b) != stateBytes {
		return state{}, fmt.Errorf("commit: the state entry has %d bytes, want %d", len(b), stateBytes)
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[8*i:]) }
	return state{n(0), n(1), n(2), n(3), n(4)}, nil
}

func (s state) write(w kv.Writer) error {
	b := make([]byte, 0, stateBytes)
	for _, n := range []uint64{s.seq, s.trimmed, s.parts, s.bytes, s.oldest} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return w.Put([]byte(StateKey), b)
}

// LastSeq returns the number of the newest operation that r shows.
func LastSeq(r kv.Reader) (uint64, error) {
	st, err := readState(r)
	return st.seq, err
}

// A log entry holds the date of its commit (Unix milliseconds, 8 bytes) and
// records, each behind its length as a varint. An operation with much to log
// gets several entries.
const (
	dateBytes   = 8
	packedBytes = 256 << 10 // where an entry is full enough
	logKeyBytes = 1 + 8 + 4
)

// packer gathers an operation's records into entries.
type packer struct{ parts [][]byte }

func (p *packer) empty() bool { return len(p.parts) == 0 }

func (p *packer) add(record []byte) {
	n := len(p.parts)
	if n == 0 || len(p.parts[n-1])+len(record) > packedBytes {
		p.parts = append(p.parts, make([]byte, dateBytes, dateBytes+binary.MaxVarintLen64+len(record)))
		n++
	}
	part := binary.AppendUvarint(p.parts[n-1], uint64(len(record)))
	p.parts[n-1] = append(part, record...)
}

func logKey(seq uint64, part uint32) []byte {
	key := make([]byte, 0, logKeyBytes)
	key = append(key, LogPrefix)
	key = binary.BigEndian.AppendUint64(key, seq)
	return binary.BigEndian.AppendUint32(key, part)
}

// flushLog writes the operation's log entries under its number.
func (t *Tx) flushLog(w kv.Writer, st *state, now time.Time) error {
	date := uint64(now.UnixMilli())
	for i, part := range t.log.parts {
		binary.BigEndian.PutUint64(part, date)
		if err := w.Put(logKey(t.seq, uint32(i)), part); err != nil {
			return err
		}
		if st.parts == 0 {
			st.oldest = date
		}
		st.parts++
		st.bytes += uint64(logKeyBytes + len(part))
	}
	return nil
}

// ReadLog calls fn for each record with a number above after, in order, until
// fn fails; kv.ErrStop ends it without an error. ErrTrimmed when some of these
// records are gone, and when after is a number that was never given: it is
// then from another history, such as before a restore. The record must be
// copied if it is kept.
func ReadLog(r kv.Reader, after uint64, fn func(seq uint64, record []byte) error) error {
	st, err := readState(r)
	if err != nil {
		return err
	}
	if after < st.trimmed || after > st.seq {
		return ErrTrimmed
	}
	return ReadRecords(r, LogRange{After: after}, func(rec Record) error { return fn(rec.Seq, rec.Data) })
}

// CheckLog compares the log with what the state says of it.
func CheckLog(r kv.Reader) error {
	st, err := readState(r)
	if err != nil {
		return err
	}
	seen := state{seq: st.seq, trimmed: st.trimmed, oldest: st.oldest}
	err = r.Scan(kv.Prefix([]byte{LogPrefix}), func(key, value []byte) error {
		if len(key) != logKeyBytes || len(value) < dateBytes {
			return fmt.Errorf("commit: the log entry under %x is malformed", key)
		}
		if seq := binary.BigEndian.Uint64(key[1:]); seq <= st.trimmed || seq > st.seq {
			return fmt.Errorf("commit: the log holds number %d, its state says %d to %d", seq, st.trimmed+1, st.seq)
		}
		if seen.parts == 0 {
			seen.oldest = binary.BigEndian.Uint64(value)
		}
		seen.parts++
		seen.bytes += uint64(len(key) + len(value))
		return nil
	})
	if err == nil && seen != st {
		return fmt.Errorf("commit: the log has %d entries of %d bytes, its state says %d of %d", seen.parts, seen.bytes, st.parts, st.bytes)
	}
	return err
}

// trimAtOnce bounds the entries that one commit removes; the next goes on.
const trimAtOnce = 2048

// trim removes the oldest entries when the log has outgrown its window by a
// sixteenth, down to the window. Entries of one operation go together.
func (w Window) trim(kw kv.Writer, st *state, now time.Time) error {
	over := func(parts, bytes, oldest uint64, slack bool) bool {
		p, b, a := uint64(w.Parts), uint64(w.Bytes), w.Age
		if slack {
			p, b, a = p+p/16, b+b/16, a+a/16
		}
		return parts > p || bytes > b || int64(oldest) < now.Add(-a).UnixMilli()
	}
	if st.parts == 0 || !over(st.parts, st.bytes, st.oldest, true) {
		return nil
	}
	var keys [][]byte
	parts, bytes, oldest := st.parts, st.bytes, uint64(0)
	last := st.trimmed
	err := kw.Scan(kv.Prefix([]byte{LogPrefix}), func(key, value []byte) error {
		seq := binary.BigEndian.Uint64(key[1:])
		oldest = binary.BigEndian.Uint64(value)
		if seq != last && (len(keys) >= trimAtOnce || !over(parts, bytes, oldest, false)) {
			return kv.ErrStop
		}
		keys = append(keys, append([]byte(nil), key...))
		parts--
		bytes -= uint64(len(key) + len(value))
		last = seq
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := kw.Delete(key); err != nil {
			return err
		}
	}
	st.parts, st.bytes, st.oldest, st.trimmed = parts, bytes, oldest, last
	return nil
}
