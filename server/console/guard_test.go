package console_test

import (
	"strings"
	"testing"
)

// Every route, whatever its name, against every caller. A route that somebody
// adds without a row fails here.
func TestEveryRouteIsClosedToStrangers(t *testing.T) {
	t.Parallel()
	h := open(t)
	open := map[string]bool{
		"GET /console/api/state": true, "POST /console/api/setup": true,
		"POST /console/api/login": true, "POST /console/api/logout": true,
	}
	seen := 0
	for _, r := range h.echo.Routes() {
		if !strings.HasPrefix(r.Path, "/console/api") || open[r.Method+" "+r.Path] || !isMethod(r.Method) {
			continue
		}
		seen++
		path := strings.NewReplacer(":env", "dev", ":collection", "c", ":function", "hello", ":key", "k", "*", "x").Replace(r.Path)
		for _, cookie := range []string{"", "baas_console=", "baas_console=guess", "baas_console=" + h.token} {
			a := h.send(t, r.Method, path, "{}", cookie)
			if a.status != 401 {
				t.Errorf("%s %s with %q: %d", r.Method, path, cookie, a.status)
			}
		}
	}
	if seen < 10 {
		t.Fatalf("only %d closed routes were found", seen)
	}
}

func isMethod(m string) bool {
	switch m {
	case "GET", "POST", "PUT", "PATCH", "DELETE":
		return true
	}
	return false
}

func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	cookie := h.setUp(t)
	host := strings.TrimPrefix(h.url, "http://")
	for _, tc := range []struct {
		name    string
		method  string
		headers []string
		status  int
	}{
		{"own page", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", h.url}, 200},
		{"own page reads", "GET", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"older browser, own page", "POST", []string{"Origin", "http://" + host}, 200},
		{"no browser", "POST", nil, 200},
		{"another site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		{"another site reads", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port or subdomain", "POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another subdomain reads", "GET", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"older browser, another site", "POST", []string{"Origin", "https://evil.example"}, 403},
		{"older browser, sandboxed page", "POST", []string{"Origin", "null"}, 403},
		{"a form", "POST", []string{"Content-Type", "text/plain"}, 400},
		{"a form with parameters", "POST", []string{"Content-Type", "text/plain; application/json"}, 400},
		{"no content type", "POST", []string{"Content-Type", ""}, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := "/console/api/me"
			if tc.method == "POST" {
				path = "/console/api/dev/keys"
			}
			a := h.send(t, tc.method, path, `{"kind":"api"}`, cookie, tc.headers...)
			if a.status != tc.status {
				t.Fatalf("got %d %s, want %d", a.status, a.text, tc.status)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Fatal("the console's API must not be opened to other origins")
			}
		})
	}
}
