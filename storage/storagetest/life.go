package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"baas/storage"
)

// stepReader gives zeros for ever and calls step once a number of bytes has
// been taken.
type stepReader struct {
	left int
	step func() error
}

func (s *stepReader) Read(p []byte) (int, error) {
	if s.left <= 0 && s.step != nil {
		step := s.step
		s.step = nil
		if err := step(); err != nil {
			return 0, err
		}
	}
	clear(p)
	s.left -= len(p)
	return len(p), nil
}

func testCancelledPut(t *testing.T, h Harness) {
	d := h.open(t)
	for _, tc := range []struct {
		name  string
		bytes int
		size  int64
	}{
		{"before the first byte", 0, 1 << 30},
		{"after some bytes", 100_000, 1 << 30},
		{"after several buffers", 20 << 20, 1 << 30},
		{"of unknown size", 20 << 20, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := &stepReader{left: tc.bytes, step: func() error { cancel(); return nil }}
			if _, err := d.Put(ctx, "cancelled", r, tc.size); !errors.Is(err, context.Canceled) {
				t.Errorf("Put: %v, want context.Canceled", err)
			}
			wantNothing(t, d, "cancelled")
		})
	}
	t.Run("already cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.Put(ctx, "cancelled", strings.NewReader("x"), 1); !errors.Is(err, context.Canceled) {
			t.Errorf("Put: %v, want context.Canceled", err)
		}
		wantNothing(t, d, "cancelled")
	})
	mustPut(t, d, "cancelled", []byte("the key can be used afterwards"))
}

func testFailedPut(t *testing.T, h Harness) {
	d := h.open(t)
	broken := errors.New("the sender went away")
	for _, n := range []int{0, 1000, 20 << 20} {
		r := &stepReader{left: n, step: func() error { return broken }}
		_, err := d.Put(t.Context(), "failed", r, -1)
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "failed") {
			t.Errorf("Put broken after %d bytes: %v, want the reader's error and the key", n, err)
		}
		wantNothing(t, d, "failed")
	}
}

// testLarge streams an object through Put and Open and looks at the heap on
// the way. The ceiling is far below the size and above any sane buffer.
func testLarge(t *testing.T, h Harness) {
	size := h.Large
	if size == 0 {
		size = 128 << 20
	}
	const ceiling = 48 << 20
	d := h.open(t)
	runtime.GC()
	watch := &heapWatch{base: heapInUse()}
	sent := sha256.New()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8(seedOf(9)), size), sent)
	if _, err := d.Put(t.Context(), "large", watch.around(source), -1); err != nil {
		t.Fatalf("Put of %d bytes: %v", size, err)
	}
	rc, info, err := d.Open(t.Context(), "large", 0, -1)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = rc.Close() }()
	received := sha256.New()
	if _, err := io.Copy(received, watch.around(rc)); err != nil {
		t.Fatalf("reading: %v", err)
	}
	if info.Size != size || !bytes.Equal(sent.Sum(nil), received.Sum(nil)) {
		t.Errorf("%d bytes came back as %d with another digest", size, info.Size)
	}
	if watch.peak > ceiling {
		t.Errorf("the heap grew by %d MiB for an object of %d MiB, want less than %d MiB", watch.peak>>20, size>>20, ceiling>>20)
	}
}

// heapWatch measures the heap every few megabytes of a stream.
type heapWatch struct {
	r          io.Reader
	base, peak uint64
	since      int
}

func (w *heapWatch) around(r io.Reader) io.Reader { w.r = r; return w }

func (w *heapWatch) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if w.since += n; w.since > 8<<20 {
		w.since = 0
		runtime.GC() // what the driver has let go does not count
		if now := heapInUse(); now > w.base {
			w.peak = max(w.peak, now-w.base)
		}
	}
	return n, err
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func testTidy(t *testing.T, h Harness) {
	d := h.open(t)
	mustPut(t, d, "kept/object", []byte("kept"))
	unfinished := make(chan error, 1)
	started, goOn := make(chan struct{}), make(chan struct{})
	go func() {
		r := io.MultiReader(
			bytes.NewReader(make([]byte, 9<<20)),
			&stepReader{step: func() error { close(started); <-goOn; return io.EOF }},
		)
		_, err := d.Put(context.WithoutCancel(t.Context()), "kept/running", r, -1)
		unfinished <- err
	}()
	<-started
	if err := d.Tidy(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Errorf("Tidy: %v", err)
	}
	close(goOn)
	if err := <-unfinished; err != nil {
		t.Errorf("a Put that runs while Tidy looks for older ones: %v, want nil", err)
	}
	if got := keysOf(t, d, "kept/", "", 10); len(got) != 2 {
		t.Errorf("after Tidy: %q, want both objects", got)
	}
}

func testClosed(t *testing.T, h Harness) {
	d := h.Open(t)
	mustPut(t, d, "closed", []byte("x"))
	if err := d.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	_, putErr := d.Put(t.Context(), "closed-2", strings.NewReader("x"), 1)
	_, _, openErr := d.Open(t.Context(), "closed", 0, -1)
	_, statErr := d.Stat(t.Context(), "closed")
	_, listErr := d.List(t.Context(), "", "", 1)
	for what, err := range map[string]error{
		"Put": putErr, "Open": openErr, "Stat": statErr, "List": listErr,
		"Delete": d.Delete(t.Context(), "closed"), "Tidy": d.Tidy(t.Context(), time.Now()),
	} {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", what, err)
		}
	}
	again := h.open(t)
	wantNothing(t, again, "closed-2")
	got, _ := mustRead(t, again, "closed", 0, -1)
	wantBytes(t, "what was there before Close", got, []byte("x"))
}

func testCloseEndsPut(t *testing.T, h Harness) {
	d := h.Open(t)
	closed := make(chan error, 1)
	r := &stepReader{left: 9 << 20, step: func() error {
		go func() { closed <- d.Close() }()
		return nil
	}}
	// The reader never ends, so only Close can end the Put.
	if _, err := d.Put(t.Context(), "unfinished", r, -1); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Put while closing: %v, want ErrClosed", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	wantNothing(t, h.open(t), "unfinished")
}

func testCloseEndsReader(t *testing.T, h Harness) {
	d := h.Open(t)
	mustPut(t, d, "read", content(8, 4<<20))
	rc, _, err := d.Open(t.Context(), "read", 0, -1)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = rc.Close() }()
	if err := d.Close(); err != nil {
		t.Fatalf("Close with an open reader: %v", err)
	}
	if _, err := io.Copy(io.Discard, rc); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("reading after Close: %v, want ErrClosed", err)
	}
}
