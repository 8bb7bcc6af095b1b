package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"baas/storage"
	"baas/storage/s3"
	"baas/storage/s3/miniotest"
	"baas/storage/storagetest"
)

// TestOnMinIO holds every test that needs the server, which is started once.
func TestOnMinIO(t *testing.T) {
	t.Parallel()
	server := miniotest.Start(t)
	t.Run("Conformance", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Harness { return harness(config(t, server.Bucket(t))) })
	})
	t.Run("ConformanceBelowAPrefix", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Harness {
			h := harness(config(t, server.Bucket(t)+"/some/where").Below("env-1"))
			h.Large = 24 << 20
			return h
		})
	})
	t.Run("PlacesOfTwoEnvsAreApart", func(t *testing.T) { testPlaces(t, config(t, server.Bucket(t)+"/p")) })
	t.Run("TidyAbortsOldUploads", func(t *testing.T) { testTidy(t, server) })
	t.Run("CancelledPutAbortsItsUpload", func(t *testing.T) { testAborts(t, config(t, server.Bucket(t))) })
	t.Run("Service", func(t *testing.T) { testService(t, config(t, server.Bucket(t)).Below("dev")) })
	t.Run("OpenTellsWhatIsWrong", func(t *testing.T) { testOpenErrors(t, server) })
}

func config(t *testing.T, storageURL string) s3.Config {
	t.Helper()
	c, err := s3.Parse(storageURL)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func harness(c s3.Config) storagetest.Harness {
	return storagetest.Harness{Open: func(t *testing.T) storage.Driver { return open(t, c) }, Large: 80 << 20}
}

func open(t *testing.T, c s3.Config) *s3.Driver {
	t.Helper()
	d, err := s3.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return d
}

// core is a client of the store itself, to see what the driver does there.
func core(t *testing.T, c s3.Config) *minio.Core {
	t.Helper()
	client, err := minio.NewCore(c.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(c.AccessKey, string(c.SecretKey), "")})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func testPlaces(t *testing.T, c s3.Config) {
	one, two, longer := open(t, c.Below("env")), open(t, c.Below("other")), open(t, c.Below("env2"))
	for _, d := range []*s3.Driver{one, two, longer} {
		t.Cleanup(func() { _ = d.Close() })
	}
	if _, err := one.Put(t.Context(), "k", strings.NewReader("one"), 3); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*s3.Driver{two, longer} {
		if _, err := d.Stat(t.Context(), "k"); !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("Stat in another env: %v, want ErrNotExist", err)
		}
		if infos, err := d.List(t.Context(), "", "", 10); err != nil || len(infos) != 0 {
			t.Errorf("List in another env: %v, %v", infos, err)
		}
	}
	if _, err := core(t, c).StatObject(t.Context(), c.Bucket, "p/env/k", minio.StatObjectOptions{}); err != nil {
		t.Errorf("the object is not at p/env/k: %v", err)
	}
}

func testTidy(t *testing.T, server *miniotest.Server) {
	c := config(t, server.Bucket(t)).Below("env")
	d := open(t, c)
	t.Cleanup(func() { _ = d.Close() })
	client := core(t, c)
	for _, key := range []string{"env/ours", "env2/theirs"} {
		if _, err := client.NewMultipartUpload(t.Context(), c.Bucket, key, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Tidy(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatalf("Tidy: %v", err)
	}
	if got := uploads(t, client, c); len(got) != 2 {
		t.Errorf("after Tidy of older ones: %q, want both", got)
	}
	if err := d.Tidy(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatalf("Tidy: %v", err)
	}
	if got := uploads(t, client, c); len(got) != 1 || got[0] != "env2/theirs" {
		t.Errorf("after Tidy: %q, want only the other env's", got)
	}
}

// uploads lists the keys of unfinished uploads in a bucket.
func uploads(t *testing.T, client *minio.Core, c s3.Config) []string {
	t.Helper()
	page, err := client.ListMultipartUploads(t.Context(), c.Bucket, "", "", "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, u := range page.Uploads {
		keys = append(keys, u.Key)
	}
	return keys
}

func testAborts(t *testing.T, c s3.Config) {
	d := open(t, c)
	t.Cleanup(func() { _ = d.Close() })
	client := core(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running []string
	r := io.MultiReader(bytes.NewReader(make([]byte, 17<<20)), readFunc(func([]byte) (int, error) {
		running = uploads(t, client, c)
		cancel()
		return 0, io.EOF
	}))
	if _, err := d.Put(ctx, "half", r, -1); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want context.Canceled", err)
	}
	if len(running) != 1 || running[0] != "half" {
		t.Errorf("while it ran the store showed the uploads %q, want half", running)
	}
	if got := uploads(t, client, c); len(got) != 0 {
		t.Errorf("uploads left: %q", got)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func testOpenErrors(t *testing.T, server *miniotest.Server) {
	good := config(t, server.Bucket(t))
	for _, tc := range []struct {
		name   string
		change func(*s3.Config)
		says   string
	}{
		{"no such bucket", func(c *s3.Config) { c.Bucket = "not-there" }, "there is no bucket not-there"},
		{"wrong secret", func(c *s3.Config) { c.SecretKey = "WRONGSECRET" }, good.Bucket},
		{"unknown key", func(c *s3.Config) { c.AccessKey = "WRONGSECRET" }, good.Bucket},
		{"nobody listens", func(c *s3.Config) { c.Endpoint = "127.0.0.1:1" }, "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := good
			tc.change(&c)
			_, err := s3.Open(t.Context(), c)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("Open: %v, want an error with %q", err, tc.says)
			}
			if strings.Contains(err.Error(), "WRONGSECRET") || strings.Contains(err.Error(), string(good.SecretKey)) {
				t.Errorf("the error shows credentials: %v", err)
			}
		})
	}
}
