package realtime

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"baas/server/env"
)

// Limits of a socket.
const (
	maxFrame    = 1 << 20          // bytes of one frame from a client
	maxWatches  = 100              // watches on one socket
	maxQueue    = 4 << 20          // bytes that wait to be written to one socket
	maxInbox    = 1000             // changes that wait to be matched for one watch
	maxDocs     = 5000             // documents in one watched result (wx-cloud-api.md 13)
	maxLimit    = 200              // limit of a watched query
	maxOrder    = 5                // fields of orderBy of a watched query
	idleTimeout = 60 * time.Second // clients ping after 10 to 15 s of silence
	writeWait   = 10 * time.Second // for one frame
	loginWait   = 15 * time.Second // from connecting to LOGIN
)

// closeTooSlow is sent to a client that does not read what it watches.
const closeTooSlow = websocket.CloseTryAgainLater

// Options are what a Hub needs.
type Options struct {
	Envs *env.Registry
	Log  *slog.Logger
}

// Hub owns every watch socket of the server. It is safe for concurrent use.
type Hub struct {
	o        Options
	upgrader websocket.Upgrader
	ctx      context.Context // ends with Close; parent of all sessions and feeds
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu       sync.Mutex
	feeds    map[string]*feed      // by env id; guarded by mu
	sessions map[*session]struct{} // guarded by mu
	closed   bool                  // guarded by mu
}

// New makes a Hub without sockets.
func New(o Options) *Hub {
	ctx, cancel := context.WithCancel(context.Background())
	return &Hub{
		o: o, ctx: ctx, cancel: cancel,
		feeds: make(map[string]*feed), sessions: make(map[*session]struct{}),
		upgrader: websocket.Upgrader{
			ReadBufferSize:  1 << 10,
			WriteBufferPool: new(sync.Pool),
			CheckOrigin:     func(*http.Request) bool { return true }, // see the package comment
		},
	}
}

// ServeHTTP upgrades one request and serves the socket until it ends.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	s := newSession(h, conn)
	if !h.add(s) {
		s.closeWith(websocket.CloseServiceRestart, "the server is stopping")
		return
	}
	defer h.remove(s)
	s.serve(h.ctx)
}

func (h *Hub) add(s *session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.sessions[s] = struct{}{}
	h.running.Add(1)
	return true
}

func (h *Hub) remove(s *session) {
	h.mu.Lock()
	delete(h.sessions, s)
	h.mu.Unlock()
	h.running.Done()
}

// feed returns the environment's feed, started on first use. Its position is
// taken before any watch registers, so that no watch misses a change.
func (h *Hub) feed(e *env.Env) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f, ok := h.feeds[e.ID]; ok {
		return f, nil
	}
	if h.closed {
		return nil, errClosed
	}
	bell, stop := e.DB.Listen()
	last, err := e.DB.LastSeq(h.ctx)
	if err != nil {
		stop()
		return nil, err
	}
	f := newFeed(e.DB, h.o.Log)
	h.feeds[e.ID] = f
	h.running.Go(func() {
		defer stop()
		f.run(h.ctx, last, bell)
	})
	return f, nil
}

var errClosed = errors.New("realtime: the server is stopping")

// Sockets returns how many sockets are open.
func (h *Hub) Sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sessions)
}

// Close ends every socket with a reason that makes clients connect again, and
// waits for them.
func (h *Hub) Close() error {
	h.mu.Lock()
	h.closed = true
	for s := range h.sessions {
		s.closeWith(websocket.CloseServiceRestart, "the server is stopping")
	}
	h.mu.Unlock()
	h.cancel()
	h.running.Wait()
	return nil
}
