package auth_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
)

func (h *house) key(t *testing.T, kind auth.KeyKind) auth.Key {
	t.Helper()
	k, err := h.CreateKey(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAdminPair(t *testing.T) {
	t.Parallel()
	h := open(t)
	k := h.key(t, auth.KeyAdmin)
	if !regexp.MustCompile(`^AKID[A-Za-z0-9]{32}$`).MatchString(k.SecretID) || len(k.SecretKey) != 40 {
		t.Fatalf("unusual pair %q %q", k.SecretID, k.SecretKey)
	}
	secret, p, err := h.Secret(t.Context(), k.SecretID, "")
	if err != nil || secret != k.SecretKey || p.Role != rules.Admin || p.Owner() != "" {
		t.Fatalf("got %q, %+v, %v", secret, p, err)
	}
	_, _, err = h.Secret(t.Context(), "AKID"+strings.Repeat("0", 32), "")
	wantCode(t, err, fault.SignInvalid)
	_, err = h.Authenticate(t.Context(), k.SecretKey)
	wantCode(t, err, fault.CheckLoginFailed)
	if err := h.RevokeKey(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.Secret(t.Context(), k.SecretID, "")
	wantCode(t, err, fault.SignInvalid)
	wantCode(t, h.RevokeKey(t.Context(), k.ID), fault.ResourceNotFound)
}

func TestBearerKeys(t *testing.T) {
	t.Parallel()
	h := open(t)
	api, public := h.key(t, auth.KeyAPI), h.key(t, auth.KeyPublishable)
	if p := h.principal(t, api.Token); p.Role != rules.Admin || p.UID != "" {
		t.Fatalf("API key gave %+v", p)
	}
	p := h.principal(t, public.Token)
	if p.Role != rules.User || p.LoginType != rules.Anonymous || p.OpenID != "" || p.Owner() == "" {
		t.Fatalf("publishable key gave %+v", p)
	}
	_, err := h.Me(t.Context(), p)
	wantCode(t, err, fault.CheckLoginFailed)
	if env := auth.EnvOf(api.Token); env != "dev" {
		t.Fatalf("EnvOf(API key) = %q", env)
	}
	if err := h.SignOut(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	h.principal(t, public.Token)
	if err := h.RevokeKey(t.Context(), public.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), public.Token)
	wantCode(t, err, fault.CheckLoginFailed)
	_, err = h.Recheck(t.Context(), p)
	wantCode(t, err, fault.CheckLoginFailed)
	h.principal(t, api.Token)
	_, err = h.CreateKey(t.Context(), "root")
	wantCode(t, err, fault.InvalidParam)
}

func TestForgedKeys(t *testing.T) {
	t.Parallel()
	h := open(t)
	api, public, pair := h.key(t, auth.KeyAPI), h.key(t, auth.KeyPublishable), h.key(t, auth.KeyAdmin)
	a, p := strings.Split(api.Token, "."), strings.Split(public.Token, ".")
	for _, tc := range []struct{ name, token string }{
		{"publishable key dressed as API key", strings.Join([]string{a[0], p[1], p[2], p[3]}, ".")},
		{"API key's id with a publishable secret", strings.Join([]string{a[0], a[1], a[2], p[3]}, ".")},
		{"admin pair as API key", strings.Join([]string{a[0], a[1], pair.SecretID, pair.SecretKey}, ".")},
		{"no secret", strings.Join(a[:3], ".") + "."},
		{"unknown id", strings.Join([]string{a[0], a[1], "x", a[3]}, ".")},
		{"other env", strings.Join([]string{a[0], "other", a[2], a[3]}, ".")},
		{"unknown mark", strings.Join([]string{"baas_root", a[1], a[2], a[3]}, ".")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := h.Authenticate(t.Context(), tc.token)
			wantCode(t, err, fault.CheckLoginFailed)
		})
	}
	_, _, err := h.Secret(t.Context(), api.ID, "")
	wantCode(t, err, fault.SignInvalid)
}

func TestKeysListsNoSecrets(t *testing.T) {
	t.Parallel()
	h := open(t)
	pair := h.key(t, auth.KeyAdmin)
	h.wait(time.Second)
	api := h.key(t, auth.KeyAPI)
	h.wait(time.Second)
	public := h.key(t, auth.KeyPublishable)
	keys, err := h.Keys(t.Context())
	if err != nil || len(keys) != 3 {
		t.Fatalf("got %d keys, %v", len(keys), err)
	}
	if keys[0].SecretID != pair.SecretID || keys[0].SecretKey != "" || keys[1].ID != api.ID || keys[1].Token != "" {
		t.Fatal("the list shows secrets or is out of order")
	}
	if keys[2].Token != public.Token {
		t.Fatal("a publishable key is no secret and should be shown")
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("made", "key", pair, "other", api)
	fmt.Fprint(&out, pair, api)
	if strings.Contains(out.String(), pair.SecretKey) || strings.Contains(out.String(), api.Token) {
		t.Fatalf("a secret was printed: %s", out.String())
	}
}

func TestTemporaryCredentials(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.principal(t, h.login(t, "alice").AccessToken).AsFunction()
	p.ClientIP = "203.0.113.9"
	c, err := h.TemporaryCredentials(t.Context(), p, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	secret, got, err := h.Secret(t.Context(), c.SecretID, c.SessionToken)
	if err != nil || secret != c.SecretKey || got != p {
		t.Fatalf("got %q, %+v, %v; want %+v", secret, got, err, p)
	}
	other, err := h.TemporaryCredentials(t.Context(), p, time.Minute)
	if err != nil || other.SecretID == c.SecretID || other.SecretKey == c.SecretKey {
		t.Fatalf("two pairs are not independent: %v", err)
	}
	pair := h.key(t, auth.KeyAdmin)
	for _, tc := range []struct{ name, id, token string }{
		{"no token", c.SecretID, ""},
		{"another pair's token", c.SecretID, other.SessionToken},
		{"a real pair's id", pair.SecretID, c.SessionToken},
		{"nonsense", c.SecretID, "nonsense"},
	} {
		_, _, err := h.Secret(t.Context(), tc.id, tc.token)
		if fault.CodeOf(err) != fault.SignInvalid {
			t.Fatalf("%s: %v", tc.name, err)
		}
	}
	h.wait(time.Minute)
	_, _, err = h.Secret(t.Context(), c.SecretID, c.SessionToken)
	wantCode(t, err, fault.SignInvalid)
	_, err = h.TemporaryCredentials(t.Context(), rules.SystemPrincipal(), time.Minute)
	wantCode(t, err, fault.InvalidParam)
	_, err = h.TemporaryCredentials(t.Context(), p, 0)
	wantCode(t, err, fault.InvalidParam)
}

func TestSockets(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.login(t, "alice")
	for _, tc := range []struct {
		name   string
		bearer string
	}{
		{"user", s.AccessToken},
		{"API key", h.key(t, auth.KeyAPI).Token},
		{"publishable key", h.key(t, auth.KeyPublishable).Token},
		{"nobody", ""},
	} {
		p := h.principal(t, tc.bearer)
		sign, err := h.SignSocket(t.Context(), p)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if got, err := h.VerifySocket(t.Context(), sign); err != nil || got != p {
			t.Fatalf("%s: got %+v, %v; want %+v", tc.name, got, err, p)
		}
	}
	p := h.principal(t, s.AccessToken)
	sign, err := h.SignSocket(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SignOut(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	_, err = h.VerifySocket(t.Context(), sign)
	wantCode(t, err, fault.CheckLoginFailed)
	h.wait(2 * time.Minute)
	_, err = h.VerifySocket(t.Context(), sign)
	wantCode(t, err, fault.SignExpired)
	_, err = h.SignSocket(t.Context(), rules.SystemPrincipal())
	wantCode(t, err, fault.InvalidRequestSource)
}

func TestClientCredential(t *testing.T) {
	t.Parallel()
	h := open(t)
	pair := h.key(t, auth.KeyAdmin)
	_, signed, err := h.Secret(t.Context(), pair.SecretID, "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.ClientCredential(t.Context(), signed)
	if err != nil || c.RefreshToken != "" {
		t.Fatalf("%+v, %v", c, err)
	}
	if p := h.principal(t, c.AccessToken); p.Role != rules.Admin {
		t.Fatalf("got %+v", p)
	}
	for _, p := range []rules.Principal{
		{},
		h.principal(t, h.anonymous(t, device).AccessToken),
		h.principal(t, h.key(t, auth.KeyPublishable).Token),
		h.principal(t, h.login(t, "alice").AccessToken).AsFunction(),
	} {
		_, err := h.ClientCredential(t.Context(), p)
		wantCode(t, err, fault.PermissionDenied)
	}
	if err := h.RevokeKey(t.Context(), pair.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), c.AccessToken)
	wantCode(t, err, fault.CheckLoginFailed)
}
