package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// COS is a parsed COS-style signature, the body member `authorization` of
// tcb-admin-node (tcb-wire-protocol.md 4.3). It proves nothing until Verify
// has returned nil.
type COS struct {
	ID string // secret id of the key pair

	signTime, keyTime string
	headers, params   []string
	signature         string
}

// ParseCOS reads the text. A malformed one is SIGN_PARAM_INVALID with the part
// named.
func ParseCOS(text string) (COS, error) {
	const field = "authorization"
	if len(text) > maxHeader {
		return COS{}, refuse(field, "the text is too long")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(text, "&") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := parts[name]; !ok || twice {
			return COS{}, refuse(field, "must be a list of name=value, each name once")
		}
		parts[name] = value
	}
	if parts["q-sign-algorithm"] != "sha1" {
		return COS{}, refuse("authorization.q-sign-algorithm", "must be sha1")
	}
	for _, name := range []string{"q-ak", "q-sign-time", "q-key-time", "q-url-param-list", "q-signature"} {
		if parts[name] == "" {
			return COS{}, refuse("authorization."+name, "is required")
		}
	}
	c := COS{
		ID: parts["q-ak"], signTime: parts["q-sign-time"], keyTime: parts["q-key-time"],
		params: strings.Split(parts["q-url-param-list"], ";"), signature: parts["q-signature"],
	}
	if list := parts["q-header-list"]; list != "" {
		c.headers = strings.Split(list, ";")
	}
	return c, nil
}

// Verify checks the signature of r with the secret of c.ID. An empty secret
// takes the same time and never verifies. Every refusal is SIGN_PARAM_INVALID.
func (c COS) Verify(r Request, secret string, now time.Time) error {
	for _, span := range []struct{ field, text string }{
		{"authorization.q-sign-time", c.signTime}, {"authorization.q-key-time", c.keyTime},
	} {
		if err := checkSpan(span.field, span.text, now); err != nil {
			return err
		}
	}
	values, err := signedValues(r.Members, c.params)
	if err != nil {
		return err
	}
	params := make([]string, len(c.params))
	for i, name := range c.params { // the list has the order of signing
		m := values[name]
		value := string(m.Value)
		if !m.IsText && value == "null" {
			value = ""
		}
		params[i] = name + "=" + encode(value)
	}
	headers := make([]string, len(c.headers))
	for i, name := range c.headers {
		headers[i] = encode(name) + "=" + encode(r.Header.Get(name))
	}
	// The path is /admin whatever the real one is.
	format := "post\n/admin\n" + strings.Join(params, "&") + "\n" + strings.Join(headers, "&") + "\n"
	sum := sha1.Sum([]byte(format))
	toSign := "sha1\n" + c.signTime + "\n" + hex.EncodeToString(sum[:]) + "\n"
	want := hexHMACSHA1(hexHMACSHA1(secret, c.keyTime), toSign)
	if !hmac.Equal([]byte(want), []byte(c.signature)) || secret == "" {
		return refuse("authorization", "the signature does not match: wrong secretId or secretKey, or the request was changed on its way")
	}
	return nil
}

// checkSpan checks a `from;until` text in seconds.
func checkSpan(field, text string, now time.Time) error {
	a, b, _ := strings.Cut(text, ";")
	from, err1 := strconv.ParseInt(a, 10, 64)
	until, err2 := strconv.ParseInt(b, 10, 64)
	if err1 != nil || err2 != nil || until < from {
		return refuse(field, "must be two times in seconds, the earlier first")
	}
	if time.Unix(until, 0).Sub(time.Unix(from, 0)) > maxValid {
		return refuse(field, "a signature may be valid for 15 minutes at most")
	}
	return checkWindow(field, time.Unix(from, 0), time.Unix(until, 0), now)
}

func hexHMACSHA1(key, text string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
