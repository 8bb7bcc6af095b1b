package s3

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Config says where objects are kept. It may be printed and logged: the secret
// key shows as "[redacted]".
type Config struct {
	Endpoint  string // host or host:port
	Bucket    string
	Prefix    string // before each key; empty, or ends in a slash
	Region    string // empty: asked of the store
	Secure    bool   // https
	AccessKey string
	SecretKey Secret
}

// Secret is a text that does not print.
type Secret string

const redacted = "[redacted]"

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

const form = "s3://KEY:SECRET@host/bucket/prefix?region=…&secure=…"

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPart = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)
)

// Parse reads a storage URL: s3://KEY:SECRET@host/bucket/prefix, where the
// prefix may be missing. KEY and SECRET may be percent-encoded. Options:
// region=NAME, and secure=true or false (https or http; https unless the host
// is this machine). No error shows the key or the secret.
func Parse(raw string) (Config, error) {
	rest, ok := strings.CutPrefix(raw, "s3://")
	if !ok {
		return Config{}, errors.New("storage URL: must have the form " + form)
	}
	rest, query, _ := strings.Cut(rest, "?")
	// A secret may hold slashes, so the credentials end at the last "@".
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return Config{}, errors.New("storage URL: the credentials are missing; must have the form " + form)
	}
	c := Config{}
	if err := c.setCredentials(rest[:at]); err != nil {
		return Config{}, err
	}
	if err := c.setPlace(rest[at+1:]); err != nil {
		return Config{}, err
	}
	return c, c.setOptions(query)
}

func (c *Config) setCredentials(text string) error {
	key, secret, ok := strings.Cut(text, ":")
	if !ok || key == "" || secret == "" {
		return errors.New("storage URL: KEY:SECRET must both be there before the @")
	}
	key, keyErr := url.PathUnescape(key)
	secret, secretErr := url.PathUnescape(secret)
	if keyErr != nil || secretErr != nil {
		return errors.New("storage URL: write a % in KEY or SECRET as %25")
	}
	c.AccessKey, c.SecretKey = key, Secret(secret)
	return nil
}

func (c *Config) setPlace(text string) error {
	endpoint, place, _ := strings.Cut(text, "/")
	bucket, prefix, _ := strings.Cut(place, "/")
	host := endpoint
	if h, port, err := net.SplitHostPort(endpoint); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("storage URL: %q is not a port", port)
		}
		host = h
	}
	if host == "" || strings.ContainsAny(endpoint, " \t\\\"<>#%") {
		return errors.New("storage URL: the host is missing or malformed; must have the form " + form)
	}
	if !bucketName.MatchString(bucket) {
		return fmt.Errorf("storage URL: %q is not a bucket name: 3 to 63 of a-z, 0-9, '-' and '.'", bucket)
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		for part := range strings.SplitSeq(prefix, "/") {
			if !prefixPart.MatchString(part) {
				return fmt.Errorf("storage URL: %q in the prefix: use A-Z, a-z, 0-9, '-', '_' and '.'", part)
			}
		}
		prefix += "/"
	}
	c.Endpoint, c.Bucket, c.Prefix = endpoint, bucket, prefix
	ip := net.ParseIP(strings.Trim(host, "[]"))
	c.Secure = host != "localhost" && (ip == nil || !ip.IsLoopback())
	return nil
}

func (c *Config) setOptions(query string) error {
	options, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("storage URL: the options after the ? are malformed")
	}
	for name, values := range options {
		switch name {
		case "region":
			c.Region = values[0]
		case "secure":
			if c.Secure, err = strconv.ParseBool(values[0]); err != nil {
				return errors.New("storage URL: secure must be true or false")
			}
		default:
			return fmt.Errorf("storage URL: unknown option %q; there are region and secure", name)
		}
	}
	return nil
}

// Below returns the place of one env: the same bucket, name added to the
// prefix. Nothing is shared between the places of two names.
func (c Config) Below(name string) Config {
	c.Prefix += name + "/"
	return c
}
