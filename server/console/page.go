package console

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// policy lets the page load and run its own files and nothing else. Attributes
// named style are allowed: TDesign measures text areas with them, and they run
// no code.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the built files of the console.
type page struct{ files fs.FS }

func newPage(files fs.FS) *page { return &page{files} }

// serve answers GET and HEAD below /console/. Files below assets/ have a hash
// in their names and may be kept for ever; index.html never. A navigation to
// a path that is no file gets index.html, for the page's own router; a missing
// file is a 404, or a browser would take HTML for a script.
func (p *page) serve(c echo.Context) error {
	header := c.Response().Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer") // the set-up link holds a token
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache")

	name := strings.TrimPrefix(c.Request().URL.Path, "/console/")
	if name == "" {
		name = "index.html"
	}
	err := p.file(c, name)
	if errors.Is(err, fs.ErrNotExist) && navigates(c.Request()) && isView(name) {
		err = p.file(c, "index.html")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return c.String(http.StatusNotFound, "not found\n")
	}
	return err
}

func (p *page) file(c echo.Context, name string) error {
	if !fs.ValidPath(name) {
		return fs.ErrNotExist
	}
	info, err := fs.Stat(p.files, name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fs.ErrNotExist
	}
	content, err := fs.ReadFile(p.files, name)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "assets/") {
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(c.Response(), c.Request(), path.Base(name), time.Time{}, bytes.NewReader(content))
	return nil
}

// navigates reports whether a person went to the address, rather than a page
// loading a part of itself.
func navigates(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	accept := r.Header.Get("Accept") // curl takes anything
	return accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*")
}

// isView reports whether a path that is no file may be one of the page's own.
func isView(name string) bool {
	return path.Ext(name) == "" && name != "assets" && !strings.HasPrefix(name, "assets/")
}
