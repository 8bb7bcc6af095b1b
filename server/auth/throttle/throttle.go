// Package throttle limits how often something may be tried: per address, per
// account.
//
// Its memory is bounded: beyond Size names the one that was idle longest is
// forgotten, so a flood of fresh names costs an attacker's names their
// history, never the server its memory.
package throttle

import (
	"container/list"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"baas/db/fault"
	"baas/server/origin"
)

// Options describe one limit.
type Options struct {
	PerMinute float64 // tries a name earns each minute
	Burst     int     // tries a rested name may make at once
	Size      int     // names remembered; 0 means 10 000
	Now       func() time.Time
}

// Limiter counts tries by name. It is safe for concurrent use.
type Limiter struct {
	o Options

	mu    sync.Mutex
	names map[string]*list.Element // guarded by mu
	idle  *list.List               // of *entry, longest idle first; guarded by mu
}

type entry struct {
	name  string
	limit *rate.Limiter
}

// New makes a limiter in which every name is rested.
func New(o Options) *Limiter {
	if o.Size == 0 {
		o.Size = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Limiter{o: o, names: make(map[string]*list.Element), idle: list.New()}
}

// Allow counts one try by name. When it is one too many, wait says, in whole
// seconds, when the next is due; such a try is not counted.
func (l *Limiter) Allow(name string) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.o.Now()
	e := l.entry(name)
	if e.limit.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - e.limit.TokensAt(now)
	seconds := math.Ceil(missing * 60 / l.o.PerMinute)
	return false, time.Duration(max(seconds, 1)) * time.Second
}

// Try is Allow with a TooManyError for a try too many.
func (l *Limiter) Try(name string) error {
	if ok, wait := l.Allow(name); !ok {
		return &TooManyError{Wait: wait}
	}
	return nil
}

// TooManyError refuses a try that a limit does not allow. It unwraps to a
// fault of code RateLimit.
type TooManyError struct {
	Wait time.Duration // whole seconds, for the header Retry-After
}

// Error returns a text for the log.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("throttle: too many tries, next in %v", e.Wait)
}

// Unwrap returns what the caller is told.
func (e *TooManyError) Unwrap() error {
	return fault.New(fault.RateLimit, "too many tries; wait %d s", int(e.Wait.Seconds()))
}

// RetryAfter returns the value of the header Retry-After for an error, or ""
// when it is no TooManyError.
func RetryAfter(err error) string {
	if e, ok := errors.AsType[*TooManyError](err); ok {
		return strconv.Itoa(int(e.Wait.Seconds()))
	}
	return ""
}

func (l *Limiter) entry(name string) *entry {
	if at, ok := l.names[name]; ok {
		l.idle.MoveToBack(at)
		return at.Value.(*entry)
	}
	for l.idle.Len() >= l.o.Size {
		oldest := l.idle.Front()
		l.idle.Remove(oldest)
		delete(l.names, oldest.Value.(*entry).name)
	}
	e := &entry{name: name, limit: rate.NewLimiter(rate.Limit(l.o.PerMinute/60), l.o.Burst)}
	l.names[name] = l.idle.PushBack(e)
	return e
}

// Client returns the name under which a request's sender is counted: the
// network of the address that server/origin tells, or of the peer. No header
// has a say in it but those of trusted proxies.
func Client(r *http.Request) string {
	if ip := origin.From(r.Context()).ClientIP; ip != "" {
		return Network(ip)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return Network(host)
}

// Network returns the name under which an IP address is counted: an IPv6
// address by its /64, for that is what one subscriber has. A text that is no
// address is returned as it is.
func Network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.Prefix(64) // fails only for more bits than an address has
	return prefix.String()
}
