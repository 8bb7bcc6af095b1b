package reply

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"baas/db/fault"
)

// Envelope renders an error for /admin and /web, where the HTTP status is
// always 200: {"requestId","code","message"} (tcb-wire-protocol.md 3.2).
func Envelope(id string, p Public) []byte {
	code := p.Code
	if row := Lookup(code); row.Envelope != "" {
		code = row.Envelope
	}
	b := AppendText(append([]byte(nil), `{"requestId":`...), id)
	b = AppendText(append(b, `,"code":`...), string(code))
	b = AppendText(append(b, `,"message":`...), p.Text)
	return append(b, '}')
}

// Gateway renders an error for /v1: an HTTP status and
// {"code","message","requestId","request_id"} (tcb-wire-protocol.md 10).
func Gateway(id string, p Public) (status int, body []byte) {
	row := Lookup(p.Code)
	code := p.Code
	if row.Gateway != "" {
		code = row.Gateway
	}
	b := AppendText(append([]byte(nil), `{"code":`...), string(code))
	b = AppendText(append(b, `,"message":`...), p.Text)
	b = AppendText(append(b, `,"requestId":`...), id)
	b = AppendText(append(b, `,"request_id":`...), id)
	return row.Status, append(b, '}')
}

// OAuth renders an error for /auth/v1: an HTTP status and
// {"error","error_code","error_description"} (tcb-wire-protocol.md 11). The
// SDK decides by the presence of `error`.
func OAuth(id string, p Public) (status int, body []byte) {
	row := Lookup(p.Code)
	return row.Status, oauth(id, row.OAuth, row.GRPC, p)
}

// OAuthAs is OAuth with an `error` that the code table cannot know because it
// depends on the call, such as invalid_grant for a used login code.
func OAuthAs(id, name string, p Public) (status int, body []byte) {
	row := Lookup(p.Code)
	return row.Status, oauth(id, name, row.GRPC, p)
}

func oauth(id, name string, grpc int, p Public) []byte {
	b := AppendText(append([]byte(nil), `{"error":`...), name)
	b = strconv.AppendInt(append(b, `,"error_code":`...), int64(grpc), 10)
	b = AppendText(append(b, `,"error_description":`...), p.Text)
	b = AppendText(append(b, `,"code":`...), string(p.Code))
	b = AppendText(append(b, `,"requestId":`...), id)
	return append(b, '}')
}

// Status returns the HTTP status of a code; 200 for fault.OK.
func Status(code fault.Code) int {
	if code == fault.OK {
		return 200
	}
	return Lookup(code).Status
}

// AppendText appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func AppendText(b []byte, s string) []byte {
	out, _ := jsontext.AppendQuote(b, s) // its only error reports the bytes it replaced
	return out
}
