package throttle_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"baas/db/fault"
	"baas/server/auth/throttle"
	"baas/server/origin"
)

func TestAllow(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := throttle.New(throttle.Options{PerMinute: 6, Burst: 3, Now: func() time.Time { return now }})
	for i := range 3 {
		if ok, _ := l.Allow("a"); !ok {
			t.Fatalf("try %d of a burst of 3 was refused", i+1)
		}
	}
	ok, wait := l.Allow("a")
	if ok || wait != 10*time.Second {
		t.Fatalf("fourth try: got %v, wait %v; want refused, 10s", ok, wait)
	}
	if ok, _ := l.Allow("b"); !ok {
		t.Fatal("another name was refused")
	}
	now = now.Add(wait)
	if ok, _ := l.Allow("a"); !ok {
		t.Fatal("refused although the wait it was told is over")
	}
	if ok, _ := l.Allow("a"); ok {
		t.Fatal("a refused try must not earn a second one")
	}
}

func TestTryTellsTheCaller(t *testing.T) {
	l := throttle.New(throttle.Options{PerMinute: 6, Burst: 1})
	if err := l.Try("a"); err != nil {
		t.Fatal(err)
	}
	err := fmt.Errorf("login: %w", l.Try("a"))
	if throttle.RetryAfter(err) != "10" || fault.CodeOf(err) != fault.RateLimit || fault.Text(err) != "too many tries; wait 10 s" {
		t.Fatalf("got %v, %q, %q", err, throttle.RetryAfter(err), fault.Text(err))
	}
	if got := throttle.RetryAfter(fault.New(fault.RateLimit, "WeChat says so")); got != "" {
		t.Fatalf("another error: %q", got)
	}
}

func TestClient(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.1")
	r.Header.Set("X-Real-Ip", "198.51.100.1")
	for _, tc := range []struct{ name, peer, told, want string }{
		{"peer", "203.0.113.9:4711", "", "203.0.113.9"},
		{"told by the server", "203.0.113.9:4711", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"no port", "pipe", "", "pipe"},
	} {
		r.RemoteAddr = tc.peer
		told := r.WithContext(origin.With(r.Context(), origin.Origin{ClientIP: tc.told}))
		if got := throttle.Client(told); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := throttle.New(throttle.Options{PerMinute: 1, Burst: 1, Size: 3, Now: func() time.Time { return now }})
	l.Allow("busy")
	for i := range 10 {
		l.Allow(fmt.Sprint("flood ", i))
		if ok, _ := l.Allow("busy"); ok {
			t.Fatalf("after %d other names a name in use was forgotten", i+1)
		}
	}
	if ok, _ := l.Allow("flood 0"); !ok {
		t.Fatal("the name idle longest should have been forgotten")
	}
}

func TestNetwork(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"IPv4", "203.0.113.9", "203.0.113.9"},
		{"IPv4 in IPv6", "::ffff:203.0.113.9", "203.0.113.9"},
		{"IPv6 by its /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"zone", "fe80::1%eth0", "fe80::/64"},
		{"not an address", "pipe", "pipe"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := throttle.Network(tc.in); got != tc.want {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
		})
	}
}
