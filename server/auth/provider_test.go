package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth"
	"baas/server/wechat"
)

func TestWeChatLogin(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.login(t, "alice.1")
	p := h.principal(t, s.AccessToken)
	want := rules.Principal{
		Role: rules.User, UID: s.UserID, OpenID: wechat.OpenID(wechat.TwinAppID, "alice"),
		AppID: wechat.TwinAppID, LoginType: rules.WeChatOpen, Session: p.Session,
	}
	if p != want {
		t.Fatalf("got %+v, want %+v", p, want)
	}
	if s.Scope != "user" {
		t.Fatalf("scope %q", s.Scope)
	}
	if again := h.login(t, "alice.2"); again.UserID != s.UserID {
		t.Fatal("one person, two users")
	}
	if bob := h.login(t, "bob"); bob.UserID == s.UserID {
		t.Fatal("two persons, one user")
	}
}

func TestIdentityIsBoundToTheAppID(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *auth.Options) { o.Codes = sameOpenID{} })
	login := func(appID string) auth.Session {
		token, err := h.ProviderToken(t.Context(), appID, "code of "+appID)
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.SignInWithProvider(t.Context(), token.Token)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := login("wxa"), login("wxb")
	if a.UserID == b.UserID {
		t.Fatal("one openid in two mini programs is two people, but became one user")
	}
	p := h.principal(t, a.AccessToken)
	if p.AppID != "wxa" || p.UnionID != "union" {
		t.Fatalf("got %+v", p)
	}
	key, err := h.SessionKey(t.Context(), a.UserID)
	if err != nil || key != "key of wxa" {
		t.Fatalf("session key %q, %v", key, err)
	}
}

// sameOpenID answers every app with one openid and unionid.
type sameOpenID struct{}

func (sameOpenID) Exchange(_ context.Context, appID, _ string) (auth.WeChatUser, error) {
	return auth.WeChatUser{OpenID: "openid", UnionID: "union", SessionKey: "key of " + appID}, nil
}

func TestHundredUsesOfOneCodeGiveOneToken(t *testing.T) {
	t.Parallel()
	h := open(t)
	var token sync.Map
	if n := together(100, func(int) error {
		got, err := h.ProviderToken(context.WithoutCancel(t.Context()), "", "alice.1")
		if err == nil {
			token.Store("token", got.Token)
		}
		return err
	}); n != 1 {
		t.Fatalf("%d of 100 uses of a code succeeded, want 1", n)
	}
	won, _ := token.Load("token")
	if n := together(100, func(int) error {
		_, err := h.SignInWithProvider(context.WithoutCancel(t.Context()), won.(string))
		return err
	}); n != 1 {
		t.Fatalf("%d of 100 uses of a provider token succeeded, want 1", n)
	}
}

func TestHundredPeopleLogInAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	var users sync.Map
	if n := together(100, func(i int) error {
		ctx := context.WithoutCancel(t.Context())
		token, err := h.ProviderToken(ctx, "", "alice."+strings.Repeat("i", i+1))
		if err != nil {
			return err
		}
		s, err := h.SignInWithProvider(ctx, token.Token)
		users.Store(s.UserID, true)
		return err
	}); n != 100 {
		t.Fatalf("%d of 100 logins succeeded", n)
	}
	distinct := 0
	users.Range(func(any, any) bool { distinct++; return true })
	if stored := h.count(t, "sys.users"); distinct != 1 || stored != 1 {
		t.Fatalf("%d users answered, %d stored; want 1 and 1", distinct, stored)
	}
}

func TestProviderTokenRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, provider, code string
		want                 fault.Code
		field                string
	}{
		{"unknown to WeChat", "", "errcode.40029", fault.InvalidParam, "provider_code"},
		{"used upstream", "", "errcode.40163", fault.InvalidParam, "provider_code"},
		{"too often", "", "errcode.45011", fault.RateLimit, ""},
		{"blocked user", "", "errcode.40226", fault.PermissionDenied, ""},
		{"busy", "", "errcode.-1", fault.ServerTimeout, ""},
		{"bad secret", "", "errcode.40125", fault.SysErr, ""},
		{"empty code", "", "", fault.InvalidParam, "provider_code"},
		{"control character", "", "alice\n", fault.InvalidParam, "provider_code"},
		{"long code", "", strings.Repeat("a", 513), fault.InvalidParam, "provider_code"},
		{"no AppID", "{}", "alice", fault.InvalidParam, "provider_id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t).ProviderToken(t.Context(), tc.provider, tc.code)
			wantCode(t, err, tc.want)
			if tc.field != "" && !strings.HasPrefix(fault.Text(err), tc.field+": ") {
				t.Fatalf("text %q does not name %s", fault.Text(err), tc.field)
			}
		})
	}
}

func TestNoLoginByCodeWhenItIsNotSetUp(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *auth.Options) { o.Codes = nil })
	_, err := h.ProviderToken(t.Context(), "", "alice")
	wantCode(t, err, fault.InvalidParam)
}

// scripted answers each exchange with the next error; nil is a success.
type scripted struct{ answers chan error }

func (s scripted) Exchange(context.Context, string, string) (auth.WeChatUser, error) {
	if err := <-s.answers; err != nil {
		return auth.WeChatUser{}, err
	}
	return auth.WeChatUser{OpenID: "o1"}, nil
}

func TestCodeSurvivesOnlyWeChatsOwnTrouble(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		err   error
		again fault.Code
	}{
		{"timeout", fault.New(fault.ServerTimeout, "slow"), fault.OK},
		{"connection lost", errors.New("reset"), fault.OK},
		{"refused", fault.Invalid("provider_code", "unknown"), fault.InvalidParam},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			answers := make(chan error, 2)
			answers <- tc.err
			answers <- nil
			h := open(t, func(o *auth.Options) { o.Codes = scripted{answers} })
			if _, err := h.ProviderToken(t.Context(), "", "code"); err == nil {
				t.Fatal("the first exchange should fail")
			}
			_, err := h.ProviderToken(t.Context(), "", "code")
			wantCode(t, err, tc.again)
		})
	}
}

type nameless struct{}

func (nameless) Exchange(context.Context, string, string) (auth.WeChatUser, error) {
	return auth.WeChatUser{SessionKey: "k"}, nil
}

func TestEmptyOpenIDIsNobody(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *auth.Options) { o.Codes = nameless{} })
	_, err := h.ProviderToken(t.Context(), "", "code")
	wantCode(t, err, fault.SysErr)
	if n := h.count(t, "sys.users"); n != 0 {
		t.Fatalf("%d users were made", n)
	}
}

func TestDeveloperToolsMockCodeWorksAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	const mock = "the code is a mock one"
	if a, b := h.login(t, mock), h.login(t, mock); a.UserID != b.UserID {
		t.Fatal("the tools' fixed code gave two users")
	}
}

func TestProviderTokenExpires(t *testing.T) {
	t.Parallel()
	h := open(t)
	token, err := h.ProviderToken(t.Context(), "", "alice")
	if err != nil {
		t.Fatal(err)
	}
	h.wait(token.ExpiresIn)
	_, err = h.SignInWithProvider(t.Context(), token.Token)
	wantCode(t, err, fault.InvalidParam)
}

func TestSessionKeyIsSealed(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *auth.Options) { o.Codes = sameOpenID{} })
	secret := "key of " + wechat.TwinAppID
	token, err := h.ProviderToken(t.Context(), "", "code")
	if err != nil {
		t.Fatal(err)
	}
	noSecretStored := func() {
		t.Helper()
		for _, name := range []string{"sys.users", "sys.codes", "sys.sessions", "sys.identities"} {
			docs, err := h.db.Find(t.Context(), rules.SystemPrincipal(), db.FindRequest{Collection: name})
			if err != nil && !fault.Is(err, fault.CollectionNotExist) {
				t.Fatal(err)
			}
			for _, d := range docs {
				if text := string(value.AppendCanonical(nil, value.FromDoc(d))); strings.Contains(text, secret) {
					t.Fatalf("%s holds the session key: %s", name, text)
				}
			}
		}
	}
	noSecretStored()
	s, err := h.SignInWithProvider(t.Context(), token.Token)
	if err != nil {
		t.Fatal(err)
	}
	noSecretStored()
	h.wait(time.Minute)
	if key, err := h.SessionKey(t.Context(), s.UserID); err != nil || key != secret {
		t.Fatalf("got %q, %v", key, err)
	}
	_, err = h.SessionKey(t.Context(), h.anonymous(t, device).UserID)
	wantCode(t, err, fault.ResourceNotFound)
}
