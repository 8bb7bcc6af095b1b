package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// The benchmarks of `make bench`: each operation goes through HTTP to the real
// program, and is printed with its ratio to a raw bbolt loop of the same run:
// one Update (one fsync) per operation for writes, one View and Get for reads.

const benchDoc = `{"title":"buy milk","done":false,"n":{"$numberInt":"7"},"tags":["a","b"],"owner":{"name":"Li Lei","city":"广州"},` +
	`"note":"` + "Sixteen fields of ordinary length make a document of about a kilobyte, as in the storage measurements. " + `"}`

// rawWrites is the rate of durable single-key updates of a bare bbolt file.
func rawWrites(b *testing.B) float64 {
	b.Helper()
	return rawRate(b, func(db *bbolt.DB, i int) error {
		return db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("d")).Put(fmt.Appendf(nil, "%016d", i), []byte(benchDoc))
		})
	})
}

// rawReads is the rate of single gets, each in its own View.
func rawReads(b *testing.B) float64 {
	b.Helper()
	key := fmt.Appendf(nil, "%016d", 1)
	return rawRate(b, func(db *bbolt.DB, i int) error {
		if i == 0 {
			return db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("d")).Put(key, []byte(benchDoc)) })
		}
		return db.View(func(tx *bbolt.Tx) error {
			_ = bytes.Clone(tx.Bucket([]byte("d")).Get(key)) // the copy is part of the work
			return nil
		})
	})
}

func rawRate(b *testing.B, op func(*bbolt.DB, int) error) float64 {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "raw.bolt"), 0o600,
		&bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("d")); return err }); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	n := 0
	for ; time.Since(start) < time.Second; n++ {
		if err := op(db, n); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(start).Seconds()
}

// client sends prepared bodies to one path with few allocations of its own.
type client struct {
	b    *testing.B
	http *http.Client
	url  string
	key  string
}

func newClient(b *testing.B, url, key string, conns int) *client {
	return &client{b: b, url: url, key: key, http: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns},
	}}
}

func (c *client) post(body string) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.url+"/admin", strings.NewReader(body))
	if err != nil {
		c.b.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	res, err := c.http.Do(r)
	if err != nil {
		c.b.Error(err)
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || bytes.Contains(text, []byte(`"code"`)) {
		c.b.Errorf("reply %s, error %v", text, err)
	}
}

// run sends b.N requests from n clients at once and reports the rate and its
// ratio to raw.
func (c *client) run(n int, raw float64, rawName string, body func(int64) string) {
	var next atomic.Int64
	total := int64(c.b.N)
	c.b.ResetTimer()
	var clients sync.WaitGroup
	for range n {
		clients.Go(func() {
			for i := next.Add(1); i <= total; i = next.Add(1) {
				c.post(body(i))
			}
		})
	}
	clients.Wait()
	rate := float64(c.b.N) / c.b.Elapsed().Seconds()
	c.b.ReportMetric(rate, "op/s")
	c.b.ReportMetric(rate/raw, "x_"+rawName)
}

func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(q)
}

func BenchmarkHTTP(b *testing.B) {
	data := b.TempDir()
	p := startProcess(b, data)
	key := apiKey(b, data)
	for _, name := range []string{"bench", "read"} {
		if _, err := act(b.Context(), p.url, key, map[string]any{"action": "database.addCollection", "collectionName": name}); err != nil {
			b.Fatal(err)
		}
	}
	fillReadCollection(b, p.url, key)
	writes, reads := rawWrites(b), rawReads(b)
	insert := `{"envName":"dev","action":"database.insertDocument","collectionName":"bench","data":[` + quoted(benchDoc) + `]}`
	for _, clients := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("durable-insert/%d-clients", clients), func(b *testing.B) {
			newClient(b, p.url, key, clients).run(clients, writes, "raw_bbolt_update", func(int64) string { return insert })
		})
	}
	b.Run("get-by-id", func(b *testing.B) {
		newClient(b, p.url, key, 16).run(16, reads, "raw_bbolt_get", func(i int64) string {
			return `{"envName":"dev","action":"database.getDocument","collectionName":"read","queryType":"DOC","query":` +
				quoted(fmt.Sprintf(`{"_id":"k%d"}`, i%1000)) + `}`
		})
	})
	b.Run("query-of-20", func(b *testing.B) {
		newClient(b, p.url, key, 16).run(16, reads, "raw_bbolt_get", func(int64) string {
			return `{"envName":"dev","action":"database.getDocument","collectionName":"read","queryType":"WHERE","query":` +
				quoted(`{"done":false}`) + `,"limit":20}`
		})
	})
	b.Run("warm-function-call", func(b *testing.B) {
		call := `{"envName":"dev","action":"functions.invokeFunction","function_name":"hello","request_data":"{}"}`
		c := newClient(b, p.url, key, 1)
		c.post(call)
		c.run(1, reads, "raw_bbolt_get", func(int64) string { return call })
	})
}

func fillReadCollection(b *testing.B, url, key string) {
	b.Helper()
	var docs []string
	for i := range 1000 {
		docs = append(docs, fmt.Sprintf(`{"_id":"k%d",`, i)+benchDoc[1:])
	}
	if _, err := act(b.Context(), url, key, map[string]any{
		"action": "database.insertDocument", "collectionName": "read", "data": docs,
	}); err != nil {
		b.Fatal(err)
	}
}
