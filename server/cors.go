package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/http/httpguts"
)

// cors lets browsers call the data doors from pages of other origins
// (tcb-wire-protocol.md 2). File URLs carry their own right and see to it
// themselves (server/files). The console is not among them: it works with a
// cookie, and only pages of the server itself may use it.
func cors(allowed []string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r, h := c.Request(), c.Response().Header()
			switch doorOf(r.URL.Path) {
			case "web", "v1", "auth":
			default:
				return next(c)
			}
			h.Add("Vary", "Origin")
			from := r.Header.Get("Origin")
			if from == "" || len(allowed) > 0 && !slices.Contains(allowed, from) {
				return next(c)
			}
			h.Set("Access-Control-Allow-Origin", from)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "x-tcb-trace, x-request-id, etag, content-length, content-disposition")
			if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
				return next(c)
			}
			h.Add("Vary", "Access-Control-Request-Headers")
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, HEAD")
			if headers := requestedHeaders(r); headers != "" {
				h.Set("Access-Control-Allow-Headers", headers)
			}
			h.Set("Access-Control-Max-Age", "600")
			return c.NoContent(http.StatusNoContent)
		}
	}
}

// requestedHeaders returns the headers a preflight asks for, all of them: each
// SDK generation adds its own, and none means anything to a door that does not
// read it.
func requestedHeaders(r *http.Request) string {
	var names []string
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		if name = strings.TrimSpace(name); httpguts.ValidHeaderFieldName(name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
