package console

import (
	"crypto/hmac"
	"strings"

	"baas/db/fault"
	"baas/server/identity"
	"baas/server/signature"
)

// identify returns who sends a request:
//
//   - the console's page, by the session's cookie;
//   - a command on this machine, by the credential that only readers of the
//     data folder have, as a Bearer token;
//   - a command elsewhere, by a signature with an admin key pair of the
//     environment in the path (tcb-wire-protocol.md 4.2): an owner there, and
//     nobody anywhere else.
//
// Codes: CheckLoginFailed, SignInvalid, PermissionDenied.
func (c *Console) identify(in *call) (Admin, error) {
	header := in.r.Header.Get("Authorization")
	switch {
	case header == "":
		return c.accounts.Session(in.r.Context(), c.cookie(in.r))
	case signature.IsTC3(header):
		return c.signed(in)
	}
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || c.o.Credential == "" || !hmac.Equal([]byte(token), []byte(c.o.Credential)) {
		return Admin{}, fault.New(fault.CheckLoginFailed, "authorization: the credential is not that of the server that runs now")
	}
	return Admin{Name: "local", Role: Owner}, nil
}

// signed checks a signature. The key is looked up before the body is read, so
// that a stranger cannot make the server hold a large one.
func (c *Console) signed(in *call) (Admin, error) {
	parsed, err := signature.ParseTC3(in.r.Header.Get("Authorization"))
	if err != nil {
		return Admin{}, err
	}
	if in.ec.Param("env") == "" {
		return Admin{}, fault.New(fault.PermissionDenied, "a key opens its own environment only; do this on the server's machine")
	}
	e, err := c.env(in)
	if err != nil {
		return Admin{}, err
	}
	// Temporary credentials are a function's, and functions have no business
	// here: no session token is accepted.
	if parsed.Token != "" {
		return Admin{}, fault.New(fault.PermissionDenied, "temporary credentials do not open the console's API")
	}
	if _, _, err := e.Auth.Secret(in.r.Context(), parsed.ID, ""); err != nil {
		return Admin{}, err
	}
	req := identity.Request(in.r)
	if req.Body, err = in.body(); err != nil {
		return Admin{}, err
	}
	if _, err := identity.TC3(in.r.Context(), e.Auth, req, "", c.o.Now()); err != nil {
		return Admin{}, err
	}
	in.login = "key:" + parsed.ID
	return Admin{Name: parsed.ID, Role: Owner}, nil
}
