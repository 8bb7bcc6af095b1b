package realtime

import (
	"context"
	"errors"
	"time"

	"baas/db/fault"
	"baas/db/live"
	"baas/server/reply"
)

// answer handles one frame. An error ends the session; what is wrong with the
// frame is answered with an ERROR frame.
func (s *session) answer(ctx context.Context, text []byte) error {
	r, err := parseRequest(text)
	if err != nil {
		return s.refuse(ctx, r, err)
	}
	data, msgType, err := s.handle(ctx, r)
	switch {
	case err != nil:
		return s.refuse(ctx, r, err)
	case msgType == "":
		return nil
	}
	err = s.send(frame(r.watchID, r.requestID, msgType, data))
	if msgType == msgInitEvent || msgType == msgNextEvent {
		s.settle(s.watches[r.watchID])
	}
	return err
}

// settle keeps a watch silent that has just been answered.
func (s *session) settle(w *watch) {
	wait := s.hub.o.Limits.Settle
	w.quiet = time.Now().Add(wait)
	time.AfterFunc(wait, s.ring) // harmless when the session has ended
}

// handle does what a frame asks for and returns the content and type of the
// answer; an empty type is none.
func (s *session) handle(ctx context.Context, r request) (data []byte, msgType string, err error) {
	defer guard(s.log, "frame", &err)
	switch r.msgType {
	case msgPing:
		return nil, msgPong, nil
	case msgLogin:
		data, err = s.login(ctx, r)
		return data, msgLoginEvent, err
	}
	if s.env == nil {
		return nil, "", fault.New(fault.CheckLoginFailed, "msgType: send LOGIN before %.40q", r.msgType)
	}
	switch r.msgType {
	case msgInit:
		data, err = s.init(ctx, r)
		return data, msgInitEvent, err
	case msgRebuild:
		data, err = s.rebuild(ctx, r)
		return data, msgNextEvent, err
	case msgCheck:
		data, err = s.check(r)
		return data, msgCheckEvent, err
	case msgClose:
		s.drop(r.watchID)
		return nil, "", nil
	}
	return nil, "", fault.Invalid("msgType", "%.40q is not known", r.msgType)
}

// login checks the sign and enters its environment. It may come again on the
// same socket: watches go on, under the new identity if it is another one.
func (s *session) login(ctx context.Context, r request) ([]byte, error) {
	name, err := r.data.Text("envId")
	if err != nil {
		return nil, err
	}
	e, err := s.hub.o.Envs.Get(name)
	if err != nil {
		return nil, err
	}
	if s.env != nil && s.env != e {
		return nil, fault.New(fault.InvalidEnv, "envId: this connection is logged in to %s; open another one", s.env.ID)
	}
	sign, err := r.extra.Text("signStr")
	if err != nil {
		return nil, err
	}
	who, err := e.Auth.VerifySocket(ctx, sign)
	if err != nil {
		return nil, err
	}
	if s.env == nil {
		if s.feed, err = s.hub.feed(e); err != nil {
			return nil, err
		}
		s.env, s.log = e, s.log.With("env", e.ID)
	}
	s.become(who)
	// The client goes on with the name that it gave the environment.
	if name == "" {
		name = e.ID
	}
	return loginData(name), nil
}

// init starts a watch. The numbers of its events begin at 1; those of the
// first result are 0, as the original has it (9.2), and the SDK goes by
// currEvent.
func (s *session) init(ctx context.Context, r request) ([]byte, error) {
	if err := s.checkEnv(r); err != nil {
		return nil, err
	}
	what, err := parseInit(s.env.ID, r.data)
	if err != nil {
		return nil, err
	}
	w, err := s.begin(ctx, r, what)
	if err != nil {
		return nil, err
	}
	docs, err := w.read(ctx, s.who)
	if err != nil {
		s.drop(w.id)
		return nil, err
	}
	w.event = 1
	var list events
	for _, d := range docs {
		list.add(0, live.Init(d))
	}
	return list.data(w.token, w.event), nil
}

// maxEvent is the largest number that JavaScript counts exactly.
const maxEvent = 1 << 53

// rebuild runs the query of a queryID again. The client's position is taken as
// it is: the whole result follows under the next number (9.5).
func (s *session) rebuild(ctx context.Context, r request) ([]byte, error) {
	if err := s.checkEnv(r); err != nil {
		return nil, err
	}
	token, err := r.data.Text("queryID")
	if err != nil {
		return nil, err
	}
	event, _, err := r.data.Int("eventID")
	if err != nil {
		return nil, err
	}
	if event < 0 || event >= maxEvent {
		return nil, fault.Invalid("eventID", "must be the number of an event")
	}
	what, err := openToken(s.env.Key(keyPurpose), token, s.env.ID)
	if err != nil {
		return nil, err
	}
	w, err := s.begin(ctx, r, what)
	if err != nil {
		return nil, err
	}
	w.event = event
	list, err := w.fresh(ctx, s.who)
	if err != nil {
		s.drop(w.id)
		return nil, err
	}
	return list.data(w.token, w.event), nil
}

// checkEnv refuses a frame that means another environment than the login's.
func (s *session) checkEnv(r request) error {
	name, err := r.data.Text("envId")
	if name == "" || err != nil {
		return err
	}
	if e, err := s.hub.o.Envs.Get(name); err != nil || e != s.env {
		return fault.New(fault.InvalidEnv, "envId: this connection is logged in to %s; open another one", s.env.ID)
	}
	return nil
}

// begin makes a watch, in place of one of the same name, for a login that
// still stands.
func (s *session) begin(ctx context.Context, r request, what spec) (*watch, error) {
	if r.watchID == "" || len(r.watchID) > maxWatchID {
		return nil, fault.Invalid("watchId", "must name the watch, with 1 to %d bytes", maxWatchID)
	}
	if err := s.recheck(ctx); err != nil {
		return nil, err
	}
	s.drop(r.watchID)
	if most := s.hub.o.Limits.Watches; len(s.watches) >= most {
		return nil, fault.New(fault.RequestLimit, "watchId: one connection holds at most %d watches; close some", most)
	}
	w, err := s.open(r.watchID, what)
	if err != nil {
		return nil, err
	}
	s.watches[w.id] = w
	return w, nil
}

// check tells the client where it should be.
func (s *session) check(r request) ([]byte, error) {
	w := s.watches[r.watchID]
	if w == nil {
		return nil, fault.New(fault.WatchQueryInvalid, "watchId: no such watch on this connection")
	}
	return positionData(w.token, w.event), nil
}

// refuse answers a frame, or ends a watch, with an ERROR frame. A refused read
// has the socket's own code. Nobody is told of errors that are only the end of
// the session.
//
// An INIT_WATCH before LOGIN is answered without the watch's name. js-sdk closes
// its socket with the last watch, and takes a watch that is opened right after
// for logged in on the new one. It cures that by itself, with LOGIN and
// INIT_WATCH again, but shows the application every ERROR with a name first.
func (s *session) refuse(ctx context.Context, r request, err error) error {
	if ctx.Err() != nil || errors.Is(err, errGone) {
		return errGone
	}
	p := reply.Explain(ctx, s.log, err)
	if p.Code == fault.DatabaseDenied {
		p.Code = fault.CollectionDenied
	}
	if r.msgType == msgInit && s.env == nil {
		r.watchID = ""
	}
	return s.send(frame(r.watchID, r.requestID, msgError, errorData(p)))
}
