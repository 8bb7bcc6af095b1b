package realtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"baas/server/env"
)

// Limits bound what one socket may cost. The zero value of each field means
// the default, which is given here.
type Limits struct {
	Watches      int           // on one socket: 100
	Documents    int           // in one watched result: 5,000 (wx-cloud-api.md 6.1)
	ResultBytes  int           // BSON of one result that is sent whole: 16 MiB
	InboxChanges int           // that wait for one watch: 1,000
	InboxBytes   int           // of their documents: 4 MiB
	Beat         time.Duration // between pings of the server, and from connecting to LOGIN: 20 s
	Idle         time.Duration // without a sign of the client: 60 s
	Write        time.Duration // of one frame: 20 s
	// Settle is how long a watch is silent after its first result or a
	// rebuilt one: 100 ms. The SDK, where several frames can reach it in one
	// turn of the event loop (in Node), drops an event that comes on the
	// heels of either, and misses it only some 15 s later. Negative: none.
	Settle time.Duration
}

func (l Limits) withDefaults() Limits {
	fill(&l.Watches, 100)
	fill(&l.Documents, 5000)
	fill(&l.ResultBytes, 16<<20)
	fill(&l.InboxChanges, 1000)
	fill(&l.InboxBytes, 4<<20)
	fill(&l.Beat, 20*time.Second)
	fill(&l.Idle, time.Minute)
	fill(&l.Write, 20*time.Second)
	fill(&l.Settle, 100*time.Millisecond)
	return l
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Limits that no option sets.
const (
	maxFrame     = 1 << 20  // bytes of one frame from a client
	maxQuery     = 64 << 10 // bytes of a query: it stands in every queryID, and so in every push
	maxWatchID   = 256
	maxLimit     = 200             // limit of a watched query (wx-cloud-api.md 6.1)
	maxOrder     = 5               // fields of its orderBy
	recheckAfter = time.Second     // a login that was found good this long ago is asked again
	closeWait    = 2 * time.Second // for a frame that is being written when the server stops
)

// Options are what a Hub needs.
type Options struct {
	Envs   *env.Registry
	Log    *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // of dates in queries; nil: time.Now
	Limits Limits
}

// Hub owns every watch socket of the server. It is safe for concurrent use.
type Hub struct {
	o        Options
	upgrader websocket.Upgrader
	ctx      context.Context // ends with Close; parent of all sessions and feeds
	cancel   context.CancelFunc
	running  sync.WaitGroup // sessions and feeds

	mu     sync.Mutex
	feeds  map[string]*feed // by env id; guarded by mu
	closed bool             // guarded by mu
}

// New makes a Hub without sockets.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Limits = o.Limits.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	return &Hub{
		o: o, ctx: ctx, cancel: cancel, feeds: make(map[string]*feed),
		upgrader: websocket.Upgrader{
			ReadBufferSize:  1 << 10,
			WriteBufferPool: new(sync.Pool),
			CheckOrigin:     func(*http.Request) bool { return true }, // see the package comment
		},
	}
}

// ServeHTTP upgrades one request. The socket is served on goroutines of the
// Hub: an idle one shall not hold what a request holds.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		http.Error(w, "the server is stopping", http.StatusServiceUnavailable)
		return
	}
	defer h.running.Done()
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	s := newSession(h, conn)
	h.running.Go(func() { s.serve(h.ctx) })
}

// enter counts a request among what Close waits for; false after Close.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.running.Add(1)
	return true
}

var errClosed = errors.New("realtime: the server is stopping")

// feed returns the environment's feed, started on first use. Its position is
// taken before any watch enters, so that no watch misses a change.
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
	f := &feed{db: e.DB, log: h.o.Log.With("env", e.ID)}
	h.feeds[e.ID] = f
	h.running.Go(func() {
		defer stop()
		f.run(h.ctx, bell, last)
	})
	return f, nil
}

// Close ends every socket with a code on which clients connect again, and
// waits for them. Call it before the environments are closed.
func (h *Hub) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	h.running.Wait()
	return nil
}

var errPanic = errors.New("realtime: panic")

// guard, deferred, turns a panic into a line in the log and an error: what one
// client or one document sets off must not end the server.
func guard(log *slog.Logger, where string, err *error) {
	if p := recover(); p != nil {
		log.Error("panic", "in", where, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = errPanic
	}
}
