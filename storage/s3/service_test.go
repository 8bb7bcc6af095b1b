package s3_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/storage"
	"baas/storage/s3"
)

// testService runs a file's life through the Service on the real store: sizes
// that nobody announces, ranges, an overwrite, the sweep.
func testService(t *testing.T, c s3.Config) {
	driver := open(t, c)
	s := storage.New(storage.Options{
		Env: "dev", Bucket: "b", Driver: driver, DB: dbtest.Open(t), Key: make([]byte, 32),
		Limits: storage.Limits{SweepEvery: -1, SweepGrace: time.Nanosecond},
	})
	t.Cleanup(func() { _ = s.Close() })
	user := rules.Principal{Role: rules.User, UID: "u"}
	contents := [2][]byte{make([]byte, 18<<20), make([]byte, 1000)}
	for i := range contents {
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(contents[i])
		ticket, err := s.Ticket(t.Context(), user, "大/文件")
		if err != nil {
			t.Fatal(err)
		}
		upload, err := s.ParseUpload(mustParse(t, ticket.UploadURL))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Receive(t.Context(), upload, io.MultiReader(bytes.NewReader(contents[i])), -1, ""); err != nil {
			t.Fatalf("Receive: %v", err)
		}
		download, err := s.ParseDownload(mustParse(t, ticket.DownloadURL))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range [][2]int64{{0, -1}, {500, 100}, {999, -1}} {
			body, f, err := s.OpenSigned(t.Context(), download, r[0], r[1])
			if err != nil {
				t.Fatalf("OpenSigned(%v): %v", r, err)
			}
			got, err := io.ReadAll(body)
			_ = body.Close()
			want := contents[i][r[0]:]
			if r[1] >= 0 {
				want = want[:r[1]]
			}
			if err != nil || !bytes.Equal(got, want) || f.Size != int64(len(contents[i])) {
				t.Errorf("range %v: %d bytes of %d, %v", r, len(got), f.Size, err)
			}
		}
	}
	swept, err := s.Sweep(t.Context())
	if want := (storage.Swept{Objects: 2, Unused: 1, Removed: 1, Bytes: 18 << 20}); err != nil || swept != want {
		t.Errorf("Sweep = %+v, %v; want %+v", swept, err, want)
	}
	results, err := s.Delete(t.Context(), user, []string{"cloud://dev.b/大/文件"})
	if err != nil || results[0].Code != fault.OK {
		t.Errorf("Delete = %+v, %v", results, err)
	}
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
