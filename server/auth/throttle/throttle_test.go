package throttle_test

import (
	"fmt"
	"testing"
	"time"

	"baas/server/auth/throttle"
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
