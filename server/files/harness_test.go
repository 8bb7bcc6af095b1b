package files_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/server/files"
	"baas/storage"
	"baas/storage/disk"
)

var (
	admin = rules.Principal{Role: rules.Admin}
	alice = rules.Principal{Role: rules.User, UID: "alice"}
)

// site is a server with the door over one env, "dev".
type site struct {
	*storage.Service
	server *httptest.Server
}

func newSite(t *testing.T, change ...func(*storage.Options)) *site {
	t.Helper()
	s := &site{Service: newService(t, change...)}
	s.server = httptest.NewServer(newDoor(s.Service))
	t.Cleanup(s.server.Close)
	return s
}

func newService(t *testing.T, change ...func(*storage.Options)) *storage.Service {
	t.Helper()
	driver, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := storage.Options{
		Env: "dev", Bucket: "b", Driver: driver, DB: dbtest.Open(t), Key: []byte("0123456789abcdef"),
		Limits: storage.Limits{SweepEvery: -1, UploadBytes: 1 << 20},
	}
	for _, f := range change {
		f(&o)
	}
	s := storage.New(o)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newDoor(s *storage.Service) http.Handler {
	e := echo.New()
	files.Mount(e, func(id string) (*storage.Service, error) {
		if id != "dev" {
			return nil, fault.New(fault.InvalidEnv, "env: there is no %q here", id)
		}
		return s, nil
	}, slog.New(slog.DiscardHandler))
	return e
}

func (s *site) ticket(t *testing.T, path string) storage.Ticket {
	t.Helper()
	ticket, err := s.Ticket(t.Context(), alice, path)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// store keeps a file and returns its relative download URL.
func (s *site) store(t *testing.T, path, content, contentType string) string {
	t.Helper()
	f, err := s.Write(t.Context(), alice, path, strings.NewReader(content), int64(len(content)), contentType)
	if err != nil {
		t.Fatal(err)
	}
	urls, err := s.TempURLs(t.Context(), admin, []storage.TempURLRequest{{FileID: f.FileID}})
	if err != nil || urls[0].Code != fault.OK {
		t.Fatalf("TempURLs = %+v, %v", urls, err)
	}
	return urls[0].URL
}

// stored returns the content of a file, or the code that says why not.
func (s *site) stored(t *testing.T, path string) string {
	t.Helper()
	r, _, err := s.Read(t.Context(), admin, "cloud://dev.b/"+path)
	if err != nil {
		return string(fault.CodeOf(err))
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request for a relative URL.
func (s *site) do(t *testing.T, method, relative, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+relative, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// raw sends bytes as they are and reads one response.
func (s *site) raw(t *testing.T, request string) answer {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", s.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}
