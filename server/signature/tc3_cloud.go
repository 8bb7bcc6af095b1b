package signature

import "strings"

// cloudRequest returns the canonical request of the form that the js-sdk uses
// at gateway paths when it holds secrets (tcb-wire-protocol.md 4.2): Tencent
// Cloud's API signature, version 3, over the body as sent.
func (c TC3) cloudRequest(r Request) (string, error) {
	headers, err := c.canonicalHeaders(r)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		r.Method,
		r.Path,
		r.RawQuery,
		headers, // ends with LF, so an empty line follows
		strings.Join(c.signedHeaders, ";"),
		hexSHA256(r.Body),
	}, "\n"), nil
}
