// Package files is the door of signed URLs: /files/{env}/{path}, where bytes
// come in (PUT, or POST of a form) and go out (GET, HEAD).
//
// Who may do what has been decided when the URL was signed; headers and form
// fields that SDKs add are decoration (tcb-wire-protocol.md 8.2). Uploads are
// streamed to the store, never gathered in memory or in a temporary file.
//
// Dangers: what users store may be a page with a script. Only types of a short
// list are shown by a browser, everything else is an attachment, nothing is
// sniffed, and all of it is in a sandbox without an origin (threats.md, "stored
// XSS by upload"). The server SDKs ignore the status of an upload and take an
// empty answer for success: a failure must be XML with four children.
package files

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/server/reply"
	"baas/storage"
)

// A body that is slower than minRate, after a grace, is cut off, in and out.
const (
	minRate = 4 << 10          // bytes per second
	grace   = 30 * time.Second // for the first bytes
)

// door holds what the handlers need.
type door struct {
	lookup func(envID string) (*storage.Service, error)
	log    *slog.Logger
}

// Mount adds the routes below /files/. lookup returns the storage of an env,
// or an error with a code.
func Mount(e *echo.Echo, lookup func(envID string) (*storage.Service, error), log *slog.Logger) {
	d := &door{lookup: lookup, log: log}
	const route = "/files/*"
	e.PUT(route, d.guard(d.put))
	e.POST(route, d.guard(d.post))
	e.GET(route, d.guard(d.get))
	e.HEAD(route, d.guard(d.get))
	e.OPTIONS(route, func(c echo.Context) error {
		cors(c)
		return c.NoContent(http.StatusNoContent)
	})
}

// guard puts CORS and the pace on a handler, finds the env's storage for it,
// and answers its error.
func (d *door) guard(handle func(echo.Context, *storage.Service) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		cors(c)
		if r := c.Request(); reply.ID(r.Context()) == "" {
			c.SetRequest(r.WithContext(reply.WithID(r.Context(), reply.NewID())))
		}
		defer pace(c)()
		service, err := d.serviceOf(c)
		if err == nil {
			err = handle(c, service)
		}
		if err != nil {
			return d.fail(c, err)
		}
		return nil
	}
}

// serviceOf returns the storage of the env in the URL.
func (d *door) serviceOf(c echo.Context) (*storage.Service, error) {
	envID := storage.SignedEnv(c.Request().URL)
	if envID == "" {
		return nil, fault.New(fault.InvalidEnv, "URL: must have the form /files/{env}/{path}")
	}
	service, err := d.lookup(envID)
	if err == nil {
		reply.RecordOf(c.Request().Context()).Env = envID
	}
	return service, err
}
