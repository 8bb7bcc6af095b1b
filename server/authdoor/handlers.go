package authdoor

import (
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/identity"
	"baas/server/signature"
)

// credentials is the reply to every login and renewal. Without expires_in the
// SDK would sign out (tcb-wire-protocol.md 11).
type credentials struct {
	TokenType    string   `json:"token_type"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	ExpiresIn    int      `json:"expires_in"` // seconds
	Scope        string   `json:"scope"`
	Subject      string   `json:"sub,omitempty"`
	Groups       []string `json:"groups"`
}

func credentialsOf(s auth.Session) credentials {
	return credentials{
		TokenType:    "Bearer",
		AccessToken:  s.AccessToken,
		RefreshToken: s.RefreshToken,
		ExpiresIn:    int(s.ExpiresIn / time.Second),
		Scope:        s.Scope,
		Subject:      s.UserID,
		Groups:       []string{},
	}
}

type empty struct{}

func signInAnonymously(d *door, c call) (any, error) {
	device := c.r.Header.Get("X-Device-Id")
	if device != "" {
		if err := d.accounts.Try(account("device", device)); err != nil {
			return nil, err
		}
	}
	s, err := c.auth.SignInAnonymously(c.r.Context(), device)
	if err != nil {
		return nil, err
	}
	return credentialsOf(s), nil
}

// account names, for the limit, whom a try is about.
func account(kind, name string) string {
	const enough = 128 // longer names are refused further in
	return kind + " " + name[:min(len(name), enough)]
}

func providerToken(_ *door, c call) (any, error) {
	provider, err := c.body.Text("provider_id")
	if err != nil {
		return nil, err
	}
	code, err := c.text("provider_code")
	if err != nil {
		return nil, err
	}
	t, err := c.auth.ProviderToken(c.r.Context(), provider, code)
	if err != nil {
		return nil, err
	}
	return struct {
		Token     string `json:"provider_token"`
		ExpiresIn int    `json:"expires_in"`
	}{t.Token, int(t.ExpiresIn / time.Second)}, nil
}

func signInWithProvider(_ *door, c call) (any, error) {
	t, err := c.text("provider_token")
	if err != nil {
		return nil, err
	}
	ctx := auth.WithDevice(c.r.Context(), c.r.Header.Get("X-Device-Id"))
	s, err := c.auth.SignInWithProvider(ctx, t)
	if err != nil {
		return nil, err
	}
	return credentialsOf(s), nil
}

func token(d *door, c call) (any, error) {
	grant, err := c.text("grant_type")
	if err != nil {
		return nil, err
	}
	if grant != "refresh_token" {
		return nil, fault.Invalid("grant_type", "only refresh_token is supported here; log in by /auth/v1/signin/anonymously or /auth/v1/provider/token")
	}
	refresh, err := c.text("refresh_token")
	if err != nil {
		return nil, err
	}
	// The part before the last dot names the session.
	session := refresh[:max(strings.LastIndexByte(refresh, '.'), 0)]
	if err := d.accounts.Try(account("session", session)); err != nil {
		return nil, err
	}
	ctx := auth.WithDevice(c.r.Context(), c.r.Header.Get("X-Device-Id"))
	s, err := c.auth.Refresh(ctx, refresh, true)
	if err != nil {
		return nil, err
	}
	return credentialsOf(s), nil
}

// clientCredential gives an access token for an admin key pair: the request is
// signed in the cloud API form (tcb-wire-protocol.md 4.2).
func clientCredential(d *door, c call) (any, error) {
	grant, err := c.text("grant_type")
	if err != nil {
		return nil, err
	}
	if grant != "client_credentials" {
		return nil, fault.Invalid("grant_type", "must be client_credentials here")
	}
	if !signature.IsTC3(c.r.Header.Get("Authorization")) {
		return nil, fault.New(fault.SignInvalid, "authorization: sign this request with an admin key pair (TC3-HMAC-SHA256)")
	}
	signed := identity.Request(c.r)
	signed.Body = c.raw
	p, err := identity.TC3(c.r.Context(), c.auth, signed, "", d.o.Now())
	if err != nil {
		return nil, err
	}
	s, err := c.auth.ClientCredential(c.r.Context(), p)
	if err != nil {
		return nil, err
	}
	return credentialsOf(s), nil
}

func revoke(_ *door, c call) (any, error) {
	t, err := c.text("token")
	if err != nil {
		return nil, err
	}
	return empty{}, c.auth.Revoke(c.r.Context(), t)
}

func signOut(_ *door, c call) (any, error) {
	p, err := c.principal()
	if err != nil {
		return nil, err
	}
	return empty{}, c.auth.SignOut(c.r.Context(), p)
}

// profile is the reply of /user/me. The SDK knows an anonymous user by the
// name "anonymous" and finds the openid among the providers, under the AppID.
type profile struct {
	Subject     string     `json:"sub"`
	UID         string     `json:"uid"`
	Name        string     `json:"name"`
	Username    string     `json:"username"`
	Picture     string     `json:"picture"`
	Gender      string     `json:"gender"`
	Groups      []string   `json:"groups"`
	Providers   []provider `json:"providers"`
	CreatedFrom string     `json:"created_from"`
	CreatedAt   time.Time  `json:"created_at"`
	LastLogin   time.Time  `json:"last_sign_in_at"`
}

type provider struct {
	ID     string `json:"id"`
	UserID string `json:"provider_user_id"`
}

func me(_ *door, c call) (any, error) {
	p, err := c.principal()
	if err != nil {
		return nil, err
	}
	u, err := c.auth.Me(c.r.Context(), p)
	if err != nil {
		return nil, err
	}
	out := profile{
		Subject: u.ID, UID: u.ID, Groups: []string{}, Providers: []provider{},
		CreatedFrom: u.Provider, CreatedAt: u.Created.UTC(), LastLogin: u.LastLogin.UTC(),
	}
	if u.LoginType == rules.Anonymous {
		out.Name = "anonymous"
	}
	if u.OpenID != "" {
		out.Providers = append(out.Providers, provider{u.AppID, u.OpenID})
	}
	return out, nil
}

func unknown(_ *door, c call) (any, error) {
	return nil, fault.New(fault.InvalidAction, "%s %.100s is not offered by this server; it knows anonymous login, login by wx.login code and refresh tokens", c.r.Method, c.r.URL.Path)
}
