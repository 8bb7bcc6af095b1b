package realtime_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"baas/db/rules"
	"baas/server/realtime"
)

// pipes is a network inside one process, on which time is the test's: a write
// waits until the other side reads.
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
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// timed runs a test in a bubble with its own clock.
func timed(t *testing.T, limits realtime.Limits, test func(t *testing.T, h *house), edit ...func(*house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, open(t, append(edit, func(h *house) {
			h.options.Limits = limits
			p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
			h.dial, h.url = p.dial, "ws://pipe"
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.hub.ServeHTTP(w, r) })}
			served := make(chan error)
			go func() { served <- server.Serve(p) }()
			h.stop = func() error {
				err := server.Close()
				<-served
				return err
			}
		})...))
	})
}

// endsAfter waits for the end of the connection and returns how long it took.
func (c *client) endsAfter() time.Duration {
	c.t.Helper()
	start := time.Now()
	_ = c.conn.SetReadDeadline(time.Time{})
	if _, _, err := c.conn.ReadMessage(); err == nil {
		c.t.Fatal("a frame came, want the end of the connection")
	}
	return time.Since(start)
}

func TestWithoutLoginTheSocketIsClosed(t *testing.T) {
	timed(t, realtime.Limits{}, func(t *testing.T, h *house) {
		c := h.connect()
		if code := c.closed(); code != websocket.ClosePolicyViolation {
			t.Errorf("the connection ended with %d", code)
		}
	})
}

func TestClientThatOnlyListensStays(t *testing.T) {
	timed(t, realtime.Limits{}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		c := h.login(h.user("alice"))
		v := c.watch("w", "c", "{}")
		go func() {
			time.Sleep(10 * time.Minute)
			h.insert("c", `{"_id": "a"}`)
		}()
		_ = c.conn.SetReadDeadline(time.Time{})
		_, text, err := c.conn.ReadMessage() // and answers pings meanwhile
		if err != nil {
			t.Fatalf("after ten minutes of nothing: %v", err)
		}
		if len(text) == 0 || v.event != 1 {
			t.Errorf("got %s", text)
		}
	})
}

func TestSilentClientIsClosed(t *testing.T) {
	timed(t, realtime.Limits{}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		c := h.login(h.user("alice"))
		c.watch("w", "c", "{}")
		c.conn.SetPingHandler(func(string) error { return nil }) // it reads, but is half dead
		if after := c.endsAfter(); after != time.Minute {
			t.Errorf("closed after %v, want 1m", after)
		}
	})
}

// TestClientThatDoesNotRead: nobody waits for it, then it is closed.
func TestClientThatDoesNotRead(t *testing.T) {
	timed(t, realtime.Limits{Settle: -1}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		alice := h.user("alice")
		c := h.login(alice)
		v := c.watch("w", "c", "{}")
		start := time.Now()
		for i := range 3000 {
			h.insert("c", fmt.Sprintf(`{"_id": "%d"}`, i))
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the writer waited for %v", took)
		}
		time.Sleep(25 * time.Second)
		synctest.Wait()
		_ = c.conn.SetReadDeadline(time.Now().Add(time.Hour))
		if _, _, err := c.conn.ReadMessage(); err == nil || time.Since(start) != 25*time.Second {
			t.Errorf("after 25 s the connection is still there: %v", err)
		}
		c = h.login(alice)
		c.rebuild(v)
		if len(v.docs) != 3000 {
			t.Errorf("the rebuilt result has %d documents, want 3000", len(v.docs))
		}
	})
}

// TestFallingBehind: a watch whose inbox overflows gets everything anew.
func TestFallingBehind(t *testing.T) {
	for name, limits := range map[string]realtime.Limits{
		"changes": {Settle: -1, InboxChanges: 5},
		"bytes":   {Settle: -1, InboxBytes: 200},
	} {
		t.Run(name, func(t *testing.T) {
			timed(t, limits, func(t *testing.T, h *house) {
				h.collection("c", rules.ReadOnly)
				c := h.login(h.user("alice"))
				v := c.watch("w", "c", "{}")
				insert := func(i int) {
					h.insert("c", fmt.Sprintf(`{"_id": "%02d"}`, i))
					synctest.Wait() // everybody has done what he can; the socket waits for its reader
				}
				for i := range 30 {
					insert(i)
				}
				wantLines(t, c.nextFor(v), `2 add/enqueue 00 {"_id":"00"}`)
				lines := c.nextFor(v)
				if len(lines) != 30 || lines[0] != `3 init/init 29 {"_id":"29"}` {
					t.Fatalf("got %d events, the first %s; want a fresh snapshot of 30", len(lines), lines[0])
				}
				h.remove("c", `{"_id": "07"}`)
				wantLines(t, c.nextFor(v), `4 remove/dequeue 07`)
			})
		})
	}
}

// TestWithinTheInboxNothingIsLost: a slow reader gets every event.
func TestWithinTheInboxNothingIsLost(t *testing.T) {
	timed(t, realtime.Limits{Settle: -1}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		c := h.login(h.user("alice"))
		v := c.watch("w", "c", "{}")
		for i := range 30 {
			h.insert("c", fmt.Sprintf(`{"_id": "%02d"}`, i))
			synctest.Wait()
		}
		wantLines(t, c.nextFor(v), `2 add/enqueue 00 {"_id":"00"}`)
		if lines := c.nextFor(v); len(lines) != 29 || lines[28] != `31 add/enqueue 29 {"_id":"29"}` {
			t.Fatalf("got %d events, want the other 29 with a number each", len(lines))
		}
	})
}

func TestSignedOut(t *testing.T) {
	const noLogin = 3050
	end := map[string]func(h *house, p rules.Principal){
		"sign out":         func(h *house, p rules.Principal) { h.must(h.env("dev").Auth.SignOut(h.t.Context(), p)) },
		"all sessions end": func(h *house, p rules.Principal) { h.must(h.env("dev").Auth.EndSessions(h.t.Context(), p.UID)) },
		"expired":          func(h *house, _ rules.Principal) { h.now.Add(int64(31 * 24 * time.Hour)) },
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
			timed(t, realtime.Limits{}, func(t *testing.T, h *house) {
				h.collection("c", rules.ReadOnly)
				alice := h.user("alice")
				watching, idle := h.login(alice), h.login(alice)
				watching.watch("w", "c", "{}")
				idle.watch("w", "c", `{"room": 1}`)
				asking := h.login(alice)
				time.Sleep(2 * time.Second)
				end(h, alice)
				h.insert("c", `{"_id": "a"}`)
				if code := watching.closed(); code != noLogin {
					t.Errorf("a watch with events ended with %d, want %d", code, noLogin)
				}
				start := time.Now()
				if code := idle.closed(); code != noLogin || time.Since(start) > 20*time.Second {
					t.Errorf("an idle watch ended with %d after %v, want %d within 20 s", code, time.Since(start), noLogin)
				}
				asking.send("INIT_WATCH", "w", watchRequest("c", "{}"), nil)
				if code := asking.closed(); code != noLogin {
					t.Errorf("a new watch was answered with the end %d, want %d", code, noLogin)
				}
			})
		})
	}
}

// TestSettle: right after a first result or a rebuilt one nothing is pushed.
func TestSettle(t *testing.T) {
	timed(t, realtime.Limits{}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		c := h.login(h.user("alice"))
		v := c.watch("w", "c", "{}")
		start := time.Now()
		h.insert("c", `{"_id": "a"}`)
		wantLines(t, c.nextFor(v), `2 add/enqueue a {"_id":"a"}`)
		if after := time.Since(start); after != 100*time.Millisecond {
			t.Errorf("the first event came %v after the first result, want 100ms", after)
		}
		start = time.Now()
		h.insert("c", `{"_id": "b"}`)
		wantLines(t, c.nextFor(v), `3 add/enqueue b {"_id":"b"}`)
		if after := time.Since(start); after != 0 {
			t.Errorf("the next event came after %v, want at once", after)
		}
		c.rebuild(v)
		start = time.Now()
		h.insert("c", `{"_id": "c"}`)
		wantLines(t, c.nextFor(v), `5 add/enqueue c {"_id":"c"}`)
		if after := time.Since(start); after != 100*time.Millisecond {
			t.Errorf("the first event came %v after the rebuilt result, want 100ms", after)
		}
	})
}

// TestCloseDoesNotWaitForReaders: a client that does not read cannot hold up
// the end of the server.
func TestCloseDoesNotWaitForReaders(t *testing.T) {
	timed(t, realtime.Limits{Settle: -1}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		c := h.login(h.user("alice"))
		c.watch("w", "c", "{}")
		h.insert("c", `{"_id": "a"}`)
		synctest.Wait() // the event waits for its reader
		start := time.Now()
		h.must(h.hub.Close())
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}
