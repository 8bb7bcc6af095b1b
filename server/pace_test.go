package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
)

// deadlines notes what a handler's connection is told.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read = append(d.read, t)
	return nil
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.write = append(d.write, t)
	return nil
}

func TestDeadlinesFollowTheBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		conn := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		body := strings.Repeat("x", 2*minRate)
		c := echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader(body))), conn)
		err := pace(func(c echo.Context) error {
			half := make([]byte, minRate)
			for range 2 {
				if _, err := io.ReadFull(c.Request().Body, half); err != nil {
					return err
				}
				time.Sleep(10 * time.Second) // virtual: a slow sender
			}
			if _, err := io.Copy(io.Discard, c.Request().Body); err != nil {
				return err
			}
			time.Sleep(time.Hour) // virtual: a long handler
			return c.Blob(http.StatusOK, "text/plain", half)
		})(c)
		if err != nil {
			t.Fatal(err)
		}
		// Each read may take until the bytes so far would have come at the
		// minimum rate, plus patience; the end of the body lifts the limit.
		want := []time.Duration{patience, patience + time.Second, patience + 2*time.Second}
		for i, d := range want {
			if got := conn.read[i].Sub(start); got != d {
				t.Errorf("read deadline %d: got %v, want %v", i, got, d)
			}
		}
		if last := conn.read[len(conn.read)-1]; !last.IsZero() {
			t.Errorf("after the body the read deadline is %v", last)
		}
		if !conn.write[0].IsZero() {
			t.Errorf("the last request's write deadline stands: %v", conn.write[0])
		}
		if got := time.Until(conn.write[len(conn.write)-1]); got != patience+time.Second {
			t.Errorf("write deadline: got %v ahead, want %v", got, patience+time.Second)
		}
	})
}
