package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
)

// forger knows what an attacker may know, and for single rows more: the right
// key, to show that the other checks stand by themselves.
type forger struct {
	t    *testing.T
	s    *Service
	good claims
}

// with signs the good claims after an edit, under a key and header of choice.
func (f forger) with(method jwt.SigningMethod, key any, kid any, edit func(*claims)) string {
	f.t.Helper()
	c := f.good
	if edit != nil {
		edit(&c)
	}
	token := jwt.NewWithClaims(method, c)
	if kid != nil {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		f.t.Fatal(err)
	}
	return text
}

// right signs with the real key of the user audience.
func (f forger) right(edit func(*claims)) string {
	return f.with(jwt.SigningMethodHS256, f.s.signing[forUser], "user", edit)
}

// raw joins three parts without a signature of its own.
func raw(header, payload, signature string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(payload)) + "." + signature
}

func TestForgedAccessTokens(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	engine := dbtest.Open(t)
	secret := []byte("a secret of at least 32 bytes, for tests only")
	clock := func() time.Time { return now }
	s := New(Options{DB: engine, Env: "dev", Secret: secret, Now: clock})
	ctx := t.Context()
	login, err := s.SignInAnonymously(ctx, "device-0123456789")
	if err != nil {
		t.Fatal(err)
	}
	good, _, err := s.verify(login.AccessToken, forUser)
	if err != nil {
		t.Fatal(err)
	}
	f := forger{t, s, good}
	if _, err := s.Authenticate(ctx, f.right(nil)); err != nil {
		t.Fatalf("the forger's unedited token must be good, or the table proves nothing: %v", err)
	}

	victim, err := s.SignInAnonymously(ctx, "victims-0123456789")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Authenticate(ctx, login.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := s.SignSocket(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	function, err := s.TemporaryCredentials(ctx, p.AsFunction(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := s.CreateKey(ctx, KeyAdmin)
	if err != nil {
		t.Fatal(err)
	}
	publishable, err := s.CreateKey(ctx, KeyPublishable)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := s.ClientCredential(ctx, keyPrincipal(KeyAdmin, pair.ID))
	if err != nil {
		t.Fatal(err)
	}
	foreign := func(edit func(*Options)) string {
		o := Options{DB: engine, Env: "dev", Secret: secret, Now: clock}
		edit(&o)
		x, err := New(o).SignInAnonymously(ctx, "device-0123456789")
		if err != nil {
			t.Fatal(err)
		}
		return x.AccessToken
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(login.AccessToken, ".")
	payload, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	userKey, header := s.signing[forUser], `{"alg":"HS256","kid":"user","typ":"JWT"}`

	for _, tc := range []struct {
		name  string
		token string
		want  fault.Code
	}{
		{"algorithm none", f.with(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "user", nil), fault.CheckLoginFailed},
		{"algorithm None, spelled otherwise", raw(`{"alg":"None","kid":"user"}`, string(payload), ""), fault.CheckLoginFailed},
		{"algorithm none, signature kept", raw(`{"alg":"none","kid":"user"}`, string(payload), parts[2]), fault.CheckLoginFailed},
		{"no algorithm", raw(`{"kid":"user"}`, string(payload), parts[2]), fault.CheckLoginFailed},
		{"algorithm is a list", raw(`{"alg":["HS256"],"kid":"user"}`, string(payload), parts[2]), fault.CheckLoginFailed},
		{"right key, HS384", f.with(jwt.SigningMethodHS384, userKey, "user", nil), fault.CheckLoginFailed},
		{"right key, HS512", f.with(jwt.SigningMethodHS512, userKey, "user", nil), fault.CheckLoginFailed},
		{"RS256", f.with(jwt.SigningMethodRS256, rsaKey, "user", nil), fault.CheckLoginFailed},
		{"ES256", f.with(jwt.SigningMethodES256, ecKey, "user", nil), fault.CheckLoginFailed},
		{"own HS256 key", f.with(jwt.SigningMethodHS256, []byte("guess"), "user", nil), fault.CheckLoginFailed},
		{"empty key", f.with(jwt.SigningMethodHS256, []byte{}, "user", nil), fault.CheckLoginFailed},
		{"master secret as key", f.with(jwt.SigningMethodHS256, secret, "user", nil), fault.CheckLoginFailed},
		{"no kid", f.with(jwt.SigningMethodHS256, userKey, nil, nil), fault.CheckLoginFailed},
		{"kid of another audience", f.with(jwt.SigningMethodHS256, userKey, "admin", nil), fault.CheckLoginFailed},
		{"kid is a path", f.with(jwt.SigningMethodHS256, userKey, "../../dev/null", nil), fault.CheckLoginFailed},
		{"kid is a number", f.with(jwt.SigningMethodHS256, userKey, 1, nil), fault.CheckLoginFailed},
		{"subject changed, signature kept", raw(header, strings.Replace(string(payload), login.UserID, victim.UserID, 1), parts[2]), fault.CheckLoginFailed},
		{"signature cut", parts[0] + "." + parts[1] + "." + parts[2][:20], fault.CheckLoginFailed},
		{"no signature", parts[0] + "." + parts[1] + ".", fault.CheckLoginFailed},
		{"two parts", parts[0] + "." + parts[1], fault.CheckLoginFailed},
		{"padded base64", login.AccessToken + "=", fault.CheckLoginFailed},
		{"oversized", f.right(func(c *claims) { c.Scope = strings.Repeat("x", 9<<10) }), fault.CheckLoginFailed},
		{"wrong issuer", f.right(func(c *claims) { c.Issuer = "baas/other" }), fault.CheckLoginFailed},
		{"no issuer", f.right(func(c *claims) { c.Issuer = "" }), fault.CheckLoginFailed},
		{"wrong audience", f.right(func(c *claims) { c.Audience = jwt.ClaimStrings{"admin"} }), fault.CheckLoginFailed},
		{"no audience", f.right(func(c *claims) { c.Audience = nil }), fault.CheckLoginFailed},
		{"no expiry", f.right(func(c *claims) { c.ExpiresAt = nil }), fault.CheckLoginFailed},
		{"not valid yet", f.right(func(c *claims) { c.NotBefore = jwt.NewNumericDate(now.Add(time.Hour)) }), fault.CheckLoginFailed},
		{"expired", f.right(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(now) }), fault.AccessTokenExpired},
		{"expired, of another issuer", f.right(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(now); c.Issuer = "baas/other" }), fault.CheckLoginFailed},
		{"expired, of another audience", f.right(func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(now); c.Audience = jwt.ClaimStrings{"socket"} }), fault.CheckLoginFailed},
		{"no session", f.right(func(c *claims) { c.Session = "" }), fault.AccessTokenExpired},
		{"unknown session", f.right(func(c *claims) { c.Session = "x" }), fault.AccessTokenExpired},
		{"another user's session", f.right(func(c *claims) { c.Subject = victim.UserID }), fault.AccessTokenExpired},
		{"older epoch", f.right(func(c *claims) { c.Epoch = -1 }), fault.AccessTokenExpired},
		{"newer epoch", f.right(func(c *claims) { c.Epoch = 1 }), fault.AccessTokenExpired},
		{"socket sign", socket, fault.CheckLoginFailed},
		{"session token of temporary credentials", function.SessionToken, fault.CheckLoginFailed},
		{"refresh token", login.RefreshToken, fault.CheckLoginFailed},
		{"other env, same secret", foreign(func(o *Options) { o.Env = "other" }), fault.CheckLoginFailed},
		{"same env, other secret", foreign(func(o *Options) { o.Secret = []byte("another secret of at least 32 bytes....") }), fault.CheckLoginFailed},
		{"admin token with a user's key", f.with(jwt.SigningMethodHS256, userKey, "admin", func(c *claims) {
			c.Audience, c.Session = jwt.ClaimStrings{"admin"}, keySession+pair.ID
		}), fault.CheckLoginFailed},
		{"admin token of a publishable key", f.with(jwt.SigningMethodHS256, s.signing[forAdmin], "admin", func(c *claims) {
			c.Audience, c.Session = jwt.ClaimStrings{"admin"}, keySession+publishable.ID
		}), fault.CheckLoginFailed},
		{"admin token of no key", f.with(jwt.SigningMethodHS256, s.signing[forAdmin], "admin", func(c *claims) {
			c.Audience = jwt.ClaimStrings{"admin"}
		}), fault.CheckLoginFailed},
		{"admin token, payload changed", strings.Join([]string{strings.Split(admin.AccessToken, ".")[0], parts[1], strings.Split(admin.AccessToken, ".")[2]}, "."), fault.CheckLoginFailed},
		{"with its scheme", "Bearer " + login.AccessToken, fault.CheckLoginFailed},
		{"line feed", login.AccessToken + "\n", fault.CheckLoginFailed},
		{"JSON", `{"$ne":null}`, fault.CheckLoginFailed},
		{"dots", "...", fault.CheckLoginFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := s.Authenticate(ctx, tc.token)
			if got := fault.CodeOf(err); got != tc.want || p != (rules.Principal{}) {
				t.Fatalf("got %+v, code %q (%v); want %q", p, got, err, tc.want)
			}
		})
	}

	t.Run("as other kinds", func(t *testing.T) {
		if _, err := s.VerifySocket(ctx, login.AccessToken); fault.CodeOf(err) != fault.CheckLoginFailed {
			t.Errorf("access token as socket sign: %v", err)
		}
		if _, _, err := s.Secret(ctx, good.Subject, login.AccessToken); fault.CodeOf(err) != fault.SignInvalid {
			t.Errorf("access token as session token: %v", err)
		}
		if _, err := s.VerifySocket(ctx, function.SessionToken); fault.CodeOf(err) != fault.CheckLoginFailed {
			t.Errorf("session token as socket sign: %v", err)
		}
	})
}

func TestClockSetBackLogsNobodyOut(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	s := New(Options{
		DB: dbtest.Open(t), Env: "dev", Secret: []byte("a secret of at least 32 bytes, for tests only"),
		Now: func() time.Time { return now },
	})
	login, err := s.SignInAnonymously(t.Context(), "device-0123456789")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(-time.Hour)
	if _, err := s.Authenticate(t.Context(), login.AccessToken); err != nil {
		t.Fatalf("access token: %v", err)
	}
	if _, err := s.Refresh(t.Context(), login.RefreshToken, true); err != nil {
		t.Fatalf("refresh token: %v", err)
	}
}

func TestSealBindsItsOwner(t *testing.T) {
	t.Parallel()
	s := New(Options{DB: dbtest.Open(t), Env: "dev", Secret: []byte("a secret of at least 32 bytes, for tests only")})
	box := s.seal("alice", "secret")
	if got, err := s.unseal("alice", box); err != nil || got != "secret" {
		t.Fatalf("got %q, %v", got, err)
	}
	for name, tc := range map[string]struct{ owner, box string }{
		"moved to another record": {"bob", box},
		"cut":                     {"alice", box[:10]},
		"not base64":              {"alice", "{}"},
		"empty":                   {"alice", ""},
		"one byte changed":        {"alice", "A" + box[1:]},
	} {
		if got, err := s.unseal(tc.owner, tc.box); err == nil && tc.box != box {
			t.Errorf("%s: opened to %q", name, got)
		} else if err == nil && tc.owner != "alice" {
			t.Errorf("%s: opened to %q", name, got)
		}
	}
	if again := s.seal("alice", "secret"); again == box {
		t.Error("sealing twice gave the same text")
	}
}

func FuzzAuthenticate(f *testing.F) {
	s := New(Options{DB: dbtest.Open(f), Env: "dev", Secret: []byte("a secret of at least 32 bytes, for tests only")})
	login, err := s.SignInAnonymously(f.Context(), "device-0123456789")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(login.AccessToken)
	f.Add(login.RefreshToken)
	f.Add("baas_api.dev.x.y")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, bearer string) {
		p, err := s.Authenticate(t.Context(), bearer)
		if err == nil && p.Role != rules.Nobody && bearer != login.AccessToken {
			t.Fatalf("%q was let in as %+v", bearer, p)
		}
		EnvOf(bearer)
		if _, err := s.Refresh(t.Context(), bearer, false); err == nil && bearer != login.RefreshToken {
			t.Fatalf("%q renewed a session", bearer)
		}
	})
}
