package files_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"baas/db/fault"
)

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

func TestDownload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.store(t, "目录/a b.txt", "0123456789", "text/plain")
	// As node fetches it, encodeURI(url), and as Go does; both arrive alike.
	got := s.do(t, "GET", address, "")
	if got.status != 200 || got.body != "0123456789" {
		t.Fatalf("GET %s: %d %q", address, got.status, got.body)
	}
	for name, want := range map[string]string{
		"Content-Length":          "10",
		"Content-Type":            "text/plain",
		"Content-Disposition":     `inline; filename="a b.txt"`,
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox",
		"Accept-Ranges":           "bytes",
		"Cache-Control":           "private, no-cache",
		"ETag":                    `"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"`,
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s = %q, want %q", name, value, want)
		}
	}
	if got.header.Get("Last-Modified") == "" {
		t.Error("there is no Last-Modified")
	}
	head := s.do(t, "HEAD", address, "")
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != "10" || head.header.Get("Content-Type") != "text/plain" {
		t.Errorf("HEAD: %d %q %v", head.status, head.body, head.header)
	}
}

func TestRangesAndConditions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.store(t, "a.bin", "0123456789", "")
	whole := s.do(t, "GET", address, "")
	etag, modified := whole.header.Get("ETag"), whole.header.Get("Last-Modified")
	for _, tc := range []struct {
		name    string
		headers []string
		status  int
		body    string
		ranged  string
	}{
		{"first bytes", []string{"Range", "bytes=0-2"}, 206, "012", "bytes 0-2/10"},
		{"middle", []string{"Range", "bytes=4-5"}, 206, "45", "bytes 4-5/10"},
		{"to the end", []string{"Range", "bytes=7-"}, 206, "789", "bytes 7-9/10"},
		{"last bytes", []string{"Range", "bytes=-2"}, 206, "89", "bytes 8-9/10"},
		{"past the end", []string{"Range", "bytes=8-100"}, 206, "89", "bytes 8-9/10"},
		{"behind the end", []string{"Range", "bytes=10-"}, 416, "", "bytes */10"},
		{"malformed", []string{"Range", "bytes=x-y"}, 416, "", ""},
		{"backwards", []string{"Range", "bytes=5-1"}, 416, "", ""},
		{"huge numbers", []string{"Range", "bytes=99999999999999999999-"}, 416, "", ""},
		{"other unit", []string{"Range", "lines=1-2"}, 416, "", ""},
		{"more ranges than are served", []string{"Range", "bytes=0-0" + strings.Repeat(",1-1", 50)}, 200, "0123456789", ""},
		{"unchanged", []string{"If-None-Match", etag}, 304, "", ""},
		{"unchanged since", []string{"If-Modified-Since", modified}, 304, "", ""},
		{"changed", []string{"If-None-Match", `"x"`}, 200, "0123456789", ""},
		{"precondition", []string{"If-Match", `"x"`}, 412, "", ""},
		{"range of the same", []string{"Range", "bytes=0-0", "If-Range", etag}, 206, "0", "bytes 0-0/10"},
		{"range of another", []string{"Range", "bytes=0-0", "If-Range", `"x"`}, 200, "0123456789", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := s.do(t, "GET", address, "", tc.headers...)
			if got.status != tc.status || (tc.status < 300 && got.body != tc.body) || (tc.ranged != "" && got.header.Get("Content-Range") != tc.ranged) {
				t.Errorf("%d %q %q, want %d %q %q", got.status, got.body, got.header.Get("Content-Range"), tc.status, tc.body, tc.ranged)
			}
		})
	}
	several := s.do(t, "GET", address, "", "Range", "bytes=1-2,8-8")
	if several.status != 206 || !strings.Contains(several.body, "\r\n\r\n12\r\n") || !strings.Contains(several.body, "\r\n\r\n8\r\n") {
		t.Errorf("two ranges: %d %q", several.status, several.body)
	}
}

// The matrix of threats.md, "stored XSS by upload": whatever is uploaded, by
// whichever door and under whichever name, a browser does not run it.
func TestNothingActiveIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	contents := map[string]string{
		"page":   "<!DOCTYPE html><html><script>alert(1)</script>",
		"script": "alert(document.cookie)",
		"svg":    "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
		"xml":    "<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
		"pdf":    "%PDF-1.7\n1 0 obj",
		"png":    png,
		"text":   "hello",
		"bytes":  "\x00\x01\x02\xff",
	}
	types := []string{
		"", "text/html", "text/html;charset=utf-7", "TEXT/HTML", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf",
		"text/javascript", "image/png", "image/png, text/html", "text/plain", "application/octet-stream", "x", "multipart/x-mixed-replace", "application/rdf+xml",
	}
	names := []string{"a", "a.html", "a.html.", "a.html ", "a.HTM", "a.svg", "a.png", "a.png.html", "a.xhtml", "a.shtml", "a.js", "a.pdf", "a.txt"}
	shown := 0
	for kind, content := range contents {
		for i, declared := range types {
			for j := range 4 { // every name comes by, each with several types
				name := names[(i*4+j)%len(names)]
				path := fmt.Sprintf("%s/%d/%d/%s", kind, i, j, name)
				ticket := s.ticket(t, path)
				var up answer
				if (i+j)%2 == 0 {
					up = s.do(t, "PUT", ticket.UploadURL, content, "Content-Type", declared)
				} else {
					up = s.do(t, "POST", ticket.UploadURL, "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: "+declared+"\r\n\r\n"+
						content+"\r\n--XX--\r\n", "Content-Type", "multipart/form-data; boundary=XX")
				}
				if up.status >= 300 {
					t.Fatalf("upload of %s: %d %s", path, up.status, up.body)
				}
				got := s.do(t, "HEAD", ticket.DownloadURL, "")
				contentType := got.header.Get("Content-Type")
				if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Content-Security-Policy") != "sandbox" {
					t.Fatalf("%s: %v", path, got.header)
				}
				if strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
					continue
				}
				shown++
				base, _, _ := strings.Cut(contentType, ";")
				if base != "image/png" && base != "text/plain" || (kind == "page" || kind == "xml" || kind == "pdf") {
					t.Errorf("%s declared as %q is shown as %q", path, declared, contentType)
				}
				if base == "image/png" && kind != "png" && kind != "bytes" {
					t.Errorf("%s declared as %q is shown as a picture", path, declared)
				}
			}
		}
	}
	if shown == 0 {
		t.Error("not even pictures are shown")
	}
}

func TestNamesInDisposition(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string]string{
		"dir/plain.zip": `attachment; filename=plain.zip`,
		`q"uote;.zip`:   `attachment; filename="q\"uote;.zip"`,
		"猫.zip":         `attachment; filename*=utf-8''%E7%8C%AB.zip`,
		"~2F%2F.zip":    `attachment; filename=~2F%2F.zip`,
	} {
		got := s.do(t, "HEAD", s.store(t, path, "PK\x03\x04", "application/zip"), "")
		if value := got.header.Get("Content-Disposition"); value != want {
			t.Errorf("%s: %q, want %q", path, value, want)
		}
	}
}

func TestDownloadFailures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.store(t, "a.txt", "hello", "")
	upload := s.ticket(t, "a.txt").UploadURL
	gone := s.store(t, "gone.txt", "hello", "")
	if _, err := s.Delete(t.Context(), admin, []string{"cloud://dev.b/gone.txt"}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, url string
		status    int
		code      fault.Code
	}{
		{"deleted", gone, 404, fault.FileNotExist},
		{"not signed", "/files/dev/a.txt", 403, fault.StorageSign},
		{"another path", strings.Replace(address, "a.txt", "b.txt", 1), 403, fault.StorageSign},
		{"longer life", strings.Replace(address, "e=1", "e=2", 1), 403, fault.StorageSign},
		{"upload URL", upload, 403, fault.StorageSign},
		{"unknown env", strings.Replace(address, "/dev/", "/x/", 1), 400, fault.InvalidEnv},
		{"encoded slash", strings.Replace(address, "/dev/", "/dev%2F..%2Fdev/", 1), 403, fault.StorageSign},
		{"dots", strings.Replace(address, "/dev/", "/dev/../dev/", 1), 403, fault.StorageSign},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := s.raw(t, "GET "+tc.url+" HTTP/1.1\r\nHost: x\r\n\r\n")
			wantFailure(t, got, tc.status, tc.code, "")
			if head := s.raw(t, "HEAD "+tc.url+" HTTP/1.1\r\nHost: x\r\n\r\n"); head.status != tc.status {
				t.Errorf("HEAD: %d, want %d", head.status, tc.status)
			}
		})
	}
	if got := s.do(t, "DELETE", address, ""); got.status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", got.status)
	}
}

// Clients that send the URL's letters as raw bytes are understood too.
func TestRawLettersInTheRequestLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.raw(t, "GET "+s.store(t, "目录/猫.txt", "meow", "")+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if got.status != 200 || got.body != "meow" {
		t.Errorf("%d %q", got.status, got.body)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	upload, download := s.ticket(t, "a").UploadURL, s.store(t, "b", "x", "")
	for _, tc := range []struct {
		name, method, url string
		status            int
		headers           []string
	}{
		{"preflight of an upload", "OPTIONS", upload, 204, []string{"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization,x-cos-meta-fileid"}},
		{"preflight with nothing signed", "OPTIONS", "/files/x/y", 204, []string{"Access-Control-Request-Method", "GET"}},
		{"upload", "PUT", upload, 200, nil},
		{"download", "GET", download, 200, nil},
		{"failure", "GET", "/files/dev/none", 403, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := s.do(t, tc.method, tc.url, "x", append(tc.headers, "Origin", "https://app.example")...)
			if got.status != tc.status {
				t.Errorf("status %d, want %d: %s", got.status, tc.status, got.body)
			}
			h := got.header
			if h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Vary") != "Origin" {
				t.Errorf("headers %v", h)
			}
			if !strings.Contains(h.Get("Access-Control-Expose-Headers"), "x-request-id") {
				t.Errorf("exposed: %q", h.Get("Access-Control-Expose-Headers"))
			}
			if tc.headers == nil {
				return
			}
			for _, name := range []string{"authorization", "signature", "key", "x-cos-security-token", "x-cos-meta-fileid", "content-type"} {
				if !strings.Contains(h.Get("Access-Control-Allow-Headers"), name) {
					t.Errorf("%s may not be sent: %q", name, h.Get("Access-Control-Allow-Headers"))
				}
			}
			if !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PUT") {
				t.Errorf("methods %q", h.Get("Access-Control-Allow-Methods"))
			}
		})
	}
	if got := s.do(t, "GET", download, ""); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without an origin: %v", got.header)
	}
}

func TestLargeTransfers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := strings.Repeat("0123456789abcdef", 1<<16) // the limit, exactly
	if got := s.do(t, "PUT", s.ticket(t, "big").UploadURL, content); got.status != 200 {
		t.Fatalf("PUT: %d %s", got.status, got.body)
	}
	got := s.do(t, "GET", s.store(t, "big", content, ""), "")
	if got.body != content || got.header.Get("Content-Length") != strconv.Itoa(len(content)) {
		t.Errorf("GET gives %d bytes", len(got.body))
	}
	tail := s.do(t, "GET", s.store(t, "big", content, ""), "", "Range", "bytes=-16")
	if tail.body != "0123456789abcdef" {
		t.Errorf("the last 16 bytes: %q", tail.body)
	}
}
