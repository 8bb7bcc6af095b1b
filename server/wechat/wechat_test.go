package wechat_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"baas/db/fault"
	"baas/server/wechat"
)

const appSecret = "app-secret-that-must-not-leak"

var apps = map[string]wechat.Secret{wechat.TwinAppID: appSecret}

// answering makes a client whose every call gets this answer.
func answering(t *testing.T, status int, body string) *wechat.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return wechat.New(wechat.Options{BaseURL: server.URL, Apps: apps})
}

func TestExchangeSendsWhatTheAPIWants(t *testing.T) {
	t.Parallel()
	var got url.Values
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, path = r.URL.Query(), r.Method+" "+r.URL.Path
		_, _ = io.WriteString(w, `{"openid":"oABC","session_key":"a2V5","unionid":"uDEF","errcode":0,"errmsg":"ok"}`)
	}))
	defer server.Close()
	who, err := wechat.New(wechat.Options{BaseURL: server.URL, Apps: apps}).Exchange(t.Context(), wechat.TwinAppID, "a code&x=1")
	if err != nil || who.OpenID != "oABC" || who.UnionID != "uDEF" || who.SessionKey != "a2V5" {
		t.Fatalf("got %+v, %v", who, err)
	}
	want := url.Values{
		"appid": {wechat.TwinAppID}, "secret": {appSecret}, "js_code": {"a code&x=1"}, "grant_type": {"authorization_code"},
	}
	if path != "GET /sns/jscode2session" || got.Encode() != want.Encode() {
		t.Fatalf("sent %s?%s", path, got.Encode())
	}
}

func TestExchangeRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   fault.Code
	}{
		{"errcode in HTTP 200", 200, `{"errcode":40029,"errmsg":"invalid code"}`, fault.InvalidParam},
		{"errcode beside an openid", 200, `{"errcode":40163,"errmsg":"code been used","openid":"oABC"}`, fault.InvalidParam},
		{"busy", 200, `{"errcode":-1,"errmsg":"system error"}`, fault.ServerTimeout},
		{"too often", 200, `{"errcode":45011,"errmsg":"api minute-quota reach limit"}`, fault.RateLimit},
		{"blocked", 200, `{"errcode":40226,"errmsg":"code blocked"}`, fault.PermissionDenied},
		{"bad secret", 200, `{"errcode":40125,"errmsg":"invalid appsecret"}`, fault.SysErr},
		{"empty openid", 200, `{"openid":"","session_key":"a2V5"}`, fault.SysErr},
		{"no openid", 200, `{"session_key":"a2V5"}`, fault.SysErr},
		{"openid with an operator", 200, `{"openid":"$ne","session_key":"a2V5"}`, fault.SysErr},
		{"openid is a number", 200, `{"openid":7}`, fault.ServerTimeout},
		{"openid is null", 200, `{"openid":null}`, fault.SysErr},
		{"a page", 200, `<html>captive portal</html>`, fault.ServerTimeout},
		{"nothing", 200, ``, fault.ServerTimeout},
		{"endless", 200, `{"openid":"` + strings.Repeat("o", 1<<20) + `"}`, fault.ServerTimeout},
		{"server error", 500, `{"openid":"oABC"}`, fault.ServerTimeout},
		{"redirect", 302, ``, fault.ServerTimeout},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			who, err := answering(t, tc.status, tc.body).Exchange(t.Context(), wechat.TwinAppID, "code")
			if fault.CodeOf(err) != tc.want || who.OpenID != "" {
				t.Fatalf("got %+v, %v; want %s", who, err, tc.want)
			}
		})
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	o := wechat.Options{Apps: apps}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s %q", o, o, o, o.Apps[wechat.TwinAppID], o.Apps[wechat.TwinAppID])
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "options", o, "secret", o.Apps[wechat.TwinAppID])
	text, err := json.Marshal(o.Apps)
	if err != nil {
		t.Fatal(err)
	}
	if all := out.String() + string(text); strings.Contains(all, appSecret) {
		t.Fatalf("a secret was printed: %s", all)
	}
}

func TestUnknownAppIDIsNotAsked(t *testing.T) {
	t.Parallel()
	client := wechat.New(wechat.Options{BaseURL: "http://127.0.0.1:1", Apps: apps})
	_, err := client.Exchange(t.Context(), "wxffff", "code")
	if fault.CodeOf(err) != fault.InvalidParam || !strings.HasPrefix(fault.Text(err), "provider_id: ") {
		t.Fatalf("got %v", err)
	}
}

func TestNoErrorHoldsTheSecret(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"connection refused": func() error {
			_, err := wechat.New(wechat.Options{BaseURL: gone.URL, Apps: apps}).Exchange(t.Context(), wechat.TwinAppID, "code")
			return err
		},
		"cancelled": func() error {
			_, err := wechat.New(wechat.Options{BaseURL: gone.URL, Apps: apps}).Exchange(cancelled, wechat.TwinAppID, "code")
			return err
		},
		"malformed address": func() error {
			_, err := wechat.New(wechat.Options{BaseURL: "http://[", Apps: apps}).Exchange(t.Context(), wechat.TwinAppID, "code")
			return err
		},
		"answer is no JSON": func() error {
			_, err := answering(t, 200, "?").Exchange(t.Context(), wechat.TwinAppID, "code")
			return err
		},
	} {
		err := call()
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(fmt.Sprintf("%v %+v", e, e), appSecret) {
				t.Errorf("%s: the error holds the secret: %v", name, e)
			}
		}
	}
}

// silent never answers, but ends with the request's context.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestSilenceEndsAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := wechat.New(wechat.Options{HTTP: silent{}, Apps: apps}).Exchange(t.Context(), wechat.TwinAppID, "code")
		if fault.CodeOf(err) != fault.ServerTimeout {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Fatalf("took %v, want 5s", took)
		}
	})
}

func TestTwinKnowsPeople(t *testing.T) {
	t.Parallel()
	client := wechat.NewTwin(nil).Client()
	openid := func(appID, code string) string {
		who, err := client.Exchange(t.Context(), appID, code)
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		if key, err := base64.StdEncoding.DecodeString(who.SessionKey); err != nil || len(key) != 16 {
			t.Fatalf("%s: session_key %q is not 16 bytes in base64", code, who.SessionKey)
		}
		if len(who.OpenID) != 28 || who.OpenID[0] != 'o' {
			t.Fatalf("%s: openid %q does not look like one", code, who.OpenID)
		}
		return who.OpenID
	}
	alice := openid("wx1", "alice")
	for _, tc := range []struct {
		name, appID, code, person string
	}{
		{"the same person", "wx1", "alice.2", "alice"},
		{"with any nonce", "wx1", "alice.~!{}", "alice"},
		{"another person", "wx1", "bob", "bob"},
		{"in another mini program", "wx2", "alice", "alice"},
		{"a real code", "wx1", "0e3NWBFa1Xyz4K0abcDe2fGh3i4NWBFn", "developer"},
		{"another real code", "wx1", "011abcDEF23gHIjKL4mn5oPqRs6tUvWx", "developer"},
		{"the tools' fixed code", "wx1", "the code is a mock one", "developer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := openid(tc.appID, tc.code)
			if got != wechat.OpenID(tc.appID, tc.person) {
				t.Fatalf("not the openid of %s in %s", tc.person, tc.appID)
			}
			if same := got == alice; same != (tc.appID == "wx1" && tc.person == "alice") {
				t.Fatalf("same as alice in wx1: %v", same)
			}
		})
	}
}

func TestTwinCodesWorkOnce(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	twin := wechat.NewTwin(func() time.Time { return time.Unix(clock.Load(), 0) })
	client := twin.Client()
	var wg sync.WaitGroup
	var succeeded atomic.Int64
	for range 100 {
		wg.Go(func() {
			if _, err := client.Exchange(t.Context(), "wx1", "alice.1"); err == nil {
				succeeded.Add(1)
			}
		})
	}
	wg.Wait()
	if n := succeeded.Load(); n != 1 {
		t.Fatalf("%d of 100 succeeded, want 1", n)
	}
	if _, err := client.Exchange(t.Context(), "wx2", "alice.1"); err != nil {
		t.Fatalf("another mini program's code of the same text: %v", err)
	}
	clock.Add(301)
	if _, err := client.Exchange(t.Context(), "wx1", "alice.1"); err != nil {
		t.Fatalf("a used code is remembered for ever: %v", err)
	}
	for range 2 {
		if _, err := client.Exchange(t.Context(), "wx1", "the code is a mock one"); err != nil {
			t.Fatalf("the tools' fixed code: %v", err)
		}
	}
}

func TestTwinOverTheNetwork(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(wechat.NewTwin(nil))
	defer server.Close()
	client := wechat.New(wechat.Options{BaseURL: server.URL, Apps: apps})
	who, err := client.Exchange(t.Context(), wechat.TwinAppID, "alice")
	if err != nil || who.OpenID != wechat.OpenID(wechat.TwinAppID, "alice") {
		t.Fatalf("got %+v, %v", who, err)
	}
}

func TestTwinRefusesAsTheOriginalDoes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(wechat.NewTwin(nil))
	defer server.Close()
	for _, tc := range []struct{ name, method, query, want string }{
		{"no appid", "GET", "secret=s&js_code=c&grant_type=authorization_code", `{"errcode":40013,"errmsg":"invalid appid"}`},
		{"no secret", "GET", "appid=a&js_code=c&grant_type=authorization_code", `{"errcode":41004,"errmsg":"appsecret missing"}`},
		{"no grant type", "GET", "appid=a&secret=s&js_code=c", `{"errcode":40002,"errmsg":"invalid grant_type"}`},
		{"no code", "GET", "appid=a&secret=s&grant_type=authorization_code", `{"errcode":41008,"errmsg":"missing code"}`},
		{"POST", "POST", "", `{"errcode":43002,"errmsg":"require GET method"}`},
		{"chosen error", "GET", "appid=a&secret=s&js_code=errcode.45011&grant_type=authorization_code", `{"errcode":45011,"errmsg":"simulated by the code"}`},
		{"no error chosen", "GET", "appid=a&secret=s&js_code=errcode.0&grant_type=authorization_code", `{"errcode":40029,"errmsg":"invalid code"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, server.URL+"/sns/jscode2session?"+tc.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != tc.want {
				t.Fatalf("got %d %s, %v; want %s", res.StatusCode, body, err, tc.want)
			}
		})
	}
}
