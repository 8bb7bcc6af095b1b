package httpfn

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"baas/db/fault"
	"baas/server/wire"
)

// response is what a function's result says to the HTTP client.
type response struct {
	status int
	header http.Header
	body   []byte
}

const (
	plainText = "text/plain; charset=utf-8"
	jsonText  = "application/json; charset=utf-8"
)

// mapResult turns a result into a response: an object with a statusCode is an
// integrated response, another object or an array is JSON, a text or number is
// a plain body (never HTML by guess: the text may be a stranger's), and
// undefined an empty one. Code: FunctionExecute for an integrated response that
// makes no sense.
func mapResult(value []byte) (response, error) {
	plain := response{status: http.StatusOK, header: http.Header{"Content-Type": {plainText}}}
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return plain, nil
	}
	switch value[0] {
	case '"':
		text, _ := wire.Unquote(value)
		plain.body = []byte(text)
		return plain, nil
	case '{':
		if o, err := wire.ParseObject("result", value); err == nil && o.Raw("statusCode") != nil {
			return integrated(o)
		}
		fallthrough // deeper or larger than ParseObject takes: just JSON
	case '[':
		plain.header.Set("Content-Type", jsonText)
	}
	plain.body = value
	return plain, nil
}

// integrated reads {statusCode, headers, multiValueHeaders, body,
// isBase64Encoded}.
func integrated(o wire.Object) (response, error) {
	out := response{header: http.Header{}}
	status, _, err := o.Int("statusCode")
	if err != nil || status < 200 || status > 599 {
		return out, wrong("statusCode", "must be a number from 200 to 599")
	}
	out.status = int(status)
	for _, member := range []string{"headers", "multiValueHeaders"} {
		if err := addHeaders(out.header, o, member); err != nil {
			return out, err
		}
	}
	raw := o.Raw("body")
	text, isText := wire.Unquote(raw)
	switch encoded, err := o.Bool("isBase64Encoded", false); {
	case err != nil:
		return out, wrong("isBase64Encoded", "must be true or false")
	case encoded:
		if out.body, err = base64.StdEncoding.DecodeString(text); err != nil || !isText && raw != nil {
			return out, wrong("body", "must be Base64 when isBase64Encoded is true")
		}
	case isText:
		out.body = []byte(text)
	default:
		out.body = raw // an object: its JSON text
	}
	if out.header.Get("Content-Type") == "" {
		out.header.Set("Content-Type", plainText)
		if raw != nil && !isText {
			out.header.Set("Content-Type", jsonText)
		}
	}
	return out, nil
}

// addHeaders adds an object of headers, each a text, a number, or a list of
// them.
func addHeaders(h http.Header, o wire.Object, member string) error {
	raw := o.Raw(member)
	if raw == nil {
		return nil
	}
	set, err := wire.ParseObject(member, raw)
	if err != nil {
		return wrong(member, "must be an object")
	}
	for m := range set.All() {
		values := [][]byte{m.Raw}
		if m.Raw[0] == '[' {
			if values, err = wire.ParseArray(member, m.Raw); err != nil {
				return wrong(member, "must hold texts or lists of texts")
			}
		}
		for _, v := range values {
			text, isText := wire.Unquote(v)
			if !isText {
				text = string(v) // a number, true, false
			}
			if !httpguts.ValidHeaderFieldName(m.Name) || !httpguts.ValidHeaderFieldValue(text) {
				return wrong(member, "hold a name or value that HTTP does not allow")
			}
			if reservedCookie(text) && http.CanonicalHeaderKey(m.Name) == "Set-Cookie" {
				return wrong(member, "cookies named __Host-…, __Secure-… and baas_… are the server's own")
			}
			if !connectionHeader(m.Name) && !originHeader(m.Name) {
				h.Add(m.Name, text)
			}
		}
	}
	return nil
}

// connectionHeader tells headers that are the server's to set.
func connectionHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Request-Id":
		return true
	}
	return false
}

// originHeader tells headers that speak for the whole origin, of which a
// function has only a part: one could log the console's users out, or keep
// their browsers away from it.
func originHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept-Ch", "Alt-Svc", "Clear-Site-Data", "Nel", "Report-To", "Service-Worker-Allowed",
		"Strict-Transport-Security":
		return true
	}
	return false
}

// reservedCookie tells the cookies of the console from those of functions,
// which share its origin: they may neither set nor see them.
func reservedCookie(text string) bool {
	// A browser sends a cookie without a name, "=a=b", as "a=b".
	text = strings.ToLower(strings.TrimLeft(text, "= \t"))
	return strings.HasPrefix(text, "__host-") || strings.HasPrefix(text, "__secure-") || strings.HasPrefix(text, "baas_")
}

func wrong(member, text string) error {
	return fault.New(fault.FunctionExecute, "the function's HTTP response is not valid: %s: %s", member, text)
}

// sandbox puts pages into an origin of their own, away from the console's.
const sandbox = "sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads"

func (out response) write(w http.ResponseWriter, method string) {
	h := w.Header()
	for name, values := range out.header {
		h[name] = values
	}
	h.Add("Content-Security-Policy", sandbox)
	h.Set("X-Content-Type-Options", "nosniff")
	if out.status == http.StatusNoContent || out.status == http.StatusNotModified {
		w.WriteHeader(out.status)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	if method != http.MethodHead {
		_, _ = w.Write(out.body) // a client that has gone needs no answer
	}
}
