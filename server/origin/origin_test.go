package origin_test

import (
	"crypto/tls"
	"net/http"
	"slices"
	"testing"

	"baas/db/fault"
	"baas/server/origin"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		public  string
		proxies []string
		peer    string
		host    string
		tls     bool
		header  http.Header
		want    origin.Origin
	}{
		{
			name: "nothing configured", peer: "10.1.2.3:5", host: "localhost:8787",
			want: origin.Origin{Base: "http://localhost:8787", Hosts: []string{"localhost:8787"}, ClientIP: "10.1.2.3"},
		},
		{
			name: "tls", peer: "[::1]:5", host: "x.example", tls: true,
			want: origin.Origin{Base: "https://x.example", Hosts: []string{"x.example"}, ClientIP: "::1"},
		},
		{
			name: "forwarded headers of a stranger do not count", peer: "10.1.2.3:5", host: "x.example",
			header: http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}},
			want:   origin.Origin{Base: "http://x.example", Hosts: []string{"x.example"}, ClientIP: "10.1.2.3"},
		},
		{
			name: "forwarded headers of a proxy count", peer: "10.1.2.3:5", host: "127.0.0.1:8787", proxies: []string{"10.0.0.0/8"},
			header: http.Header{"X-Forwarded-For": {"6.6.6.6, 1.2.3.4, 10.9.9.9"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"api.example"}},
			want:   origin.Origin{Base: "https://api.example", Hosts: []string{"127.0.0.1:8787", "api.example"}, ClientIP: "1.2.3.4"},
		},
		{
			name: "a proxy over IPv4 in IPv6", peer: "[::ffff:10.1.2.3]:5", host: "h.example", proxies: []string{"10.1.2.3"},
			header: http.Header{"X-Forwarded-For": {"2001:db8::1"}},
			want:   origin.Origin{Base: "http://h.example", Hosts: []string{"h.example"}, ClientIP: "2001:db8::1"},
		},
		{
			name: "garbage in the chain ends it", peer: "10.1.2.3:5", host: "h.example", proxies: []string{"10.0.0.0/8"},
			header: http.Header{"X-Forwarded-For": {"1.2.3.4, unknown, 10.9.9.9"}, "X-Forwarded-Proto": {"ftp"}},
			want:   origin.Origin{Base: "http://h.example", Hosts: []string{"h.example"}, ClientIP: "10.9.9.9"},
		},
		{
			name: "the public URL wins over all", public: "https://api.example/baas/", peer: "10.1.2.3:5", host: "evil.example", proxies: []string{"10.0.0.0/8"},
			header: http.Header{"X-Forwarded-Host": {"also-evil.example"}},
			want: origin.Origin{
				Base: "https://api.example/baas", Prefix: "/baas", ClientIP: "10.1.2.3",
				Hosts: []string{"evil.example", "also-evil.example", "api.example"},
			},
		},
		{
			name: "a host that fits no URL", peer: "10.1.2.3:5", host: "a b\"<",
			want: origin.Origin{Hosts: []string{"a b\"<"}, ClientIP: "10.1.2.3"},
		},
		{
			name: "a peer without an address", peer: "@", host: "h.example",
			want: origin.Origin{Base: "http://h.example", Hosts: []string{"h.example"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := origin.NewResolver(tc.public, tc.proxies)
			if err != nil {
				t.Fatal(err)
			}
			req := &http.Request{RemoteAddr: tc.peer, Host: tc.host, Header: tc.header}
			if tc.tls {
				req.TLS = &tls.ConnectionState{}
			}
			got := r.Of(req)
			if got.Base != tc.want.Base || got.ClientIP != tc.want.ClientIP || got.Prefix != tc.want.Prefix || !slices.Equal(got.Hosts, tc.want.Hosts) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			if back := origin.From(origin.With(t.Context(), got)); back.Base != got.Base {
				t.Errorf("From(With) = %+v", back)
			}
		})
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	for _, public := range []string{"api.example", "ftp://x.example", "https://", "https://x.example/?a=1", "https://x.example/#f", "://"} {
		if _, err := origin.NewResolver(public, nil); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("public URL %q: got %v", public, err)
		}
	}
	if _, err := origin.NewResolver("", []string{"proxy.example"}); !fault.Is(err, fault.InvalidParam) {
		t.Errorf("proxy by name: got %v", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"http://localhost:8787":    "ws://localhost:8787/ws",
		"https://api.example/baas": "wss://api.example/baas/ws",
	} {
		if got := origin.Socket(base); got != want {
			t.Errorf("Socket(%q) = %q, want %q", base, got, want)
		}
	}
	for relative, want := range map[string]string{
		"/files/x?sig=1":          "http://h/files/x?sig=1",
		"https://bucket.example/": "https://bucket.example/",
		"":                        "",
	} {
		if got := origin.Absolute("http://h", relative); got != want {
			t.Errorf("Absolute(%q) = %q, want %q", relative, got, want)
		}
	}
	for host, want := range map[string]string{
		"dev.localhost:8787": "dev", "DEV.api.example": "dev", "localhost": "", "localhost:8787": "",
		"127.0.0.1": "", "127.0.0.1:8787": "", "[::1]:80": "", "::1": "", "": "", "dev.": "",
	} {
		if got := origin.Label(host); got != want {
			t.Errorf("Label(%q) = %q, want %q", host, got, want)
		}
	}
}
