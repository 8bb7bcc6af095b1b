package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"baas/db"
	"baas/db/kv"
	"baas/db/value"
)

const manyWriters = 64

// rounds is how often two contenders take turns.
const rounds = 8

// contender does the jobs from one number to another with some writers and
// returns how long that took.
type contender func(ctx context.Context, from, to, writers int) (time.Duration, error)

// compare lets two contenders do the same jobs in turns and returns the rate of
// the first in units of the second's.
func compare(ctx context.Context, n, writers int, a, b contender) (figure, error) {
	var ta, tb time.Duration
	for r := range rounds {
		from, to := n*r/rounds, n*(r+1)/rounds
		d, err := a(ctx, from, to, writers)
		if err != nil {
			return figure{}, err
		}
		ta += d
		if d, err = b(ctx, from, to, writers); err != nil {
			return figure{}, err
		}
		tb += d
	}
	rate := func(t time.Duration) float64 { return float64(n) / t.Seconds() }
	return figure{value: rate(ta) / rate(tb), detail: fmt.Sprintf("%.0f/s beside %.0f/s", rate(ta), rate(tb))}, nil
}

// spread runs job for each number on some goroutines.
func spread(from, to, writers int, job func(i int) error) (time.Duration, error) {
	next := atomic.Int64{}
	next.Store(int64(from))
	errs := make([]error, writers)
	var wg sync.WaitGroup
	start := time.Now()
	for w := range writers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < to; i = int(next.Add(1)) - 1 {
				if errs[w] = job(i); errs[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start), errors.Join(errs...)
}

// inserting returns the contender that inserts prepared documents.
func (e *engine) inserting(docs []value.Doc) contender {
	return func(ctx context.Context, from, to, writers int) (time.Duration, error) {
		return spread(from, to, writers, func(i int) error {
			_, err := e.Insert(ctx, admin(), collection, docs[i:i+1])
			return err
		})
	}
}

func insertPlain(ctx context.Context, s sizes) (figure, error) { return insertBesideRaw(ctx, s) }

func insertIndexed(ctx context.Context, s sizes) (figure, error) {
	return insertBesideRaw(ctx, s, "owner", "createdAt")
}

// insertBesideRaw compares inserts of 64 writers with a bare bbolt file that
// gets the very same entries by group commit. The index on _openid, which every
// collection has, is among them.
func insertBesideRaw(ctx context.Context, s sizes, indexes ...string) (figure, error) {
	docs := samples(0, s.inserts)
	entries, err := record(ctx, docs, indexes)
	if err != nil {
		return figure{}, err
	}
	e, err := filled(ctx, 0, indexes...)
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	r, err := openRaw()
	if err != nil {
		return figure{}, err
	}
	defer r.done()
	return compare(ctx, s.inserts, manyWriters, e.inserting(docs), r.writing(entries))
}

func insertSQLite(ctx context.Context, s sizes) (figure, error) {
	docs := samples(0, s.inserts)
	e, err := filled(ctx, 0)
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	q, err := openSQLite(ctx)
	if err != nil {
		return figure{}, err
	}
	defer q.done()
	return compare(ctx, s.inserts, manyWriters, e.inserting(docs), q.inserting(docs))
}

// insertAlone compares one writer with the bare disk: 4 KB overwritten and
// synced, over and over.
func insertAlone(ctx context.Context, s sizes) (figure, error) {
	n := s.inserts / 4
	docs := samples(0, n)
	e, err := filled(ctx, 0)
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	f, err := os.Create(filepath.Join(e.dir, "raw"))
	if err != nil {
		return figure{}, err
	}
	defer f.Close()
	page := make([]byte, 4096)
	bare := func(_ context.Context, from, to, _ int) (time.Duration, error) {
		start := time.Now()
		for range to - from {
			if _, err := f.WriteAt(page, 0); err != nil {
				return 0, err
			}
			if err := unix.Fdatasync(int(f.Fd())); err != nil {
				return 0, err
			}
		}
		return time.Since(start), nil
	}
	return compare(ctx, n, 1, e.inserting(docs), bare)
}

// insertFailing compares inserts of which one in ten has a taken id with inserts
// that all succeed.
func insertFailing(ctx context.Context, s sizes) (figure, error) {
	docs := samples(1, s.inserts)
	failing, err := filled(ctx, 1)
	if err != nil {
		return figure{}, err
	}
	defer failing.done()
	sound, err := filled(ctx, 1)
	if err != nil {
		return figure{}, err
	}
	defer sound.done()
	taken := samples(0, 1)
	some := func(ctx context.Context, from, to, writers int) (time.Duration, error) {
		return spread(from, to, writers, func(i int) error {
			if i%10 != 0 {
				_, err := failing.Insert(ctx, admin(), collection, docs[i:i+1])
				return err
			}
			if _, err := failing.Insert(ctx, admin(), collection, taken); !errors.Is(err, db.ErrDuplicate) {
				return fmt.Errorf("a taken id: %w", err)
			}
			return nil
		})
	}
	return compare(ctx, s.inserts, manyWriters, some, sound.inserting(docs))
}

// entry is one write to a store; a nil value deletes.
type entry struct{ key, value []byte }

// recorder notes what a store is given.
type recorder struct {
	kv.Store
	notes []entry
}

type recordingWriter struct {
	kv.Writer
	r *recorder
}

// Commit implements kv.Store.
func (r *recorder) Commit(ctx context.Context, fn func(kv.Writer) error) error {
	return r.Store.Commit(ctx, func(w kv.Writer) error { return fn(recordingWriter{w, r}) })
}

// Put implements kv.Writer.
func (w recordingWriter) Put(key, value []byte) error {
	w.r.notes = append(w.r.notes, entry{append([]byte{}, key...), append([]byte{}, value...)})
	return w.Writer.Put(key, value)
}

// Delete implements kv.Writer.
func (w recordingWriter) Delete(key []byte) error {
	w.r.notes = append(w.r.notes, entry{append([]byte{}, key...), nil})
	return w.Writer.Delete(key)
}

// record returns the entries that each of these inserts writes.
func record(ctx context.Context, docs []value.Doc, indexes []string) ([][]entry, error) {
	r := &recorder{}
	e, err := memoryEngine(ctx, func(s kv.Store) kv.Store { r.Store = s; return r }, indexes)
	if err != nil {
		return nil, err
	}
	defer e.done()
	out := make([][]entry, len(docs))
	for i := range docs {
		r.notes = nil
		if _, err := e.Insert(ctx, admin(), collection, docs[i:i+1]); err != nil {
			return nil, err
		}
		out[i] = r.notes
	}
	return out, nil
}

// memoryEngine is an engine on a store in memory.
func memoryEngine(ctx context.Context, wrap func(kv.Store) kv.Store, indexes []string) (*engine, error) {
	store, err := openMemory()
	if err != nil {
		return nil, err
	}
	e := &engine{store: wrap(store)}
	if e.Engine, err = db.Open(ctx, e.store, db.Options{}); err != nil {
		return nil, err
	}
	if err := e.CreateCollection(ctx, admin(), collection); err != nil {
		return nil, err
	}
	for _, path := range indexes {
		if err := e.index(ctx, path); err != nil {
			return nil, err
		}
	}
	return e, nil
}
