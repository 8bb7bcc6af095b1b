// Package origin says from where a request came and under which address the
// client reached the server: the base of the URLs in replies, the hosts a
// signature may name, the client's network address.
//
// Dangers: Host and the X-Forwarded headers are written by whoever sends the
// request. The configured public URL wins over both, and forwarded headers
// count only from listed proxies (threats.md, "host/forwarded headers").
package origin

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"baas/db/fault"
)

// Origin describes one request's way to the server.
type Origin struct {
	// Base is the address of the server as the client sees it, without a
	// slash at the end: "https://api.example.com/baas". URLs in replies
	// begin with it.
	Base string
	// Hosts are the values that the client's Host header may have had before
	// proxies rewrote it; signatures are checked against each. The first is
	// that of the request itself.
	Hosts []string
	// Prefix is the path of the public URL, which a proxy may have cut off.
	Prefix string
	// ClientIP is the client's address, or empty if it cannot be told.
	ClientIP string
}

type originKey struct{}

// With returns ctx carrying o.
func With(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// From returns the Origin in ctx, or the zero Origin.
func From(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// Socket returns the address of the watch socket below base.
func Socket(base string) string { return "ws" + strings.TrimPrefix(base, "http") + "/ws" }

// Absolute completes a URL that starts with a slash with base; another one,
// such as a bucket's own signed URL, stays as it is.
func Absolute(base, relative string) string {
	if strings.HasPrefix(relative, "/") {
		return base + relative
	}
	return relative
}

// Resolver finds the Origin of requests. It is safe for concurrent use.
type Resolver struct {
	public  *url.URL // nil when none is configured
	trusted []netip.Prefix
}

// NewResolver makes a Resolver. publicURL may be empty; proxies are addresses
// or CIDR ranges whose forwarded headers count. Code: InvalidParam.
func NewResolver(publicURL string, proxies []string) (*Resolver, error) {
	r := &Resolver{}
	if publicURL != "" {
		u, err := url.Parse(publicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return nil, fault.Invalid("public URL", "must be like https://api.example.com, without a query; it is %q", publicURL)
		}
		u.Path = strings.TrimRight(u.Path, "/")
		r.public = u
	}
	for _, text := range proxies {
		prefix, err := parsePrefix(text)
		if err != nil {
			return nil, fault.Invalid("trusted proxies", "%q is neither an address nor a range like 10.0.0.0/8", text)
		}
		r.trusted = append(r.trusted, prefix)
	}
	return r, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("origin: %w", err)
	}
	return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
}

// Of returns the Origin of a request.
func (r *Resolver) Of(req *http.Request) Origin {
	o := Origin{ClientIP: r.ClientIP(req)}
	scheme, host := "http", req.Host
	if req.TLS != nil {
		scheme = "https"
	}
	o.Hosts = append(o.Hosts, host)
	if r.fromProxy(req) {
		if proto := last(req.Header, "X-Forwarded-Proto"); proto == "https" || proto == "http" {
			scheme = proto
		}
		if forwarded := last(req.Header, "X-Forwarded-Host"); forwarded != "" {
			host = forwarded
			o.Hosts = append(o.Hosts, host)
		}
	}
	if r.public != nil {
		o.Base = r.public.String()
		o.Prefix = r.public.EscapedPath()
		o.Hosts = append(o.Hosts, r.public.Host)
	} else if validHost(host) {
		o.Base = scheme + "://" + host
	}
	slices.Sort(o.Hosts[1:])
	o.Hosts = slices.Compact(o.Hosts)
	return o
}

// ClientIP returns the address of the client: the peer's, or, when the peer is
// a trusted proxy, the last address in X-Forwarded-For that is not one.
func (r *Resolver) ClientIP(req *http.Request) string {
	addr, ok := peer(req)
	if !ok {
		return ""
	}
	if !r.trusts(addr) {
		return addr.String()
	}
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // what stands before it cannot be believed
		}
		addr = next.Unmap()
		if !r.trusts(addr) {
			break
		}
	}
	return addr.String()
}

func (r *Resolver) fromProxy(req *http.Request) bool {
	addr, ok := peer(req)
	return ok && r.trusts(addr)
}

func (r *Resolver) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(r.trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func peer(req *http.Request) (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(req.RemoteAddr)
	return at.Addr().Unmap().WithZone(""), err == nil
}

// last returns the value that the nearest proxy set.
func last(h http.Header, name string) string {
	values := h.Values(name)
	if len(values) == 0 {
		return ""
	}
	list := strings.Split(values[len(values)-1], ",")
	return strings.TrimSpace(list[len(list)-1])
}

// validHost reports whether a Host header may stand in a URL.
func validHost(host string) bool {
	const fit = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
	return host != "" && len(host) <= 255 && strings.Trim(host, fit) == ""
}

// Label returns the first label of a host name with several, which may be an
// environment's id ("dev" of "dev.localhost:8787"), or the empty string.
func Label(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	label, rest, _ := strings.Cut(host, ".")
	if rest == "" {
		return ""
	}
	return strings.ToLower(label)
}
