package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/textproto"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"baas/db"
	"baas/db/kv"
	"baas/db/kv/boltkv"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth"
	"baas/server/servertest"
)

// BenchmarkDoors is document work through HTTP, with the client in the same
// process so that one CPU profile shows all of it; docs/performance.md says how
// to read that. The client is a bare socket with prepared bytes.
func BenchmarkDoors(b *testing.B) {
	h := servertest.Start(b, func(c *servertest.Config) { c.Store = boltStore })
	key, err := h.Env.Auth.CreateKey(b.Context(), auth.KeyAPI)
	if err != nil {
		b.Fatal(err)
	}
	h.Collection(b, "c", rules.ReadOnly)
	fillDoors(b, h.Env.DB)
	user, err := h.Env.Auth.SignInAnonymously(b.Context(), "bench-device-0123456789")
	if err != nil {
		b.Fatal(err)
	}
	doors := []struct {
		name, path, token string
		work              map[string]func(i int64) string
	}{
		{"admin", "/admin", key.Token, map[string]func(int64) string{
			"insert": func(int64) string {
				return `"action":"database.insertDocument","data":[` + quote(doorDoc("")) + `]`
			},
			"get": func(i int64) string {
				return `"action":"database.getDocument","queryType":"DOC","multi":false,"query":` + quote(fmt.Sprintf(`{"_id":"k%d"}`, i%1000))
			},
			"find20": func(int64) string {
				return `"action":"database.getDocument","queryType":"WHERE","limit":20,"query":` + quote(`{"status":"open"}`)
			},
			"update": func(i int64) string {
				return `"action":"database.modifyDocument","queryType":"DOC","multi":false,"merge":true,"upsert":false,"query":` +
					quote(fmt.Sprintf(`{"_id":"k%d"}`, i%1000)) + `,"data":` + quote(`{"$inc":{"n":{"$numberInt":"1"}}}`)
			},
		}},
		{"web", "/web", user.AccessToken, map[string]func(int64) string{
			"insert": func(int64) string { return `"action":"database.addDocument","data":` + doorDoc("") },
			"get": func(i int64) string {
				return `"action":"database.queryDocument","queryType":"DOC","query":` + fmt.Sprintf(`{"_id":"k%d"}`, i%1000)
			},
			"find20": func(int64) string {
				return `"action":"database.queryDocument","queryType":"WHERE","limit":20,"query":{"status":"open"}`
			},
		}},
	}
	for _, d := range doors {
		for _, op := range []string{"insert", "get", "find20", "update"} {
			body := d.work[op]
			if body == nil {
				continue
			}
			for _, clients := range []int{1, 16, 64} {
				b.Run(fmt.Sprintf("%s/%s/clients=%d", d.name, op, clients), func(b *testing.B) {
					runDoor(b, h, d.path, d.token, clients, body)
				})
			}
		}
	}
}

func boltStore(t testing.TB) kv.Store {
	t.Helper()
	s, err := boltkv.Open(filepath.Join(t.TempDir(), "db.bolt"), boltkv.Options{Create: true, Identity: "bench", Append: db.AppendKeys})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// doorDoc is a document of about a kilobyte as JSON.
func doorDoc(id string) string {
	return `{` + id + `"title":"buy milk","status":"open","n":7,"price":12.5,"tags":["a","b"],` +
		`"owner":{"name":"Li Lei","city":"广州"},"note":"` + strings.Repeat("lorem ipsum dolor ", 40) + `"}`
}

func fillDoors(b *testing.B, e *db.Engine) {
	b.Helper()
	var docs []value.Doc
	for i := range 1000 {
		d, err := value.ParseJSON([]byte(doorDoc(fmt.Sprintf(`"_id":"k%d",`, i))), value.ParseOptions{})
		if err != nil {
			b.Fatal(err)
		}
		docs = append(docs, d)
	}
	if _, err := e.Insert(b.Context(), rules.Principal{Role: rules.Admin}, "c", docs); err != nil {
		b.Fatal(err)
	}
}

func quote(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text always has a JSON form
	}
	return string(q)
}

// runDoor sends b.N requests from some clients at once.
func runDoor(b *testing.B, h *servertest.House, path, token string, clients int, body func(int64) string) {
	b.Helper()
	host := strings.TrimPrefix(h.URL, "http://")
	var next atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", host)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReaderSize(conn, 64<<10)
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				text := `{"envName":"dev","env":"dev","collectionName":"c",` + body(i) + `}`
				request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
					path, host, token, len(text), text)
				if _, err := conn.Write([]byte(request)); err != nil {
					b.Error(err)
					return
				}
				if err := readReply(in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}

// readReply reads a reply whose body has a length and holds no code.
func readReply(in *bufio.Reader) error {
	tp := textproto.NewReader(in)
	status, err := tp.ReadLine()
	if err != nil {
		return err
	}
	header, err := tp.ReadMIMEHeader()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return fmt.Errorf("%s: a body without a length", status)
	}
	text, err := in.Peek(min(n, 256))
	if err != nil {
		return err
	}
	if bytes.Contains(text, []byte(`"code":`)) {
		return fmt.Errorf("%s: %s", status, text)
	}
	_, err = in.Discard(n)
	return err
}
