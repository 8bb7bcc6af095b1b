package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// adminRequest returns the canonical request of the form that server SDKs use
// at /admin (tcb-wire-protocol.md 4.1): the payload is the list of members,
// whatever form the body has.
func (c TC3) adminRequest(r Request) (string, error) {
	values, err := signedValues(r.Members, c.signedParams)
	if err != nil {
		return "", err
	}
	headers, err := c.canonicalHeaders(r)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, name := range c.signedParams {
		m := values[name]
		value := string(m.Value)
		if m.IsText {
			value = trim(value)
		}
		if value == "" {
			continue // listed by some SDKs, hashed by none
		}
		hash.Write([]byte("&" + name + "="))
		hash.Write([]byte(value))
		hash.Write([]byte("\r\n"))
	}
	return strings.Join([]string{
		strings.ToLower(r.Method),
		"//" + r.Host + r.Path,
		r.RawQuery,
		headers, // ends with LF, so an empty line follows
		strings.Join(c.signedHeaders, ";"),
		hex.EncodeToString(hash.Sum(nil)),
	}, "\n"), nil
}
