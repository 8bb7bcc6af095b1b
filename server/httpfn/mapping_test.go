package httpfn

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"baas/db/fault"
)

func TestEvent(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPut, "http://h.example/fn/dev/api/a%20b/%E4%B8%AD?x=1&x=2&y=%zz&&z=", nil)
	r.Header = map[string][]string{"Content-Type": {"text/plain"}, "Cookie": {"a=1; __Host-baas=s", "b=2; __secure-x=1"}}
	for _, tc := range []struct{ name, body, want string }{
		{"text", "he\"llo 中", `"body":"he\"llo 中","isBase64Encoded":false}`},
		{"none", "", `"body":"","isBase64Encoded":false}`},
		{"bytes", "\xff\x00", `"body":"/wA=","isBase64Encoded":true}`},
	} {
		want := `{"path":"/a%20b","httpMethod":"PUT",` +
			`"headers":{"content-type":"text/plain","cookie":"a=1; b=2","host":"h.example"},` +
			`"queryStringParameters":{"x":"2","z":""},` +
			`"requestContext":{"requestId":"r","envId":"dev","appId":"wx1"},` + tc.want
		if got := string(event(r, "/a%20b", []byte(tc.body), "dev", "wx1", "r")); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, got, want)
		}
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	for _, tc := range []struct {
		name, result string
		status       int
		contentType  string
		body         string
	}{
		{"undefined", ``, 200, plainText, ""},
		{"null", `null`, 200, plainText, "null"},
		{"number", `1.5`, 200, plainText, "1.5"},
		{"text", `"a\n中"`, 200, plainText, "a\n中"},
		{"text that looks like a page", `"<script>alert(1)</script>"`, 200, plainText, "<script>alert(1)</script>"},
		{"object", `{"a": 1}`, 200, jsonText, `{"a": 1}`},
		{"array", `[1]`, 200, jsonText, `[1]`},
		{"deep array", deep, 200, jsonText, deep},
		{"deep object", `{"statusCode":404,"a":` + deep + `}`, 200, jsonText, `{"statusCode":404,"a":` + deep + `}`},
		{"status only", `{"statusCode":404}`, 404, plainText, ""},
		{"integrated", `{"statusCode":201,"headers":{"content-type":"text/html"},"body":"<p>"}`, 201, "text/html", "<p>"},
		{"bytes", `{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"/wA=","isBase64Encoded":true}`, 200, "image/png", "\xff\x00"},
		{"body that is no text", `{"statusCode":200,"body":{"a":1}}`, 200, jsonText, `{"a":1}`},
		{"no content", `{"statusCode":204,"body":"x"}`, 204, plainText, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := mapResult([]byte(tc.result))
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			out.write(w, "GET")
			if w.Code != tc.status || w.Header().Get("Content-Type") != tc.contentType || w.Body.String() != tc.body {
				t.Errorf("got %d %s %q, want %d %s %q", w.Code, w.Header().Get("Content-Type"), w.Body, tc.status, tc.contentType, tc.body)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Security-Policy") != sandbox {
				t.Errorf("unsafe headers: %v", w.Header())
			}
		})
	}
}

func TestHeadersOfAResponse(t *testing.T) {
	t.Parallel()
	out, err := mapResult([]byte(`{"statusCode":302,
		"headers":{"Location":"/x","X-N":5,"Content-Length":"99","transfer-encoding":"chunked","X-Request-Id":"forged","Content-Security-Policy":"default-src *",
			"clear-site-data":"\"*\"","Strict-Transport-Security":"max-age=1","Service-Worker-Allowed":"/"},
		"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", "ours")
	out.write(w, "HEAD")
	h := w.Result().Header
	for name, want := range map[string]string{
		"Location": "/x", "X-N": "5", "Content-Length": "0", "Transfer-Encoding": "", "X-Request-Id": "ours",
		"Set-Cookie": "a=1|b=2", "Content-Security-Policy": "default-src *|" + sandbox,
		// These speak for the console as well.
		"Clear-Site-Data": "", "Strict-Transport-Security": "", "Service-Worker-Allowed": "",
	} {
		if got := strings.Join(h.Values(name), "|"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestResponsesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ result, member string }{
		{`{"statusCode":"200"}`, "statusCode"},
		{`{"statusCode":99}`, "statusCode"},
		{`{"statusCode":1000}`, "statusCode"},
		{`{"statusCode":200,"headers":[]}`, "headers"},
		{`{"statusCode":200,"headers":{"a b":"c"}}`, "headers"},
		{`{"statusCode":200,"headers":{"a":"b\r\nc: d"}}`, "headers"},
		{`{"statusCode":200,"headers":{"set-cookie":" __Host-baas=forged"}}`, "headers"},
		{`{"statusCode":200,"headers":{"Set-Cookie":"baas_console=forged; Path=/console"}}`, "headers"},
		{`{"statusCode":200,"headers":{"Set-Cookie":"=BAAS_console=forged; Path=/console"}}`, "headers"},
		{`{"statusCode":200,"body":"%%%","isBase64Encoded":true}`, "body"},
		{`{"statusCode":200,"body":"YQ==","isBase64Encoded":"yes"}`, "isBase64Encoded"},
	} {
		_, err := mapResult([]byte(tc.result))
		if !fault.Is(err, fault.FunctionExecute) || !strings.Contains(fault.Text(err), tc.member+": ") {
			t.Errorf("%s: got %v, want FUNCTIONS_EXECUTE_FAIL at %s", tc.result, err, tc.member)
		}
	}
}

func FuzzMapResult(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":["b"]},"body":"YQ==","isBase64Encoded":true}`))
	f.Add([]byte(`"x"`))
	f.Fuzz(func(t *testing.T, result []byte) {
		out, err := mapResult(result)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		out.write(w, "GET")
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("status %d", w.Code)
		}
	})
}
