package signature

import (
	"net/http"
	"strings"
	"time"

	"baas/db/fault"
)

// Request is what of an HTTP request takes part in a signature.
type Request struct {
	Method   string
	Host     string // of the Host header, or what the client must have used
	Path     string // as sent: still escaped, without the query
	RawQuery string // as sent
	Header   http.Header

	Members []Member // admin and COS form: the body's top-level members
	Body    []byte   // cloud API form: the body as sent
}

// Member is one top-level member of a body.
type Member struct {
	Name string
	// Value is the decoded text of a string (or the bytes of a multipart
	// part), else the JSON text exactly as sent.
	Value  []byte
	IsText bool
}

const (
	// skew is how far the clocks of client and server may differ.
	skew = 5 * time.Minute
	// maxValid caps how long a signed request may be used. The SDKs say 600
	// s (TC3) and 900 s (COS); the TC3 value travels unsigned.
	maxValid = 15 * time.Minute
	// maxHeader bounds the texts that are parsed before anything is known
	// about the sender.
	maxHeader = 8 << 10
)

// refuse makes the error for a signature that does not hold. One code for all
// reasons, as in the original; the text names the part.
func refuse(field, text string) error {
	return &fault.Error{Code: fault.SignInvalid, Field: field, Msg: field + ": " + text}
}

// checkWindow refuses a request outside [from, until], allowing for skew.
func checkWindow(field string, from, until, now time.Time) error {
	if now.Before(from.Add(-skew)) {
		return refuse(field, "lies in the future; set the client's clock")
	}
	if now.After(until.Add(skew)) {
		return refuse(field, "the signed request has expired; set the client's clock or sign again")
	}
	return nil
}

// unsigned names members that the SDKs add after signing
// (tcb-wire-protocol.md 4.1, 4.3).
func unsigned(name string) bool {
	switch name {
	case "sessiontoken", "sdk_version", "requestdata", "authorization":
		return true
	}
	return false
}

// signedValues maps the signed names to the members that bear them, and
// refuses a body in which the signature leaves something open: two members
// whose names differ only in case, a member with content that is not signed,
// or an action that is not.
func signedValues(members []Member, signed []string) (map[string]Member, error) {
	covered := make(map[string]bool, len(signed))
	for _, name := range signed {
		covered[name] = true
	}
	if !covered["action"] {
		return nil, refuse("authorization", "the member action must be signed")
	}
	values := make(map[string]Member, len(members))
	for _, m := range members {
		name := encode(strings.ToLower(trim(m.Name)))
		if _, twice := values[name]; twice {
			return nil, refuse(m.Name, "another member has the same name apart from case")
		}
		values[name] = m
		if !covered[name] && !unsigned(name) && len(m.Value) > 0 {
			return nil, refuse(m.Name, "the signature does not cover this member")
		}
	}
	return values, nil
}

// trim removes what JavaScript's String.prototype.trim removes; Go's notion of
// white space differs in U+0085 and U+FEFF.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		switch r {
		case '\t', '\n', '\v', '\f', '\r', ' ', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
			return true
		}
		return r >= 0x2000 && r <= 0x200a
	})
}

// encode is the SDKs' URL encoding: encodeURIComponent that also escapes
// ! ' ( ) and *.
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
