package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"baas/db"
	"baas/db/kv"
	"baas/db/kv/boltkv"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// collection is the one that all rows use.
const collection = "c"

func admin() rules.Principal { return rules.Principal{Role: rules.Admin} }

// sample is document n of about 1 KB, as db-engine.md describes it.
func sample(n int) value.Doc {
	var b value.Builder
	b.AddString("_id", fmt.Sprintf("id-%010d", n))
	b.AddInt32("n", int32(n))
	b.AddString("owner", fmt.Sprintf("user-%d", n*7919%250))
	b.AddString("status", []string{"new", "open", "done"}[n%3])
	b.AddTime("createdAt", time.UnixMilli(1_700_000_000_000+int64(n)))
	b.AddFloat("price", float64(n%97)*1.25)
	b.Array("tags", func(a *value.ArrayBuilder) { a.AddString("red"); a.AddString("weekend") })
	b.Object("address", func(b *value.Builder) { b.AddString("city", "广州"); b.AddInt32("zip", 510000) })
	b.AddString("text", strings.Repeat("lorem ipsum dolor ", 40))
	return b.Doc()
}

func samples(from, n int) []value.Doc {
	docs := make([]value.Doc, n)
	for i := range docs {
		docs[i] = sample(from + i)
	}
	return docs
}

// engine is an engine on a file of its own in a temporary folder.
type engine struct {
	*db.Engine
	dir   string
	store kv.Store
}

func openEngine(ctx context.Context, wrap func(kv.Store) kv.Store) (*engine, error) {
	dir, err := os.MkdirTemp("", "baas-bench-")
	if err != nil {
		return nil, err
	}
	e := &engine{dir: dir}
	if err := e.open(ctx, e.path(), wrap); err != nil {
		return nil, err
	}
	return e, e.CreateCollection(ctx, admin(), collection)
}

func (e *engine) path() string { return filepath.Join(e.dir, "db.bolt") }

func (e *engine) open(ctx context.Context, path string, wrap func(kv.Store) kv.Store) error {
	store, err := boltkv.Open(path, boltkv.Options{Create: true, Identity: "bench", Append: db.AppendKeys})
	if err != nil {
		return err
	}
	e.store = store
	if wrap != nil {
		e.store = wrap(store)
	}
	e.Engine, err = db.Open(ctx, e.store, db.Options{})
	return err
}

func (e *engine) shut() error {
	if err := e.Engine.Close(); err != nil {
		return err
	}
	return e.store.Close()
}

// done closes the engine and removes its folder.
func (e *engine) done() {
	_ = e.shut()
	_ = os.RemoveAll(e.dir)
}

// index makes an ascending index on one path and waits until it is ready.
func (e *engine) index(ctx context.Context, path string) error {
	spec := db.IndexSpec{Name: path, Keys: []db.IndexKey{{Path: path, Kind: plan.Asc}}}
	if err := e.CreateIndex(ctx, admin(), collection, spec); err != nil {
		return err
	}
	return e.WaitIndex(ctx, admin(), collection, path)
}

// fill inserts documents from to to.
func (e *engine) fill(ctx context.Context, from, to int) error {
	for from < to {
		n := min(1000, to-from)
		if _, err := e.Insert(ctx, admin(), collection, samples(from, n)); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// filled is an engine with n documents and indexes on paths.
func filled(ctx context.Context, n int, paths ...string) (*engine, error) {
	e, err := openEngine(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if err := e.index(ctx, p); err != nil {
			e.done()
			return nil, err
		}
	}
	if err := e.fill(ctx, 0, n); err != nil {
		e.done()
		return nil, err
	}
	return e, nil
}

// cpu returns the CPU time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perCPU runs fn until it has used so much CPU time and returns how often it
// ran per second of it.
func perCPU(seconds float64, fn func(i int) error) (float64, error) {
	for i := range 3 { // warm
		if err := fn(i); err != nil {
			return 0, err
		}
	}
	start, n := cpu(), 0
	for (cpu() - start).Seconds() < seconds {
		for range max(n/20, 1) {
			if err := fn(n); err != nil {
				return 0, err
			}
			n++
		}
	}
	return float64(n) / (cpu() - start).Seconds(), nil
}
