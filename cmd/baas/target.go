package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"baas/server/signature"
)

// target is the server that a command talks to: one at a URL, the one that
// runs on a data folder, or one that the command itself opened on the folder.
// All three answer the same API, so a command is written once.
type target struct {
	base  string
	http  *http.Client
	sign  func(*http.Request, []byte) error
	close func() error
}

// ask runs fn with the target that the flags name.
func (sh *shell) ask(ctx context.Context, fn func(*target) error) error {
	t, err := sh.dial(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(t), t.close())
}

// dial finds the target that the flags name.
func (sh *shell) dial(ctx context.Context) (*target, error) {
	if sh.key == "" {
		sh.key = sh.getenv("BAAS_KEY")
	}
	if sh.server != "" {
		return dialKey(sh.server, sh.key)
	}
	local, err := readLocalServer(sh.dataDir)
	switch {
	case err == nil:
		t := &target{base: local.URL, http: http.DefaultClient, sign: bearer(local.Credential), close: func() error { return nil }}
		if t.alive(ctx) {
			return t, nil
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return sh.openFolder(ctx)
}

func dialKey(server, key string) (*target, error) {
	id, secret, ok := strings.Cut(key, ":")
	if !ok || id == "" || secret == "" {
		return nil, &usageError{errors.New("--server needs --key ID:KEY; make one with `baas key create`")}
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return nil, &usageError{fmt.Errorf("--server %q is not a URL such as http://127.0.0.1:8787", server)}
	}
	return &target{
		base: strings.TrimRight(server, "/"), http: http.DefaultClient,
		sign: func(r *http.Request, body []byte) error {
			return signature.Sign(r, body, id, secret, time.Now())
		},
		close: func() error { return nil },
	}, nil
}

func bearer(token string) func(*http.Request, []byte) error {
	return func(r *http.Request, _ []byte) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

func (t *target) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := t.http.Do(r)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// openFolder starts the server's services on the folder, reachable only from
// this process.
func (sh *shell) openFolder(ctx context.Context) (*target, error) {
	cfg, err := sh.folderConfig()
	if err != nil {
		return nil, err
	}
	app, err := openApp(ctx, cfg, newLogger(sh.log, "warn"))
	if err != nil {
		return nil, err
	}
	if app.dir.fresh {
		fmt.Fprintf(sh.log, "baas: there was no data in %s: a new folder was made\n", app.dir.path)
	}
	ln := newMemoryListener()
	srv := &http.Server{Handler: app.handler(), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // ends with ErrServerClosed when close runs
	}()
	return &target{
		base: "http://baas", sign: bearer(app.credential),
		http: &http.Client{Transport: &http.Transport{DialContext: ln.dial}},
		close: func() error {
			err := srv.Close()
			<-done
			return errors.Join(err, app.Close())
		},
	}, nil
}

// apiError is what the console's API answers when it refuses.
type apiError struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// call sends one request to the console's API and decodes the answer.
func (t *target) call(ctx context.Context, method, path string, body []byte, contentType string, into any) error {
	res, err := t.do(ctx, method, path, body, contentType)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if into == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// do sends one request and returns the answer if it is a success. The caller
// closes its body.
func (t *target) do(ctx context.Context, method, path string, body []byte, contentType string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, t.base+"/console/api"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if err := t.sign(r, body); err != nil {
		return nil, err
	}
	res, err := t.http.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	refusal := new(apiError)
	if json.Unmarshal(text, refusal) == nil && refusal.Code != "" {
		return nil, refusal
	}
	return nil, fmt.Errorf("the server answered %s", res.Status)
}

// get and post are call for JSON.
func (t *target) get(ctx context.Context, path string, into any) error {
	return t.call(ctx, http.MethodGet, path, nil, "", into)
}

func (t *target) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return t.call(ctx, http.MethodPost, path, text, "application/json", into)
}

// memoryListener is a listener whose connections never leave the process.
type memoryListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memoryListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the next connection, or net.ErrClosed.
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and dial. It is called once, by the server.
func (l *memoryListener) Close() error {
	close(l.done)
	return nil
}

// Addr names the listener in logs.
func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "baas" }
