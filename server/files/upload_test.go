package files_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/storage"
)

// TestUploadsOfEverySDK sends testdata/sdk-uploads.json as it stands there.
func TestUploadsOfEverySDK(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/sdk-uploads.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Cases []struct {
			Name    string
			Request []string
			Status  int
		}
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	for _, tc := range suite.Cases {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			ticket := s.ticket(t, "dir/文.txt")
			got := s.raw(t, render(tc.Request, ticket))
			if got.status != tc.Status || got.body != "" {
				t.Errorf("answer %d %q, want %d and an empty body", got.status, got.body, tc.Status)
			}
			if content := s.stored(t, "dir/文.txt"); content != "hello cloud file" {
				t.Errorf("stored %q", content)
			}
			f, err := s.Stat(t.Context(), admin, ticket.FileID)
			if err != nil || f.Owner != "alice" || !strings.HasPrefix(f.ContentType, "text/") {
				t.Errorf("the file is %+v, %v", f, err)
			}
		})
	}
}

// render joins the lines and fills in the ticket, the length or the chunks.
func render(lines []string, ticket storage.Ticket) string {
	text := strings.NewReplacer("{url}", ticket.UploadURL, "{token}", ticket.Token,
		"{authorization}", ticket.Authorization, "{cosFileId}", ticket.CosFileID).Replace(strings.Join(lines, "\r\n"))
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	if form, ok := strings.CutPrefix(body, "{chunked}\r\n"); ok {
		half := len(form) / 2
		body = fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, form[:half], len(form)-half, form[half:])
	}
	return strings.Replace(head, "{length}", strconv.Itoa(len(body)), 1) + "\r\n\r\n" + body
}

// form makes a multipart body of name and value pairs; the value of "file" is
// sent as a file.
func form(pairs ...string) (body, contentType string) {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "--XX\r\nContent-Disposition: form-data; name=%q", pairs[i])
		if strings.EqualFold(pairs[i], "file") {
			b.WriteString("; filename=\"f\"\r\nContent-Type: application/octet-stream")
		}
		fmt.Fprintf(&b, "\r\n\r\n%s\r\n", pairs[i+1])
	}
	return b.String() + "--XX--\r\n", "multipart/form-data; boundary=XX"
}

func TestFormVariants(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		pairs  []string
		status int
	}{
		{"no status asked for", []string{"file", "x"}, 204},
		{"200", []string{"success_action_status", "200", "file", "x"}, 200},
		{"201", []string{"success_action_status", "201", "file", "x"}, 201},
		{"204", []string{"success_action_status", "204", "file", "x"}, 204},
		{"another status", []string{"success_action_status", "500", "file", "x"}, 204},
		{"nonsense", []string{"success_action_status", "200 OK", "file", "x"}, 204},
		{"names in capitals", []string{"KEY", "a", "SUCCESS_ACTION_STATUS", "201", "FILE", "x"}, 201},
		{"status after the file", []string{"file", "x", "success_action_status", "201"}, 204},
		{"second file", []string{"file", "x", "file", "yy"}, 204},
		{"key of another path", []string{"key", "../../etc/passwd", "file", "x"}, 204},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			body, contentType := form(tc.pairs...)
			got := s.do(t, "POST", s.ticket(t, "a").UploadURL, body, "Content-Type", contentType)
			if got.status != tc.status || got.body != "" {
				t.Errorf("answer %d %q, want %d", got.status, got.body, tc.status)
			}
			if content := s.stored(t, "a"); content != "x" {
				t.Errorf("stored %q", content)
			}
		})
	}
}

// xmlFailure is what the server SDKs read.
type xmlFailure struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
	TraceID   string `xml:"TraceId"`
}

// wantFailure checks that an answer is the XML that every SDK understands.
func wantFailure(t *testing.T, got answer, status int, code fault.Code, says string) {
	t.Helper()
	var f xmlFailure
	if err := xml.Unmarshal([]byte(got.body), &f); err != nil {
		t.Fatalf("answer %d %q is not the failure's XML: %v", got.status, got.body, err)
	}
	if got.status != status || f.Code != string(code) || !strings.Contains(f.Message, says) {
		t.Errorf("answer %d %+v, want %d %s with %q", got.status, f, status, code, says)
	}
	if f.RequestID == "" || f.TraceID == "" {
		t.Errorf("a child is empty: %s", got.body)
	}
}

func TestUploadFailures(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 1<<20+1)
	plain := func(content string) func() (string, string) {
		return func() (string, string) { return content, "text/plain" }
	}
	pairs := func(p ...string) func() (string, string) {
		return func() (string, string) { return form(p...) }
	}
	raw := func(body string) func() (string, string) {
		return func() (string, string) { return body, "multipart/form-data; boundary=XX" }
	}
	many := make([]string, 0, 100)
	for i := range 40 {
		many = append(many, "f"+strconv.Itoa(i), "v")
	}
	for _, tc := range []struct {
		name, method string
		body         func() (body, contentType string)
		change       func(string) string // of the URL
		status       int
		code         fault.Code
		says         string
	}{
		{"PUT larger than the limit", "PUT", plain(big), nil, 413, fault.RequestTooLarge, "limit of 1048576 bytes"},
		{"form larger than the limit", "POST", pairs("file", big), nil, 413, fault.RequestTooLarge, "limit of 1048576 bytes"},
		{"form with much more than the limit", "POST", pairs("file", strings.Repeat(big, 3)), nil, 413, fault.RequestTooLarge, "limit of 1048576 bytes"},
		{"form without a file", "POST", pairs("key", "a"), nil, 400, fault.InvalidParam, "file: the form has no such field"},
		{"empty form", "POST", raw("--XX--\r\n"), nil, 400, fault.InvalidParam, "file: the form has no such field"},
		{"no form", "POST", plain("x"), nil, 400, fault.InvalidParam, "multipart/form-data"},
		{"JSON", "POST", func() (string, string) { return `{"a":1}`, "application/json" }, nil, 400, fault.InvalidParam, "multipart/form-data"},
		{"form cut off before the file", "POST", raw("--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nab"), nil, 400, fault.InvalidParam, "malformed"},
		{"form cut off within the file", "POST", raw("--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nab"), nil, 500, fault.StorageFailed, "ended before"},
		{"form of noise", "POST", raw(strings.Repeat("noise\n", 1000)), nil, 400, fault.InvalidParam, ""},
		{"large field", "POST", pairs("key", strings.Repeat("k", 9<<10), "file", "x"), nil, 400, fault.InvalidParam, "field"},
		{"many fields", "POST", pairs(append(many, "file", "x")...), nil, 400, fault.InvalidParam, "more than 32"},
		{"changed path", "PUT", plain("x"), func(u string) string { return strings.Replace(u, "/a?", "/b?", 1) }, 403, fault.StorageSign, "signature"},
		{"changed owner", "POST", pairs("file", "x"), func(u string) string { return strings.Replace(u, "o=alice", "o=bob", 1) }, 403, fault.StorageSign, "signature"},
		{"no signature", "PUT", plain("x"), func(string) string { return "/files/dev/a" }, 403, fault.StorageSign, "signature"},
		{"download URL", "PUT", plain("x"), func(string) string { return "" }, 403, fault.StorageSign, "signature"},
		{"unknown env", "PUT", plain("x"), func(u string) string { return strings.Replace(u, "/dev/", "/other/", 1) }, 400, fault.InvalidEnv, "other"},
		{"no env", "PUT", plain("x"), func(string) string { return "/files/" }, 400, fault.InvalidEnv, "/files/{env}/{path}"},
		{"encoded traversal", "PUT", plain("x"), func(u string) string { return strings.Replace(u, "/a?", "/%2e%2e/%2e%2e/etc/passwd?", 1) }, 403, fault.StorageSign, "path"},
		{"encoded NUL", "PUT", plain("x"), func(u string) string { return strings.Replace(u, "/a?", "/a%00?", 1) }, 403, fault.StorageSign, "path"},
		{"encoded backslash", "PUT", plain("x"), func(u string) string { return strings.Replace(u, "/a?", "/..%5ca?", 1) }, 403, fault.StorageSign, "path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			ticket := s.ticket(t, "a")
			address := ticket.UploadURL
			if tc.change != nil {
				if address = tc.change(address); address == "" {
					address = ticket.DownloadURL
				}
			}
			body, contentType := tc.body()
			got := s.do(t, tc.method, address, body, "Content-Type", contentType)
			wantFailure(t, got, tc.status, tc.code, tc.says)
			left, err := s.List(t.Context(), admin, "", "", 10)
			if err != nil || len(left) != 0 {
				t.Errorf("files after the failure: %+v, %v", left, err)
			}
		})
	}
}

func TestBrokenChunks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	request := "PUT " + s.ticket(t, "a").UploadURL + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"
	wantFailure(t, s.raw(t, request), 500, fault.StorageFailed, "ended before")
	if got := s.stored(t, "a"); got != string(fault.FileNotExist) {
		t.Errorf("stored %q", got)
	}
}

func TestCompressedUploadsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.ticket(t, "a").UploadURL
	wantFailure(t, s.do(t, "PUT", address, "x", "Content-Encoding", "gzip"), 400, fault.InvalidParam, "Content-Encoding")
	if got := s.do(t, "PUT", address, "x", "Content-Encoding", "identity"); got.status != 200 {
		t.Errorf("identity: %d %s", got.status, got.body)
	}
}

// The refusal must not wait for a body that nobody will read.
func TestRefusalBeforeTheBody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	request := "PUT /files/dev/a?e=1&s=x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n"
	wantFailure(t, s.raw(t, request), 403, fault.StorageSign, "signature")
	request = "PUT " + s.ticket(t, "a").UploadURL + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n"
	wantFailure(t, s.raw(t, request), 413, fault.RequestTooLarge, "limit")
}
