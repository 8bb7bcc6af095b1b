package tcb

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/server/signature"
)

// The form in which the official SDK sends cloud.openapi calls must come out
// with the members that its signature covers.
func TestMultipartOfTheOfficialClient(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../signature/testdata/tc3_admin.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		SecretKey string
		Requests  []struct {
			Target     string
			Headers    [][2]string
			BodyBase64 string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range golden.Requests {
		if c.BodyBase64 == "" {
			continue
		}
		seen++
		body, err := base64.StdEncoding.DecodeString(c.BodyBase64)
		if err != nil {
			t.Fatal(err)
		}
		r := signature.Request{Method: http.MethodPost, Header: http.Header{}}
		for _, h := range c.Headers {
			r.Header.Add(h[0], h[1])
		}
		r.Host = r.Header.Get("Host")
		r.Path, r.RawQuery, _ = strings.Cut(c.Target, "?")
		_, boundary, _ := strings.Cut(r.Header.Get("Content-Type"), "boundary=")
		o, extra, err := parseMultipart(body, boundary)
		if err != nil {
			t.Fatal(err)
		}
		if action, _ := o.Text("action"); action != "wx.openApi" || len(extra) != 1 || extra[0].name != "requestData" {
			t.Errorf("action %q, bytes %v", action, extra)
		}
		r.Members = envelope{body: o, extra: extra}.members()
		signed, err := signature.ParseTC3(r.Header.Get("Authorization"))
		if err != nil {
			t.Fatal(err)
		}
		var ms int64
		if err := json.Unmarshal([]byte(r.Header.Get("X-Client-Timestamp")), &ms); err != nil {
			t.Fatal(err)
		}
		if err := signed.Verify(r, golden.SecretKey, time.UnixMilli(ms)); err != nil {
			t.Errorf("%s: %v", r.Header.Get("X-Sdk-Version"), err)
		}
	}
	if seen == 0 {
		t.Error("no multipart request among the captured ones")
	}
}

func TestMultipartElsewhere(t *testing.T) {
	t.Parallel()
	form := func(parts string) string { return strings.ReplaceAll(parts, "\n", "\r\n") }
	part := func(name, value string) string {
		return "--b\nContent-Disposition: form-data; name=\"" + name + "\"\n\n" + value + "\n"
	}
	for _, tc := range []struct{ name, body, text string }{
		{"another action", form(part("action", "database.addCollection") + "--b--\n"), "content-type: multipart/form-data is for wx.openApi"},
		{"no action", form(part("x", "y") + "--b--\n"), "content-type: "},
		{"name twice", form(part("action", "wx.openApi") + part("action", "wx.openApi") + "--b--\n"), `body: the name "action" stands twice`},
		{"no form", "{}", "content-type: "},
		{"cut off", form(part("action", "wx.openApi")), "body: is not a"},
		{"too many parts", form(strings.Repeat(part("a", "b"), maxParts+1) + "--b--\n"), "body: is not a multipart form of at most 64 parts"},
	} {
		_, _, err := parseMultipart([]byte(tc.body), "b")
		if !fault.Is(err, fault.InvalidParam) || !strings.HasPrefix(fault.Text(err), tc.text) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.text)
		}
	}
}

func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nwx.openApi\r\n--b--\r\n"), "b")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		if _, _, err := parseMultipart(body, boundary); err != nil && !fault.Is(err, fault.InvalidParam) {
			t.Errorf("got %v", err)
		}
	})
}
