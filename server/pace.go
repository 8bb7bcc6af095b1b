package server

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// A body must arrive, and a response be taken, at minRate on average after
// patience; slower clients are cut off (threats.md, "slow and idle clients").
// A deadline for the whole request would cut off large files instead.
const (
	patience = 30 * time.Second
	minRate  = 16 << 10 // bytes per second
)

// allowance is how long n bytes may take.
func allowance(n int64) time.Duration {
	return patience + time.Duration(n)*time.Second/minRate
}

// pace sets the deadlines of a request's connection as its bytes move. File
// URLs have their own pace (server/files).
func pace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if doorOf(c.Request().URL.Path) == "files" {
			return next(c)
		}
		control := http.NewResponseController(c.Response().Writer)
		_ = control.SetWriteDeadline(time.Time{}) // the last request's; no connection, no deadline
		r := c.Request()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &pacedBody{ReadCloser: r.Body, control: control, start: time.Now()}
		}
		c.Response().Writer = &pacedWriter{ResponseWriter: c.Response().Writer, control: control}
		return next(c)
	}
}

type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	start   time.Time
	read    int64
}

func (b *pacedBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(b.start.Add(allowance(b.read)))
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if errors.Is(err, io.EOF) {
		// The server goes on listening for the client to hang up, and the
		// handler may take as long as it likes.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *pacedWriter) WriteHeader(status int) {
	_ = w.control.SetWriteDeadline(time.Now().Add(patience))
	w.ResponseWriter.WriteHeader(status)
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(allowance(int64(len(p)))))
	return w.ResponseWriter.Write(p)
}
