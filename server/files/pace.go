package files

import (
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// pace cuts off a client that sends or takes its bytes too slowly: the
// connection's deadlines move on with the bytes. It replaces the request's
// body and the response's writer. The returned function ends that: it takes the
// deadline for writing off, which would hold for the next request on the
// connection too; the one for reading net/http sets anew by itself, after it
// has read what is left of the body.
func pace(c echo.Context) (end func()) {
	control := http.NewResponseController(c.Response().Writer)
	start := time.Now()
	read := &pacer{start: start, set: control.SetReadDeadline}
	write := &pacer{start: start, set: control.SetWriteDeadline}
	r := c.Request()
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &pacedBody{r.Body, read}
		read.moved(0)
	}
	writer := c.Response().Writer
	c.Response().Writer = &pacedWriter{writer, write}
	return func() {
		c.Response().Writer = writer
		_ = control.SetWriteDeadline(time.Time{})
	}
}

// pacer moves one deadline.
type pacer struct {
	start time.Time
	last  time.Time // when the deadline was last moved
	bytes int64
	set   func(time.Time) error
}

// moved counts bytes. The deadline is moved at most once a second: it is a
// call into the runtime's timers. A writer that has no deadlines, as in some
// tests, ignores it.
func (p *pacer) moved(n int) {
	p.bytes += int64(n)
	now := time.Now()
	if now.Sub(p.last) < time.Second && p.bytes > int64(n) {
		return
	}
	p.last = now
	_ = p.set(p.start.Add(grace + time.Duration(p.bytes)*time.Second/minRate))
}

type pacedBody struct {
	io.ReadCloser
	pace *pacer
}

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.pace.moved(n)
	return n, err
}

type pacedWriter struct {
	http.ResponseWriter
	pace *pacer
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	w.pace.moved(0)
	n, err := w.ResponseWriter.Write(p)
	w.pace.moved(n)
	return n, err
}

// Unwrap lets http.ResponseController find what is below.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
