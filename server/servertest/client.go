package servertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Reply is an answer of the server.
type Reply struct {
	Status int
	Header http.Header
	Text   string
}

// Code returns the member `code`, empty for a success.
func (r Reply) Code() string { return r.Get("code") }

// Message returns the member `message`.
func (r Reply) Message() string { return r.Get("message") }

// Get returns the value at a dotted path through the JSON objects of the
// reply: a text as it is, anything else as its JSON text, "" when there is
// none.
func (r Reply) Get(path string) string {
	raw := json.RawMessage(r.Text)
	for name := range strings.SplitSeq(path, ".") {
		var o map[string]json.RawMessage
		if json.Unmarshal(raw, &o) != nil {
			return ""
		}
		raw = o[name]
	}
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// Send sends a request as it is given and reads the whole answer.
func (h *House) Send(t testing.TB, r *http.Request) Reply {
	t.Helper()
	resp, err := h.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Reply{resp.StatusCode, resp.Header, string(text)}
}

// Request makes a request to a path of the server.
func (h *House) Request(t testing.TB, method, path string, body []byte) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Do sends a request with a bearer token, or without one if it is empty.
func (h *House) Do(t testing.TB, method, path, token, body string) Reply {
	t.Helper()
	r := h.Request(t, method, path, []byte(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return h.Send(t, r)
}

// Web sends an action to /web for the user of a token; members is the inside
// of a JSON object: `"action":"database.addDocument",…`.
func (h *House) Web(t testing.TB, token, members string) Reply {
	t.Helper()
	if token != "" {
		members += `,"access_token":"` + token + `"`
	}
	return h.Send(t, h.Request(t, http.MethodPost, "/web?env="+h.Env.ID, []byte("{"+members+"}")))
}

// Admin sends an action to /admin, signed with the house's key pair.
func (h *House) Admin(t testing.TB, members string) Reply {
	t.Helper()
	return h.Send(t, h.Signed(t, []byte("{"+members+"}")))
}

// Anonymous logs in a new anonymous user and returns the access token.
func (h *House) Anonymous(t testing.TB) (token, uid string) {
	t.Helper()
	s, err := h.Env.Auth.SignInAnonymously(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return s.AccessToken, s.UserID
}
