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
	"baas/db/plan"
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

// raw is a plain bbolt loop with group commit, the bar that db-engine.md
// section 8 measures against. Each insert puts the entries that its function
// gives, under ascending keys.
type raw struct {
	name    string
	entries func(n uint64) [][2][]byte
	writers int

	jobs chan rawJob
	n    atomic.Uint64
	took time.Duration
}

type rawJob struct {
	n    uint64
	done chan error
}

func openRaw(b *testing.B, name string, writers int, entries func(n uint64) [][2][]byte) *raw {
	b.Helper()
	store, err := bbolt.Open(filepath.Join(b.TempDir(), name), 0o600, &bbolt.Options{
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 16 << 30,
	})
	if err != nil {
		b.Fatal(err)
	}
	r := &raw{name: name, entries: entries, writers: writers, jobs: make(chan rawJob, 1024)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.commit(store)
	}()
	b.Cleanup(func() {
		close(r.jobs)
		<-ended
		_ = store.Close()
	})
	return r
}

// commit takes the first job, drains what is queued, commits, repeats.
func (r *raw) commit(store *bbolt.DB) {
	for first := range r.jobs {
		batch := []rawJob{first}
		for more := true; more; {
			select {
			case j, ok := <-r.jobs:
				if more = ok; ok {
					batch = append(batch, j)
				}
			default:
				more = false
			}
		}
		err := store.Update(func(tx *bbolt.Tx) error {
			for _, j := range batch {
				for _, e := range r.entries(j.n) {
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
}

// run inserts for a while.
func (r *raw) run(b *testing.B, window time.Duration) {
	b.Helper()
	var wg sync.WaitGroup
	start := time.Now()
	for range r.writers {
		wg.Go(func() {
			done := make(chan error, 1)
			for time.Since(start) < window {
				r.jobs <- rawJob{r.n.Add(1), done}
				if err := <-done; err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	r.took += time.Since(start)
}

func (r *raw) rate() float64 { return float64(r.n.Load()) / r.took.Seconds() }

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

// withIndexes is what an insert of the engine into a collection with the indexes
// of indexed writes.
func withIndexes() func(n uint64) [][2][]byte {
	same := sameEntries()
	return func(n uint64) [][2][]byte {
		status := counted('i', n%3)
		owner := counted('i', 100+n*7919%1000)
		return append(same(n),
			[2][]byte{binary.BigEndian.AppendUint64(status, n), nil},
			[2][]byte{binary.BigEndian.AppendUint64(owner, n), nil},
			[2][]byte{[]byte("n"), make([]byte, 60)},
		)
	}
}

// indexed are the indexes of the benchmarks: few values, and a thousand with an
// order behind them.
func indexed() []db.IndexSpec {
	return []db.IndexSpec{
		{Keys: []db.IndexKey{{Path: "status"}}},
		{Keys: []db.IndexKey{{Path: "owner"}, {Path: "createdAt", Kind: plan.Desc}}},
	}
}

func benchEngine(b *testing.B, docs int, indexes ...db.IndexSpec) *db.Engine {
	b.Helper()
	e := dbtest.Bolt(b).Open(b, db.Options{})
	if err := e.CreateCollection(b.Context(), admin, "c"); err != nil {
		b.Fatal(err)
	}
	for _, x := range indexes {
		if err := e.CreateIndex(b.Context(), admin, "c", x); err != nil {
			b.Fatal(err)
		}
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

func reportRate(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// reportCPU reports how much is done in a second of processor time since start,
// a reading of cpuTime.
func reportCPU(b *testing.B, start time.Duration, each int, unit string) {
	b.Helper()
	if used := cpuTime() - start; start > 0 && used > 0 {
		b.ReportMetric(float64(b.N*each)/used.Seconds(), unit+"/cpu-s")
	}
}

// BenchmarkInsert is the durable insert, beside bbolt alone with one entry per
// insert (bar: at least 0.5) and with the same entries (bar: at least 0.6).
// The three take turns, so that other load on the machine meets all alike.
func BenchmarkInsert(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			raws := []*raw{openRaw(b, "raw-doc", writers, docOnly()), openRaw(b, "raw-same", writers, sameEntries())}
			e := benchEngine(b, 0)
			b.ResetTimer()
			b.StopTimer()
			for left, rounds := b.N, 8; left > 0; rounds-- {
				n := max(left/max(rounds, 1), 1)
				left -= n
				for _, r := range raws {
					r.run(b, 100*time.Millisecond)
				}
				b.StartTimer()
				insertMany(b, e, writers, n)
				b.StopTimer()
			}
			reportRate(b)
			for _, r := range raws {
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/r.rate(), "x-"+r.name)
			}
		})
	}
}

// BenchmarkInsertIndexed is the durable insert into a collection with two
// indexes by 64 writers, beside bbolt alone with the same entries (bar: at least
// 0.6).
func BenchmarkInsertIndexed(b *testing.B) {
	const writers = 64
	bare := openRaw(b, "raw-same", writers, withIndexes())
	e := benchEngine(b, 0, indexed()...)
	b.ResetTimer()
	b.StopTimer()
	for left, rounds := b.N, 8; left > 0; rounds-- {
		n := max(left/max(rounds, 1), 1)
		left -= n
		bare.run(b, 200*time.Millisecond)
		b.StartTimer()
		insertMany(b, e, writers, n)
		b.StopTimer()
	}
	reportRate(b)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/bare.rate(), "x-raw-same")
}

// insertMany inserts n documents from many goroutines.
func insertMany(b *testing.B, e *db.Engine, writers, n int) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := left.Add(-1); i >= 0; i = left.Add(-1) {
				if _, err := e.Insert(b.Context(), admin, "c", []value.Doc{sample(int(i))}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkUpdateByID increments one number of random documents.
func BenchmarkUpdateByID(b *testing.B) {
	const docs = 10_000
	e := benchEngine(b, docs)
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
	reportRate(b)
}

// BenchmarkGet reads single documents by id. Bar: 100,000 a second and core.
func BenchmarkGet(b *testing.B) {
	const docs = 50_000
	e := benchEngine(b, docs)
	queries := make([]value.Doc, 1024)
	for i := range queries {
		queries[i] = dbtest.Doc(b, fmt.Sprintf(`{"_id": "id-%08d"}`, i*7919%docs))
	}
	b.ReportAllocs()
	i := 0
	start := cpuTime()
	for b.Loop() {
		got, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Query: queries[i%len(queries)], Limit: 1})
		if err != nil || len(got) != 1 {
			b.Fatalf("%d documents, %v", len(got), err)
		}
		i++
	}
	reportRate(b)
	reportCPU(b, start, 1, "ops")
}

// BenchmarkFind20 reads the newest 20 of one owner by an index and makes JSON of
// them. Bar: 10,000 a second and core.
func BenchmarkFind20(b *testing.B) {
	e := benchEngine(b, 50_000, indexed()...)
	q := db.FindRequest{Collection: "c", Query: dbtest.Doc(b, `{"owner": "user-7"}`), Sort: dbtest.Doc(b, `{"createdAt": -1}`), Limit: 20}
	b.ReportAllocs()
	var text []byte
	start := cpuTime()
	for b.Loop() {
		got, err := e.Find(b.Context(), admin, q)
		if err != nil || len(got) != 20 {
			b.Fatalf("%d documents, %v", len(got), err)
		}
		text = text[:0]
		for _, d := range got {
			text = value.AppendPlain(text, value.FromDoc(d))
		}
	}
	reportRate(b)
	reportCPU(b, start, 1, "ops")
}

// BenchmarkGrowth is the get by id and the find of 20 by an index in small and
// large collections. Bar: at most twice as slow.
func BenchmarkGrowth(b *testing.B) {
	for _, docs := range []int{10_000, 100_000, 1_000_000} {
		if docs > 100_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("docs=%d", docs), func(b *testing.B) {
			e := benchEngine(b, docs, indexed()...)
			n := 0
			b.Run("get", func(b *testing.B) {
				for b.Loop() {
					n += 7919
					q := dbtest.Doc(b, fmt.Sprintf(`{"_id": "id-%08d"}`, n%docs))
					if got, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Query: q, Limit: 1}); err != nil || len(got) != 1 {
						b.Fatalf("%d documents, %v", len(got), err)
					}
				}
				reportRate(b)
			})
			b.Run("find20", func(b *testing.B) {
				sort := dbtest.Doc(b, `{"createdAt": -1}`)
				for b.Loop() {
					n += 7919
					q := dbtest.Doc(b, fmt.Sprintf(`{"owner": "user-%d"}`, n%1000))
					if _, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Query: q, Sort: sort, Limit: 20}); err != nil {
						b.Fatal(err)
					}
				}
				reportRate(b)
			})
		})
	}
}

// BenchmarkScan filters every document by three fields. Bar: 1.5 M a second
// and core.
func BenchmarkScan(b *testing.B) {
	const docs = 50_000
	e := benchEngine(b, docs)
	q := dbtest.Doc(b, `{"status": "open", "address.city": "上海", "price": {"$gt": 20}}`)
	start := cpuTime()
	for b.Loop() {
		if n, err := e.Count(b.Context(), admin, "c", q); n != 0 || err != nil {
			b.Fatalf("%d documents, %v", n, err)
		}
	}
	b.ReportMetric(float64(b.N)*docs/b.Elapsed().Seconds(), "docs/s")
	reportCPU(b, start, docs, "docs")
}

// BenchmarkSort20 finds the last 20 by a field that has no index.
func BenchmarkSort20(b *testing.B) {
	const docs = 50_000
	e := benchEngine(b, docs)
	sort := dbtest.Doc(b, `{"createdAt": -1}`)
	start := cpuTime()
	for b.Loop() {
		got, err := e.Find(b.Context(), admin, db.FindRequest{Collection: "c", Sort: sort, Limit: 20})
		if err != nil || len(got) != 20 {
			b.Fatalf("%d documents, %v", len(got), err)
		}
	}
	b.ReportMetric(float64(b.N)*docs/b.Elapsed().Seconds(), "docs/s")
	reportCPU(b, start, docs, "docs")
}
