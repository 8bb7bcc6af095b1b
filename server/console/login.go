package console

import (
	"net/http"

	"baas/db/fault"
	"baas/server/auth/throttle"
)

// The session's cookie. It is sent below /console only, so that the code of
// functions and hosted pages on the same host never receives it; for that
// reason it cannot have the prefix __Host-, which wants the path "/".
const (
	cookieName   = "baas_console"
	secureCookie = "__Secure-baas_console"
	cookiePath   = "/console"
)

func (c *Console) cookie(r *http.Request) string {
	name := cookieName
	if secure(r) {
		name = secureCookie
	}
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setCookie gives the browser a session, or takes it away with an empty value.
func (c *Console) setCookie(in *call, value string) {
	cookie := &http.Cookie{
		Name: cookieName, Value: value, Path: cookiePath, MaxAge: int(sessionLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if secure(in.r) {
		cookie.Name, cookie.Secure = secureCookie, true
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(in.w, cookie)
}

// count limits tries by the client's address and by the name tried from there.
func (c *Console) count(in *call, name string) error {
	address := throttle.Client(in.r)
	if err := c.addresses.Try(address); err != nil {
		return err
	}
	return c.logins.Try(address + " " + name[:min(len(name), 64)])
}

// state tells the page whether the first account is still to be made.
func state(c *Console, in *call) (any, error) {
	someone, err := c.accounts.Any(in.r.Context())
	return struct {
		NeedsSetup bool `json:"needsSetup"`
	}{!someone}, err
}

// setUp makes the first account with the set-up token and logs it in.
func setUp(c *Console, in *call) (any, error) {
	if err := c.count(in, "set-up"); err != nil {
		return nil, err
	}
	texts, err := in.texts("token", "name", "password")
	if err != nil {
		return nil, err
	}
	token, name, password := texts[0], texts[1], texts[2]
	if err := check(name, password); err != nil {
		return nil, err
	}
	if !c.takeSetup(token) {
		return nil, fault.New(fault.CheckLoginFailed, "token: this set-up link was used or is not the newest; log in, or restart the server to get another")
	}
	if err := c.accounts.Create(in.r.Context(), name, password, Owner); err != nil {
		c.returnSetup(token)
		return nil, err
	}
	cookie, admin, err := c.accounts.open(in.r.Context(), name)
	return c.enter(in, cookie, admin, err)
}

func login(c *Console, in *call) (any, error) {
	texts, err := in.texts("name", "password")
	if err != nil {
		return nil, err
	}
	if err := c.count(in, texts[0]); err != nil {
		return nil, err
	}
	cookie, admin, err := c.accounts.Login(in.r.Context(), texts[0], texts[1])
	return c.enter(in, cookie, admin, err)
}

// enter answers a login that worked.
func (c *Console) enter(in *call, cookie string, admin Admin, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.setCookie(in, cookie)
	return admin, nil
}

// texts reads members of the body that must be strings with something in them.
func (in *call) texts(names ...string) ([]string, error) {
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(names))
	for _, name := range names {
		text, err := body.Text(name)
		if err != nil {
			return nil, err
		}
		if text == "" {
			return nil, fault.Invalid(name, "is required and must be a string")
		}
		out = append(out, text)
	}
	return out, nil
}

func logout(c *Console, in *call) (any, error) {
	if cookie := c.cookie(in.r); cookie != "" {
		if err := c.accounts.Logout(in.r.Context(), cookie); err != nil {
			return nil, err
		}
	}
	c.setCookie(in, "")
	return struct{}{}, nil
}

func me(_ *Console, in *call) (any, error) { return in.admin, nil }
