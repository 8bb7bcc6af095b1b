package commit

import (
	"encoding/binary"
	"fmt"
	"slices"

	"baas/db/kv"
)

// Record is one record of the log.
type Record struct {
	Seq  uint64 // number of the operation
	Date int64  // of its commit, Unix milliseconds
	Data []byte // valid until the function that got it returns
}

// LogRange is a stretch of the log.
type LogRange struct {
	After uint64 // numbers above this one
	Upto  uint64 // and not above this one; 0 means no bound
	// Newest turns the order round: the newest record comes first.
	Newest bool
}

// ReadRecords calls fn for each record of the range that is still there, in
// order, until fn fails; kv.ErrStop ends it without an error. Unlike ReadLog
// it does not mind that records at the beginning of the range are gone: whoever
// does compares with Trimmed of LogExtent.
func ReadRecords(r kv.Reader, q LogRange, fn func(Record) error) error {
	rng := kv.Prefix([]byte{LogPrefix})
	rng.Reverse = q.Newest
	rng.Low = logKey(q.After+1, 0)
	if q.Upto > 0 {
		rng.High = logKey(q.Upto+1, 0)
	}
	return r.Scan(rng, func(key, value []byte) error {
		if len(key) != logKeyBytes || len(value) < dateBytes {
			return fmt.Errorf("commit: the log entry under %x is malformed", key)
		}
		rec := Record{Seq: binary.BigEndian.Uint64(key[1:]), Date: int64(binary.BigEndian.Uint64(value))}
		if !q.Newest {
			return eachRecord(rec.Seq, value[dateBytes:], func(data []byte) error {
				rec.Data = data
				return fn(rec)
			})
		}
		return newestFirst(rec, value[dateBytes:], fn)
	})
}

// eachRecord passes the records of one entry.
func eachRecord(seq uint64, rest []byte, fn func([]byte) error) error {
	for len(rest) > 0 {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) {
			return fmt.Errorf("commit: log entry %d is malformed", seq)
		}
		record := rest[used:][:n]
		rest = rest[used:][n:]
		if err := fn(record); err != nil {
			return err
		}
	}
	return nil
}

func newestFirst(rec Record, rest []byte, fn func(Record) error) error {
	var all [][]byte
	err := eachRecord(rec.Seq, rest, func(data []byte) error {
		all = append(all, data)
		return nil
	})
	if err != nil {
		return err
	}
	for _, data := range slices.Backward(all) {
		rec.Data = data
		if err := fn(rec); err != nil {
			return err
		}
	}
	return nil
}

// Extent says what the log holds.
type Extent struct {
	Newest  uint64 // number of the newest operation
	Trimmed uint64 // highest number whose records are gone
	Parts   uint64 // entries
	Bytes   uint64 // of their keys and values
	Oldest  int64  // date of the first entry, Unix milliseconds; 0 when there is none
}

// LogExtent returns the extent of the log that r shows.
func LogExtent(r kv.Reader) (Extent, error) {
	st, err := readState(r)
	e := Extent{Newest: st.seq, Trimmed: st.trimmed, Parts: st.parts, Bytes: st.bytes}
	if st.parts > 0 {
		e.Oldest = int64(st.oldest)
	}
	return e, err
}
