package db

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"baas/db/commit"
	"baas/db/kv"
	"baas/db/txn"
)

// Options configure an Engine. The zero value of each field has a meaning.
type Options struct {
	// Now is the clock: dates of collections and of the change log. Nil means
	// time.Now.
	Now func() time.Time
	// NewID makes the ids of documents that come without one. Nil means 32
	// lower-case hex digits, ascending with time.
	NewID func() string
	// Log gets failures of background work. Nil discards them.
	Log *slog.Logger
	// AutoCreate makes a missing collection on the first write to it, for
	// development. Without it such a write is a CollectionNotExist.
	AutoCreate bool
	// SlowQuery is how long a search may take before a line about it goes to
	// Log, with the index that would help. Zero means 500 ms; below zero none.
	SlowQuery time.Duration
	// SweepEvery is how often documents are removed whose time is up. Zero means
	// once a minute.
	SweepEvery time.Duration
	// Window is how much of the change log is kept: history and undo reach as
	// far back. Dropped collections stay for its age.
	Window commit.Window
	// KeepDropped is how many bytes of dropped collections are kept at most, the
	// newest first. Zero means 1 GiB; below zero none is kept.
	KeepDropped int64
	// MaxCollections is how many collections there may be, those of the system
	// not counted. Zero means 1,000.
	MaxCollections int
}

// Engine is the documents service of one environment. It is safe for
// concurrent use; several may share a process, each on its own store.
type Engine struct {
	store  kv.Store
	commit *commit.Committer
	opts   Options
	bounds bounds

	transactions *openTransactions
	intents      *txn.Intents // of the open transactions

	validators validators

	indexes indexCache
	news    news // of the states of indexes

	stop  context.CancelFunc // ends the background work
	work  sync.WaitGroup     // the background work
	purge chan struct{}      // one-slot: something was dropped
	build chan struct{}      // one-slot: an index is to be built
}

// Open opens the documents in a store, which the caller closes after the
// engine. It refuses a store that a newer program has written. ctx bounds the
// opening alone.
func Open(ctx context.Context, store kv.Store, o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = (&idSource{now: o.Now}).next
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Window = o.Window.WithDefaults()
	if o.KeepDropped == 0 {
		o.KeepDropped = 1 << 30
	}
	if o.MaxCollections == 0 {
		o.MaxCollections = 1000
	}
	if o.SlowQuery == 0 {
		o.SlowQuery = 500 * time.Millisecond
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = time.Minute
	}
	if err := openFormat(ctx, store); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.Background())
	intents := txn.NewIntents(o.Now, intentHold, intentWait)
	e := &Engine{
		store:  store,
		commit: commit.New(store, commit.Options{Now: o.Now, Log: o.Log, Window: o.Window}),
		opts:   o,
		bounds: defaultBounds(),

		transactions: newOpenTransactions(o.Now, intents),
		intents:      intents,

		stop:  stop,
		purge: make(chan struct{}, 1),
		build: make(chan struct{}, 1),
	}
	if err := e.loadValidators(ctx); err != nil {
		stop()
		return nil, errors.Join(err, e.commit.Close())
	}
	e.purge <- struct{}{} // what an earlier process has left
	e.build <- struct{}{}
	e.work.Go(func() { e.runPurger(background) })
	e.work.Go(func() { e.runBuilder(background) })
	e.work.Go(func() { e.runSweeper(background) })
	return e, nil
}

// openFormat settles the format of the store, and writes only when it is new or
// an older program's.
func openFormat(ctx context.Context, store kv.Store) error {
	var behind bool
	err := store.View(ctx, func(r kv.Reader) (err error) {
		behind, err = checkFormat(r)
		return err
	})
	if err != nil || !behind {
		return err
	}
	return store.Commit(ctx, writeFormat)
}

// Close finishes queued writes and background work. Calls made after it fail
// with ServerTimeout, reads excepted until the store is closed.
func (e *Engine) Close() error {
	e.transactions.shut()
	e.stop()
	e.work.Wait()
	return e.commit.Close()
}

// do runs a commit operation with the store's errors in this package's words.
func (e *Engine) do(ctx context.Context, fn func(*commit.Tx) error) error {
	_, err := e.commit.Do(ctx, fn)
	return translate(err)
}
