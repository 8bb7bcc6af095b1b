package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"go.etcd.io/bbolt"
)

// referenceGets is what the machine of db-engine.md does of the work below per
// second of CPU time. The bars in absolute figures were set there.
const referenceGets = 300_000

// machine returns how fast this machine is right now beside that one, at the
// engine's kind of work: a bare bbolt file of 100,000 documents, a View and a
// copy of one of 4,096 of them. Other load shares caches and cores, and slows down a
// second of CPU time too.
func machine(_ context.Context) (float64, error) {
	const docs = 100_000
	r, err := openRaw()
	if err != nil {
		return 0, err
	}
	defer r.done()
	key := func(i int) []byte { return binary.BigEndian.AppendUint64([]byte{'d'}, uint64(i)) }
	err = r.store.Update(func(tx *bbolt.Tx) error {
		for i := range docs {
			if err := put(tx, []entry{{key(i), sample(i)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	rate, err := perCPU(0.5, func(i int) error {
		return r.store.View(func(tx *bbolt.Tx) error {
			if bytes.Clone(tx.Bucket([]byte("d")).Get(key(i%4096*7919%docs))) == nil {
				return errors.New("a document is missing")
			}
			return nil
		})
	})
	return rate / referenceGets, err
}
