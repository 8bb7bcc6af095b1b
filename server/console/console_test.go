package console_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db"
	"baas/db/dbtest"
	"baas/functions"
	"baas/server/console"
	"baas/server/env"
	"baas/server/origin"
)

// house is a running console over one environment, "dev".
type house struct {
	*console.Console
	url   string
	token string // set-up token
	dev   *db.Engine
	envs  *env.Registry
	echo  *echo.Echo
	now   atomic.Int64
	base  string // the server's address as clients see it
}

var assets = fstest.MapFS{
	"index.html":            {Data: []byte("<!doctype html><title>baas</title>")},
	"assets/index-a1b2.js":  {Data: []byte("export {}")},
	"assets/index-a1b2.css": {Data: []byte("a{}")},
}

func open(t *testing.T) *house {
	t.Helper()
	return openWith(t, dbtest.Open(t), nil)
}

func openWith(t *testing.T, dev *db.Engine, fn *functions.Service) *house {
	t.Helper()
	h := &house{dev: dev, envs: newEnvs(t, dev, fn), echo: echo.New()}
	h.now.Store(time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	h.Console = console.New(console.Options{
		System: dbtest.Open(t), Envs: h.envs, Assets: assets, Credential: credential,
		Now: func() time.Time { return time.Unix(0, h.now.Load()) },
	})
	h.Accounts().HashCheaply()
	h.token = h.NewSetupToken()
	h.Mount(h.echo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.echo.ServeHTTP(w, r.WithContext(origin.With(r.Context(), origin.Origin{Base: h.base, Hosts: []string{r.Host}})))
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
	cookie *http.Cookie
}

func (h *house) try(ctx context.Context, method, path, body, cookie string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, h.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body) // pages are no JSON; the API's tests look at body
	if all := res.Cookies(); len(all) > 0 {
		a.cookie = all[0]
	}
	return a, nil
}

func (h *house) send(t *testing.T, method, path, body, cookie string, headers ...string) answer {
	t.Helper()
	a, err := h.try(t.Context(), method, path, body, cookie, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const credential = "the credential of this machine"

const password = "correct horse"

func (h *house) setUp(t *testing.T) (cookie string) {
	t.Helper()
	a := h.send(t, "POST", "/console/api/setup", `{"token":"`+h.token+`","name":"Ann","password":"`+password+`"}`, "")
	if a.status != 200 || a.cookie == nil {
		t.Fatalf("set-up: %d %s", a.status, a.text)
	}
	return a.cookie.Name + "=" + a.cookie.Value
}
