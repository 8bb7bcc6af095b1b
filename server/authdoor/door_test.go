package authdoor_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/auth/throttle"
	"baas/server/authdoor"
	"baas/server/origin"
	"baas/server/wechat"
)

// door is a running door over two environments, "dev" and "other".
type door struct {
	url  string
	envs map[string]*auth.Service
	log  *bytes.Buffer
	// middle is what the server does with a request before the door sees it.
	middle func(*http.Request) *http.Request
}

func open(t *testing.T, edit ...func(*authdoor.Options)) *door {
	t.Helper()
	d := &door{envs: map[string]*auth.Service{}, log: &bytes.Buffer{}}
	twin := wechat.NewTwin(nil)
	for _, id := range []string{"dev", "other"} {
		d.envs[id] = auth.New(auth.Options{
			DB: dbtest.Open(t), Env: id, Secret: []byte("a secret of at least 32 bytes, for tests only"),
			Codes: twin.Client(), AppID: wechat.TwinAppID,
		})
	}
	o := authdoor.Options{
		Envs: func(_ *http.Request, named string) (*auth.Service, error) {
			if named == "" {
				named = "dev"
			}
			if s, ok := d.envs[named]; ok {
				return s, nil
			}
			return nil, fault.New(fault.InvalidEnv, "env: Environment not found: %.60q", named)
		},
		Log: slog.New(slog.NewTextHandler(d.log, nil)),
	}
	for _, e := range edit {
		e(&o)
	}
	e := echo.New()
	authdoor.Mount(e, o)
	d.middle = func(r *http.Request) *http.Request {
		return r.WithContext(origin.With(r.Context(), origin.Origin{Hosts: []string{r.Host}}))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.ServeHTTP(w, d.middle(r))
	}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

const device = "device-0123456789"

// answer is a reply, taken apart.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

// send makes one request; header values come in pairs.
func (d *door) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	a, err := d.try(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (d *door) try(ctx context.Context, method, path, body string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header}
	if err := json.Unmarshal(text, &a.body); err != nil {
		return answer{}, fmt.Errorf("reply %q is no object: %w", text, err)
	}
	return a, nil
}

func (d *door) anonymous(t *testing.T) answer {
	t.Helper()
	a := d.send(t, "POST", "/auth/v1/signin/anonymously?client_id=dev", "{}", "X-Device-Id", device)
	if a.status != 200 {
		t.Fatalf("anonymous login: %d %v", a.status, a.body)
	}
	return a
}

func (a answer) bearer() string { return "Bearer " + a.text("access_token") }

func TestAnonymousLogin(t *testing.T) {
	t.Parallel()
	d := open(t)
	s := d.anonymous(t)
	for name, want := range map[string]any{"token_type": "Bearer", "expires_in": 7200.0, "scope": "anonymous"} {
		if s.body[name] != want {
			t.Errorf("%s: got %v, want %v", name, s.body[name], want)
		}
	}
	if s.text("sub") == "" || s.text("refresh_token") == "" || s.text("requestId") == "" || s.body["groups"] == nil {
		t.Errorf("incomplete credentials %v", s.body)
	}
	if s.header.Get("Cache-Control") != "no-store" || s.header.Get("X-Request-Id") != s.text("requestId") {
		t.Errorf("headers %v", s.header)
	}
	me := d.send(t, "GET", "/auth/v1/user/me", "", "Authorization", s.bearer())
	if me.status != 200 || me.body["sub"] != s.body["sub"] || me.body["name"] != "anonymous" {
		t.Errorf("me: %d %v", me.status, me.body)
	}
	bare := d.send(t, "POST", "/auth/v1/signin/anonymously", "")
	if bare.status != 200 || bare.body["sub"] == s.body["sub"] {
		t.Errorf("without device or body: %d %v", bare.status, bare.body)
	}
}

func TestLoginByWeChatCode(t *testing.T) {
	t.Parallel()
	d := open(t)
	login := func(code string) answer {
		grant := d.send(t, "POST", "/auth/v1/provider/token?client_id=dev", `{"provider_id":"`+wechat.TwinAppID+`","provider_code":"`+code+`",
			"provider_params":{"provider_code_type":"open_id","appid":"`+wechat.TwinAppID+`"}}`, "Content-Type", "text/plain")
		if grant.status != 200 || grant.body["expires_in"] != 600.0 {
			t.Fatalf("provider token: %d %v", grant.status, grant.body)
		}
		s := d.send(t, "POST", "/auth/v1/signin/with/provider?client_id=dev", `{"provider_token":"`+grant.text("provider_token")+`"}`)
		if s.status != 200 || s.text("scope") != "user" {
			t.Fatalf("sign in: %d %v", s.status, s.body)
		}
		return s
	}
	a, b := login("alice.1"), login("alice.2")
	if a.text("sub") != b.text("sub") {
		t.Fatal("one person, two users")
	}
	me := d.send(t, "GET", "/auth/v1/user/me", "", "Authorization", a.bearer())
	want := fmt.Sprint([]any{map[string]any{"id": wechat.TwinAppID, "provider_user_id": wechat.OpenID(wechat.TwinAppID, "alice")}})
	if got := fmt.Sprint(me.body["providers"]); got != want {
		t.Fatalf("providers %s, want %s", got, want)
	}
	if strings.Contains(fmt.Sprint(me.body, a.body), "session") {
		t.Fatalf("a reply tells of the session key: %v %v", me.body, a.body)
	}
}

func TestRefreshAndSignOut(t *testing.T) {
	t.Parallel()
	d := open(t)
	first := d.anonymous(t)
	body := `{"client_id":"dev","client_secret":"","grant_type":"refresh_token","refresh_token":"` + first.text("refresh_token") + `"}`
	second := d.send(t, "POST", "/auth/v1/token", body)
	if second.status != 200 || second.text("refresh_token") == first.text("refresh_token") || second.body["expires_in"] != 7200.0 {
		t.Fatalf("refresh: %d %v", second.status, second.body)
	}
	used := d.send(t, "POST", "/auth/v1/token", body)
	if used.status != 401 || used.text("error") != "invalid_grant" {
		t.Fatalf("a used refresh token: %d %v", used.status, used.body)
	}
	out := d.send(t, "POST", "/auth/v1/user/signout", "{}", "Authorization", second.bearer())
	if out.status != 200 {
		t.Fatalf("sign out: %d %v", out.status, out.body)
	}
	me := d.send(t, "GET", "/auth/v1/user/me", "", "Authorization", second.bearer())
	if me.status != 401 || me.text("error") != "unauthenticated" {
		t.Fatalf("me after sign out: %d %v", me.status, me.body)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	d := open(t)
	s := d.anonymous(t)
	if a := d.send(t, "POST", "/auth/v1/revoke?client_id=dev", `{"token":"`+s.text("access_token")+`"}`); a.status != 200 {
		t.Fatalf("revoke: %d %v", a.status, a.body)
	}
	if me := d.send(t, "GET", "/auth/v1/user/me", "", "Authorization", s.bearer()); me.status != 401 {
		t.Fatalf("me after revoke: %d %v", me.status, me.body)
	}
}

func TestWhichEnvironment(t *testing.T) {
	t.Parallel()
	d := open(t)
	other, err := d.envs["other"].SignInAnonymously(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	refresh := `"grant_type":"refresh_token","refresh_token":"` + other.RefreshToken + `"`
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("other:"))
	for _, tc := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		err                      string
	}{
		{"by query", "POST", "/auth/v1/signin/anonymously?client_id=other", "{}", []string{"X-Device-Id", device}, 200, ""},
		{"by malformed query", "POST", "/auth/v1/signin/anonymously?&client_id=other&", "{}", []string{"X-Device-Id", device}, 200, ""},
		{"by body", "POST", "/auth/v1/signin/anonymously", `{"client_id":"other"}`, []string{"X-Device-Id", device}, 200, ""},
		{"by Basic", "POST", "/auth/v1/signin/anonymously", "{}", []string{"X-Device-Id", device, "Authorization", basic}, 200, ""},
		{"by token", "GET", "/auth/v1/user/me", "", []string{"Authorization", "bearer " + other.AccessToken}, 200, ""},
		{"token of another than named", "GET", "/auth/v1/user/me?client_id=dev", "", []string{"Authorization", "Bearer " + other.AccessToken}, 401, "unauthenticated"},
		{"refresh token of another", "POST", "/auth/v1/token?client_id=dev", "{" + refresh + "}", nil, 401, "invalid_grant"},
		{"unknown", "POST", "/auth/v1/signin/anonymously?client_id=x", "{}", nil, 400, "invalid_argument"},
		{"damaged Basic", "POST", "/auth/v1/signin/anonymously", "{}", []string{"Authorization", "Basic ?"}, 400, "invalid_argument"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := d.send(t, tc.method, tc.path, tc.body, tc.headers...)
			if a.status != tc.status || a.text("error") != tc.err {
				t.Fatalf("got %d %v, want %d %q", a.status, a.body, tc.status, tc.err)
			}
			if tc.status == 200 && a.text("sub") != other.UserID {
				t.Fatalf("answered by the wrong environment: user %q", a.text("sub"))
			}
		})
	}
}

// Every member that is a string, fed everything else (threats.md, "operator
// injection").
func TestStringMembersRefuseOtherTypes(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, f := range []struct{ path, name, rest string }{
		{"/signin/anonymously", "client_id", ""},
		{"/provider/token", "provider_id", `,"provider_code":"alice"`},
		{"/provider/token", "provider_code", `,"provider_id":"` + wechat.TwinAppID + `"`},
		{"/signin/with/provider", "provider_token", ""},
		{"/token", "grant_type", `,"refresh_token":"x"`},
		{"/token", "refresh_token", `,"grant_type":"refresh_token"`},
		{"/token/clientCredential", "grant_type", ""},
		{"/revoke", "token", ""},
	} {
		values := []string{`{"$ne":""}`, `["x"]`, `7`, `true`, `null`, `""`}
		if f.name == "client_id" || f.name == "provider_id" {
			values = values[:4] // optional: null and "" mean that none is named
		}
		for _, v := range values {
			t.Run(f.path+" "+f.name+" "+v, func(t *testing.T) {
				a := d.send(t, "POST", "/auth/v1"+f.path, `{"`+f.name+`":`+v+f.rest+`}`)
				if a.status != 400 || a.text("error") != "invalid_argument" || !strings.HasPrefix(a.text("error_description"), f.name+": ") {
					t.Fatalf("got %d %v", a.status, a.body)
				}
			})
		}
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	d := open(t)
	s := d.anonymous(t)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		err, text                string
	}{
		{"not JSON", "POST", "/token", "grant_type=refresh_token", 400, "invalid_argument", "body: "},
		{"a list", "POST", "/token", "[]", 400, "invalid_argument", "body: "},
		{"twice", "POST", "/token", `{"grant_type":"password","grant_type":"refresh_token"}`, 400, "invalid_argument", "body: "},
		{"other case", "POST", "/token", `{"grant_type":"refresh_token","Refresh_Token":"` + s.text("refresh_token") + `"}`, 400, "invalid_argument", "refresh_token: "},
		{"deep", "POST", "/token", `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, 400, "invalid_argument", "body: "},
		{"large", "POST", "/token", `{"a":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "invalid_argument", "body: "},
		{"other grant", "POST", "/token", `{"grant_type":"password"}`, 400, "invalid_argument", "grant_type: "},
		{"unsigned client credential", "POST", "/token/clientCredential", `{"grant_type":"client_credentials"}`, 401, "unauthenticated", "authorization: "},
		{"unknown code", "POST", "/provider/token", `{"provider_code":"errcode.40029"}`, 400, "invalid_argument", "provider_code: "},
		{"blocked user", "POST", "/provider/token", `{"provider_code":"errcode.40226"}`, 403, "permission_denied", "WeChat"},
		{"WeChat is busy", "POST", "/provider/token", `{"provider_code":"errcode.-1"}`, 504, "deadline_exceeded", "WeChat"},
		{"unknown provider token", "POST", "/signin/with/provider", `{"provider_token":"x"}`, 400, "invalid_argument", "provider_token: "},
		{"not offered", "POST", "/signup", `{}`, 404, "unimplemented", "POST /auth/v1/signup"},
		{"other method", "GET", "/token", ``, 404, "unimplemented", "GET /auth/v1/token"},
		{"no login", "GET", "/user/me", ``, 401, "unauthenticated", "authorization: "},
		{"no login to end", "POST", "/user/signout", `{}`, 401, "unauthenticated", "authorization: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := d.send(t, tc.method, "/auth/v1"+tc.path, tc.body)
			if a.status != tc.status || a.text("error") != tc.err || !strings.HasPrefix(a.text("error_description"), tc.text) {
				t.Fatalf("got %d %v, want %d %s %q", a.status, a.body, tc.status, tc.err, tc.text)
			}
			if _, ok := a.body["error_code"].(float64); !ok {
				t.Fatalf("error_code is no number: %v", a.body)
			}
		})
	}
	if text := d.log.String(); strings.Contains(text, s.text("refresh_token")) {
		t.Fatalf("the log holds a token: %s", text)
	}
}

func TestHundredFirstLoginsMakeOneUser(t *testing.T) {
	t.Parallel()
	d := open(t)
	var users sync.Map
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			a, err := d.try(t.Context(), "POST", "/auth/v1/signin/anonymously?client_id=dev", "{}", "X-Device-Id", device)
			if err != nil || a.status != 200 {
				t.Errorf("got %d %v %v", a.status, a.body, err)
			}
			users.Store(a.text("sub"), true)
		})
	}
	wg.Wait()
	n := 0
	users.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Fatalf("%d users, want 1", n)
	}
}

func TestLimitIsNotFooledByHeaders(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := open(t, func(o *authdoor.Options) {
		o.PerAddress = throttle.Options{PerMinute: 6, Burst: 5}
		o.Now = func() time.Time { return now }
	})
	tries := []struct{ path, name, value string }{
		{"/signin/anonymously", "X-Forwarded-For", "198.51.100.1"},
		{"/signin/anonymously?client_id=other", "X-Real-Ip", "198.51.100.2"},
		{"/provider/token", "Forwarded", "for=198.51.100.3"},
		{"/token", "X-Client-Ip", "198.51.100.4"},
		{"/signin/with/provider", "Cf-Connecting-Ip", "198.51.100.5"},
		{"/signin/anonymously", "X-Forwarded-For", "198.51.100.6"},
		{"/signin/anonymously", "True-Client-Ip", "198.51.100.7"},
		{"/token", "X-Http-Method-Override", "PUT"},
	}
	for i, tc := range tries {
		a := d.send(t, "POST", "/auth/v1"+tc.path, "{}", tc.name, tc.value)
		if limited := a.status == 429; limited != (i >= 5) {
			t.Fatalf("try %d: status %d %v", i+1, a.status, a.body)
		}
		if a.status == 429 && (a.text("error") != "resource_exhausted" || a.header.Get("Retry-After") != "10") {
			t.Fatalf("try %d: %v %v", i+1, a.body, a.header)
		}
	}
}

func TestLimitPerAccount(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	peers := 0
	d := open(t, func(o *authdoor.Options) {
		o.PerAccount = throttle.Options{PerMinute: 1, Burst: 3}
	})
	d.middle = func(r *http.Request) *http.Request { // an attacker with many addresses
		mu.Lock()
		defer mu.Unlock()
		peers++
		return r.WithContext(origin.With(r.Context(), origin.Origin{ClientIP: "203.0.113." + strconv.Itoa(peers)}))
	}
	for i := range 5 {
		a := d.send(t, "POST", "/auth/v1/signin/anonymously", "{}", "X-Device-Id", device)
		if limited := a.status == 429; limited != (i >= 3) {
			t.Fatalf("try %d: status %d %v", i+1, a.status, a.body)
		}
	}
	for i := range 5 {
		a := d.send(t, "POST", "/auth/v1/token", fmt.Sprintf(`{"grant_type":"refresh_token","refresh_token":"r1.session.0.guess%d"}`, i))
		if limited := a.status == 429; limited != (i >= 3) {
			t.Fatalf("guess %d: status %d %v", i+1, a.status, a.body)
		}
	}
	if a := d.send(t, "POST", "/auth/v1/signin/anonymously", "{}", "X-Device-Id", "another-device-01"); a.status != 200 {
		t.Fatalf("another account: %d %v", a.status, a.body)
	}
}

// sign makes the cloud API form of a TC3 signature (tcb-wire-protocol.md 4.2),
// written here once more so that door and test share no code.
func sign(id, key, host, path, body string, now time.Time) string {
	sum := func(text string) string { h := sha256.Sum256([]byte(text)); return hex.EncodeToString(h[:]) }
	with := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stamp, date := strconv.FormatInt(now.Unix(), 10), now.UTC().Format(time.DateOnly)
	canonical := strings.Join([]string{"POST", path, "", "content-type:application/json\nhost:" + host + "\n", "content-type;host", sum(body)}, "\n")
	scope := date + "/tcb/tc3_request"
	signing := with(with(with([]byte("TC3"+key), date), "tcb"), "tc3_request")
	signature := hex.EncodeToString(with(signing, "TC3-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+sum(canonical)))
	return "TC3-HMAC-SHA256 Credential=" + id + "/" + scope + ", SignedHeaders=content-type;host, Signature=" + signature + ", Timestamp=" + stamp
}

func TestClientCredential(t *testing.T) {
	t.Parallel()
	d := open(t)
	key, err := d.envs["dev"].CreateKey(t.Context(), auth.KeyAdmin)
	if err != nil {
		t.Fatal(err)
	}
	const path, body = "/auth/v1/token/clientCredential", `{"grant_type":"client_credentials"}`
	host := strings.TrimPrefix(d.url, "http://")
	good := sign(key.SecretID, key.SecretKey, host, path, body, time.Now())
	a := d.send(t, "POST", path, body, "Authorization", good, "Content-Type", "application/json")
	if a.status != 200 || a.body["expires_in"] != 7200.0 || a.body["refresh_token"] != nil {
		t.Fatalf("got %d %v", a.status, a.body)
	}
	p, err := d.envs["dev"].Authenticate(t.Context(), a.text("access_token"))
	if err != nil || p.Role != rules.Admin {
		t.Fatalf("got %+v, %v", p, err)
	}
	proxied := sign(key.SecretID, key.SecretKey, "baas.example.com", path, body, time.Now())
	d.middle = func(r *http.Request) *http.Request {
		return r.WithContext(origin.With(r.Context(), origin.Origin{Hosts: []string{r.Host, "baas.example.com"}}))
	}
	if a := d.send(t, "POST", path, body, "Authorization", proxied, "Content-Type", "application/json"); a.status != 200 {
		t.Fatalf("signed for the public host: %d %v", a.status, a.body)
	}
	for name, header := range map[string]string{
		"wrong key":    sign(key.SecretID, "guess", host, path, body, time.Now()),
		"other body":   sign(key.SecretID, key.SecretKey, host, path, "{}", time.Now()),
		"other host":   sign(key.SecretID, key.SecretKey, "example.com", path, body, time.Now()),
		"old":          sign(key.SecretID, key.SecretKey, host, path, body, time.Now().Add(-time.Hour)),
		"unknown id":   sign("AKIDx", key.SecretKey, host, path, body, time.Now()),
		"no secret id": sign("", "", host, path, body, time.Now()),
	} {
		a := d.send(t, "POST", path, body, "Authorization", header, "Content-Type", "application/json")
		if a.status != 401 || a.text("error") != "unauthenticated" {
			t.Errorf("%s: got %d %v", name, a.status, a.body)
		}
	}
}
