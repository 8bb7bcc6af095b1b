package files

import (
	"github.com/labstack/echo/v4"
)

// What browsers may send and read (tcb-wire-protocol.md 2 and 8.2).
const (
	allowMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	allowHeaders = "content-type, authorization, range, if-none-match, if-modified-since, if-range, " +
		"signature, key, x-cos-security-token, x-cos-meta-fileid, x-sdk-version, x-seqid, x-tcb-trace, " +
		"x-tcb-region, x-tcb-app-source, x-device-id, x-request-id, x-qualifier, x-tcb-webfn, accept-language"
	exposeHeaders = "x-tcb-trace, x-request-id, etag, content-length, content-range, accept-ranges, content-disposition"
)

// cors lets pages of any origin use signed URLs. The right to do so is in the
// URL: no cookie is read here, so a foreign page gains nothing.
func cors(c echo.Context) {
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderOrigin)
	origin := c.Request().Header.Get(echo.HeaderOrigin)
	if origin == "" {
		return
	}
	h.Set(echo.HeaderAccessControlAllowOrigin, origin)
	h.Set(echo.HeaderAccessControlAllowCredentials, "true")
	h.Set(echo.HeaderAccessControlExposeHeaders, exposeHeaders)
	if c.Request().Header.Get(echo.HeaderAccessControlRequestMethod) != "" {
		h.Set(echo.HeaderAccessControlAllowMethods, allowMethods)
		h.Set(echo.HeaderAccessControlAllowHeaders, allowHeaders)
		h.Set(echo.HeaderAccessControlMaxAge, "600")
	}
}
