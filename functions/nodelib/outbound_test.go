package nodelib_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"baas/functions/nodelib"
)

func TestOutboundRefusesInternalAddresses(t *testing.T) {
	rt := nodelib.NewOutbound(nodelib.OutboundOptions{})
	for _, host := range []string{
		"127.0.0.1:1", "127.8.8.8:1", "0.0.0.0:1", "10.1.2.3:1", "172.16.0.1:1", "192.168.1.1:1", "169.254.169.254:80", "100.100.100.200:80", "100.64.0.1:1",
		"198.18.0.1:1", "192.0.0.192:1", "224.0.0.1:1", "255.255.255.255:1", "[::1]:1", "[::]:1", "[::ffff:127.0.0.1]:1", "[::ffff:10.0.0.1]:1", "[64:ff9b::7f00:1]:1",
		"[2002:7f00:1::]:1", "[fc00::1]:1", "[fd12::1]:1", "[fe80::1]:1", "[ff02::1]:1", "[::127.0.0.1]:1", "localhost:1",
		"2130706433:1", "0x7f.1:1",
	} {
		t.Run(host, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			res, err := rt.RoundTrip(req)
			if err == nil {
				res.Body.Close()
				t.Fatal("got an answer, want a refusal")
			}
			numeric := strings.HasPrefix(host, "2130706433") || strings.HasPrefix(host, "0x") // no resolver knows them
			if !strings.Contains(err.Error(), "connect EACCES") && !numeric {
				t.Errorf("got %v, want EACCES", err)
			}
		})
	}
}

func TestOutboundAllowList(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer server.Close()
	get := func(rt http.RoundTripper) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			return 0, err
		}
		res, err := rt.RoundTrip(req)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, errors.Join(res.Body.Close())
	}
	if _, err := get(nodelib.NewOutbound(nodelib.OutboundOptions{})); err == nil {
		t.Error("without the list: got an answer, want a refusal")
	}
	open := nodelib.NewOutbound(nodelib.OutboundOptions{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if status, err := get(open); err != nil || status != http.StatusTeapot {
		t.Errorf("with the list: got %d, %v, want %d", status, err, http.StatusTeapot)
	}
}
