package signature_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/server/signature"
)

// golden is a file of captured requests; its `source` says where from.
type golden struct {
	Source    string
	SecretID  string `json:"secretId"`
	SecretKey string `json:"secretKey"`
	Requests  []captured
}

type captured struct {
	Client, Method, Target string
	Headers                [][2]string
	Body                   string
	BodyBase64             string `json:"bodyBase64"`
}

func load(t testing.TB, file string) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Requests) == 0 || g.Source == "" {
		t.Fatalf("%s holds no requests or no source", file)
	}
	return g
}

// request turns a captured request into what the verifier takes.
func (c captured) request(t testing.TB) signature.Request {
	t.Helper()
	r := signature.Request{Method: c.Method, Header: http.Header{}, Body: []byte(c.Body)}
	r.Path, r.RawQuery, _ = strings.Cut(c.Target, "?")
	for _, h := range c.Headers {
		if strings.EqualFold(h[0], "host") {
			r.Host = h[1]
			continue
		}
		r.Header.Add(h[0], h[1])
	}
	if c.BodyBase64 != "" {
		r.Members = parts(t, r.Header.Get("Content-Type"), c.BodyBase64)
		return r
	}
	if strings.HasPrefix(c.Body, "{") {
		r.Members = members(t, c.Body)
	}
	return r
}

func members(t testing.TB, body string) []signature.Member {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &raw); err != nil {
		t.Fatal(err)
	}
	var list []signature.Member
	for name, value := range raw {
		m := signature.Member{Name: name, Value: value}
		var text string
		if json.Unmarshal(value, &text) == nil && value[0] == '"' {
			m.Value, m.IsText = []byte(text), true
		}
		list = append(list, m)
	}
	return list
}

func parts(t testing.TB, contentType, body string) []signature.Member {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	var list []signature.Member
	for reader := multipart.NewReader(bytes.NewReader(raw), params["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, signature.Member{
			Name: part.FormName(), Value: value, IsText: part.Header.Get("Content-Type") == "",
		})
	}
}

// signedAt returns the time at which a captured request was signed.
func (c captured) signedAt(t testing.TB) time.Time {
	t.Helper()
	for _, h := range c.Headers {
		if strings.EqualFold(h[0], "x-client-timestamp") {
			var ms int64
			if err := json.Unmarshal([]byte(h[1]), &ms); err != nil {
				t.Fatal(err)
			}
			return time.UnixMilli(ms)
		}
	}
	var body struct{ Timestamp int64 }
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil || body.Timestamp == 0 {
		t.Fatalf("no time in %s", c.Target)
	}
	return time.UnixMilli(body.Timestamp)
}

func (c captured) authorization(t testing.TB) string {
	t.Helper()
	for _, h := range c.Headers {
		if strings.EqualFold(h[0], "authorization") {
			return h[1]
		}
	}
	var body struct{ Authorization string }
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		t.Fatal(err)
	}
	return body.Authorization
}

// verify checks one request with whichever form it has.
func verify(header string, r signature.Request, id, secret string, now time.Time) error {
	if signature.IsTC3(header) {
		c, err := signature.ParseTC3(header)
		if err != nil || c.ID != id {
			return err
		}
		return c.Verify(r, secret, now)
	}
	c, err := signature.ParseCOS(header)
	if err != nil || c.ID != id {
		return err
	}
	return c.Verify(r, secret, now)
}

var files = []string{"tc3_admin.json", "tc3_cloudapi.json", "cos.json"}

func TestRequestsOfTheOfficialClients(t *testing.T) {
	t.Parallel()
	for _, file := range files {
		g := load(t, file)
		for i, c := range g.Requests {
			if err := verify(c.authorization(t), c.request(t), g.SecretID, g.SecretKey, c.signedAt(t)); err != nil {
				t.Errorf("%s[%d] %s %s: %v\n%.300s", file, i, c.Client, c.Target, err, c.Body)
			}
		}
	}
}

func TestWrongSecrets(t *testing.T) {
	t.Parallel()
	for _, file := range files {
		g := load(t, file)
		c := g.Requests[0]
		for _, secret := range []string{"", g.SecretKey + "x", strings.ToUpper(g.SecretKey)} {
			err := verify(c.authorization(t), c.request(t), g.SecretID, secret, c.signedAt(t))
			if !fault.Is(err, fault.SignInvalid) {
				t.Errorf("%s with secret %q: got %v", file, secret, err)
			}
		}
	}
}

// A signed request must not survive any change of what its signature covers.
func TestChangedRequests(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		files  []string
		change func(*signature.Request)
	}{
		"path":            {files[:2], func(r *signature.Request) { r.Path += "/x" }},
		"query":           {files[:2], func(r *signature.Request) { r.RawQuery += "&env=other" }},
		"host":            {files[:2], func(r *signature.Request) { r.Host = "evil.example" }},
		"signed header":   {files, func(r *signature.Request) { r.Header.Set("User-Agent", "other") }},
		"repeated header": {files[:2], func(r *signature.Request) { r.Header.Add("X-TCB-Source", "x") }},
		"method":          {files[1:2], func(r *signature.Request) { r.Method = "PUT" }},
		"body":            {files[1:2], func(r *signature.Request) { r.Body = append(r.Body, ' ') }},
		"member": {[]string{files[0], files[2]}, func(r *signature.Request) {
			for i, m := range r.Members {
				if m.Name == "collectionName" {
					r.Members[i].Value = []byte("other")
				}
			}
		}},
		"member taken away": {[]string{files[0], files[2]}, func(r *signature.Request) {
			r.Members = keep(r.Members, func(m signature.Member) bool { return m.Name != "collectionName" })
		}},
		"member added": {[]string{files[0], files[2]}, func(r *signature.Request) {
			r.Members = append(r.Members, signature.Member{Name: "transactionId", Value: []byte("t"), IsText: true})
		}},
		"member in other case": {[]string{files[0], files[2]}, func(r *signature.Request) {
			r.Members = append(r.Members, signature.Member{Name: "Action", Value: []byte("database.addCollection"), IsText: true})
		}},
	}
	for name, tc := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range tc.files {
				g := load(t, file)
				c := g.Requests[0]
				r := c.request(t)
				tc.change(&r)
				err := verify(c.authorization(t), r, g.SecretID, g.SecretKey, c.signedAt(t))
				if !fault.Is(err, fault.SignInvalid) {
					t.Errorf("%s: got %v, want SIGN_PARAM_INVALID", file, err)
				}
			}
		})
	}
}

func keep(list []signature.Member, want func(signature.Member) bool) []signature.Member {
	var out []signature.Member
	for _, m := range list {
		if want(m) {
			out = append(out, m)
		}
	}
	return out
}

func TestValidity(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file  string
		after time.Duration // of the signing
		ok    bool
	}{
		{"tc3_admin.json", 10*time.Minute + 4*time.Minute, true},
		{"tc3_admin.json", 10*time.Minute + 6*time.Minute, false},
		{"tc3_admin.json", -4 * time.Minute, true},
		{"tc3_admin.json", -6 * time.Minute, false},
		{"tc3_cloudapi.json", 14 * time.Minute, true},
		{"tc3_cloudapi.json", 16 * time.Minute, false},
		{"tc3_cloudapi.json", -6 * time.Minute, false},
		{"cos.json", 19 * time.Minute, true},
		{"cos.json", 21 * time.Minute, false},
		{"cos.json", -6 * time.Minute, false},
	} {
		g := load(t, tc.file)
		c := g.Requests[0]
		err := verify(c.authorization(t), c.request(t), g.SecretID, g.SecretKey, c.signedAt(t).Add(tc.after))
		if (err == nil) != tc.ok || err != nil && !fault.Is(err, fault.SignInvalid) {
			t.Errorf("%s %v after signing: got %v, want ok=%t", tc.file, tc.after, err, tc.ok)
		}
	}
	t.Run("an unsigned x-signature-expires cannot stretch it", func(t *testing.T) {
		t.Parallel()
		g := load(t, "tc3_admin.json")
		c := g.Requests[0]
		r := c.request(t)
		r.Header.Set("X-Signature-Expires", "99999999")
		if err := verify(c.authorization(t), r, g.SecretID, g.SecretKey, c.signedAt(t).Add(time.Hour)); !fault.Is(err, fault.SignInvalid) {
			t.Errorf("got %v, want SIGN_PARAM_INVALID", err)
		}
	})
}
