package storage_test

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/rules"
	"baas/storage"
	"baas/storage/disk"
)

var (
	admin  = rules.Principal{Role: rules.Admin}
	alice  = rules.Principal{Role: rules.User, UID: "alice"}
	bob    = rules.Principal{Role: rules.User, UID: "bob", OpenID: "openid_B-ob"}
	nobody = rules.Principal{}
)

// clock is a time that tests set.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) Advance(d time.Duration) { c.at.Add(int64(d)) }

// world is one env's storage and what is below it.
type world struct {
	*storage.Service
	clock  *clock
	driver *hooked
	db     *db.Engine
	dir    string // of the objects
}

// hooked lets a test step in between the Service and its driver.
type hooked struct {
	storage.Driver
	afterPut   func()
	beforeOpen func(key string)
}

func (h *hooked) Put(ctx context.Context, key string, r io.Reader, size int64) (storage.Info, error) {
	info, err := h.Driver.Put(ctx, key, r, size)
	if h.afterPut != nil && err == nil {
		h.afterPut()
	}
	return info, err
}

func (h *hooked) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	if h.beforeOpen != nil {
		h.beforeOpen(key)
	}
	return h.Driver.Open(ctx, key, offset, length)
}

// newWorld opens an env "dev" over a temporary folder, without background
// sweeps. change may adapt the options.
func newWorld(t *testing.T, change ...func(*storage.Options)) *world {
	t.Helper()
	w := &world{clock: newClock(), db: dbtest.Open(t), dir: t.TempDir()}
	w.start(t, change...)
	return w
}

// start opens the service, again after the last one has been closed.
func (w *world) start(t *testing.T, change ...func(*storage.Options)) {
	t.Helper()
	d, err := disk.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	w.driver = &hooked{Driver: d}
	o := storage.Options{
		Env: "dev", Bucket: "6465-dev", Driver: w.driver, DB: w.db, Key: []byte("0123456789abcdef0123456789abcdef"),
		Knows:  func(id string) bool { return id == "old-1a2b" },
		Limits: storage.Limits{SweepEvery: -1}, Now: w.clock.Now,
	}
	for _, f := range change {
		f(&o)
	}
	w.Service = storage.New(o)
	t.Cleanup(func() { _ = w.Close() })
}

func id(path string) string { return "cloud://dev.6465-dev/" + path }

// write stores a file and fails the test when that fails.
func (w *world) write(t *testing.T, p rules.Principal, path, content string) storage.File {
	t.Helper()
	f, err := w.Write(t.Context(), p, path, strings.NewReader(content), int64(len(content)), "")
	if err != nil {
		t.Fatalf("Write(%q): %v", path, err)
	}
	return f
}

// content reads a file as the admin.
func (w *world) content(t *testing.T, path string) string {
	t.Helper()
	r, _, err := w.Read(t.Context(), admin, id(path))
	if err != nil {
		t.Fatalf("Read(%q): %v", path, err)
	}
	defer func() { _ = r.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatalf("reading %q: %v", path, err)
	}
	return b.String()
}

// objects counts what is in the store.
func (w *world) objects(t *testing.T) int {
	t.Helper()
	infos, err := w.driver.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(infos)
}

// tempURL returns a download URL made for the admin.
func (w *world) tempURL(t *testing.T, path string, maxAge time.Duration) storage.TempURL {
	t.Helper()
	urls, err := w.TempURLs(t.Context(), admin, []storage.TempURLRequest{{FileID: id(path), MaxAge: maxAge}})
	if err != nil || len(urls) != 1 || urls[0].Code != "" {
		t.Fatalf("TempURLs(%q) = %+v, %v", path, urls, err)
	}
	return urls[0]
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatalf("the URL %q is malformed: %v", raw, err)
	}
	return u
}

// expired returns a context that has ended.
func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// background is the context of what outlives a test, or has none.
var background = context.Background()
