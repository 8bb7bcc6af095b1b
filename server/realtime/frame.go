package realtime

import (
	"baas/db/live"
	"baas/db/update"
	"baas/db/value"
	"baas/server/reply"
	"baas/server/wire"
)

// The message types of tcb-wire-protocol.md 9.2.
const (
	msgLogin      = "LOGIN"
	msgLoginEvent = "LOGIN_EVENT"
	msgInit       = "INIT_WATCH"
	msgInitEvent  = "INIT_EVENT"
	msgNextEvent  = "NEXT_EVENT"
	msgCheck      = "CHECK_LAST"
	msgCheckEvent = "CHECK_EVENT"
	msgRebuild    = "REBUILD_WATCH"
	msgClose      = "CLOSE_WATCH"
	msgPing       = "PING"
	msgPong       = "PONG"
	msgError      = "ERROR"
)

// request is a frame from a client.
type request struct {
	watchID, requestID, msgType string
	data, extra                 wire.Object // msgData and exMsgData; empty when null
}

// parseRequest reads a frame. Code: InvalidParam, and then the request holds
// what was understood, so that the error can be sent to whom it belongs.
func parseRequest(text []byte) (r request, err error) {
	o, err := wire.ParseObject("frame", text)
	if err != nil {
		return r, err
	}
	for name, to := range map[string]*string{"watchId": &r.watchID, "requestId": &r.requestID, "msgType": &r.msgType} {
		text, errText := o.Text(name)
		if *to = text; errText != nil {
			err = errText
		}
	}
	if err != nil {
		return r, err
	}
	for name, to := range map[string]*wire.Object{"msgData": &r.data, "exMsgData": &r.extra} {
		if raw := o.Raw(name); raw != nil {
			if *to, err = wire.ParseObject(name, raw); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// frame makes a frame to a client; data is JSON, nil for null.
func frame(watchID, requestID, msgType string, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(watchID)+len(requestID)+96)
	b = append(b, '{')
	if watchID != "" {
		b = wire.AppendText(b, "watchId", watchID)
	}
	b = wire.AppendText(b, "requestId", requestID)
	b = wire.AppendText(b, "msgType", msgType)
	b = wire.AppendName(b, "msgData")
	if data == nil {
		data = []byte("null")
	}
	return append(append(b, data...), '}')
}

func loginData(envID string) []byte {
	return append(wire.AppendText([]byte{'{'}, "envId", envID), '}')
}

func errorData(p reply.Public) []byte {
	b := wire.AppendText([]byte{'{'}, "code", string(p.Code))
	return append(wire.AppendText(b, "message", p.Text), '}')
}

// positionData is the content of CHECK_EVENT.
func positionData(queryID string, event int64) []byte {
	b := wire.AppendText([]byte{'{'}, "queryID", queryID)
	return append(wire.AppendInt(b, "currEvent", event), '}')
}

// events is the content of INIT_EVENT and NEXT_EVENT under construction.
type events struct{ list []byte }

func (s *events) isEmpty() bool { return len(s.list) == 0 }

// add appends an event under its number (tcb-wire-protocol.md 9.3). Documents
// are JSON texts in the old dialect. The small r of removedFields is the
// protocol's: with a capital one the SDK kills the watch.
func (s *events) add(id int64, e live.Event) {
	b := s.list
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = wire.AppendInt(append(b, '{'), "ID", id)
	b = wire.AppendText(b, "DataType", string(e.Data))
	b = wire.AppendText(b, "QueueType", string(e.Queue))
	// A number stays one: the SDK compares the id with the document's own.
	b = value.AppendPlain(wire.AppendName(b, "DocID"), e.DocID)
	var doc, updated, removed []byte
	if e.Doc != nil {
		doc = value.AppendPlain(nil, value.FromDoc(e.Doc))
	}
	if e.Data == live.DataUpdate && e.Queue == live.QueueUpdate {
		updated, removed = updatedText(e.Updated), removedText(e.Removed)
	}
	b = wire.Quote(wire.AppendName(b, "Doc"), doc)
	b = wire.Quote(wire.AppendName(b, "UpdatedFields"), updated)
	b = wire.Quote(wire.AppendName(b, "removedFields"), removed)
	s.list = append(b, '}')
}

// data returns the content of the frame.
func (s *events) data(queryID string, current int64) []byte {
	b := make([]byte, 0, len(s.list)+len(queryID)+64)
	b = wire.AppendText(append(b, '{'), "queryID", queryID)
	b = wire.AppendInt(b, "currEvent", current)
	b = append(wire.AppendName(b, "events"), '[')
	return append(append(b, s.list...), "]}"...)
}

func updatedText(fields []update.Field) []byte {
	var b value.Builder
	for _, f := range fields {
		b.Add(f.Path, f.Value)
	}
	return value.AppendPlain(nil, value.FromDoc(b.Doc()))
}

func removedText(paths []string) []byte {
	var a value.ArrayBuilder
	for _, p := range paths {
		a.AddString(p)
	}
	return value.AppendPlain(nil, a.Value())
}
