package realtime

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/env"
)

// closeNoLogin tells the SDKs that the connection has no rights any more: they
// end its watches and do not come back by themselves (tcb-wire-protocol.md 9.6).
const closeNoLogin = 3050

// errGone ends a session whose socket is closed.
var errGone = errors.New("realtime: the socket is closed")

// session is one socket. A goroutine of its own reads frames; everything else,
// writing above all, is done by run.
type session struct {
	hub      *Hub
	log      *slog.Logger
	conn     *websocket.Conn
	requests chan []byte   // frames of the client; closed when it is gone
	bell     chan struct{} // one slot: an inbox is not empty

	// Of run's goroutine.
	env     *env.Env // of the login; nil before
	feed    *feed
	who     rules.Principal
	checked time.Time // when the login was last found good
	watches map[string]*watch
	pushes  int64
}

func newSession(h *Hub, conn *websocket.Conn) *session {
	return &session{
		hub: h, log: h.o.Log, conn: conn,
		requests: make(chan []byte), bell: make(chan struct{}, 1), watches: make(map[string]*watch),
	}
}

// serve runs both goroutines until the socket ends.
func (s *session) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(s.requests)
		s.read(ctx)
	})
	// A frame that is being written must not hold up the end.
	relax := context.AfterFunc(ctx, func() {
		_ = s.conn.NetConn().SetWriteDeadline(time.Now().Add(closeWait)) // fails when the socket is closed, as wanted
	})
	s.run(ctx)
	for _, w := range s.watches {
		s.feed.leave(w.inbox)
	}
	relax()
	cancel()
	_ = s.conn.Close() // tells a reader that waits
	reader.Wait()
}

// ring wakes run.
func (s *session) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// read hands over frames until the socket ends. Any frame, a pong included,
// is a sign of life: a client that only listens sends nothing else.
func (s *session) read(ctx context.Context) {
	alive := func(string) error { return s.conn.SetReadDeadline(time.Now().Add(s.hub.o.Limits.Idle)) }
	s.conn.SetReadLimit(maxFrame)
	s.conn.SetPongHandler(alive)
	for {
		if alive("") != nil {
			return
		}
		kind, text, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		if kind != websocket.TextMessage {
			text = nil // refused as what it is, no JSON
		}
		select {
		case s.requests <- text:
		case <-ctx.Done():
			return
		}
	}
}

// run answers frames and sends events until the socket ends.
func (s *session) run(ctx context.Context) {
	beat := time.NewTicker(s.hub.o.Limits.Beat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			_ = s.close(websocket.CloseServiceRestart, "the server is stopping")
			return
		case text, ok := <-s.requests:
			if !ok {
				return
			}
			err = s.answer(ctx, text)
		case <-s.bell:
			err = s.advance(ctx)
		case <-beat.C:
			err = s.heartbeat(ctx)
		}
		if err != nil && ctx.Err() == nil {
			if !errors.Is(err, errGone) {
				s.log.ErrorContext(ctx, "a watch connection failed", "error", err)
				_ = s.close(websocket.CloseInternalServerErr, "internal error; connect again")
			}
			return
		}
	}
}

// heartbeat keeps the socket open through proxies, asks the client for a sign
// of life and the authority whether the login still stands.
func (s *session) heartbeat(ctx context.Context) error {
	if s.env == nil {
		return s.close(websocket.ClosePolicyViolation, "no LOGIN came")
	}
	if err := s.recheck(ctx); err != nil {
		return err
	}
	if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.hub.o.Limits.Write)) != nil {
		return errGone
	}
	return nil
}

// recheck ends the session when its login has ended, and makes its watches
// start anew when the caller has other rights now. A good login is not asked
// again for a second.
func (s *session) recheck(ctx context.Context) error {
	if time.Since(s.checked) < recheckAfter {
		return nil
	}
	who, err := s.env.Auth.Recheck(ctx, s.who)
	switch {
	case fault.Is(err, fault.AccessTokenExpired), fault.Is(err, fault.CheckLoginFailed):
		return s.close(closeNoLogin, "the login has ended; log in again")
	case err != nil:
		return err
	}
	s.become(who)
	return nil
}

// become goes on as this caller, who was checked just now.
func (s *session) become(who rules.Principal) {
	s.checked = time.Now()
	if who == s.who {
		return
	}
	s.who = who
	for _, w := range s.watches {
		w.inbox.stale()
	}
}

// advance sends the events of every watch that has some.
func (s *session) advance(ctx context.Context) error {
	for _, w := range s.watches {
		if w.inbox.isEmpty() || time.Now().Before(w.quiet) {
			continue
		}
		if err := s.recheck(ctx); err != nil {
			return err
		}
		if err := s.push(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// push sends a watch's next events. A watch that cannot go on ends with an
// ERROR frame: the client must start it again, and hears so.
func (s *session) push(ctx context.Context, w *watch) (err error) {
	list, err := s.next(ctx, w)
	if err != nil {
		s.drop(w.id)
		return s.refuse(ctx, request{watchID: w.id}, err)
	}
	if list.isEmpty() {
		return nil
	}
	s.pushes++
	return s.send(frame(w.id, "s-"+strconv.FormatInt(s.pushes, 10), msgNextEvent, list.data(w.token, w.event)))
}

func (s *session) next(ctx context.Context, w *watch) (list events, err error) {
	defer guard(s.log, "watch", &err)
	return w.advance(ctx, s.who)
}

// drop ends a watch; a name that is not in use is not an error.
func (s *session) drop(id string) {
	if w := s.watches[id]; w != nil {
		delete(s.watches, id)
		w.feed.leave(w.inbox)
	}
}

// send writes one frame. A client that does not read it in time is gone.
func (s *session) send(text []byte) error {
	if s.conn.SetWriteDeadline(time.Now().Add(s.hub.o.Limits.Write)) != nil ||
		s.conn.WriteMessage(websocket.TextMessage, text) != nil {
		return errGone
	}
	return nil
}

// close says goodbye; serve closes the socket.
func (s *session) close(code int, reason string) error {
	_ = s.conn.WriteControl(websocket.CloseMessage, // the client may be gone, which is what is wanted
		websocket.FormatCloseMessage(code, reason), time.Now().Add(closeWait))
	return errGone
}
