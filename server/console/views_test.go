package console_test

import (
	"strings"
	"testing"

	"baas/db"
	"baas/db/rules"
	"baas/db/value"
)

func insert(t *testing.T, e *db.Engine, collection string, docs ...string) {
	t.Helper()
	for _, text := range docs {
		d, err := value.ParseJSON([]byte(text), value.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Insert(t.Context(), rules.Principal{Role: rules.Admin}, collection, []value.Doc{d}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	h := open(t)
	cookie := h.setUp(t)
	if err := h.dev.CreateCollection(t.Context(), rules.Principal{Role: rules.Admin}, "todos"); err != nil {
		t.Fatal(err)
	}
	insert(t, h.dev, "todos", `{"_id":"a","n":1,"at":{"$date":0}}`, `{"_id":"b","n":2,"html":"<script>"}`)
	const at = "/console/api/dev/collections/to%64os/documents"
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"envs", "GET", "/console/api/envs", "", 200, `{"envs":[{"id":"dev"}]}`},
		{"collections", "GET", "/console/api/dev/collections", "", 200, `"name":"todos"`},
		{"set a mode", "POST", "/console/api/dev/collections", `{"name":"todos","mode":"READONLY"}`, 200, `{"mode":"READONLY","name":"todos"}`},
		{"the mode that was set", "GET", "/console/api/dev/collections", "", 200, `"name":"todos","mode":"READONLY"`},
		{"make a collection", "POST", "/console/api/dev/collections", `{"name":"fresh","mode":"ADMINWRITE"}`, 200, `"name":"fresh"`},
		{"the one that was made", "GET", "/console/api/dev/collections", "", 200, `"name":"fresh","mode":"ADMINWRITE"`},
		{"unknown mode", "POST", "/console/api/dev/collections", `{"name":"other","mode":"PUBLIC"}`, 400, `mode: use one of`},
		{"bad name", "POST", "/console/api/dev/collections", `{"name":"sys.keys","mode":"READONLY"}`, 400, `"code":"INVALID_PARAM"`},
		{"documents", "GET", at, "", 200, `{"list":[{"_id":"a","n":{"$numberInt":"1"},"at":{"$date":{"$numberLong":"0"}}},`},
		{"by query", "GET", at + `?query=%7B%22n%22%3A2%7D&skip=0&limit=21`, "", 200, `{"list":[{"_id":"b",`},
		{"limited", "GET", at + `?limit=1`, "", 200, `"at":{"$date":{"$numberLong":"0"}}}]}`},
		{"none", "GET", at + `?query=%7B%22n%22%3A3%7D`, "", 200, `{"list":[]}`},
		{"bad query", "GET", at + `?query=%7Bn`, "", 400, `"code":"INVALID_PARAM"`},
		{"bad limit", "GET", at + `?limit=1000`, "", 400, `limit: `},
		{"bad skip", "GET", at + `?skip=-1`, "", 400, `skip: `},
		{"unknown env", "GET", "/console/api/x/collections", "", 400, `"code":"INVALIID_ENV"`},
		{"unknown route", "GET", "/console/api/dev/secrets", "", 404, `"code":"INVALID_ACTION"`},
		{"other method", "DELETE", "/console/api/envs", "", 404, `"code":"INVALID_ACTION"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := h.send(t, tc.method, tc.path, tc.body, cookie)
			if a.status != tc.status || !strings.Contains(a.text, tc.want) {
				t.Fatalf("got %d %s, want %d with %s", a.status, a.text, tc.status, tc.want)
			}
			if a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("headers %v", a.header)
			}
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	h := open(t)
	const index, none = "<!doctype html>", "not found"
	navigation := []string{"Accept", "text/html,*/*"}
	for _, tc := range []struct {
		name, path string
		headers    []string
		status     int
		text       string
		cache      string
	}{
		{"index", "/console/", nil, 200, index, "no-cache"},
		{"set-up link", "/console/setup?token=x", navigation, 200, index, "no-cache"},
		{"set-up link, asked for by curl", "/console/setup?token=x", []string{"Accept", "*/*"}, 200, index, "no-cache"},
		{"set-up link, asked for without a word", "/console/setup?token=x", nil, 200, index, "no-cache"},
		{"deep link", "/console/dev/database", []string{"Sec-Fetch-Mode", "navigate"}, 200, index, "no-cache"},
		{"script", "/console/assets/index-a1b2.js", nil, 200, "export {}", "public, max-age=31536000, immutable"},
		{"missing script", "/console/assets/index-gone.js", nil, 404, none, "no-cache"},
		{"missing script, typed in", "/console/assets/index-gone.js", navigation, 404, none, "no-cache"},
		{"fetch of a page path", "/console/dev", []string{"Sec-Fetch-Mode", "cors", "Accept", "text/html"}, 404, none, "no-cache"},
		{"folder", "/console/assets", nil, 404, none, "no-cache"},
		{"folder above", "/console/../go.mod", nil, 404, "", ""},
		{"escaped folder above", "/console/%2e%2e/go.mod", nil, 404, none, "no-cache"},
		{"escaped slash", "/console/..%2f..%2fgo.mod", nil, 404, none, "no-cache"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := h.send(t, "GET", tc.path, "", "", tc.headers...)
			if a.status != tc.status || !strings.HasPrefix(a.text, tc.text) || tc.cache != "" && a.header.Get("Cache-Control") != tc.cache {
				t.Fatalf("got %d %q %q", a.status, a.text, a.header.Get("Cache-Control"))
			}
			if tc.cache == "" {
				return
			}
			policy := a.header.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
				if !strings.Contains(policy, part) {
					t.Errorf("policy %q lacks %q", policy, part)
				}
			}
			if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("headers %v", a.header)
			}
		})
	}
	if a := h.send(t, "GET", "/console", "", ""); a.status != 308 || a.header.Get("Location") != "/console/" {
		t.Errorf("/console: %d %v", a.status, a.header)
	}
	if a := h.send(t, "HEAD", "/console/", "", ""); a.status != 200 || a.text != "" {
		t.Errorf("HEAD: %d %q", a.status, a.text)
	}
	if a := h.send(t, "GET", "/console/assets/index-a1b2.js", "", ""); !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("script's type %q", a.header.Get("Content-Type"))
	}
}
