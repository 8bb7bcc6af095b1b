// Package console is the API of the web console and serves its page: admin
// accounts and sessions, and what an admin may see and do.
//
// Dangers first:
//
//   - Whoever gets in here may do everything with every environment. A route
//     exists only as a row of routes, which names the role it takes; there is
//     no other way to mount one.
//   - The browser sends the session's cookie by itself, so each request must
//     prove that it comes from the console's own page (guard).
//   - What apps stored is shown here. It is only ever sent as JSON, and the
//     page may load nothing and run nothing that is not its own file.
package console

import (
	"crypto/rand"
	"encoding/base64"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db"
	"baas/server/auth/throttle"
	"baas/server/env"
	"baas/server/origin"
)

// Options are what a Console needs.
type Options struct {
	System *db.Engine    // the server's own database
	Envs   *env.Registry // what is shown
	Assets fs.FS         // the built page, index.html at the root; nil: no page
	// Credential is what commands on the server's machine show as a Bearer
	// token; "" admits none.
	Credential string
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger     // nil: nothing is logged
}

// Console is the console of one server. It is safe for concurrent use.
type Console struct {
	o        Options
	accounts *Accounts
	origin   *http.CrossOriginProtection
	// logins are counted per address, and per name and address: counting
	// names alone would let a stranger lock an admin out.
	addresses, logins *throttle.Limiter

	mu    sync.Mutex
	setup string // digest of the set-up token, "" when there is none; guarded by mu
}

// New makes a console.
func New(o Options) *Console {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Console{
		o:         o,
		accounts:  OpenAccounts(o.System, o.Now),
		origin:    http.NewCrossOriginProtection(),
		addresses: throttle.New(throttle.Options{PerMinute: 30, Burst: 30, Now: o.Now}),
		logins:    throttle.New(throttle.Options{PerMinute: 6, Burst: 10, Now: o.Now}),
	}
}

// Accounts returns the admins of this console.
func (c *Console) Accounts() *Accounts { return c.accounts }

// NewSetupToken makes a token with which the first admin account can be made,
// once; an earlier token is void. It is kept in memory only.
func (c *Console) NewSetupToken() string {
	secret := make([]byte, 24)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	token := base64.RawURLEncoding.EncodeToString(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setup = digest(token)
	return token
}

// takeSetup uses the set-up token up and reports whether it was this one.
func (c *Console) takeSetup(token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.setup == "" || c.setup != digest(token) {
		return false
	}
	c.setup = ""
	return true
}

// returnSetup makes a token that was taken good again, when the account could
// not be made.
func (c *Console) returnSetup(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setup = digest(token)
}

// Mount opens the console below /console of e.
func (c *Console) Mount(e *echo.Echo) {
	api := e.Group("/console/api")
	for _, row := range routes() {
		api.Add(row.method, row.path, c.serve(row))
	}
	// Any path that no row names is refused like a row for admins: a stranger
	// cannot tell what exists.
	api.Any("", c.serve(route{role: Owner, handle: notFound}))
	api.Any("/*", c.serve(route{role: Owner, handle: notFound}))
	if c.o.Assets != nil {
		page := newPage(c.o.Assets)
		e.GET("/console", func(ec echo.Context) error {
			return ec.Redirect(http.StatusPermanentRedirect, "/console/")
		})
		e.GET("/console/*", page.serve)
		e.HEAD("/console/*", page.serve)
	}
}

// secure reports whether the browser talks to the server over TLS.
func secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(origin.From(r.Context()).Base, "https://")
}
