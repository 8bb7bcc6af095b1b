package httpfn_test

import (
	"strings"
	"testing"

	"baas/server/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func TestHTTPAccess(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Function(t, "api", `
const cloud = require("wx-server-sdk")
exports.main = async (event) => {
  if (event.path === "/page") return { statusCode: 201, headers: { "content-type": "text/html", "x-own": "1" }, body: "<p>" }
  if (event.path === "/throw") throw new Error("broken\nat secret place")
  if (event.path === "/who") return { openid: cloud.getWXContext().OPENID ?? null, uid: cloud.getWXContext().TCB_UUID ?? null }
  return event
}`)
	token, uid := h.Anonymous(t)

	r := h.Do(t, "POST", "/fn/dev/api/a/b?x=1", "", "hello")
	for path, want := range map[string]string{
		"path": "/a/b", "httpMethod": "POST", "body": "hello", "isBase64Encoded": "false",
		"queryStringParameters.x": "1", "requestContext.envId": "dev", "requestContext.requestId": r.Header.Get("X-Request-Id"),
	} {
		if got := r.Get(path); got != want {
			t.Errorf("%s is %q, want %q in %s", path, got, want, r.Text)
		}
	}
	if r := h.Do(t, "GET", "/fn/dev/api", "", ""); r.Get("path") != "/" {
		t.Errorf("without a path: %s", r.Text)
	}
	if r := h.Do(t, "GET", "/fn/dev/api/page", "", ""); r.Status != 201 || r.Text != "<p>" || r.Header.Get("X-Own") != "1" ||
		!strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("page: %d %s %v", r.Status, r.Text, r.Header)
	}
	if r := h.Do(t, "GET", "/fn/dev/api/throw", "", ""); r.Status != 500 || r.Code() != "FUNCTION_INVOCATION_FAILED" ||
		!strings.Contains(r.Message(), "broken") || strings.Contains(r.Message(), "secret") {
		t.Errorf("throw: %d %s", r.Status, r.Text)
	}
	for _, tc := range []struct{ name, token, uid string }{
		{"nobody", "", "null"},
		{"a user", token, uid},
		{"somebody else's token", "eyJhbGciOiJIUzI1NiJ9.e30.x", "null"},
	} {
		if r := h.Do(t, "GET", "/fn/dev/api/who", tc.token, ""); r.Get("uid") != tc.uid || r.Get("openid") != "null" {
			t.Errorf("%s: got %s, want uid %s", tc.name, r.Text, tc.uid)
		}
	}
	if r := h.Do(t, "GET", "/fn/dev/api/who", token+"x", ""); r.Status != 401 {
		t.Errorf("a forged token of this env: %d %s", r.Status, r.Text)
	}
	if r := h.Do(t, "GET", "/fn/dev/none", "", ""); r.Status != 404 || r.Code() != "FUNCTION_NOT_FOUND" {
		t.Errorf("missing function: %d %s", r.Status, r.Text)
	}
	if r := h.Do(t, "GET", "/fn/none/api", "", ""); r.Status != 400 || r.Code() != "INVALIID_ENV" {
		t.Errorf("missing environment: %d %s", r.Status, r.Text)
	}
	if r := h.Do(t, "GET", "/fn/dev", "", ""); r.Status != 404 {
		t.Errorf("no function: %d %s", r.Status, r.Text)
	}
}
