package httpfn

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"baas/server/wire"
)

// event describes a request to a function: names of headers in lower case, one
// text per header and query parameter (the last value of a repeated
// parameter), the body as text, or in Base64 when it is not UTF-8.
func event(r *http.Request, path string, body []byte, envID, appID, requestID string) []byte {
	b := wire.AppendText([]byte("{"), "path", path)
	b = wire.AppendText(b, "httpMethod", r.Method)
	b = appendTexts(wire.AppendName(b, "headers"), headers(r))
	b = appendTexts(wire.AppendName(b, "queryStringParameters"), lastValues(r.URL.Query()))

	b = wire.AppendText(append(wire.AppendName(b, "requestContext"), '{'), "requestId", requestID)
	b = wire.AppendText(b, "envId", envID)
	b = append(wire.AppendText(b, "appId", appID), '}')

	text, encoded := string(body), !utf8.Valid(body)
	if encoded {
		text = base64.StdEncoding.EncodeToString(body)
	}
	b = wire.AppendText(b, "body", text)
	b = strconv.AppendBool(wire.AppendName(b, "isBase64Encoded"), encoded)
	return append(b, '}')
}

func headers(r *http.Request) map[string]string {
	out := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		out[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	if cookies := r.Header.Values("Cookie"); len(cookies) > 0 {
		out["cookie"] = ownCookies(cookies)
	}
	return out
}

// ownCookies joins the cookies that are not the server's own.
func ownCookies(lines []string) string {
	var kept []string
	for _, line := range lines {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" && !reservedCookie(cookie) {
				kept = append(kept, cookie)
			}
		}
	}
	return strings.Join(kept, "; ")
}

func lastValues(query map[string][]string) map[string]string {
	out := make(map[string]string, len(query))
	for name, values := range query {
		out[name] = values[len(values)-1]
	}
	return out
}

// appendTexts appends an object of texts, sorted by name.
func appendTexts(b []byte, texts map[string]string) []byte {
	b = append(b, '{')
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b = wire.AppendText(b, name, texts[name])
	}
	return append(b, '}')
}
