package server_test

import (
	"strings"
	"testing"

	"baas/server/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func TestMetricsAreForAdministrators(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	key, err := h.Env.Auth.CreateKey(t.Context(), "api")
	if err != nil {
		t.Fatal(err)
	}
	user, _ := h.Anonymous(t)
	basic := func(id, secret string) servertest.Reply {
		r := h.Request(t, "GET", "/metrics", nil)
		r.SetBasicAuth(id, secret)
		return h.Send(t, r)
	}
	h.Web(t, "", `"action":"no such thing"`)
	h.Web(t, "", `"action":"analytics.report"`)
	for _, tc := range []struct {
		name  string
		reply servertest.Reply
		ok    bool
	}{
		{"nobody", h.Do(t, "GET", "/metrics", "", ""), false},
		{"a user", h.Do(t, "GET", "/metrics", user, ""), false},
		{"a wrong secret", basic(h.Key.SecretID, "x"), false},
		{"an unknown id", basic("x", h.Key.SecretKey), false},
		{"an API key", h.Do(t, "GET", "/metrics", key.Token, ""), true},
		{"a key pair", basic(h.Key.SecretID, h.Key.SecretKey), true},
	} {
		if ok := tc.reply.Status == 200; ok != tc.ok || !ok && tc.reply.Status != 401 {
			t.Errorf("%s: got %d %.200s", tc.name, tc.reply.Status, tc.reply.Text)
		}
		if !tc.ok {
			continue
		}
		for _, want := range []string{
			`baas_http_requests_total{action="",code="INVALID_ACTION",door="web",status="200"} 1`,
			`baas_http_requests_total{action="analytics.report",code="",door="web",status="200"} 1`,
			"baas_http_requests_running 1",
		} {
			if !strings.Contains(tc.reply.Text, want) {
				t.Errorf("%s: the metrics lack %s", tc.name, want)
			}
		}
	}
}
