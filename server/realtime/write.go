package realtime

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"baas/db/fault"
)

// write computes events and writes frames until the session ends.
func (s *session) write(ctx context.Context) {
	for {
		for _, w := range s.watched() {
			s.advance(ctx, w)
		}
		frames := s.frames()
		for _, text := range frames {
			if !s.writeFrame(text) {
				return
			}
		}
		if len(frames) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		}
	}
}

// writeFrame writes one frame; false means that the socket is gone.
func (s *session) writeFrame(text []byte) bool {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return false
	}
	return s.conn.WriteMessage(websocket.TextMessage, text) == nil
}

// watched returns the watches that have something to look at.
func (s *session) watched() []*watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*watch
	for _, w := range s.watches {
		if w.due() {
			due = append(due, w)
		}
	}
	return due
}

// advance sends a watch's next events. A watch that cannot go on ends with an
// ERROR frame: the client must start it again, and hears so.
func (s *session) advance(ctx context.Context, w *watch) {
	data, err := w.advance(ctx)
	if err != nil {
		if ctx.Err() == nil && s.holds(w) {
			s.drop(w.id)
			s.refuse(request{WatchID: w.id}, err)
		}
		return
	}
	if data != nil && s.holds(w) {
		s.push(reply{WatchID: w.id, RequestID: s.pushID(), MsgType: msgNextEvent, MsgData: *data})
	}
}

// holds reports whether w is still the session's watch of its name.
func (s *session) holds(w *watch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watches[w.id] == w
}

func (s *session) pushID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushes++
	return "s-" + strconv.FormatInt(s.pushes, 10)
}

// frames takes the frames that wait.
func (s *session) frames() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.out
	s.out, s.queued = nil, 0
	return out
}

// push queues a frame. A client that asks for more than it reads is closed.
func (s *session) push(r reply) {
	text, err := json.Marshal(r)
	if err != nil {
		s.hub.o.Log.Error("a watch frame could not be encoded", "error", err)
		return
	}
	s.mu.Lock()
	slow := s.queued > maxQueue
	if !slow {
		s.out = append(s.out, text)
		s.queued += len(text)
	}
	s.mu.Unlock()
	if slow {
		s.closeWith(closeTooSlow, "too many frames wait to be read; connect again")
		return
	}
	s.ring()
}

// loginCodes are the codes on which the SDK logs in again (9.6).
var loginCodes = []fault.Code{fault.CheckLoginFailed, fault.SignExpired, fault.SignInvalid}

// refuse answers a frame, or ends a watch, with an ERROR frame. A refused read
// has the socket's own code.
func (s *session) refuse(r request, err error) {
	code := fault.CodeOf(err)
	switch {
	case code == fault.DatabaseDenied:
		code = fault.CollectionDenied
	case code == fault.AccessTokenExpired && r.MsgType == msgLogin:
		code = fault.SignExpired
	case r.MsgType == msgLogin && code != fault.InvalidEnv && code != fault.SysErr && !slices.Contains(loginCodes, code):
		code = fault.CheckLoginFailed
	}
	if code == fault.SysErr {
		s.hub.o.Log.Error("a watch failed", "error", err, "message", r.MsgType)
	}
	s.push(reply{
		WatchID: r.WatchID, RequestID: r.RequestID, MsgType: msgError,
		MsgData: errorData{Code: code, Message: fault.Text(err)},
	})
}
