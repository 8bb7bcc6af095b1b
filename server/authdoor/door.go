// Package authdoor is the door /auth/v1: logging in, renewing and ending
// sessions, as the js-sdk 2.x and 3.x and baas-sdk do it
// (tcb-wire-protocol.md 11).
//
// Dangers first:
//
//   - Every member that is read must have its type: a token that is an object,
//     a list or a number is refused, never turned into a text.
//   - Tries are counted by the address that server/origin tells; a header that
//     anybody can write must have no say in it.
//   - Replies hold tokens: they are never cached, and nothing of them or of a
//     request's body is logged.
package authdoor

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/auth/throttle"
	"baas/server/identity"
	"baas/server/reply"
	"baas/server/wire"
)

// Options are what the door needs.
type Options struct {
	// Envs returns the service of the environment that the request names, ""
	// for none. The name is what the client claims; it is checked by no one
	// before. Code: InvalidEnv.
	Envs func(r *http.Request, named string) (*auth.Service, error)
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: nothing is logged

	PerAddress, PerAccount throttle.Options // zero: 600 and 120 tries a minute
}

// maxBody is the size of a request's body, in bytes.
const maxBody = 64 << 10

type door struct {
	o                   Options
	addresses, accounts *throttle.Limiter
}

// call is one request, taken apart.
type call struct {
	r      *http.Request
	auth   *auth.Service
	raw    []byte
	body   wire.Object
	bearer string // of the Authorization header, or empty
}

// handler answers one kind of request with something that encodes as an
// object.
type handler func(d *door, c call) (any, error)

// route is one row of the door's table. Limited rows count tries.
type route struct {
	method, path string
	limited      bool
	handle       handler
}

func routes() []route {
	return []route{
		{http.MethodPost, "/signin/anonymously", true, signInAnonymously},
		{http.MethodPost, "/signin/with/provider", true, signInWithProvider},
		{http.MethodPost, "/provider/token", true, providerToken},
		{http.MethodPost, "/token", true, token},
		{http.MethodPost, "/token/clientCredential", true, clientCredential},
		{http.MethodPost, "/revoke", false, revoke},
		{http.MethodGet, "/user/me", false, me},
		{http.MethodPost, "/user/signout", false, signOut},
	}
}

// Mount opens the door below /auth/v1 of e.
func Mount(e *echo.Echo, o Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &door{
		o:         o,
		addresses: limiter(o.PerAddress, throttle.Options{PerMinute: 600, Burst: 300}, o.Now),
		accounts:  limiter(o.PerAccount, throttle.Options{PerMinute: 120, Burst: 120}, o.Now),
	}
	g := e.Group("/auth/v1")
	for _, row := range routes() {
		g.Add(row.method, row.path, d.serve(row))
	}
	g.Any("/*", d.serve(route{handle: unknown}))
}

func limiter(o, otherwise throttle.Options, now func() time.Time) *throttle.Limiter {
	if o.PerMinute == 0 {
		o = otherwise
	}
	o.Now = now
	return throttle.New(o)
}

// serve makes the echo handler of a row: the one place where this door reads
// requests and writes replies.
func (d *door) serve(row route) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := reply.ID(c.Request().Context())
		if id == "" {
			id = reply.NewID()
		}
		header := c.Response().Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Request-Id", id)
		answer, err := d.answer(c.Request(), row)
		if err != nil {
			if after := throttle.RetryAfter(err); after != "" {
				header.Set("Retry-After", after)
			}
			ctx := reply.WithID(c.Request().Context(), id)
			status, body := reply.OAuth(id, reply.Explain(ctx, d.o.Log, err))
			return c.JSONBlob(status, body)
		}
		body, err := withID(answer, id)
		if err != nil {
			return err
		}
		return c.JSONBlob(http.StatusOK, body)
	}
}

func (d *door) answer(r *http.Request, row route) (any, error) {
	if row.limited {
		if err := d.addresses.Try(throttle.Client(r)); err != nil {
			return nil, err
		}
	}
	raw, err := wire.Read(r.Body, maxBody)
	if err != nil {
		return nil, err
	}
	c := call{r: r, raw: raw}
	if token, ok := identity.Bearer(r.Header); ok {
		c.bearer = token
	}
	if len(raw) > 0 {
		// Whatever content-type says: js-sdk in Node sends text/plain.
		if c.body, err = wire.ParseObject("body", raw); err != nil {
			return nil, err
		}
	}
	named, err := c.env()
	if err != nil {
		return nil, err
	}
	if c.auth, err = d.o.Envs(r, named); err != nil {
		return nil, err
	}
	reply.RecordOf(r.Context()).Env = c.auth.Env()
	return row.handle(d, c)
}

// env returns the environment that the request names: client_id in the query
// or the body, the user name of Basic authorization (the SDK sends the env
// there too), or the one that issued the token.
func (c call) env() (string, error) {
	if id := c.r.URL.Query().Get("client_id"); id != "" {
		return id, nil
	}
	id, err := c.body.Text("client_id")
	if err != nil || id != "" {
		return id, err
	}
	if encoded, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Basic "); ok {
		text, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return "", fault.Invalid("authorization", "the part after Basic must be base64")
		}
		name, _, _ := strings.Cut(string(text), ":")
		return name, nil
	}
	return auth.EnvOf(c.bearer), nil
}

// principal returns the caller of a request that needs a login.
func (c call) principal() (rules.Principal, error) {
	p, err := c.auth.Authenticate(c.r.Context(), c.bearer)
	if err == nil && p.Role == rules.Nobody {
		err = fault.New(fault.CheckLoginFailed, "authorization: log in first and send the access token as Bearer")
	}
	return p, err
}

// text returns a member that must be a string with something in it.
func (c call) text(name string) (string, error) {
	text, err := c.body.Text(name)
	if err == nil && text == "" {
		err = fault.Invalid(name, "is required and must be a string")
	}
	return text, err
}

// withID encodes an answer with the request id added, as every reply carries
// one (tcb-wire-protocol.md 2).
func withID(answer any, id string) ([]byte, error) {
	body, err := json.Marshal(answer)
	if err != nil || len(body) < 2 || body[0] != '{' {
		return nil, fmt.Errorf("authdoor: answer is not an object: %w", err)
	}
	head := append([]byte(`{"requestId":`), strconv.Quote(id)...)
	if len(body) > 2 {
		head = append(head, ',')
	}
	return append(head, body[1:]...), nil
}
