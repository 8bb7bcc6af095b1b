package files_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"baas/db/fault"
	"baas/storage"
)

// pipes is a listener without a network, for tests in which time stands still
// until everybody waits.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// inStillTime runs fn with a client's end of a connection to the door of an
// env, both made where time stands still.
func inStillTime(t *testing.T, fn func(t *testing.T, s *storage.Service, conn net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		p := &pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: newDoor(s), ReadHeaderTimeout: 5 * time.Second}
		served := make(chan error, 1)
		go func() { served <- server.Serve(p) }()
		client, serverEnd := net.Pipe()
		p.conns <- serverEnd
		fn(t, s, client)
		_ = client.Close()
		if err := server.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

func TestSlowUploadsAreCutOff(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		pause  time.Duration // before each 4 KiB
		chunks int
		cutAt  time.Duration // 0: not at all
	}{
		{"a client that stops", 1000 * time.Hour, 1, 30 * time.Second},
		{"4 KiB every 2 seconds", 2 * time.Second, 60, 58 * time.Second},
		{"4 KiB every second", time.Second, 120, 0},
		{"half a minute of silence, then all at once", 29 * time.Second, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inStillTime(t, func(t *testing.T, s *storage.Service, conn net.Conn) {
				ticket, err := s.Ticket(t.Context(), alice, "a")
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				answered := make(chan answer, 1)
				go func() {
					resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Error(err)
						close(answered)
						return
					}
					answered <- read(t, resp)
				}()
				fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", ticket.UploadURL, tc.chunks*4096)
				var got answer
				chunk := strings.Repeat("x", 4096)
				for range tc.chunks {
					select {
					case got = <-answered:
					case <-time.After(tc.pause):
						_ = conn.SetWriteDeadline(time.Now().Add(time.Second)) // the server may have stopped reading
						_, _ = io.WriteString(conn, chunk)
						continue
					}
					break
				}
				if got.status == 0 {
					got = <-answered
				}
				took := time.Since(start)
				if tc.cutAt == 0 {
					if got.status != 200 {
						t.Errorf("after %v: %d %s", took, got.status, got.body)
					}
					return
				}
				wantFailure(t, got, 500, fault.StorageFailed, "too slow")
				if off := (took - tc.cutAt).Abs(); off > 3*time.Second {
					t.Errorf("cut off after %v, want about %v", took, tc.cutAt)
				}
				if _, err := s.Stat(t.Context(), admin, ticket.FileID); !fault.Is(err, fault.FileNotExist) {
					t.Errorf("Stat: %v, want FileNotExist", err)
				}
			})
		})
	}
}

func TestSlowDownloadsAreCutOff(t *testing.T) {
	t.Parallel()
	inStillTime(t, func(t *testing.T, s *storage.Service, conn net.Conn) {
		const size = 1 << 20
		if _, err := s.Write(t.Context(), admin, "a", strings.NewReader(strings.Repeat("x", size)), size, ""); err != nil {
			t.Fatal(err)
		}
		urls, err := s.TempURLs(t.Context(), admin, []storage.TempURLRequest{{FileID: "cloud://dev.b/a"}})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", urls[0].URL)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // in still time: the server has had every chance to wait
		n, err := io.Copy(io.Discard, resp.Body)
		if err == nil || n > size/2 {
			t.Errorf("a client that slept got %d bytes, %v; want to be cut off", n, err)
		}
		_ = resp.Body.Close()
	})
}

// The deadline of one answer does not hold for the next request on the
// connection.
func TestKeptConnectionIsNotCutOff(t *testing.T) {
	t.Parallel()
	inStillTime(t, func(t *testing.T, s *storage.Service, conn net.Conn) {
		if _, err := s.Write(t.Context(), admin, "a", strings.NewReader("x"), 1, ""); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		for range 3 {
			urls, err := s.TempURLs(t.Context(), admin, []storage.TempURLRequest{{FileID: "cloud://dev.b/a"}})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", urls[0].URL)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, resp); got.status != 200 || got.body != "x" {
				t.Errorf("%d %q", got.status, got.body)
			}
			fmt.Fprintf(conn, "GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n")
			time.Sleep(time.Hour)
			if resp, err = http.ReadResponse(r, nil); err != nil {
				t.Fatalf("a later request on the connection: %v", err)
			}
			_ = read(t, resp)
		}
	})
}
