package storage_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/storage"
)

// encodeURI does what JavaScript's does: it leaves URL syntax alone and
// encodes everything else, the percent sign too.
func encodeURI(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789;,/?:@&=+$-_.!~*'()#", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func TestSignedURLsOfEveryPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range append(readCloudPaths(t).Good, strings.Repeat("a", storage.MaxPath)) {
		t.Run(path[:min(len(path), 20)], func(t *testing.T) {
			ticket, err := w.Ticket(t.Context(), alice, path)
			if err != nil {
				t.Fatalf("Ticket: %v", err)
			}
			if strings.ContainsFunc(ticket.UploadURL, func(r rune) bool { return r <= ' ' || r > '~' || r == '%' }) {
				t.Errorf("the upload URL %q is not plain ASCII", ticket.UploadURL)
			}
			for how, raw := range map[string]string{"as it is": ticket.UploadURL, "after encodeURI": encodeURI(ticket.UploadURL)} {
				upload, err := w.ParseUpload(parse(t, raw))
				if err != nil || upload.Path() != path || upload.Limit() != 1<<30 {
					t.Errorf("upload URL %s: path %q, limit %d, %v", how, upload.Path(), upload.Limit(), err)
				}
			}
			for how, raw := range map[string]string{
				"as it is": ticket.DownloadURL, "after encodeURI": encodeURI(ticket.DownloadURL), "as Go encodes it": parse(t, ticket.DownloadURL).String(),
			} {
				download, err := w.ParseDownload(parse(t, raw))
				if err != nil || download.Path() != path {
					t.Errorf("download URL %s: path %q, %v", how, download.Path(), err)
				}
			}
		})
	}
}

func TestDownloadURLKeepsLettersReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, admin, "我的/猫 1.png", "x")
	got := w.tempURL(t, "我的/猫 1.png", time.Hour).URL
	if !strings.HasPrefix(got, "/files/dev/我的/猫~201.png?e=") {
		t.Errorf("URL = %q", got)
	}
}

func TestTamperedURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := newWorld(t, func(o *storage.Options) { o.Env = "other" })
	rotated := newWorld(t, func(o *storage.Options) { o.Key = []byte("another key, of another time....") })
	ticket, err := w.Ticket(t.Context(), alice, "dir/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	good := parse(t, ticket.UploadURL)
	if _, err := w.ParseUpload(good); err != nil {
		t.Fatalf("the URL as it was signed: %v", err)
	}
	set := func(name, value string) func(*url.URL) {
		return func(u *url.URL) {
			q := u.Query()
			q.Set(name, value)
			u.RawQuery = q.Encode()
		}
	}
	path := func(p string) func(*url.URL) { return func(u *url.URL) { u.Path, u.RawPath = p, "" } }
	for _, tc := range []struct {
		name   string
		change func(*url.URL)
	}{
		{"another path", path("/files/dev/dir/b.txt")},
		{"path with more", path("/files/dev/dir/a.txt/b")},
		{"upper case", path("/files/dev/dir/A.txt")},
		{"traversal", path("/files/dev/dir/../dir/a.txt")},
		{"traversal, written as bytes", path("/files/dev/dir/~2E~2E/dir/a.txt")},
		{"bad escape", path("/files/dev/dir/a.txt~")},
		{"bad digits", path("/files/dev/dir/a.txt~zz")},
		{"no path", path("/files/dev")},
		{"empty path", path("/files/dev/")},
		{"outside", path("/elsewhere/dev/dir/a.txt")},
		{"longer life", set("e", "9999999999")},
		{"life that is no number", set("e", "never")},
		{"larger limit", set("n", "99999999999")},
		{"smaller limit", set("n", "1")},
		{"another owner", set("o", "bob")},
		{"no owner", set("o", "")},
		{"admin", set("a", "1")},
		{"empty signature", set("s", "")},
		{"no signature", func(u *url.URL) { u.RawQuery = strings.Split(u.RawQuery, "&s=")[0] }},
		{"no query", func(u *url.URL) { u.RawQuery = "" }},
		{"signature cut", func(u *url.URL) { u.RawQuery = u.RawQuery[:len(u.RawQuery)-1] }},
		{"a value moved to its neighbour", func(u *url.URL) {
			q := u.Query()
			q.Set("n", q.Get("n")+"a")
			q.Set("o", strings.TrimPrefix(q.Get("o"), "a"))
			u.RawQuery = q.Encode()
		}},
		{"the value given twice", func(u *url.URL) { u.RawQuery = "o=bob&" + u.RawQuery }},
		{"malformed query", func(u *url.URL) { u.RawQuery = "e=%zz&s=;" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			u := *good
			tc.change(&u)
			if got, err := w.ParseUpload(&u); !fault.Is(err, fault.StorageSign) {
				t.Errorf("ParseUpload(%s) = %+v, %v; want StorageSign", &u, got, err)
			}
		})
	}
	for name, parse := range map[string]func() error{
		"upload URL for a download": func() error { _, err := w.ParseDownload(good); return err },
		"download URL for an upload": func() error {
			_, err := w.ParseUpload(parse(t, ticket.DownloadURL))
			return err
		},
		"URL of another env":    func() error { _, err := other.ParseUpload(good); return err },
		"URL of another secret": func() error { _, err := rotated.ParseUpload(good); return err },
	} {
		if err := parse(); !fault.Is(err, fault.StorageSign) {
			t.Errorf("%s: %v, want StorageSign", name, err)
		}
	}
	extra := *good
	extra.RawQuery = "&" + extra.RawQuery + "&eventId=1&"
	if _, err := w.ParseUpload(&extra); err != nil {
		t.Errorf("what SDKs add to the query is refused: %v", err)
	}
}

func TestURLsExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, admin, "a.txt", "x")
	ticket, err := w.Ticket(t.Context(), alice, "b.txt")
	if err != nil {
		t.Fatal(err)
	}
	upload, download := parse(t, ticket.UploadURL), parse(t, w.tempURL(t, "a.txt", 20*time.Minute).URL)
	for _, step := range []struct {
		after        time.Duration
		upload, down bool
	}{
		{0, true, true},
		{15 * time.Minute, true, true},
		{time.Second, false, true},
		{5*time.Minute - time.Second, false, true},
		{time.Second, false, false},
	} {
		w.clock.Advance(step.after)
		if _, err := w.ParseUpload(upload); (err == nil) != step.upload {
			t.Errorf("upload URL at %v: %v", w.clock.Now(), err)
		}
		_, err := w.ParseDownload(download)
		if (err == nil) != step.down {
			t.Errorf("download URL at %v: %v", w.clock.Now(), err)
		}
		if err != nil && (!fault.Is(err, fault.StorageSign) || !strings.Contains(fault.Text(err), "expired")) {
			t.Errorf("expired URL: %v, want StorageSign that says so", err)
		}
	}
}

func TestTempURLAges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, admin, "a", "x")
	for _, tc := range []struct{ asked, want time.Duration }{
		{0, 2 * time.Hour},
		{-time.Hour, 2 * time.Hour},
		{time.Millisecond, time.Second},
		{600 * time.Second, 600 * time.Second},
		{1500 * time.Millisecond, time.Second},
		{24 * time.Hour, 24 * time.Hour},
		{365 * 24 * time.Hour, 24 * time.Hour},
	} {
		if got := w.tempURL(t, "a", tc.asked).MaxAge; got != tc.want {
			t.Errorf("MaxAge for %v is %v, want %v", tc.asked, got, tc.want)
		}
	}
}

func TestSignedEnv(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{"/files/dev/a/b": "dev", "/files/dev": "dev", "/files/": "", "/files/../x": ".."} {
		if got := storage.SignedEnv(&url.URL{Path: raw}); got != want {
			t.Errorf("SignedEnv(%q) = %q, want %q", raw, got, want)
		}
	}
}

// Whatever the URL, nothing that was not signed is accepted, and nothing
// panics.
func FuzzParseURL(f *testing.F) {
	for _, path := range readCloudPaths(f).Good {
		f.Add("/files/dev/"+path, "e=9999999999&n=10&s=x")
	}
	f.Add("/files/dev/~2E~2E/a", "&e=1&&s=%zz")
	s := storage.New(storage.Options{Env: "dev", Bucket: "b", Key: make([]byte, 32), Limits: storage.Limits{SweepEvery: -1}})
	f.Fuzz(func(t *testing.T, path, query string) {
		u := &url.URL{Path: path, RawQuery: query}
		_ = storage.SignedEnv(u)
		if _, err := s.ParseUpload(u); err == nil {
			t.Errorf("ParseUpload(%q?%q) accepts", path, query)
		}
		if _, err := s.ParseDownload(u); err == nil {
			t.Errorf("ParseDownload(%q?%q) accepts", path, query)
		}
	})
}

func TestNewRefusesAKeyThatAnybodyCouldGuess(t *testing.T) {
	t.Parallel()
	for _, key := range [][]byte{nil, {}, make([]byte, 15)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New takes a key of %d bytes", len(key))
				}
			}()
			storage.New(storage.Options{Env: "dev", Bucket: "b", Key: key})
		}()
	}
}
