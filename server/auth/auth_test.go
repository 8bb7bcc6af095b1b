package auth_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/wechat"
)

// house is one environment's service with a clock that the test moves.
type house struct {
	*auth.Service
	db  *db.Engine
	log *bytes.Buffer
	now atomic.Int64
}

func (h *house) wait(d time.Duration) { h.now.Add(int64(d)) }

func (h *house) clock() time.Time { return time.Unix(0, h.now.Load()) }

func open(t *testing.T, edit ...func(*auth.Options)) *house {
	t.Helper()
	h := &house{db: dbtest.Open(t), log: &bytes.Buffer{}}
	h.now.Store(time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	twin := wechat.NewTwin(h.clock)
	o := auth.Options{
		DB: h.db, Env: "dev", Secret: []byte("a secret of at least 32 bytes, for tests only"),
		Codes: twin.Client(), AppID: wechat.TwinAppID, ReusableCode: twin.ReusableCode,
		Now: h.clock, Log: slog.New(slog.NewTextHandler(h.log, nil)),
	}
	for _, e := range edit {
		e(&o)
	}
	h.Service = auth.New(o)
	return h
}

const device = "device-0123456789"

func (h *house) anonymous(t *testing.T, device string) auth.Session {
	t.Helper()
	s, err := h.SignInAnonymously(t.Context(), device)
	if err != nil {
		t.Fatalf("sign in anonymously: %v", err)
	}
	return s
}

func (h *house) login(t *testing.T, code string) auth.Session {
	t.Helper()
	token, err := h.ProviderToken(t.Context(), "", code)
	if err != nil {
		t.Fatalf("provider token for %q: %v", code, err)
	}
	s, err := h.SignInWithProvider(t.Context(), token.Token)
	if err != nil {
		t.Fatalf("sign in with provider: %v", err)
	}
	return s
}

func (h *house) principal(t *testing.T, bearer string) rules.Principal {
	t.Helper()
	p, err := h.Authenticate(t.Context(), bearer)
	if err != nil {
		t.Fatalf("authenticate: %v", err)
	}
	return p
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Fatalf("got code %q (%v), want %q", got, err, want)
	}
}

func (h *house) count(t *testing.T, collection string) int64 {
	t.Helper()
	n, err := h.db.Count(t.Context(), rules.SystemPrincipal(), collection, nil)
	if err != nil {
		t.Fatalf("count %s: %v", collection, err)
	}
	return n
}

// together calls fn n times at once and returns how many calls succeeded.
func together(n int, fn func(i int) error) int {
	var wg sync.WaitGroup
	var succeeded atomic.Int64
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if fn(i) == nil {
				succeeded.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(succeeded.Load())
}

func TestAnonymousUsers(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.anonymous(t, device)
	again := h.anonymous(t, device)
	if first.UserID == "" || first.UserID != again.UserID {
		t.Fatalf("one device, users %q and %q", first.UserID, again.UserID)
	}
	if first.AccessToken == again.AccessToken || first.RefreshToken == again.RefreshToken {
		t.Fatal("two logins share a token")
	}
	if first.Scope != "anonymous" || first.ExpiresIn != 2*time.Hour || first.DeviceID != device {
		t.Fatalf("unexpected session %+v", first)
	}
	other := h.anonymous(t, "another-device-01")
	if other.UserID == first.UserID {
		t.Fatal("two devices share a user")
	}
	p := h.principal(t, first.AccessToken)
	want := rules.Principal{Role: rules.User, UID: first.UserID, LoginType: rules.Anonymous, Session: p.Session}
	if p != want || p.Session == "" {
		t.Fatalf("got %+v, want %+v", p, want)
	}
	u, err := h.Me(t.Context(), p)
	if err != nil || u.ID != first.UserID || u.Provider != "anonymous" || !u.Created.Equal(h.clock().Truncate(time.Millisecond)) {
		t.Fatalf("me: %+v, %v", u, err)
	}
}

func TestAnonymousWithoutDeviceIsANewUserThatCanComeBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.anonymous(t, ""), h.anonymous(t, "")
	if a.UserID == b.UserID {
		t.Fatal("two callers without a device share a user")
	}
	if back := h.anonymous(t, a.DeviceID); back.UserID != a.UserID {
		t.Fatalf("came back with the id it was given: user %q, want %q", back.UserID, a.UserID)
	}
	if stranger := h.anonymous(t, a.UserID); stranger.UserID == a.UserID {
		t.Fatal("a user id, which others can see, must not log in as that user")
	}
}

func TestDeviceIDs(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, tc := range []struct{ name, id string }{
		{"guessable", "short"},
		{"too long", strings.Repeat("x", 129)},
		{"space", "device 0123456789"},
		{"operator", `{"$ne":"0123456789"}`},
		{"not ASCII", "设备设备设备设备设备"},
		{"line feed at the end", device + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := h.SignInAnonymously(t.Context(), tc.id)
			wantCode(t, err, fault.InvalidParam)
			if !strings.HasPrefix(fault.Text(err), "x-device-id: ") {
				t.Fatalf("text %q does not name the field", fault.Text(err))
			}
		})
	}
}

func TestHundredFirstLoginsMakeOneUser(t *testing.T) {
	t.Parallel()
	h := open(t)
	var users sync.Map
	if n := together(100, func(int) error {
		s, err := h.SignInAnonymously(context.WithoutCancel(t.Context()), device)
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

func TestSignOutEndsThisSessionOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	phone, tablet := h.anonymous(t, device), h.anonymous(t, device)
	if err := h.SignOut(t.Context(), h.principal(t, phone.AccessToken)); err != nil {
		t.Fatal(err)
	}
	_, err := h.Authenticate(t.Context(), phone.AccessToken)
	wantCode(t, err, fault.AccessTokenExpired)
	_, err = h.Refresh(t.Context(), phone.RefreshToken, true)
	wantCode(t, err, fault.InvalidRefreshToken)
	h.principal(t, tablet.AccessToken)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		token func(auth.Session) string
		wait  time.Duration
		ends  bool
	}{
		{"access token", func(s auth.Session) string { return s.AccessToken }, 0, true},
		{"expired access token", func(s auth.Session) string { return s.AccessToken }, 3 * time.Hour, true},
		{"refresh token", func(s auth.Session) string { return s.RefreshToken }, 0, true},
		{"nonsense", func(auth.Session) string { return "nonsense" }, 0, false},
		{"session id alone", func(s auth.Session) string {
			return strings.Join(strings.Split(s.RefreshToken, ".")[:3], ".") + ".AAAA"
		}, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			s := h.anonymous(t, device)
			h.wait(tc.wait)
			if err := h.Revoke(t.Context(), tc.token(s)); err != nil {
				t.Fatal(err)
			}
			_, err := h.Refresh(t.Context(), s.RefreshToken, false)
			if ended := err != nil; ended != tc.ends {
				t.Fatalf("session ended: %v (%v), want %v", ended, err, tc.ends)
			}
		})
	}
}

func TestEndSessionsEndsAllOfAUser(t *testing.T) {
	t.Parallel()
	h := open(t)
	s, other := h.anonymous(t, device), h.anonymous(t, "another-device-01")
	p := h.principal(t, s.AccessToken)
	sign, err := h.SignSocket(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EndSessions(t.Context(), s.UserID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), s.AccessToken)
	wantCode(t, err, fault.AccessTokenExpired)
	_, err = h.Refresh(t.Context(), s.RefreshToken, true)
	wantCode(t, err, fault.InvalidRefreshToken)
	_, err = h.VerifySocket(t.Context(), sign)
	wantCode(t, err, fault.CheckLoginFailed)
	_, err = h.Recheck(t.Context(), p)
	wantCode(t, err, fault.AccessTokenExpired)
	h.principal(t, other.AccessToken)
	h.principal(t, h.anonymous(t, device).AccessToken)
	wantCode(t, h.EndSessions(t.Context(), "nobody"), fault.ResourceNotFound)
}

func TestNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	if p := h.principal(t, ""); p != (rules.Principal{}) {
		t.Fatalf("no token gave %+v", p)
	}
	_, err := h.Me(t.Context(), rules.Principal{})
	wantCode(t, err, fault.CheckLoginFailed)
	if err := h.SignOut(t.Context(), rules.Principal{}); err != nil {
		t.Fatal(err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	h := open(t)
	old := h.anonymous(t, device)
	h.login(t, "alice.1")
	if _, err := h.ProviderToken(t.Context(), "", "alice.2"); err != nil {
		t.Fatal(err)
	}
	h.wait(29 * 24 * time.Hour)
	young := h.anonymous(t, device)
	n, err := h.Sweep(t.Context())
	if err != nil || n != 3 {
		t.Fatalf("first sweep: %d, %v; want two used codes and one open token", n, err)
	}
	h.wait(2 * 24 * time.Hour)
	if n, err := h.Sweep(t.Context()); err != nil || n != 2 {
		t.Fatalf("second sweep: %d, %v; want two sessions", n, err)
	}
	_, err = h.Refresh(t.Context(), old.RefreshToken, true)
	wantCode(t, err, fault.InvalidRefreshToken)
	if _, err := h.Refresh(t.Context(), young.RefreshToken, true); err != nil {
		t.Fatalf("a living session was swept: %v", err)
	}
}
