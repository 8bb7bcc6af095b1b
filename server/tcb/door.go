package tcb

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db/rules"
	"baas/server/env"
	"baas/server/identity"
	"baas/server/reply"
	"baas/server/wire"
)

// contentType is compared letter by letter by the SDKs when a reply could be
// bytes as well (tcb-wire-protocol.md 12).
const contentType = "application/json; charset=utf-8"

// Door serves POST /admin and POST /web.
type Door struct {
	Envs       *env.Registry
	Dispatcher *Dispatcher
	BodyLimit  int64 // bytes
	Now        func() time.Time
	Log        *slog.Logger
}

// Mount adds the routes. Both answer with HTTP status 200 whatever happens
// (tcb-wire-protocol.md 2). The request context must carry a request id and an
// Origin.
func (d *Door) Mount(e *echo.Echo) {
	e.POST("/admin", d.handle(d.admin))
	e.POST("/web", d.handle(d.web))
}

// envelope is one request, taken apart.
type envelope struct {
	http *http.Request
	body wire.Object
	// extra are multipart parts that are no JSON members; a signature may
	// cover them.
	extra []part
	env   *env.Env
}

// identify is one door's way to find the caller.
type identify func(context.Context, envelope) (rules.Principal, error)

func (d *Door) handle(who identify) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		ctx := r.Context()
		out, err := d.answer(ctx, r, who)
		if err != nil {
			out = reply.Envelope(reply.ID(ctx), reply.Explain(ctx, d.Log, err))
		}
		return wire.Send(c.Response(), http.StatusOK, contentType, out)
	}
}

func (d *Door) answer(ctx context.Context, r *http.Request, who identify) ([]byte, error) {
	in, err := d.open(r)
	if err != nil {
		return nil, err
	}
	reply.RecordOf(ctx).Env = in.env.ID
	p, err := who(ctx, in)
	if err != nil {
		return nil, err
	}
	return d.Dispatcher.do(ctx, in.env, p, in.body), nil
}

// open reads the body, takes it apart and finds the environment.
func (d *Door) open(r *http.Request) (envelope, error) {
	in := envelope{http: r}
	text, err := wire.Read(r.Body, d.BodyLimit)
	if err != nil {
		return in, err
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		in.body, in.extra, err = parseMultipart(text, params["boundary"])
	} else { // JSON whatever else the content type says
		in.body, err = wire.ParseObject("body", text)
	}
	if err != nil {
		return in, err
	}
	name, err := environment(r, in.body)
	if err != nil {
		return in, err
	}
	in.env, err = d.Envs.Get(name)
	return in, err
}

// environment returns the id that the request names: envName at /admin, env at
// /web, the query's env at both. Empty is the default environment.
func environment(r *http.Request, body wire.Object) (string, error) {
	for _, member := range []string{"envName", "env"} {
		name, err := body.Text(member)
		if err != nil || name != "" {
			return name, err
		}
	}
	return r.URL.Query().Get("env"), nil // pairs that cannot be read are skipped
}

// web finds the user behind the body's access_token, or of a bearer header.
// Without either the caller is nobody, and the rules decide.
func (d *Door) web(ctx context.Context, in envelope) (rules.Principal, error) {
	token, err := in.body.Text("access_token")
	if err != nil {
		return rules.Principal{}, err
	}
	if token == "" {
		if bearer, ok := identity.Bearer(in.http.Header); ok {
			token = bearer
		}
	}
	p, err := in.env.Auth.Authenticate(ctx, token)
	return identity.Arrived(ctx, p, identity.FromClient), err
}
