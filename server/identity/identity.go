// Package identity turns what a request carries (a signature, a bearer token)
// into a Principal, for every door in the same way.
//
// Dangers: a request that carries credentials which do not hold is refused; it
// never goes on as nobody's. The client's address and the source of the call
// are set here, from the connection, never from the request's own words.
package identity

import (
	"context"
	"net/http"
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/origin"
	"baas/server/signature"
)

// Where a call comes from, the first word of getWXContext().SOURCE
// (wx-cloud-api.md 2.3).
const (
	FromClient = "wx_client" // an app
	FromServer = "wx_http"   // a server SDK or plain HTTP
)

// Request returns the parts of r that signatures cover, apart from the body.
func Request(r *http.Request) signature.Request {
	return signature.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header,
	}
}

// Bearer returns the token of an `Authorization: Bearer` header; ok is false
// for another scheme. An absent header is the empty token.
func Bearer(h http.Header) (token string, ok bool) {
	text := h.Get("Authorization")
	if text == "" {
		return "", true
	}
	scheme, token, _ := strings.Cut(text, " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// TC3 checks a TC3 signature in the Authorization header and returns whose it
// is. sessionToken is that of the body, if the door has one there. Code:
// SignInvalid.
func TC3(ctx context.Context, a *auth.Service, r signature.Request, sessionToken string, now time.Time) (rules.Principal, error) {
	parsed, err := signature.ParseTC3(r.Header.Get("Authorization"))
	if err != nil {
		return rules.Principal{}, err
	}
	if sessionToken == "" {
		sessionToken = parsed.Token
	}
	secret, p, err := a.Secret(ctx, parsed.ID, sessionToken)
	if err != nil {
		return rules.Principal{}, err
	}
	return p, anywhere(ctx, r, func(r signature.Request) error { return parsed.Verify(r, secret, now) })
}

// COS checks a COS-style signature, whose text stands in the body, and returns
// whose it is. Code: SignInvalid.
func COS(ctx context.Context, a *auth.Service, r signature.Request, text, sessionToken string, now time.Time) (rules.Principal, error) {
	parsed, err := signature.ParseCOS(text)
	if err != nil {
		return rules.Principal{}, err
	}
	secret, p, err := a.Secret(ctx, parsed.ID, sessionToken)
	if err != nil {
		return rules.Principal{}, err
	}
	return p, parsed.Verify(r, secret, now) // host and path are not part of it
}

// anywhere tries verify with every address under which the client may have
// known the server: proxies rewrite hosts and cut off path prefixes, and the
// client signed what it knew.
func anywhere(ctx context.Context, r signature.Request, verify func(signature.Request) error) error {
	o := origin.From(ctx)
	var failed error = fault.New(fault.SignInvalid, "host: is required")
	for _, host := range o.Hosts {
		paths := []string{r.Path}
		if o.Prefix != "" {
			paths = append(paths, o.Prefix+r.Path)
		}
		for _, path := range paths {
			try := r
			try.Host, try.Path = host, path
			if failed = verify(try); failed == nil {
				return nil
			}
		}
	}
	return failed
}

// Arrived returns p with what the connection tells: the client's address and
// where the call comes from. What the principal of temporary credentials
// already carries from the call that began the chain stays.
func Arrived(ctx context.Context, p rules.Principal, source string) rules.Principal {
	if p.ClientIP == "" {
		p.ClientIP = origin.From(ctx).ClientIP
	}
	if p.Source == "" {
		p.Source = source
	}
	return p
}
