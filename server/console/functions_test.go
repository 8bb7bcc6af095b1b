package console_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"baas/db/dbtest"
)

// file is an entry of a test's archive.
type file struct {
	name, text string
	kind       byte // 0: a regular file
}

func archive(t *testing.T, files ...file) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Typeflag: f.kind, Mode: 0o644, Size: int64(len(f.text))}
		if f.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if f.kind == tar.TypeSymlink {
			h.Linkname, h.Size, f.text = f.text, 0, ""
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func (h *house) local(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	return h.send(t, method, "/console/api/dev"+path, body, "", append([]string{"Authorization", "Bearer " + credential}, headers...)...)
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	dev := dbtest.Open(t)
	h := openWith(t, dev, newFunctions(t, dev))
	asTar := []string{"Content-Type", "application/x-tar"}
	code := archive(t, file{"index.js", "const b = require('./lib/b'); exports.main = async e => { console.log('hi', e.n); return {n: b(e.n)} }", 0},
		file{"lib", "", tar.TypeDir}, file{"lib/b.js", "module.exports = n => n + 1", 0})
	if a := h.local(t, "PUT", "/functions/hello", code, asTar...); a.status != 200 || a.body["name"] != "hello" || a.body["version"] != "1" {
		t.Fatalf("deploy: %d %s", a.status, a.text)
	}
	for _, tc := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     string
	}{
		{"list", "GET", "/functions", "", nil, 200, `{"functions":[{"name":"hello","version":"1","runtime":"","timeoutMs":3000,"memoryMB":256,"updated":"`},
		{"call", "POST", "/functions/hello/call", `{"n":1}`, nil, 200, `"result":{"n":2}`},
		{"call without JSON", "POST", "/functions/hello/call", `{`, nil, 400, `body: `},
		{"unknown function", "POST", "/functions/x/call", `{}`, nil, 404, `"code":"FUNCTION_NOT_FOUND"`},
		{"does not build", "PUT", "/functions/bad", archive(t, file{"index.js", "exports.main = (", 0}), asTar, 400, `index.js`},
		{"not a tar", "PUT", "/functions/bad", strings.Repeat("x", 1024), asTar, 400, `archive: `},
		{"another type", "PUT", "/functions/bad", code, []string{"Content-Type", "application/octet-stream"}, 400, `content-type: `},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := h.local(t, tc.method, tc.path, tc.body, tc.headers...)
			if a.status != tc.status || !strings.Contains(a.text, tc.want) {
				t.Fatalf("got %d %s, want %d with %s", a.status, a.text, tc.status, tc.want)
			}
		})
	}
	t.Run("logs", func(t *testing.T) {
		a := h.local(t, "GET", "/logs?function=hello&limit=10", "")
		if a.status != 200 || a.header.Get("Content-Type") != "application/x-ndjson" || !strings.Contains(a.text, `"text":"hi 1"`) {
			t.Fatalf("got %d %s", a.status, a.text)
		}
		for line := range strings.Lines(a.text) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("line %q is no JSON", line)
			}
		}
		if a := h.local(t, "GET", "/logs?function=other", ""); a.status != 200 || a.text != "" {
			t.Fatalf("another function's: %d %s", a.status, a.text)
		}
		if a := h.local(t, "GET", "/logs?limit=0", ""); a.status != 400 {
			t.Fatalf("bad limit: %d %s", a.status, a.text)
		}
	})
	t.Run("followed logs", func(t *testing.T) { testFollow(t, h) })
	for _, want := range []int{200, 404} {
		if a := h.local(t, "DELETE", "/functions/hello", ""); a.status != want {
			t.Fatalf("delete: %d %s, want %d", a.status, a.text, want)
		}
	}
}

func testFollow(t *testing.T, h *house) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/console/api/dev/logs?function=hello&follow=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+credential)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func(text string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", text, lines.Err())
	}
	next(`"text":"hi 1"`)
	if a := h.local(t, "POST", "/functions/hello/call", `{"n":77}`); a.status != 200 {
		t.Fatalf("call: %d %s", a.status, a.text)
	}
	next(`"text":"hi 77"`)
}
