package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/env"
	"baas/server/identity"
	"baas/server/origin"
	"baas/server/reply"
	"baas/server/signature"
	"baas/server/wire"
)

const contentType = "application/json; charset=utf-8"

// Door serves /v1.
type Door struct {
	Envs      *env.Registry
	BodyLimit int64 // bytes
	Now       func() time.Time
	Log       *slog.Logger
}

// Mount adds the routes. The request context must carry a request id and an
// Origin.
func (d *Door) Mount(e *echo.Echo) {
	data := e.Group("/v1/database/instances/:instance/databases/:database", d.onlyDefault)
	data.POST("/collections", d.handle(addCollection))
	documents := data.Group("/collections/:collection/documents")
	documents.GET("", d.handle(find))
	documents.POST("", d.handle(insert))
	documents.PATCH("", d.handle(update))
	documents.POST("/remove", d.handle(remove))
	documents.POST("/aggregations", d.handle(aggregate))
	documents.GET("/:id", d.handle(getOne))
	documents.PATCH("/:id", d.handle(updateOne))
	documents.DELETE("/:id", d.handle(removeOne))
	data.POST("/transactions", d.handle(startTransaction))
	data.POST("/transactions/:transaction/commit", d.handle(endTransaction((*db.Transaction).Commit)))
	data.POST("/transactions/:transaction/rollback", d.handle(endTransaction((*db.Transaction).Abort)))

	e.POST("/v1/functions/:name", d.handle(callFunction))

	e.POST("/v1/storages/get-objects-upload-info", d.handle(uploadInfo))
	e.POST("/v1/storages/get-objects-download-info", d.handle(downloadInfo))
	e.POST("/v1/storages/delete-objects", d.handle(deleteObjects))
}

// onlyDefault refuses any database but the one that every environment has.
func (d *Door) onlyDefault(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		for _, name := range []string{"instance", "database"} {
			if v := c.Param(name); v != "(default)" && v != "default" {
				return d.refuse(c, fault.Invalid(name, "there is only the database (default)"))
			}
		}
		return next(c)
	}
}

// request is one request on its way.
type request struct {
	env   *env.Env
	p     rules.Principal
	param func(string) string // path parameters
	query url.Values
	http  *http.Request
	body  []byte
	now   time.Time
	log   *slog.Logger
	base  string // address of the server, for URLs
	id    string
}

// handler does the work of one route and returns the JSON body of a success.
type handler func(context.Context, *request) ([]byte, error)

func (d *Door) handle(h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		in, err := d.open(ctx, c)
		if err != nil {
			return d.refuse(c, err)
		}
		out, err := h(ctx, in)
		if err != nil {
			return d.refuse(c, err)
		}
		return wire.Send(c.Response(), http.StatusOK, contentType, out)
	}
}

func (d *Door) refuse(c echo.Context, err error) error {
	ctx := c.Request().Context()
	status, body := reply.Gateway(reply.ID(ctx), reply.Explain(ctx, d.Log, err))
	return wire.Send(c.Response(), status, contentType, body)
}

// pathParam returns a part of the path as it was meant: Echo leaves it escaped
// when the path holds an escaped slash.
func pathParam(c echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return value
	}
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}

// open reads the body and finds environment and caller.
func (d *Door) open(ctx context.Context, c echo.Context) (*request, error) {
	r := c.Request()
	in := &request{
		param: func(name string) string { return pathParam(c, name) }, query: r.URL.Query(), http: r, now: d.Now(), log: d.Log,
		base: origin.From(ctx).Base, id: reply.ID(ctx),
	}
	var err error
	if in.body, err = wire.Read(r.Body, d.BodyLimit); err != nil {
		return nil, err
	}
	if in.env, err = Environment(d.Envs, r, in.query.Get("env")); err != nil {
		return nil, err
	}
	reply.RecordOf(ctx).Env = in.env.ID
	if in.p, err = d.caller(ctx, in); err != nil {
		return nil, err
	}
	return in, nil
}

// Environment finds the environment of a request that may not name one, as
// those of the js-sdk after registerHost. Asked in turn are: the name the
// request does give, if any; the first label of the host name, as in the
// original's {env}.api.…; the environment for which the bearer token was made;
// the default environment. Code: InvalidEnv.
func Environment(envs *env.Registry, r *http.Request, named string) (*env.Env, error) {
	if named != "" {
		return envs.Get(named)
	}
	for _, host := range origin.From(r.Context()).Hosts {
		if label := origin.Label(host); label != "" {
			if e, err := envs.Get(label); err == nil {
				return e, nil
			}
		}
	}
	if token, ok := identity.Bearer(r.Header); ok && token != "" {
		// Only a hint which service to ask: it checks the token itself.
		if e, err := envs.Get(auth.EnvOf(token)); err == nil {
			return e, nil
		}
	}
	return envs.Get("")
}

// caller finds who is calling: a bearer token or a TC3 signature in its cloud
// API form. Without either the caller is nobody, and the rules decide.
func (d *Door) caller(ctx context.Context, in *request) (rules.Principal, error) {
	header := in.http.Header
	if signature.IsTC3(header.Get("Authorization")) {
		r := identity.Request(in.http)
		r.Body = in.body
		p, err := identity.TC3(ctx, in.env.Auth, r, "", in.now)
		return identity.Arrived(ctx, p, identity.FromServer), err
	}
	token, ok := identity.Bearer(header)
	if !ok {
		return rules.Principal{}, fault.New(fault.SignInvalid, "authorization: must be a Bearer token or a TC3-HMAC-SHA256 signature")
	}
	p, err := in.env.Auth.Authenticate(ctx, token)
	return identity.Arrived(ctx, p, identity.FromClient), err
}

// object takes the body apart.
func (in *request) object() (wire.Object, error) { return wire.ParseObject("body", in.body) }
