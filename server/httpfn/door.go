// Package httpfn gives functions an HTTP address: /fn/{env}/{name}/… calls the
// function with an event that describes the request and turns its result into
// the response (wx-cloud-api.md 9.9).
//
// Dangers: the response is written by the env's developer and shares the
// server's origin with the console, so pages are sandboxed into an origin of
// their own and are never sniffed; headers that belong to the connection are
// not the function's to set. Every function can be called by everybody here: it
// learns who calls only from a token of this env, and must ask for one itself.
package httpfn

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions"
	"baas/server/auth"
	"baas/server/env"
	"baas/server/identity"
	"baas/server/reply"
	"baas/server/wire"
)

// Door serves /fn.
type Door struct {
	Envs      *env.Registry
	BodyLimit int64 // bytes
	Log       *slog.Logger
}

// Mount adds the routes. The request context must carry a request id and an
// Origin.
func (d *Door) Mount(e *echo.Echo) {
	e.Any("/fn/:env/:name", d.serve)
	e.Any("/fn/:env/:name/*", d.serve)
}

func (d *Door) serve(c echo.Context) error {
	r := c.Request()
	ctx := r.Context()
	out, err := d.call(ctx, c)
	if err != nil {
		return d.refuse(c, err)
	}
	out.write(c.Response(), r.Method)
	return nil
}

func (d *Door) call(ctx context.Context, c echo.Context) (response, error) {
	r := c.Request()
	body, err := wire.Read(r.Body, d.BodyLimit)
	if err != nil {
		return response{}, err
	}
	e, err := d.Envs.Get(c.Param("env"))
	if err != nil {
		return response{}, err
	}
	reply.RecordOf(ctx).Env = e.ID
	p, err := caller(ctx, e, r)
	if err != nil {
		return response{}, err
	}
	result, err := e.Functions.Call(ctx, p, functions.Call{
		Name:      c.Param("name"),
		Event:     event(r, path(c), body, e.ID, p.AppID, reply.ID(ctx)),
		RequestID: reply.ID(ctx),
	})
	if err != nil {
		return response{}, err
	}
	return mapResult(result.Value)
}

// path returns what follows the function's name, still escaped as it was sent,
// "/" at least.
func path(c echo.Context) string {
	rest := strings.TrimPrefix(c.Request().URL.EscapedPath(), "/fn/")
	for range 2 { // env and name
		_, rest, _ = strings.Cut(rest, "/")
	}
	return "/" + rest
}

// caller is the user of an access token that this env issued, or the trigger
// itself: HTTP access is one, like a timer, and triggers are not asked for a
// right to call (wx-cloud-api.md 8.6). Its rights are not the visitor's, who
// gets what the function returns. Other authorization is the function's own
// business.
func caller(ctx context.Context, e *env.Env, r *http.Request) (rules.Principal, error) {
	token, ok := identity.Bearer(r.Header)
	if !ok || token == "" || auth.EnvOf(token) != e.ID {
		return identity.Arrived(ctx, rules.Principal{Role: rules.Admin}, identity.FromServer), nil
	}
	p, err := e.Auth.Authenticate(ctx, token)
	return identity.Arrived(ctx, p, identity.FromServer), err
}

// refuse answers as the gateway does. Of a function's error the first line is
// enough for the world; the stack is in the logs.
func (d *Door) refuse(c echo.Context, err error) error {
	ctx := c.Request().Context()
	p := reply.Explain(ctx, d.Log, err)
	if p.Code == fault.FunctionExecute {
		p.Text, _, _ = strings.Cut(p.Text, "\n")
	}
	status, body := reply.Gateway(reply.ID(ctx), p)
	return c.Blob(status, "application/json; charset=utf-8", body)
}
