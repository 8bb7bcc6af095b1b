package realtime

import (
	"encoding/json"

	"baas/db/fault"
	"baas/db/live"
	"baas/db/update"
	"baas/db/value"
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
	WatchID   string          `json:"watchId"`
	RequestID string          `json:"requestId"`
	MsgType   string          `json:"msgType"`
	MsgData   json.RawMessage `json:"msgData"`
	ExMsgData json.RawMessage `json:"exMsgData"`
}

// reply is a frame to a client.
type reply struct {
	WatchID   string `json:"watchId,omitempty"`
	RequestID string `json:"requestId"`
	MsgType   string `json:"msgType"`
	MsgData   any    `json:"msgData"`
}

type loginData struct {
	EnvID string `json:"envId"`
}

type loginProof struct {
	SignStr string `json:"signStr"`
}

type initData struct {
	EnvID    string          `json:"envId"`
	CollName string          `json:"collName"`
	Query    string          `json:"query"`
	Limit    *int64          `json:"limit"`
	OrderBy  json.RawMessage `json:"orderBy"`
}

type positionData struct {
	QueryID string `json:"queryID"`
	EventID int64  `json:"eventID"`
}

// eventsData is the content of INIT_EVENT and NEXT_EVENT.
type eventsData struct {
	QueryID   string      `json:"queryID"`
	CurrEvent int64       `json:"currEvent"`
	Events    []wireEvent `json:"events"`
}

type checkData struct {
	QueryID   string `json:"queryID"`
	CurrEvent int64  `json:"currEvent"`
}

type errorData struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
}

// wireEvent is one event (9.3). The small r of removedFields is the
// protocol's: with a capital one the SDK kills the watch.
type wireEvent struct {
	ID            int64          `json:"ID"`
	DataType      live.DataType  `json:"DataType"`
	QueueType     live.QueueType `json:"QueueType"`
	DocID         string         `json:"DocID"`
	Doc           string         `json:"Doc"`
	UpdatedFields string         `json:"UpdatedFields"`
	RemovedFields string         `json:"removedFields"`
}

// encodeEvent puts an event under its number. Documents are JSON texts in the
// old dialect.
func encodeEvent(id int64, e live.Event) wireEvent {
	w := wireEvent{ID: id, DataType: e.Data, QueueType: e.Queue, DocID: idText(e.DocID)}
	if e.Doc != nil {
		w.Doc = string(value.AppendPlain(nil, value.FromDoc(e.Doc)))
	}
	if e.Queue == live.QueueUpdate && e.Data == live.DataUpdate {
		w.UpdatedFields = updatedText(e.Updated)
		w.RemovedFields = removedText(e.Removed)
	}
	return w
}

// idText is a document's id as the SDK keeps it: a string as it is, any other
// value as its JSON text.
func idText(id value.Value) string {
	if id.Type == value.TypeString {
		return id.Text()
	}
	return string(value.AppendPlain(nil, id))
}

func updatedText(fields []update.Field) string {
	text := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, quote(f.Path)...)
		text = append(text, ':')
		text = value.AppendPlain(text, f.Value)
	}
	return string(append(text, '}'))
}

func removedText(paths []string) string {
	text := []byte{'['}
	for i, p := range paths {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, quote(p)...)
	}
	return string(append(text, ']'))
}

func quote(s string) []byte { return value.AppendPlain(nil, value.String(s)) }
