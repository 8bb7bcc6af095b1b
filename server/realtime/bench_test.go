package realtime_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"baas/db/rules"
)

// BenchmarkFanOut: from one write until the last of its watchers, each on a
// socket of its own, has read the event. Both ends are in this process.
func BenchmarkFanOut(b *testing.B) {
	text := `{"room": %d, "n": 1, "text": "` + string(make500()) + `"}`
	for _, bench := range []struct {
		name     string
		watchers int
		request  func(i int) object
		hear     int // of the watchers, for a write to room 0
	}{
		{"same query, 1", 1, sameRoom, 1},
		{"same query, 100", 100, sameRoom, 100},
		{"same query, 1000", 1000, sameRoom, 1000},
		{"newest 50, 100", 100, newest50, 100},
		{"newest 50, 1000", 1000, newest50, 1000},
		{"1000 rooms, 1000", 1000, ownRoom, 1},
	} {
		b.Run(bench.name, func(b *testing.B) {
			h := open(b)
			h.collection("c", rules.ReadOnly)
			alice := h.user("alice")
			var heard sync.WaitGroup
			for i := range bench.watchers {
				c := h.login(alice)
				c.watchWith("w", bench.request(i))
				h.must(c.conn.SetReadDeadline(time.Time{}))
				go func() {
					for {
						if _, _, err := c.conn.ReadMessage(); err != nil {
							return
						}
						heard.Done()
					}
				}()
			}
			doc := fmt.Sprintf(text, 0)
			for b.Loop() {
				heard.Add(bench.hear)
				h.insert("c", doc)
				heard.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bench.hear), "ns/watcher")
		})
	}
}

func make500() []byte {
	b := make([]byte, 500)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	return b
}

func sameRoom(int) object { return watchRequest("c", `{"room": 0}`) }

func ownRoom(i int) object { return watchRequest("c", fmt.Sprintf(`{"room": %d}`, i)) }

func newest50(int) object {
	return object{"collName": "c", "query": `{"room": 0}`, "orderBy": object{"_id": "desc"}, "limit": 50}
}

// BenchmarkIdleSocket tells the memory of a socket that is logged in and
// watches, heap and stacks. The client's end, which is in this process too,
// has no buffers to speak of.
func BenchmarkIdleSocket(b *testing.B) {
	const sockets = 1000
	for range b.N {
		h := open(b)
		h.collection("c", rules.ReadOnly)
		alice := h.user("alice")
		dialer := websocket.Dialer{ReadBufferSize: 128, WriteBufferPool: new(sync.Pool)}
		before := inUse()
		for range sockets {
			conn, _, err := dialer.Dial(h.url, nil)
			h.must(err)
			b.Cleanup(func() { _ = conn.Close() })
			c := &client{t: b, conn: conn}
			c.logIn("dev", h.sign(alice)).want("LOGIN_EVENT")
			c.watch("w", "c", `{"room": 1}`)
		}
		b.ReportMetric(float64(inUse()-before)/sockets, "B/socket")
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
