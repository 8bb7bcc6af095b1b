package signature_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/server/signature"
)

const (
	goodTC3 = "TC3-HMAC-SHA256 Credential=id/2026-11-24/tcb/tc3_request, SignedParams=action, SignedHeaders=content-type;host, Signature=ab"
	goodCOS = "q-sign-algorithm=sha1&q-ak=id&q-sign-time=1;901&q-key-time=1;901&q-header-list=user-agent&q-url-param-list=action&q-signature=ab"
)

func TestMalformedSignatures(t *testing.T) {
	t.Parallel()
	swap := strings.NewReplacer
	for name, text := range map[string]string{
		"other algorithm":       "TC3-HMAC-MD5 Credential=x",
		"nothing after":         "TC3-HMAC-SHA256 ",
		"no value":              "TC3-HMAC-SHA256 Credential",
		"name twice":            goodTC3 + ", Signature=cd",
		"no id":                 swap("id/", "/").Replace(goodTC3),
		"other service":         swap("/tcb/", "/cvm/").Replace(goodTC3),
		"no signature":          swap("Signature=ab", "Signature=").Replace(goodTC3),
		"no headers":            swap("SignedHeaders=content-type;host", "SignedHeaders=").Replace(goodTC3),
		"too long":              goodTC3 + strings.Repeat(" ", 9000),
		"cos other algorithm":   swap("sha1", "md5").Replace(goodCOS),
		"cos no id":             swap("q-ak=id", "q-ak=").Replace(goodCOS),
		"cos name twice":        goodCOS + "&q-ak=other",
		"cos no params":         swap("q-url-param-list=action", "q-url-param-list=").Replace(goodCOS),
		"cos no value":          goodCOS + "&x",
		"cos too long":          goodCOS + strings.Repeat("x", 9000),
		"cos without any shape": "Bearer x",
	} {
		if err := verify(text, signature.Request{}, "id", "s", time.Unix(1, 0)); !fault.Is(err, fault.SignInvalid) {
			t.Errorf("%s: got %v, want SIGN_PARAM_INVALID", name, err)
		} else if !strings.Contains(fault.Text(err), "authorization") {
			t.Errorf("%s: %q does not name the field", name, fault.Text(err))
		}
	}
}

// What is wrong with a well-formed signature is said by the name of the field.
func TestRefusalsNameTheField(t *testing.T) {
	t.Parallel()
	action := []signature.Member{{Name: "action", Value: []byte("x"), IsText: true}}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	stamp := http.Header{"X-Timestamp": {"1795521600"}} // now
	swap := func(text, from, to string) string { return strings.Replace(text, from, to, 1) }
	for _, tc := range []struct {
		name, text, field string
		header            http.Header
		members           []signature.Member
	}{
		{"no time stamp", goodTC3, "x-timestamp", http.Header{}, action},
		{"time stamp of another day", swap(goodTC3, "-24", "-23"), "authorization.Credential", stamp, action},
		{"host not signed", swap(goodTC3, ";host", ""), "authorization.SignedHeaders", stamp, action},
		{"action not signed", swap(goodTC3, "SignedParams=action", "SignedParams=env"), "authorization", stamp, action},
		{"cloud form without time", swap(goodTC3, "SignedParams=action, ", ""), "authorization.Timestamp", stamp, action},
		{"wrong signature", goodTC3, "authorization", stamp, action},
		{"cos time is not a span", swap(goodCOS, "q-sign-time=1;901", "q-sign-time=1"), "authorization.q-sign-time", stamp, action},
		{"cos key time is long ago", swap(goodCOS, "q-sign-time=1;901", "q-sign-time=1795521600;1795522500"), "authorization.q-key-time", stamp, action},
		{"cos valid for years", swap(goodCOS, "q-sign-time=1;901", "q-sign-time=1;9795521600"), "authorization.q-sign-time", stamp, action},
	} {
		err := verify(tc.text, signature.Request{Method: "POST", Header: tc.header, Members: tc.members}, "id", "s", now)
		if !fault.Is(err, fault.SignInvalid) || !strings.HasPrefix(fault.Text(err), tc.field+": ") {
			t.Errorf("%s: got %v, want SIGN_PARAM_INVALID at %s", tc.name, err, tc.field)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range files {
		for _, c := range load(f, file).Requests[:3] {
			f.Add(c.authorization(f))
		}
	}
	f.Add(goodTC3)
	f.Add(goodCOS)
	f.Fuzz(func(t *testing.T, text string) {
		r := signature.Request{Method: "POST", Host: "h", Path: "/admin", Header: http.Header{"X-Timestamp": {"1795521600"}}}
		now := time.Unix(1795521600, 0)
		if c, err := signature.ParseTC3(text); err == nil && c.Verify(r, "secret", now) == nil {
			t.Errorf("a signature nobody made verifies: %q", text)
		} else if err != nil && !fault.Is(err, fault.SignInvalid) {
			t.Errorf("ParseTC3: %v", err)
		}
		if c, err := signature.ParseCOS(text); err == nil && c.Verify(r, "secret", now) == nil {
			t.Errorf("a signature nobody made verifies: %q", text)
		} else if err != nil && !fault.Is(err, fault.SignInvalid) {
			t.Errorf("ParseCOS: %v", err)
		}
	})
}
