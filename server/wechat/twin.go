package wechat

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TwinAppID is the AppID of projects that have none.
const TwinAppID = "wx0000000000000000"

// mockCode is what wx.login of the developer tools returns in a project
// without an AppID, every time.
const mockCode = "the code is a mock one"

// Twin is an offline copy of WeChat's login endpoint for development and
// tests. It answers GET /sns/jscode2session as the original does, for every
// AppID and any secret, and knows everybody:
//
//   - a code "alice" or "alice.1", "alice.2", … belongs to the person alice,
//     whose openid is the same for ever within one AppID;
//   - a code "errcode.40226" is answered with that error;
//   - every other code (as real developer tools make them) belongs to the
//     person "developer".
//
// A code works once in five minutes after its first use, except the one fixed
// code of the developer tools. Twin is safe for concurrent use.
type Twin struct {
	now func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // by AppID and code; guarded by mu
}

// NewTwin makes a twin; now may be nil for time.Now.
func NewTwin(now func() time.Time) *Twin {
	if now == nil {
		now = time.Now
	}
	return &Twin{now: now, used: make(map[string]time.Time)}
}

// ReusableCode reports whether a code may come again (auth.Options).
func (t *Twin) ReusableCode(code string) bool { return code == mockCode }

// Client returns a client that asks this twin within the process: the same
// code path as for the real API, without a network.
func (t *Twin) Client() *Client {
	c := New(Options{BaseURL: "http://twin.invalid", HTTP: inProcess{t}})
	c.any = "twin"
	return c
}

// codeLife is how long a code works, and a used one is remembered.
const codeLife = 5 * time.Minute

// maxUsed bounds the memory for used codes; beyond it fresh ones are refused.
const maxUsed = 100_000

// ServeHTTP answers one call.
func (t *Twin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	if r.URL.Path != "/sns/jscode2session" {
		http.NotFound(w, r)
		return
	}
	a := t.answer(r.Method, r.URL.Query())
	// An answer holds texts and a number only: it always encodes, and a
	// client that has gone needs none.
	_ = json.NewEncoder(w).Encode(a)
}

func (t *Twin) answer(method string, q url.Values) map[string]any {
	appID, code := q.Get("appid"), q.Get("js_code")
	switch {
	case method != http.MethodGet:
		return failure(codeWrongMethod, "require GET method")
	case appID == "":
		return failure(codeBadAppID, "invalid appid")
	case q.Get("secret") == "":
		return failure(codeNoSecret, "appsecret missing")
	case q.Get("grant_type") != "authorization_code":
		return failure(codeBadGrant, "invalid grant_type")
	case code == "":
		return failure(codeNoCode, "missing code")
	}
	if number, ok := strings.CutPrefix(code, "errcode."); ok {
		if n, err := strconv.Atoi(number); err == nil && n != 0 {
			return failure(n, "simulated by the code")
		}
		return failure(codeInvalid, "invalid code")
	}
	if !t.use(appID, code) {
		return failure(codeUsed, "code been used")
	}
	return map[string]any{
		"openid":      OpenID(appID, Person(code)),
		"session_key": sessionKey(appID, code),
	}
}

func failure(code int, text string) map[string]any {
	return map[string]any{"errcode": code, "errmsg": text}
}

// use marks a code as used and reports whether it was fresh.
func (t *Twin) use(appID, code string) bool {
	if t.ReusableCode(code) {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	name := appID + " " + code
	if at, ok := t.used[name]; ok && now.Sub(at) < codeLife {
		return false
	}
	if len(t.used) >= maxUsed {
		maps.DeleteFunc(t.used, func(_ string, at time.Time) bool { return now.Sub(at) >= codeLife })
	}
	if len(t.used) >= maxUsed {
		return false
	}
	t.used[name] = now
	return true
}

var personPattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]{0,23})(\.[\x21-\x7e]*)?$`)

// Person returns whose code it is.
func Person(code string) string {
	if m := personPattern.FindStringSubmatch(code); m != nil {
		return m[1]
	}
	return "developer"
}

// OpenID returns the openid of a person in a mini program: 28 characters that
// begin with "o", as real ones do.
func OpenID(appID, person string) string {
	sum := sha256.Sum256([]byte("openid " + appID + " " + person))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

func sessionKey(appID, code string) string {
	sum := sha256.Sum256([]byte("session_key " + appID + " " + code))
	return base64.StdEncoding.EncodeToString(sum[:16])
}

// inProcess is a transport that calls a handler.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := &recorder{status: http.StatusOK, header: make(http.Header)}
	p.handler.ServeHTTP(w, r)
	return &http.Response{
		StatusCode:    w.status,
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}, nil
}

// recorder keeps an answer in memory.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) { w.status = status }
