package realtime

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"baas/db/fault"
	"baas/db/live"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/env"
)

// session is one socket. The reader goroutine answers frames; the writer
// goroutine computes events and is the only one that writes.
type session struct {
	hub  *Hub
	conn *websocket.Conn
	bell chan struct{} // one slot: the writer has something to do

	// The reader's own.
	env *env.Env        // of the login; nil before
	who rules.Principal // of the login

	mu      sync.Mutex
	watches map[string]*watch // by watchId; guarded by mu
	out     [][]byte          // frames to write; guarded by mu
	queued  int               // bytes in out; guarded by mu
	pushes  int64             // numbers the pushes; guarded by mu
}

func newSession(h *Hub, conn *websocket.Conn) *session {
	return &session{hub: h, conn: conn, bell: make(chan struct{}, 1), watches: make(map[string]*watch)}
}

// serve runs both goroutines until the socket ends.
func (s *session) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		s.write(ctx)
		s.conn.Close()
	})
	s.read(ctx)
	s.end()
	cancel()
	writer.Wait()
}

// end releases the watches.
func (s *session) end() {
	s.mu.Lock()
	watches := s.watches
	s.watches = make(map[string]*watch)
	s.mu.Unlock()
	for _, w := range watches {
		s.leave(w)
	}
}

func (s *session) leave(w *watch) {
	f, err := s.hub.feed(w.env)
	if err == nil {
		f.remove(w)
	}
}

// ring wakes the writer.
func (s *session) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// closeWith sends a close frame; control frames may be written beside the
// writer.
func (s *session) closeWith(code int, reason string) {
	_ = s.conn.WriteControl(websocket.CloseMessage, // the connection may be gone, which is what is wanted
		websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
	s.conn.Close()
}

// read answers frames until the socket ends.
func (s *session) read(ctx context.Context) {
	s.conn.SetReadLimit(maxFrame)
	wait := loginWait
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return
		}
		kind, text, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		var r request
		if kind != websocket.TextMessage || json.Unmarshal(text, &r) != nil {
			s.refuse(request{}, fault.Invalid("frame", "must be a JSON text frame"))
			continue
		}
		if err := s.handle(ctx, r); err != nil {
			s.refuse(r, err)
		}
		if s.env != nil {
			wait = idleTimeout
		}
	}
}

// handle answers one frame. An error is sent as an ERROR frame.
func (s *session) handle(ctx context.Context, r request) error {
	switch r.MsgType {
	case msgPing:
		s.push(reply{RequestID: r.RequestID, MsgType: msgPong})
		return nil
	case msgLogin:
		return s.login(ctx, r)
	}
	if s.env == nil {
		return fault.New(fault.CheckLoginFailed, "msgType: send LOGIN before %.40q", r.MsgType)
	}
	switch r.MsgType {
	case msgInit:
		return s.init(ctx, r)
	case msgRebuild:
		return s.rebuild(ctx, r)
	case msgCheck:
		return s.check(r)
	case msgClose:
		s.drop(r.WatchID)
		return nil
	}
	return fault.Invalid("msgType", "%.40q is not known", r.MsgType)
}

func (s *session) login(ctx context.Context, r request) error {
	var where loginData
	var proof loginProof
	if json.Unmarshal(r.MsgData, &where) != nil || json.Unmarshal(r.ExMsgData, &proof) != nil || proof.SignStr == "" {
		return fault.New(fault.CheckLoginFailed, "exMsgData.signStr: must be what auth.wsWebSign returned")
	}
	e, err := s.hub.o.Envs.Get(where.EnvID)
	if err != nil {
		return err
	}
	who, err := e.Auth.VerifySocket(ctx, proof.SignStr)
	if err != nil {
		return err
	}
	s.end()
	s.env, s.who = e, who
	s.push(reply{RequestID: r.RequestID, MsgType: msgLoginEvent, MsgData: loginData{EnvID: e.ID}})
	return nil
}

func (s *session) init(ctx context.Context, r request) error {
	what, err := parseInit(s.env.ID, r.MsgData)
	if err != nil {
		return err
	}
	return s.begin(ctx, r, what, func(w *watch, docs []value.Doc) reply {
		w.event = 1
		data := eventsData{QueryID: w.token, CurrEvent: w.event, Events: make([]wireEvent, 0, len(docs))}
		for _, d := range docs {
			data.Events = append(data.Events, encodeEvent(0, live.Init(d)))
		}
		return reply{MsgType: msgInitEvent, MsgData: data}
	})
}

// rebuild runs the query of a queryID again. The client's position is taken as
// it is: the whole result follows under the next number.
func (s *session) rebuild(ctx context.Context, r request) error {
	var at positionData
	if json.Unmarshal(r.MsgData, &at) != nil || at.EventID < 0 {
		return fault.Invalid("msgData", "must be an object with queryID and eventID")
	}
	what, err := openToken(s.env.Key("watch"), at.QueryID, s.env.ID)
	if err != nil {
		return err
	}
	return s.begin(ctx, r, what, func(w *watch, docs []value.Doc) reply {
		w.event = at.EventID
		return reply{MsgType: msgNextEvent, MsgData: w.fresh(docs)}
	})
}

// begin opens a watch, in place of one of the same name, and sends what answer
// makes of its first result.
func (s *session) begin(ctx context.Context, r request, what spec, answer func(*watch, []value.Doc) reply) error {
	if r.WatchID == "" {
		return fault.Invalid("watchId", "must name the watch")
	}
	s.drop(r.WatchID)
	s.mu.Lock()
	full := len(s.watches) >= maxWatches
	s.mu.Unlock()
	if full {
		return fault.New(fault.RequestLimit, "watchId: one connection holds at most %d watches; close some", maxWatches)
	}
	w, err := openWatch(s.env, s.who, r.WatchID, what, time.Now())
	if err != nil {
		return err
	}
	w.ring = s.ring
	f, err := s.hub.feed(s.env)
	if err != nil {
		return err
	}
	docs, err := w.start(ctx, f)
	if err != nil {
		return err
	}
	msg := answer(w, docs)
	msg.WatchID, msg.RequestID = r.WatchID, r.RequestID
	s.push(msg)
	s.mu.Lock()
	s.watches[w.id] = w
	s.mu.Unlock()
	s.ring()
	return nil
}

// drop ends a watch; a name that is not in use is not an error.
func (s *session) drop(id string) {
	s.mu.Lock()
	w := s.watches[id]
	delete(s.watches, id)
	s.mu.Unlock()
	if w != nil {
		s.leave(w)
	}
}

func (s *session) check(r request) error {
	s.mu.Lock()
	w := s.watches[r.WatchID]
	s.mu.Unlock()
	if w == nil {
		return fault.New(fault.WatchQueryInvalid, "watchId: no such watch on this connection")
	}
	s.push(reply{
		WatchID: r.WatchID, RequestID: r.RequestID, MsgType: msgCheckEvent,
		MsgData: checkData{QueryID: w.token, CurrEvent: w.position()},
	})
	return nil
}
