package s3_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"baas/storage/s3"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, url string
		want      s3.Config
	}{
		{
			"everything", "s3://AK:sk@s3.example.com:9000/my-bucket/a/b?region=eu-1&secure=false",
			s3.Config{"s3.example.com:9000", "my-bucket", "a/b/", "eu-1", false, "AK", "sk"},
		},
		{
			"no prefix", "s3://AK:sk@s3.example.com/bucket",
			s3.Config{"s3.example.com", "bucket", "", "", true, "AK", "sk"},
		},
		{
			"slash at the end", "s3://AK:sk@s3.example.com/bucket/",
			s3.Config{"s3.example.com", "bucket", "", "", true, "AK", "sk"},
		},
		{
			"prefix with a slash at the end", "s3://AK:sk@s3.example.com/bucket/x/",
			s3.Config{"s3.example.com", "bucket", "x/", "", true, "AK", "sk"},
		},
		{
			"this machine is reached without https", "s3://AK:sk@127.0.0.1:9000/bucket",
			s3.Config{"127.0.0.1:9000", "bucket", "", "", false, "AK", "sk"},
		},
		{
			"this machine by name", "s3://AK:sk@localhost:9000/bucket",
			s3.Config{"localhost:9000", "bucket", "", "", false, "AK", "sk"},
		},
		{
			"this machine by IPv6", "s3://AK:sk@[::1]:9000/bucket",
			s3.Config{"[::1]:9000", "bucket", "", "", false, "AK", "sk"},
		},
		{
			"this machine with https", "s3://AK:sk@127.0.0.1:9000/bucket?secure=true",
			s3.Config{"127.0.0.1:9000", "bucket", "", "", true, "AK", "sk"},
		},
		{
			"secret with slashes and signs", "s3://AK:a/b+c=@d@h.example/bucket",
			s3.Config{"h.example", "bucket", "", "", true, "AK", "a/b+c=@d"},
		},
		{
			"secret percent-encoded", "s3://A%3AK:a%2Fb%25@h.example/bucket",
			s3.Config{"h.example", "bucket", "", "", true, "A:K", "a/b%"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := s3.Parse(tc.url)
			if err != nil || got != tc.want {
				t.Errorf("Parse = %+v (secret %q), %v; want %+v (secret %q)", got, string(got.SecretKey), err, tc.want, string(tc.want.SecretKey))
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, url, says string }{
		{"another scheme", "https://SECRETKEY:TOPSECRET@h/bucket", "must have the form"},
		{"no credentials", "s3://h/bucket", "credentials are missing"},
		{"no secret", "s3://SECRETKEY@h/bucket", "KEY:SECRET"},
		{"empty secret", "s3://SECRETKEY:@h/bucket", "KEY:SECRET"},
		{"bad escape", "s3://SECRETKEY:TOPSECRET%zz@h/bucket", "%25"},
		{"no host", "s3://SECRETKEY:TOPSECRET@/bucket", "host is missing"},
		{"bad host", "s3://SECRETKEY:TOPSECRET@h h/bucket", "host is missing or malformed"},
		{"bad port", "s3://SECRETKEY:TOPSECRET@h:99999/bucket", "not a port"},
		{"no bucket", "s3://SECRETKEY:TOPSECRET@h", "not a bucket name"},
		{"bad bucket", "s3://SECRETKEY:TOPSECRET@h/Bucket_1", "not a bucket name"},
		{"dots in the prefix", "s3://SECRETKEY:TOPSECRET@h/bucket/../x", "prefix"},
		{"empty part of the prefix", "s3://SECRETKEY:TOPSECRET@h/bucket/a//b", "prefix"},
		{"bad secure", "s3://SECRETKEY:TOPSECRET@h/bucket?secure=maybe", "secure must be"},
		{"unknown option", "s3://SECRETKEY:TOPSECRET@h/bucket?sekure=1", "unknown option"},
		{"bad options", "s3://SECRETKEY:TOPSECRET@h/bucket?%zz", "malformed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := s3.Parse(tc.url)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("Parse: %v, want an error with %q", err, tc.says)
			}
			if strings.Contains(err.Error(), "TOPSECRET") || strings.Contains(err.Error(), "SECRETKEY") {
				t.Errorf("the error shows credentials: %v", err)
			}
		})
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	c, err := s3.Parse("s3://AK:TOPSECRET@h.example/bucket")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("storage", "config", c, "secret", c.SecretKey)
	for how, text := range map[string]string{
		"%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", &c), "%#v": fmt.Sprintf("%#v", c), "String": c.SecretKey.String(),
		"%q": fmt.Sprintf("%q", c.SecretKey), "JSON": string(asJSON), "slog": logged.String(),
	} {
		if strings.Contains(text, "TOPSECRET") || !strings.Contains(text, "[redacted]") {
			t.Errorf("%s prints %s", how, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://AK:sk@s3.example.com:9000/my-bucket/a/b?region=eu-1&secure=false")
	f.Add("s3://a:b@[::1]:9000/bucket")
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := s3.Parse(raw)
		if err == nil && (c.Endpoint == "" || c.Bucket == "" || c.AccessKey == "" || c.SecretKey == "") {
			t.Errorf("Parse(%q) = %+v without an error", raw, c)
		}
	})
}
