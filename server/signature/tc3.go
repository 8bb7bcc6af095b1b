package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const (
	tc3Algorithm = "TC3-HMAC-SHA256"
	tc3Scope     = "/tcb/tc3_request"
)

// TC3 is a parsed `Authorization: TC3-HMAC-SHA256 …` header. It proves nothing
// until Verify has returned nil.
type TC3 struct {
	ID    string // secret id of the key pair
	Token string // of temporary credentials, in the cloud API form only

	date          string // UTC day of the credential scope
	admin         bool   // SignedParams is present: the admin form
	signedParams  []string
	signedHeaders []string
	signature     string
	timestamp     string // of the cloud API form; the admin form has a header
}

// IsTC3 reports whether an Authorization header claims to be a TC3 signature.
func IsTC3(header string) bool { return strings.HasPrefix(header, tc3Algorithm) }

// ParseTC3 reads a header. A malformed one is SIGN_PARAM_INVALID with the part
// named.
func ParseTC3(header string) (TC3, error) {
	const field = "authorization"
	if len(header) > maxHeader {
		return TC3{}, refuse(field, "the header is too long")
	}
	rest, ok := strings.CutPrefix(header, tc3Algorithm+" ")
	if !ok {
		return TC3{}, refuse(field, "must begin with "+tc3Algorithm)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parts[name]; !ok || twice {
			return TC3{}, refuse(field, "must be a list of Name=value, each name once")
		}
		parts[name] = value
	}
	id, scope, _ := strings.Cut(parts["Credential"], "/")
	date, ok := strings.CutSuffix(scope, tc3Scope)
	if id == "" || !ok {
		return TC3{}, refuse(field, "Credential must be secretId/YYYY-MM-DD"+tc3Scope)
	}
	if parts["SignedHeaders"] == "" || parts["Signature"] == "" {
		return TC3{}, refuse(field, "SignedHeaders and Signature are required")
	}
	params, admin := parts["SignedParams"]
	c := TC3{
		ID: id, Token: parts["Token"], date: date, admin: admin,
		signedHeaders: strings.Split(parts["SignedHeaders"], ";"),
		signature:     parts["Signature"], timestamp: parts["Timestamp"],
	}
	if params != "" {
		c.signedParams = strings.Split(params, ";")
	}
	return c, nil
}

// Verify checks the signature of r with the secret of c.ID, in the form that
// the header has. An empty secret, of an unknown id, takes the same time and
// never verifies. Every refusal is SIGN_PARAM_INVALID.
func (c TC3) Verify(r Request, secret string, now time.Time) error {
	stamp, err := c.checkTime(r, now)
	if err != nil {
		return err
	}
	var canonical string
	if c.admin {
		canonical, err = c.adminRequest(r)
	} else {
		canonical, err = c.cloudRequest(r)
	}
	if err != nil {
		return err
	}
	want := hex.EncodeToString(c.sign(stamp, canonical, secret))
	if !hmac.Equal([]byte(want), []byte(c.signature)) || secret == "" {
		return refuse("authorization", "the signature does not match: wrong secretId or secretKey, or the request was changed on its way (host and path are part of it)")
	}
	return nil
}

// sign computes the signature of a canonical request.
func (c TC3) sign(stamp, canonical, secret string) []byte {
	toSign := tc3Algorithm + "\n" + stamp + "\n" + c.date + tc3Scope + "\n" + hexSHA256([]byte(canonical))
	key := hmacSHA256([]byte("TC3"+secret), c.date)
	key = hmacSHA256(key, "tcb")
	key = hmacSHA256(key, "tc3_request")
	return hmacSHA256(key, toSign)
}

// checkTime returns the time stamp as it was signed.
func (c TC3) checkTime(r Request, now time.Time) (string, error) {
	field, stamp := "authorization.Timestamp", c.timestamp
	valid := 10 * time.Minute
	if c.admin {
		field, stamp = "x-timestamp", r.Header.Get("X-Timestamp")
		if s, err := strconv.Atoi(r.Header.Get("X-Signature-Expires")); err == nil && s > 0 {
			valid = min(time.Duration(s)*time.Second, maxValid)
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "", refuse(field, "must be the time of signing in seconds")
	}
	signedAt := time.Unix(seconds, 0).UTC()
	if err := checkWindow(field, signedAt, signedAt.Add(valid), now); err != nil {
		return "", err
	}
	if signedAt.Format(time.DateOnly) != c.date {
		return "", refuse("authorization.Credential", "the date is not the UTC day of the time stamp")
	}
	return stamp, nil
}

// canonicalHeaders returns the header lines, each ended by LF. The host must
// be signed, or a request for one server could be used at another.
func (c TC3) canonicalHeaders(r Request) (string, error) {
	var b strings.Builder
	host := false
	for _, name := range c.signedHeaders {
		values := r.Header.Values(name)
		if name == "host" {
			host, values = true, []string{r.Host}
		}
		if len(values) > 1 {
			return "", refuse(name, "a signed header may occur only once")
		}
		value := strings.Join(values, "")
		switch {
		case name != "content-type":
			value = strings.ToLower(trim(value))
		case strings.HasPrefix(value, "multipart/form-data"):
			value = "multipart/form-data" // the boundary is not signed
		}
		b.WriteString(name + ":" + value + "\n")
	}
	if !host {
		return "", refuse("authorization.SignedHeaders", "host must be signed")
	}
	return b.String(), nil
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
