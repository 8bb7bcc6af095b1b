package auth_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/db/fault"
	"baas/server/auth"
)

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	for range 3 {
		h.wait(90 * time.Minute)
		next, err := h.Refresh(t.Context(), s.RefreshToken, true)
		if err != nil {
			t.Fatal(err)
		}
		if next.RefreshToken == s.RefreshToken || next.AccessToken == s.AccessToken || next.UserID != s.UserID || next.Scope != "anonymous" {
			t.Fatalf("got %+v after %+v", next, s)
		}
		h.principal(t, next.AccessToken)
		s = next
	}
}

func TestGenerationOneKeepsItsRefreshToken(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	for range 3 {
		h.wait(3 * time.Hour)
		next, err := h.Refresh(t.Context(), s.RefreshToken, false)
		if err != nil || next.RefreshToken != s.RefreshToken {
			t.Fatalf("got %+v, %v", next, err)
		}
		h.principal(t, next.AccessToken)
	}
}

func TestAccessTokenExpires(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	h.wait(2*time.Hour - time.Second)
	h.principal(t, s.AccessToken)
	h.wait(time.Second)
	_, err := h.Authenticate(t.Context(), s.AccessToken)
	wantCode(t, err, fault.AccessTokenExpired)
}

func TestRefreshTokenExpires(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	h.wait(20 * 24 * time.Hour)
	s, err := h.Refresh(t.Context(), s.RefreshToken, true)
	if err != nil {
		t.Fatal(err)
	}
	h.wait(29 * 24 * time.Hour)
	if s, err = h.Refresh(t.Context(), s.RefreshToken, true); err != nil {
		t.Fatalf("a renewed session did not live on: %v", err)
	}
	h.wait(30 * 24 * time.Hour)
	_, err = h.Refresh(t.Context(), s.RefreshToken, true)
	wantCode(t, err, fault.RefreshTokenExpired)
}

func TestUsedRefreshTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		rotations int
		wait      time.Duration
		rotate    bool
	}{
		{"after the retry window", 1, 11 * time.Second, true},
		{"two generations old, at once", 2, 0, true},
		{"without rotation", 1, 11 * time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			stolen := h.anonymous(t, device)
			last := stolen
			for range tc.rotations {
				var err error
				if last, err = h.Refresh(t.Context(), last.RefreshToken, true); err != nil {
					t.Fatal(err)
				}
			}
			h.wait(tc.wait)
			_, err := h.Refresh(auth.WithDevice(t.Context(), device), stolen.RefreshToken, tc.rotate)
			wantCode(t, err, fault.InvalidRefreshToken)
			_, err = h.Refresh(t.Context(), last.RefreshToken, true)
			wantCode(t, err, fault.InvalidRefreshToken)
			_, err = h.Authenticate(t.Context(), last.AccessToken)
			wantCode(t, err, fault.AccessTokenExpired)
			if !strings.Contains(h.log.String(), "used refresh token came again") {
				t.Fatal("the log does not tell of the reuse")
			}
			if strings.Contains(h.log.String(), stolen.RefreshToken) {
				t.Fatal("the log holds a token")
			}
		})
	}
}

func TestLostReplyOfARefreshCanBeAskedAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	same := auth.WithDevice(t.Context(), device)
	lost, err := h.Refresh(same, s.RefreshToken, true)
	if err != nil {
		t.Fatal(err)
	}
	h.wait(9 * time.Second)
	again, err := h.Refresh(same, s.RefreshToken, true)
	if err != nil || again.RefreshToken != lost.RefreshToken {
		t.Fatalf("got %q, %v; want the successor %q once more", again.RefreshToken, err, lost.RefreshToken)
	}
	for _, tc := range []struct {
		name string
		ctx  context.Context
	}{
		{"another device", auth.WithDevice(t.Context(), "another-device-01")},
		{"no device", t.Context()},
	} {
		_, err := h.Refresh(tc.ctx, s.RefreshToken, true)
		if fault.CodeOf(err) != fault.InvalidRefreshToken {
			t.Fatalf("%s: %v", tc.name, err)
		}
	}
	if _, err := h.Refresh(same, again.RefreshToken, true); err != nil {
		t.Fatalf("refusing others ended the session: %v", err)
	}
}

func TestHundredParallelRefreshesRotateOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	var winner sync.Map
	if n := together(100, func(int) error {
		next, err := h.Refresh(context.WithoutCancel(t.Context()), s.RefreshToken, true)
		if err == nil {
			winner.Store("token", next.RefreshToken)
		}
		return err
	}); n != 1 {
		t.Fatalf("%d of 100 succeeded, want 1", n)
	}
	token, _ := winner.Load("token")
	if _, err := h.Refresh(t.Context(), token.(string), true); err != nil {
		t.Fatalf("the losers ended the winner's session: %v", err)
	}
}

func TestForgedRefreshTokens(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.anonymous(t, device)
	stranger := open(t, func(o *auth.Options) { o.DB = h.db; o.Env = "other" })
	parts := strings.Split(s.RefreshToken, ".")
	for _, tc := range []struct{ name, token string }{
		{"empty", ""},
		{"access token", s.AccessToken},
		{"no MAC", strings.Join(parts[:3], ".")},
		{"empty MAC", strings.Join(parts[:3], ".") + "."},
		{"next generation", strings.Join([]string{parts[0], parts[1], "1", parts[3]}, ".")},
		{"negative generation", strings.Join([]string{parts[0], parts[1], "-1", parts[3]}, ".")},
		{"zero padded generation", strings.Join([]string{parts[0], parts[1], "00", parts[3]}, ".")},
		{"unknown session", strings.Join([]string{parts[0], "x", parts[2], parts[3]}, ".")},
		{"padded", s.RefreshToken + "="},
		{"space", " " + s.RefreshToken},
		{"long", s.RefreshToken + strings.Repeat("A", 9<<10)},
		{"operator", `{"$ne":null}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := h.Refresh(t.Context(), tc.token, true)
			wantCode(t, err, fault.InvalidRefreshToken)
		})
	}
	_, err := stranger.Refresh(t.Context(), s.RefreshToken, true)
	wantCode(t, err, fault.InvalidRefreshToken)
	if _, err := h.Refresh(t.Context(), s.RefreshToken, true); err != nil {
		t.Fatalf("a forged token ended the session: %v", err)
	}
}
