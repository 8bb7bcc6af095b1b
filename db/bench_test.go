package db_test

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/rules"
	"baas/db/value"
)

// sample is the document of db-engine.md: about 1 KB.
func sample(n int) value.Doc {
	var b value.Builder
	b.AddInt32("n", int32(n))
	b.AddString("owner", fmt.Sprintf("user-%d", n%1000))
	b.AddString("status", []string{"new", "open", "done"}[n%3])
	b.AddTime("createdAt", time.UnixMilli(1_700_000_000_000+int64(n)))
	b.AddFloat("price", float64(n%97)*1.25)
	b.Array("tags", func(a *value.ArrayBuilder) { a.AddString("red"); a.AddString("weekend") })
	b.Object("address", func(b *value.Builder) { b.AddString("city", "广州"); b.AddInt32("zip", 510000) })
	b.AddString("text", strings.Repeat("lorem ipsum dolor ", 40))
	return b.Doc()
}

// rawRate is how many inserts a second a plain bbolt loop with group commit
// makes: the bar that db-engine.md section 8 measures against. Each insert
// puts the entries of make under ascending keys.
func rawRate(b *testing.B, writers int, entries func(n uint64) [][2][]byte) float64 {
	b.Helper()
	store, err := bbolt.Open(filepath.Join(b.TempDir(), "raw.bolt"), 0o600, &bbolt.Options{
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 16 << 30,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	type job struct {
		n    uint64
		done chan error
	}
	jobs := make(chan job, 1024)
	go func() {
		for first := range jobs {
			batch := []job{first}
			for more := true; more && len(batch) < cap(jobs); {
				select {
				case j, ok := <-jobs:
					if more = ok; ok {
						batch = append(batch, j)
					}
				default:
					more = false
				}
			}
			err := store.Update(func(tx *bbolt.Tx) error {
				for _, j := range batch {
					for _, e := range entries(j.n) {
						t, err := tx.CreateBucketIfNotExists(e[0][:1])
						if err != nil {
							return err
						}
						t.FillPercent = 0.9
						if err := t.Put(e[0], e[1]); err != nil {
							return err
						}
					}
				}
				return nil
			})
			for _, j := range batch {
				j.done <- err
			}
		}
	}()
	defer close(jobs)
	const window = 700 * time.Millisecond
	var n atomic.Uint64
	var wg sync.WaitGroup
	start := time.Now()
	for range writers {
		wg.Go(func() {
			done := make(chan error, 1)
			for time.Since(start) < window {
				jobs <- job{n.Add(1), done}
				if err := <-done; err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(start).Seconds()
}

func counted(prefix byte, n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{prefix}, n) }

// docOnly is one entry of 1 KB for an insert; sameEntries is what an insert
// of the engine writes: document, id index entry, log, counters, state.
func docOnly() func(n uint64) [][2][]byte {
	doc := sample(0)
	return func(n uint64) [][2][]byte { return [][2][]byte{{counted('d', n), doc}} }
}

func sameEntries() func(n uint64) [][2][]byte {
	doc := sample(0)
	return func(n uint64) [][2][]byte {
		return [][2][]byte{
			{counted('d', n), doc},
			{append(counted('p', n), make([]byte, 32)...), make([]byte, 8)},
			{counted('l', n), doc},
			{[]byte("c"), make([]byte, 50)},
			{[]byte("s"), make([]byte, 40)},
		}
	}
}

func benchEngine(b *testing.B, docs int) *db.Engine {
	b.Helper()
	e := dbtest.Bolt(b).Open(b, db.Options{})
	admin := rules.Principal{Role: rules.Admin}
	if err := e.CreateCollection(b.Context(), admin, "c"); err != nil {
		b.Fatal(err)
	}
	for done := 0; done < docs; {
		var batch []value.Doc
		for range 1000 {
			d := sample(done)
			var named value.Builder
			named.AddString("_id", fmt.Sprintf("id-%08d", done))
			named.AddAll(d)
			batch = append(batch, named.Doc())
			done++
		}
		if _, err := e.Insert(b.Context(), admin, "c", batch); err != nil {
			b.Fatal(err)
		}
	}
	return e
}

func reportRate(b *testing.B, raw map[string]float64) {
	b.Helper()
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "ops/s")
	for name, r := range raw {
		b.ReportMetric(rate/r, "x-"+name)
	}
}

// BenchmarkInsert is the durable insert, beside bbolt alone with one entry per
// insert (bar: at least 0.5) and with the same entries (bar: at least 0.6).
func BenchmarkInsert(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			raw := map[string]float64{
				"raw-doc":  rawRate(b, writers, docOnly()),
				"raw-same": rawRate(b, writers, sameEntries()),
			}
			e := benchEngine(b, 0)
			admin := rules.Principal{Role: rules.Admin}
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := left.Add(-1); n >= 0; n = left.Add(-1) {
						if _, err := e.Insert(b.Context(), admin, "c", []value.Doc{sample(int(n))}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			reportRate(b, raw)
		})
	}
}

// BenchmarkUpdateByID increments one number of random documents.
func BenchmarkUpdateByID(b *testing.B) {
	const docs = 10_000
	e := benchEngine(b, docs)
	admin := rules.Principal{Role: rules.Admin}
	change := dbtest.Doc(b, `{"$inc": {"n": 1}}`)
	var n atomic.Uint64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			q := dbtest.Doc(b, fmt.Sprintf(`{"_id": "id-%08d"}`, n.Add(7919)%docs))
			if _, err := e.Update(b.Context(), admin, db.UpdateRequest{Collection: "c", Query: q, Update: change}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	reportRate(b, nil)
}

// BenchmarkGet reads single documents by id. Bar: 100,000 a second and core.
func BenchmarkGet(b *testing.B) {
	const docs = 50_000
	e := benchEngine(b, docs)
	admin := rules.Principal{Role: rules.Admin}
	queries := make([]value.Doc, 1024)
	for i := range queries {
		queries[i] = dbtest.Doc(b, fmt.Sprintf(`{"_id": "id-%08d"}`, i*7919%docs))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		got, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Query: queries[i%len(queries)], Limit: 1})
		if err != nil || len(got) != 1 {
			b.Fatalf("%d documents, %v", len(got), err)
		}
		i++
	}
	reportRate(b, nil)
}

// BenchmarkFind20 reads the first 20 of a condition that one in three fulfils.
func BenchmarkFind20(b *testing.B) {
	e := benchEngine(b, 50_000)
	admin := rules.Principal{Role: rules.Admin}
	q := dbtest.Doc(b, `{"status": "open"}`)
	b.ReportAllocs()
	for b.Loop() {
		got, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Query: q, Limit: 20})
		if err != nil || len(got) != 20 {
			b.Fatalf("%d documents, %v", len(got), err)
		}
	}
	reportRate(b, nil)
}

// BenchmarkScan filters every document by three fields. Bar: 1.5 M a second
// and core.
func BenchmarkScan(b *testing.B) {
	const docs = 50_000
	e := benchEngine(b, docs)
	admin := rules.Principal{Role: rules.Admin}
	q := dbtest.Doc(b, `{"status": "open", "address.city": "上海", "price": {"$gt": 20}}`)
	for b.Loop() {
		if n, err := e.Count(b.Context(), admin, "c", q); n != 0 || err != nil {
			b.Fatalf("%d documents, %v", n, err)
		}
	}
	b.ReportMetric(float64(b.N)*docs/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkSort20 finds the last 20 by a field that has no index.
func BenchmarkSort20(b *testing.B) {
	const docs = 50_000
	e := benchEngine(b, docs)
	admin := rules.Principal{Role: rules.Admin}
	sort := dbtest.Doc(b, `{"createdAt": -1}`)
	for b.Loop() {
		got, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Sort: sort, Limit: 20})
		if err != nil || len(got) != 20 {
			b.Fatalf("%d documents, %v", len(got), err)
		}
	}
	b.ReportMetric(float64(b.N)*docs/b.Elapsed().Seconds(), "docs/s")
}
