package tcb

import (
	"context"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/auth/throttle"
	"baas/server/origin"
	"baas/server/wire"
)

// authActions are the login of generation 1 (js-sdk 1.x, tcb-js-sdk;
// tcb-wire-protocol.md 5.2) and the socket's sign, which every generation asks
// for here. The replies of sign-in and refresh stand at the top level, the
// others in `data`.
func authActions() []action {
	return []action{
		{"auth.signInAnonymously", rules.Nobody, signInAnonymously},
		{"auth.fetchAccessTokenWithRefreshToken", rules.Nobody, fetchAccessToken},
		{"auth.getUserInfo", rules.Nobody, getUserInfo},
		{"auth.logout", rules.Nobody, logout},
		{"auth.wsWebSign", rules.Nobody, socketSign},
		{"auth.getUserInfoForAdmin", rules.Admin, getUserInfoForAdmin},
	}
}

// loginLimits bound how often one address may try to log in or to renew a
// login, as at the door /auth/v1.
func loginLimits(now func() time.Time) throttle.Options {
	return throttle.Options{PerMinute: 600, Burst: 300, Now: now}
}

// tryLogin counts one try of the caller's address. Code: RateLimit.
func (c *call) tryLogin(ctx context.Context) error {
	ip := origin.From(ctx).ClientIP
	if ip == "" {
		return nil // no HTTP request, as in a function that a timer started
	}
	return c.logins.Try(throttle.Network(ip))
}

// signInAnonymously logs in the user of an installation. `uuid` is what the
// installation brings along next time as anonymous_uuid; it is the account's
// only secret and therefore not the user id, which stands in documents as
// _openid.
func signInAnonymously(ctx context.Context, c *call) (answer, error) {
	if err := c.tryLogin(ctx); err != nil {
		return answer{}, err
	}
	device, err := c.body.Text("anonymous_uuid")
	if err != nil {
		return answer{}, err
	}
	s, err := c.env.Auth.SignInAnonymously(ctx, device)
	if err != nil {
		return answer{}, err
	}
	top := wire.AppendText(nil, "uuid", s.DeviceID)
	return answer{top: appendTokens(top, s)}, nil
}

func fetchAccessToken(ctx context.Context, c *call) (answer, error) {
	if err := c.tryLogin(ctx); err != nil {
		return answer{}, err
	}
	token, err := c.required("refresh_token")
	if err != nil {
		return answer{}, err
	}
	// Not rotated: two tabs of a page share one refresh token and would log
	// each other out.
	s, err := c.env.Auth.Refresh(ctx, token, false)
	if err != nil {
		return answer{}, err
	}
	return answer{top: appendTokens(nil, s)}, nil
}

func appendTokens(b []byte, s auth.Session) []byte {
	if s.RefreshToken != "" {
		b = wire.AppendText(b, "refresh_token", s.RefreshToken)
	}
	b = wire.AppendText(b, "access_token", s.AccessToken)
	return wire.AppendInt(b, "access_token_expire", s.ExpiresIn.Milliseconds()) // a duration
}

func getUserInfo(ctx context.Context, c *call) (answer, error) {
	u, err := c.env.Auth.Me(ctx, c.p)
	if err != nil {
		return answer{}, err
	}
	data := wire.AppendText([]byte("{"), "uid", u.ID)
	data = wire.AppendText(data, "loginType", string(u.LoginType))
	if u.OpenID != "" {
		data = wire.AppendText(data, "openid", u.OpenID)
	}
	return answer{data: append(data, '}')}, nil
}

func logout(ctx context.Context, c *call) (answer, error) {
	token, err := c.required("refresh_token")
	if err != nil {
		return answer{}, err
	}
	return answer{}, c.env.Auth.Revoke(ctx, token)
}

// socketSign tells a client where the watch socket is and how to log in there
// (tcb-wire-protocol.md 9.1).
func socketSign(ctx context.Context, c *call) (answer, error) {
	sign, err := c.env.Auth.SignSocket(ctx, c.p)
	if err != nil {
		return answer{}, err
	}
	data := wire.AppendText([]byte("{"), "signStr", sign)
	data = wire.AppendText(data, "wsUrl", origin.Socket(c.base))
	data = wire.AppendInt(data, "secretVersion", 1) // opaque to the SDK
	data = wire.AppendText(data, "envId", c.env.ID)
	return answer{data: append(data, '}')}, nil
}

func getUserInfoForAdmin(ctx context.Context, c *call) (answer, error) {
	id, err := c.body.Text("uuid")
	if err != nil {
		return answer{}, err
	}
	if id == "" {
		return answer{}, fault.Invalid("uuid", "is required: the id of the user")
	}
	u, err := c.env.Auth.User(ctx, id)
	if err != nil {
		return answer{}, err
	}
	data := wire.AppendText([]byte("{"), "envName", c.env.ID)
	data = wire.AppendText(data, "uuid", u.ID)
	data = wire.AppendText(data, "wxOpenId", u.OpenID)
	data = wire.AppendText(data, "wxUnionId", u.UnionID)
	data = wire.AppendText(data, "loginType", string(u.LoginType))
	data = wire.AppendText(data, "createTime", u.Created.UTC().Format(time.RFC3339))
	return answer{data: append(data, '}')}, nil
}
