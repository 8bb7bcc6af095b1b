package tcb

import (
	"context"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/identity"
	"baas/server/signature"
)

// admin finds the caller of /admin (tcb-wire-protocol.md 3.3): a TC3 signature
// or a bearer key in the header, or a COS-style signature in the body; a pair
// of temporary credentials brings its sessionToken in the body.
func (d *Door) admin(ctx context.Context, in envelope) (rules.Principal, error) {
	p, err := d.credentials(ctx, in)
	if err != nil {
		return rules.Principal{}, err
	}
	if p.Role == rules.Nobody {
		return rules.Principal{}, fault.New(fault.SignInvalid,
			"authorization: /admin needs a signature or a bearer key; give the SDK a secretId and secretKey")
	}
	return identity.Arrived(ctx, p, identity.FromServer), nil
}

func (d *Door) credentials(ctx context.Context, in envelope) (rules.Principal, error) {
	session, err := in.body.Text("sessionToken")
	if err != nil {
		return rules.Principal{}, err
	}
	r := identity.Request(in.http)
	r.Members = in.members()
	if signature.IsTC3(in.http.Header.Get("Authorization")) {
		return identity.TC3(ctx, in.env.Auth, r, session, d.Now())
	}
	inBody, err := in.body.Text("authorization")
	if err != nil {
		return rules.Principal{}, err
	}
	token, bearer := identity.Bearer(in.http.Header)
	switch {
	case token == "" && inBody != "":
		return identity.COS(ctx, in.env.Auth, r, inBody, session, d.Now())
	case !bearer:
		return rules.Principal{}, fault.New(fault.SignInvalid, "authorization: must be a TC3-HMAC-SHA256 signature or a Bearer key")
	}
	return in.env.Auth.Authenticate(ctx, token)
}

// members lists the body as its sender signed it.
func (in envelope) members() []signature.Member {
	list := make([]signature.Member, 0, 16)
	for m := range in.body.All() {
		list = append(list, member(m))
	}
	for _, p := range in.extra {
		list = append(list, signature.Member{Name: p.name, Value: p.data})
	}
	return list
}
