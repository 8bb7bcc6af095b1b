package nodelib

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// OutboundOptions says what user code may reach of the network. The zero value
// lets it reach every public address and no internal one.
type OutboundOptions struct {
	Allow []netip.Prefix // internal ranges that are open all the same
}

// NewOutbound makes the transport of user code's requests. Where a connection
// goes is judged when it is dialled, on the address that the name resolved to:
// nothing that happens before (a redirect, a second look-up) can get around it.
// It uses no proxy of the environment, follows no redirect by itself and leaves
// compression to its user. It is safe for concurrent use.
func NewOutbound(o OutboundOptions) http.RoundTripper {
	dialer := &net.Dialer{
		Timeout:   10 * time.Second,
		KeepAlive: 30 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			return judge(address, o.Allow)
		},
	}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          32,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,

		MaxResponseHeaderBytes: 256 << 10,
	}
}

// judge refuses an address that is neither public nor allowed.
func judge(address string, allow []netip.Prefix) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &coded{class: "Error", code: "EACCES", message: "connect EACCES " + address}
	}
	ip := at.Addr().Unmap().WithZone("")
	for _, p := range allow {
		if p.Contains(ip) {
			return nil
		}
	}
	if !ip.IsGlobalUnicast() {
		return refused(at)
	}
	for _, p := range internalRanges() {
		if p.Contains(ip) {
			return refused(at)
		}
	}
	return nil
}

func refused(at netip.AddrPort) error {
	return &coded{
		class:   "Error",
		code:    "EACCES",
		message: fmt.Sprintf("connect EACCES %s: cloud functions reach public addresses only", at),
		members: map[string]any{"errno": -13, "syscall": "connect", "address": at.Addr().String(), "port": int(at.Port())},
	}
}

// internalRanges are the networks that are somebody's inside: private ones,
// those that providers use for metadata, and those that wrap an IPv4 address.
// netip calls some of them neither private nor loopback.
func internalRanges() []netip.Prefix {
	texts := []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
		"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	}
	prefixes := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		prefixes[i] = netip.MustParsePrefix(text)
	}
	return prefixes
}
