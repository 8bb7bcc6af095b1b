package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/server"
	"baas/server/env"
	"baas/server/origin"
	"baas/server/reply"
)

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs a server on a port of its own and returns its address.
func start(t *testing.T, o server.Options) (*server.Server, string) {
	t.Helper()
	o.Envs = new(env.Registry) // no environment: these tests are about the server around the doors
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()            // what still runs is cut off
		_ = s.Shutdown(ctx) // says that ctx has ended
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, "http://" + l.Addr().String()
}

func do(t *testing.T, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// probes are handlers that show what the edge does.
func probes(e *echo.Echo) {
	e.GET("/probe", func(c echo.Context) error {
		o := origin.From(c.Request().Context())
		return c.String(http.StatusOK, fmt.Sprint(reply.ID(c.Request().Context()), " ", o.Base, " ", o.ClientIP, " ", c.RealIP()))
	})
	e.GET("/panic", func(echo.Context) error { panic("secret of the house") })
	e.GET("/fail", func(echo.Context) error { return errors.New("open /secret/path: denied") })
	e.GET("/coded", func(echo.Context) error { return fault.New(fault.DocumentNotFound, "no such thing") })
	e.POST("/read", func(c echo.Context) error {
		_, err := io.Copy(io.Discard, c.Request().Body)
		return errors.Join(err, c.NoContent(http.StatusNoContent))
	})
}

func TestAnswersThatNoDoorGives(t *testing.T) {
	t.Parallel()
	var log logBuffer
	_, base := start(t, server.Options{
		Mount: []func(*echo.Echo){probes}, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for _, tc := range []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/healthz", 200, "ok"},
		{"GET", "/readyz", 200, "ready"},
		{"GET", "/nothing", 404, `{"code":"RESOURCE_NOT_FOUND","message":"path: there is nothing at GET /nothing"`},
		{"GET", "/healthz/", 404, `"code":"RESOURCE_NOT_FOUND"`},
		{"GET", "/v1/nothing", 404, `"code":"RESOURCE_NOT_FOUND"`},
		{"GET", "/auth/v1/nothing", 400, `{"error":"invalid_argument","error_code":3`},
		{"GET", "/admin", 405, `"code":"INVALID_ACTION","message":"method: GET is not allowed at /admin"`},
		{"GET", "/panic", 500, `{"code":"SYS_ERR","message":"internal error;`},
		{"GET", "/fail", 500, `{"code":"SYS_ERR","message":"internal error;`},
		{"GET", "/coded", 404, `{"code":"DOCUMENT_NOT_FOUND","message":"no such thing"`},
	} {
		resp, body := do(t, tc.method, base+tc.path, nil, "")
		if resp.StatusCode != tc.status || !strings.Contains(body, tc.contains) {
			t.Errorf("%s %s: got %d %s, want %d with %s", tc.method, tc.path, resp.StatusCode, body, tc.status, tc.contains)
		}
		if strings.Contains(body, "secret") {
			t.Errorf("%s: the answer shows the inside: %s", tc.path, body)
		}
		if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", tc.path, resp.Header)
		}
	}
	for _, want := range []string{"secret of the house", "open /secret/path: denied", "path=/nothing status=404"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestTheLogHasNoQuery(t *testing.T) {
	t.Parallel()
	var log logBuffer
	_, base := start(t, server.Options{Mount: []func(*echo.Echo){probes}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	do(t, "GET", base+"/probe?sig=hush", http.Header{"Authorization": {"Bearer hush"}}, "")
	if text := log.String(); strings.Contains(text, "hush") || !strings.Contains(text, "path=/probe") {
		t.Errorf("log: %s", text)
	}
}

func TestRequestIDAndOrigin(t *testing.T) {
	t.Parallel()
	_, base := start(t, server.Options{Mount: []func(*echo.Echo){probes}, TrustedProxies: []string{"127.0.0.1"}})
	id := "6756df7e-25d5-4651-f08e-a2d994852344"
	resp, body := do(t, "GET", base+"/probe", http.Header{
		"X-Request-Id": {id}, "X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"api.example"},
	}, "")
	if want := id + " https://api.example 1.2.3.4 1.2.3.4"; body != want || resp.Header.Get("X-Request-Id") != id {
		t.Errorf("got %q, want %q", body, want)
	}
	_, body = do(t, "GET", base+"/probe", http.Header{"X-Request-Id": {"a b c"}, "X-Real-Ip": {"6.6.6.6"}}, "")
	if fields := strings.Fields(body); len(fields) != 4 || fields[1] != base || fields[2] != "127.0.0.1" || fields[3] != "127.0.0.1" {
		t.Errorf("got %q", body)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	_, open := start(t, server.Options{})
	_, strict := start(t, server.Options{AllowOrigins: []string{"https://app.example"}})
	preflight := func(from string) http.Header {
		return http.Header{
			"Origin": {from}, "Access-Control-Request-Method": {"PATCH"},
			"Access-Control-Request-Headers": {"content-type, x-sdk-version,authorization,bad header"},
		}
	}
	for _, tc := range []struct {
		name, url, from, allowed string
		status                   int
	}{
		{"data door", open + "/v1/functions/x", "https://any.example", "https://any.example", 204},
		{"login door", open + "/auth/v1/token", "null", "null", 204},
		{"listed origin", strict + "/web", "https://app.example", "https://app.example", 204},
		{"other origin", strict + "/web", "https://evil.example", "", 204},
		{"server door", open + "/admin", "https://any.example", "", 204},
		{"console", open + "/console/api/x", "https://any.example", "", 404},
	} {
		resp, _ := do(t, "OPTIONS", tc.url, preflight(tc.from), "")
		h := resp.Header
		if got := h.Get("Access-Control-Allow-Origin"); got != tc.allowed || resp.StatusCode != tc.status {
			t.Errorf("%s: got %d %q, want %d %q", tc.name, resp.StatusCode, got, tc.status, tc.allowed)
		}
		if tc.allowed == "" {
			continue
		}
		if h.Get("Access-Control-Allow-Headers") != "content-type, x-sdk-version, authorization" ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH") ||
			h.Get("Access-Control-Allow-Credentials") != "true" ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "x-request-id") {
			t.Errorf("%s: headers %v", tc.name, h)
		}
	}
	resp, _ := do(t, "GET", open+"/v1/nothing", http.Header{"Origin": {"https://any.example"}}, "")
	if resp.Header.Get("Access-Control-Allow-Origin") != "https://any.example" || resp.Header.Get("Vary") != "Origin" {
		t.Errorf("an error across origins cannot be read: %v", resp.Header)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	_, base := start(t, server.Options{Ready: func(context.Context) error { return errors.New("recovering") }})
	if resp, body := do(t, "GET", base+"/readyz", nil, ""); resp.StatusCode != http.StatusServiceUnavailable || body != "not ready\n" {
		t.Errorf("got %d %q", resp.StatusCode, body)
	}
	if resp, _ := do(t, "GET", base+"/healthz", nil, ""); resp.StatusCode != http.StatusOK {
		t.Errorf("healthz: got %d", resp.StatusCode)
	}
}

// Shutdown answers what is running, says so to load balancers, and then ends
// Serve.
func TestShutdownWaitsForRunningRequests(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	s, err := server.New(server.Options{Mount: []func(*echo.Echo){func(e *echo.Echo) {
		e.GET("/slow", func(c echo.Context) error {
			close(entered)
			<-leave
			return c.String(http.StatusOK, "done")
		})
	}}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served, stopped, answered := make(chan error, 1), make(chan error, 1), make(chan string, 1)
	go func() { served <- s.Serve(l) }()
	go func() {
		_, body := do(t, "GET", "http://"+l.Addr().String()+"/slow", nil, "")
		answered <- body
	}()
	<-entered
	go func() { stopped <- s.Shutdown(t.Context()) }()
	if err := <-served; err != nil { // the listener is closed first
		t.Errorf("Serve: %v", err)
	}
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if rec.Code != 503 || rec.Body.String() != "draining\n" {
		t.Errorf("readyz while draining: %d %q", rec.Code, rec.Body)
	}
	select {
	case <-stopped:
		t.Error("Shutdown did not wait")
	default:
	}
	close(leave)
	if body := <-answered; body != "done" {
		t.Errorf("the running request got %q", body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, o := range []server.Options{{PublicURL: "here"}, {TrustedProxies: []string{"x"}}} {
		if _, err := server.New(o); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

// A client that sends a head and then nothing must not hold the connection.
func TestHeadersMustArrive(t *testing.T) {
	t.Parallel()
	_, base := start(t, server.Options{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\n")); err != nil {
		t.Fatal(err)
	}
	// The server hangs up after its 5 s; the read ends with it.
	if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil && resp.StatusCode == http.StatusOK {
		t.Errorf("got %d for half a request", resp.StatusCode)
	}
}
