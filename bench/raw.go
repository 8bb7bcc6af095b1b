package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	_ "modernc.org/sqlite" // the driver

	"baas/db/kv"
	"baas/db/kv/memkv"
	"baas/db/value"
)

func openMemory() (kv.Store, error) {
	var disk memkv.Disk
	return disk.Open()
}

// raw is a bare bbolt file with group commit: take the first job, drain what is
// queued, one Update, repeat.
type raw struct {
	dir   string
	store *bbolt.DB
	jobs  chan rawJob
	ended chan struct{}
}

type rawJob struct {
	entries []entry
	done    chan error
}

func openRaw() (*raw, error) {
	dir, err := os.MkdirTemp("", "baas-bench-")
	if err != nil {
		return nil, err
	}
	store, err := bbolt.Open(filepath.Join(dir, "raw.bolt"), 0o600, &bbolt.Options{
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 16 << 30,
	})
	if err != nil {
		return nil, err
	}
	r := &raw{dir: dir, store: store, jobs: make(chan rawJob, 1024), ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		for first := range r.jobs {
			r.commit(first)
		}
	}()
	return r, nil
}

func (r *raw) done() {
	close(r.jobs)
	<-r.ended
	_ = r.store.Close()
	_ = os.RemoveAll(r.dir)
}

func (r *raw) commit(first rawJob) {
	batch := []rawJob{first}
	for more := true; more && len(batch) < 1024; {
		select {
		case j, ok := <-r.jobs:
			if more = ok; ok {
				batch = append(batch, j)
			}
		default:
			more = false
		}
	}
	err := r.store.Update(func(tx *bbolt.Tx) error {
		for _, j := range batch {
			if err := put(tx, j.entries); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range batch {
		j.done <- err
	}
}

// put writes entries, a bucket for each first byte of a key as the driver has.
func put(tx *bbolt.Tx, entries []entry) error {
	for _, e := range entries {
		b, err := tx.CreateBucketIfNotExists(e.key[:1])
		if err != nil {
			return err
		}
		if e.value == nil {
			err = b.Delete(e.key)
		} else {
			b.FillPercent = 0.9
			err = b.Put(e.key, e.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writing returns the contender that writes recorded entries.
func (r *raw) writing(entries [][]entry) contender {
	return func(_ context.Context, from, to, writers int) (time.Duration, error) {
		return spread(from, to, writers, func(i int) error {
			done := make(chan error, 1)
			r.jobs <- rawJob{entries[i], done}
			return <-done
		})
	}
}

// sqlite is SQLite as PocketBase has it, but with synchronous=FULL: WAL and one
// connection for writes, which is its fastest way.
type sqlite struct {
	dir string
	db  *sql.DB
}

func openSQLite(ctx context.Context) (*sqlite, error) {
	dir, err := os.MkdirTemp("", "baas-bench-")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "raw.sqlite")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	q := &sqlite{dir, db}
	for _, statement := range []string{
		`CREATE TABLE docs (id TEXT PRIMARY KEY, doc BLOB NOT NULL) WITHOUT ROWID`,
		`CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, doc BLOB NOT NULL)`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (q *sqlite) done() {
	_ = q.db.Close()
	_ = os.RemoveAll(q.dir)
}

// inserting returns the contender that inserts documents and a log row each.
func (q *sqlite) inserting(docs []value.Doc) contender {
	return func(ctx context.Context, from, to, writers int) (time.Duration, error) {
		return spread(from, to, writers, func(i int) error {
			tx, err := q.db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }()
			if _, err := tx.ExecContext(ctx, `INSERT INTO docs VALUES (?, ?)`, docs[i].Get("_id").Text(), []byte(docs[i])); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO log (doc) VALUES (?)`, []byte(docs[i])); err != nil {
				return err
			}
			return tx.Commit()
		})
	}
}
