// Package miniotest builds a real MinIO server from its Go module and runs it
// for tests.
//
// Where the server's binary comes from: $BAAS_MINIO if set; else the cache
// folder (.cache of the repository, or $BAAS_CACHE), filled by
// go run ./scripts/minio. When it is not there a test builds it, except in CI
// (CI=true), where the test fails: CI has a step of its own for that.
package miniotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second // then it is killed
	startTries   = 3                // a free port may be taken by another before MinIO listens
)

// Server is a running MinIO on a port of the loopback interface, over a
// temporary folder. It is safe for concurrent use.
type Server struct {
	Endpoint string // host:port
	Access   string
	Secret   string
	client   *minio.Client
}

// Start runs a server until the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	path := binary(tb)
	for try := 1; ; try++ {
		s, err := start(tb, path)
		if err == nil {
			return s
		}
		if try == startTries {
			tb.Fatalf("MinIO does not start: %v", err)
		}
	}
}

// Bucket makes a new bucket and returns its storage URL, as
// baas serve --storage takes it. The names of two calls differ.
func (s *Server) Bucket(tb testing.TB) string {
	tb.Helper()
	name := "t-" + strings.ToLower(rand.Text())
	if err := s.client.MakeBucket(tb.Context(), name, minio.MakeBucketOptions{}); err != nil {
		tb.Fatalf("making a bucket: %v", err)
	}
	return fmt.Sprintf("s3://%s:%s@%s/%s", s.Access, s.Secret, s.Endpoint, name)
}

func binary(tb testing.TB) string {
	tb.Helper()
	path, ok, err := Find()
	switch {
	case err != nil:
		tb.Fatal(err)
	case ok:
		return path
	case os.Getenv("CI") == "true":
		tb.Fatal("there is no MinIO server: run 'go run ./scripts/minio' before the tests, or set BAAS_MINIO to the path of one")
	}
	path, err = Build(tb.Context(), tb.Output())
	if err != nil {
		tb.Fatalf("%v\nThe tests need a MinIO server. Run 'go run ./scripts/minio' where the Go module proxy can be reached, or set BAAS_MINIO to the path of one.", err)
	}
	return path
}

func start(tb testing.TB, path string) (*Server, error) {
	tb.Helper()
	address, err := freePort(tb.Context())
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: address, Access: "baas-test", Secret: rand.Text()}
	data := tb.TempDir()
	output := &lockedBuffer{}
	ctx, stop := context.WithCancel(tb.Context()) // which ends before the test's clean-up begins
	cmd := exec.CommandContext(ctx, path, "server", "--quiet", "--address", address, data)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	cmd.Env = append(os.Environ(), "HOME="+data, "MINIO_ROOT_USER="+s.Access, "MINIO_ROOT_PASSWORD="+s.Secret,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CI_CD=on")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		stop()
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	tb.Cleanup(func() { stop(); <-ended })
	if err := awaitReady(tb.Context(), address, ended); err != nil {
		stop()
		<-ended
		return nil, fmt.Errorf("%w; its output:\n%s", err, output)
	}
	s.client, err = minio.New(address, &minio.Options{Creds: credentials.NewStaticV4(s.Access, s.Secret, "")})
	return s, err
}

// awaitReady asks the server until it answers that it is ready.
func awaitReady(ctx context.Context, address string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	health := (&url.URL{Scheme: "http", Host: address, Path: "/minio/health/ready"}).String()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx, health) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ended:
			return fmt.Errorf("the server on %s has ended", address)
		case <-ctx.Done():
			return fmt.Errorf("the server on %s is not ready after %v", address, startTimeout)
		}
	}
}

func ready(ctx context.Context, health string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, health, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// lockedBuffer is written by the server's process and read by the test.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
