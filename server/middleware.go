package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/server/origin"
	"baas/server/reply"
)

// arrive gives a request its id, Origin and Record, and writes its one log line
// and its metrics when it has been answered.
func (s *Server) arrive(resolver *origin.Resolver, meters meters) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := s.o.Now()
			r := c.Request()
			id := reply.Adopt(r.Header.Get("X-Request-Id"))
			if id == "" {
				id = reply.NewID()
			}
			var rec reply.Record
			o := resolver.Of(r)
			ctx := reply.WithRecord(reply.WithID(origin.With(r.Context(), o), id), &rec)
			c.SetRequest(r.WithContext(ctx))
			c.Response().Header().Set("X-Request-Id", id)

			meters.running.Inc()
			defer meters.running.Dec()
			if err := next(c); err != nil {
				c.Error(err) // answered here, so that the line below tells the truth
			}

			took := s.o.Now().Sub(start)
			door := doorOf(r.URL.Path)
			meters.observe(door, rec, c.Response().Status, took)
			level := slog.LevelInfo
			if door == "health" {
				level = slog.LevelDebug
			}
			s.o.Log.LogAttrs(ctx, level, "request", // never the query: it holds signatures
				slog.String("request_id", id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
				slog.Duration("took", took), slog.String("client_ip", o.ClientIP), slog.String("env", rec.Env),
				slog.String("action", rec.Action), slog.String("code", string(rec.Code)))
			return nil
		}
	}
}

// doorOf names the door of a path, for the log and as a label with few values.
func doorOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "admin", "web", "v1", "auth", "ws", "files", "fn", "site", "console", "sdk":
		return first
	case "healthz", "readyz", "metrics":
		return "health"
	}
	return "other"
}

// recoverPanics turns a panic into an internal failure of this request alone.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if e, ok := cause.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(cause) // net/http's own way to cut a connection
			}
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}()
		return next(c)
	}
}

// secureHeaders sets what holds for every answer; doors add their own.
func secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		switch doorOf(c.Request().URL.Path) {
		case "admin", "web", "v1", "auth":
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// handleError answers what no door has answered: paths and methods that do not
// exist, and failures outside the doors. The shape is the door's own.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	r := c.Request()
	ctx := r.Context()
	status := 0
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		status, err = e.Code, httpFault(e, r)
	}
	p := reply.Explain(ctx, s.o.Log, err)
	render := reply.Gateway
	if doorOf(r.URL.Path) == "auth" {
		render = reply.OAuth
	}
	byCode, body := render(reply.ID(ctx), p)
	if status == 0 {
		status = byCode
	}
	if r.Method == http.MethodHead {
		body = nil
	}
	_ = c.Blob(status, "application/json; charset=utf-8", body) // a client that has gone needs no answer
}

// httpFault says in the words of the API what Echo says by a status.
func httpFault(e *echo.HTTPError, r *http.Request) error {
	switch e.Code {
	case http.StatusNotFound:
		return fault.New(fault.ResourceNotFound, "path: there is nothing at %s %.200s", r.Method, r.URL.Path)
	case http.StatusMethodNotAllowed:
		return fault.New(fault.InvalidAction, "method: %.20s is not allowed at %.200s", r.Method, r.URL.Path)
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.RequestTooLarge, "body: larger than the limit")
	}
	if e.Code < http.StatusInternalServerError {
		return fault.New(fault.InvalidParam, "request: refused with HTTP status %d", e.Code)
	}
	return e
}
