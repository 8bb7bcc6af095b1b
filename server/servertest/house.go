// Package servertest runs a whole server on a port of its own, over a
// temporary folder, with small clients of its doors: for tests.
//
// Dangers: functions run in worker processes, which are this same test binary
// started again, so a package that calls functions must have a TestMain that
// calls Main.
package servertest

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"baas/db"
	"baas/db/kv"
	"baas/db/kv/memkv"
	"baas/db/rules"
	"baas/server"
	"baas/server/auth"
	"baas/server/env"
	"baas/server/tcb"
	"baas/server/wechat"
	"baas/storage"
	"baas/storage/disk"
)

// Config is what a test may change before its server starts.
type Config struct {
	Server server.Options
	Envs   []string // environments; the first is the default
	Now    func() time.Time
	// Store opens a database's store, which is closed when the test ends. Nil
	// means one in memory.
	Store func(testing.TB) kv.Store
}

// House is a running server.
type House struct {
	URL string // "http://127.0.0.1:PORT"
	Env *env.Env
	Key auth.Key // an admin key pair of Env
	Log *Log

	Envs       *env.Registry
	Dispatcher *tcb.Dispatcher

	client *http.Client
}

// Start runs a server until the test ends. Its documents are in memory unless
// an edit says otherwise, its files in a temporary folder.
func Start(t testing.TB, edits ...func(*Config)) *House {
	t.Helper()
	c := Config{Envs: []string{"dev"}, Now: time.Now, Store: memory}
	for _, edit := range edits {
		edit(&c)
	}
	h := &House{Log: &Log{}, client: &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	log := slog.New(slog.NewTextHandler(h.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.URL = "http://" + l.Addr().String()
	h.Dispatcher = tcb.NewDispatcher(tcb.Options{Base: h.URL, Now: c.Now, Log: log})
	h.Envs = openEnvs(t, h.Dispatcher, c, log)
	if h.Env, err = h.Envs.Get(""); err != nil {
		t.Fatal(err)
	}
	if h.Key, err = h.Env.Auth.CreateKey(t.Context(), auth.KeyAdmin); err != nil {
		t.Fatal(err)
	}

	o := c.Server
	o.Envs, o.Dispatcher, o.Now, o.Log = h.Envs, h.Dispatcher, c.Now, log
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("servertest: shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("servertest: serve: %v", err)
		}
	})
	return h
}

// openEnvs opens the environments of c over a temporary folder.
func openEnvs(t testing.TB, d *tcb.Dispatcher, c Config, log *slog.Logger) *env.Registry {
	t.Helper()
	system := engine(t, c.Store(t), c.Now, log)
	pool := workers(t, log)
	twin := wechat.NewTwin(c.Now)
	envs, err := env.Open(t.Context(), env.Options{
		System: system, Master: bytes.Repeat([]byte("k"), 32), Default: c.Envs[0], Now: c.Now, Log: log,
		Open: func(ctx context.Context, e *env.Env) error {
			driver, err := disk.Open(t.TempDir())
			if err != nil {
				return err
			}
			e.DB = engine(t, c.Store(t), c.Now, log)
			e.Files = storage.New(storage.Options{
				Env: e.ID, Bucket: "test", Driver: driver, DB: e.DB, Key: e.Key("files"), Now: c.Now, Log: log,
			})
			e.Auth = auth.New(auth.Options{
				DB: e.DB, Env: e.ID, Secret: e.Key("auth"), AppID: wechat.TwinAppID,
				Codes: twin.Client(), ReusableCode: twin.ReusableCode, Now: c.Now, Log: log,
			})
			return openFunctions(ctx, e, tcb.NewHost(d, e), pool, t.TempDir(), log)
		},
		Close: closeEnv,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := envs.Close(); err != nil {
			t.Errorf("servertest: close: %v", err)
		}
	})
	for _, id := range c.Envs {
		if _, err := envs.Create(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	return envs
}

func memory(t testing.TB) kv.Store {
	t.Helper()
	store, err := new(memkv.Disk).Open()
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func engine(t testing.TB, store kv.Store, now func() time.Time, log *slog.Logger) *db.Engine {
	t.Helper()
	e, err := db.Open(t.Context(), store, db.Options{Now: now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("servertest: close engine: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("servertest: close store: %v", err)
		}
	})
	return e
}

// Collection makes a collection in the default environment.
func (h *House) Collection(t testing.TB, name string, mode rules.Mode) {
	t.Helper()
	admin := rules.Principal{Role: rules.Admin}
	if err := h.Env.DB.CreateCollection(t.Context(), admin, name); err != nil {
		t.Fatal(err)
	}
	if err := h.Env.DB.SetMode(t.Context(), admin, name, mode); err != nil {
		t.Fatal(err)
	}
}

// Log is what the server logged. It is safe for concurrent use.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns everything so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
