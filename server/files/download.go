package files

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"baas/storage"
)

// maxRanges is how many ranges of one request are served as such: each opens
// the object anew.
const maxRanges = 8

// get answers GET and HEAD, with ranges and conditions.
func (d *door) get(c echo.Context, s *storage.Service) error {
	r := c.Request()
	download, err := s.ParseDownload(r.URL)
	if err != nil {
		return err
	}
	file, err := s.StatSigned(r.Context(), download)
	if err != nil {
		return err
	}
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		r.Header.Del("Range") // the whole file is a valid answer
	}
	content := &lazyContent{ctx: r.Context(), service: s, file: file}
	defer content.close()
	if r.Method == http.MethodGet && r.Header.Get("Range") == "" {
		// The headers must not promise what the store then cannot give.
		if err := content.open(); err != nil {
			return err
		}
	}
	describe(c.Response().Header(), file)
	http.ServeContent(c.Response(), r, "", file.Updated, content)
	// A client that does not take the rest must not outlive the pace. A writer
	// that cannot flush has nothing left to send.
	_ = http.NewResponseController(c.Response().Writer).Flush()
	return nil
}

// describe sets the headers that say what a file is and how far it is trusted.
func describe(h http.Header, f storage.File) {
	disposition := "attachment"
	if isShown(f.ContentType) {
		disposition = "inline"
	}
	name := path.Base(f.Path)
	if value := mime.FormatMediaType(disposition, map[string]string{"filename": name}); value != "" {
		disposition = value
	}
	h.Set(echo.HeaderContentType, f.ContentType)
	h.Set(echo.HeaderContentDisposition, disposition)
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	h.Set(echo.HeaderContentSecurityPolicy, "sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set(echo.HeaderCacheControl, "private, no-cache") // kept, but asked for again: a path can be overwritten
	h.Set("ETag", `"`+f.SHA256+`"`)
}

// isShown reports whether a browser may show a type instead of saving it. The
// list holds pictures, sounds, films and plain text: nothing that can run a
// script, even where a browser ignores the sandbox.
func isShown(contentType string) bool {
	base, _, _ := strings.Cut(contentType, ";")
	switch base {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/heic", "image/x-icon",
		"image/vnd.microsoft.icon",
		"audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/wave", "audio/wav", "audio/webm", "audio/flac", "audio/aiff", "audio/basic",
		"video/mp4", "video/webm", "video/ogg", "video/quicktime", "application/ogg",
		"text/plain":
		return true
	}
	return false
}

// lazyContent is a file as http.ServeContent wants one. It opens the object
// where reading begins, so that a range costs only its own bytes.
type lazyContent struct {
	ctx     context.Context
	service *storage.Service
	file    storage.File
	offset  int64 // where the next Read is to begin
	body    io.ReadCloser
	at      int64 // where body stands
}

func (l *lazyContent) open() (err error) {
	l.close()
	l.at = l.offset
	l.body, err = l.service.OpenFile(l.ctx, l.file, l.offset, -1)
	return err
}

func (l *lazyContent) close() {
	if l.body != nil {
		_ = l.body.Close()
		l.body = nil
	}
}

func (l *lazyContent) Read(p []byte) (int, error) {
	if l.body == nil || l.at != l.offset {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.body.Read(p)
	l.at += int64(n)
	l.offset = l.at
	return n, err
}

func (l *lazyContent) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += l.offset
	case io.SeekEnd:
		offset += l.file.Size
	}
	if offset < 0 {
		return 0, errors.New("files: seek before the start")
	}
	l.offset = offset
	return offset, nil
}
