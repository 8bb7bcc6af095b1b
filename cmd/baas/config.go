package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// Config is what one server needs to know. Every field is a flag, a BAAS_*
// environment variable and a key of the config file, all under one name; flags
// win over the environment, that over the file, that over the defaults.
type Config struct {
	Data           string   // the data folder
	HTTP           string   // address to listen on, host:port; port 0 picks a free one
	Storage        string   // "disk" or s3://KEY:SECRET@host/bucket/prefix
	DB             string   // "bolt"
	PublicURL      string   // how clients reach the server; empty: derived from each request
	TrustedProxies []string // address ranges whose forwarded headers are believed
	WeChatAppID    string
	WeChatSecret   string        // AppSecret; never logged
	WeChatTwin     bool          // log in against the built-in stand-in for WeChat
	AutoCreate     bool          // create a missing collection on its first write
	MaxCollections int           // per environment
	HistoryAge     time.Duration // how long the change log, and what was dropped, is kept
	HistoryBytes   int           // how much of the change log is kept, per environment
	DroppedBytes   int64         // how much of dropped collections is kept, per environment
	LogLevel       string        // debug, info, warn, error
}

// bindConfig declares the settings as flags of fs and returns the Config that
// they fill.
func bindConfig(fs *pflag.FlagSet) *Config {
	c := new(Config)
	fs.StringVar(&c.Data, "data", "./data", "data folder")
	fs.StringVar(&c.HTTP, "http", "127.0.0.1:8787", "address to listen on")
	fs.StringVar(&c.Storage, "storage", "disk", "where files are kept: disk, or s3://KEY:SECRET@host/bucket/prefix")
	fs.StringVar(&c.DB, "db", "bolt", "database engine: bolt")
	fs.StringVar(&c.PublicURL, "public-url", "", "URL under which clients reach the server, for example https://api.example.com")
	fs.StringSliceVar(&c.TrustedProxies, "trusted-proxies", nil, "address ranges whose X-Forwarded-* headers are believed, for example 127.0.0.1/32")
	fs.StringVar(&c.WeChatAppID, "wechat-appid", "", "AppID of the mini program")
	fs.StringVar(&c.WeChatSecret, "wechat-secret", "", "AppSecret of the mini program (better set by BAAS_WECHAT_SECRET)")
	fs.BoolVar(&c.WeChatTwin, "wechat-twin", true, "without an AppSecret, accept wx.login codes from the built-in offline stand-in for WeChat")
	fs.BoolVar(&c.AutoCreate, "auto-create", false, "create a missing collection on its first write")
	fs.IntVar(&c.MaxCollections, "max-collections", 1000, "collections that an environment may have")
	fs.DurationVar(&c.HistoryAge, "history-age", 7*24*time.Hour, "how long the history of documents, and dropped collections, are kept")
	fs.IntVar(&c.HistoryBytes, "history-bytes", 256<<20, "bytes of history that an environment keeps at most")
	fs.Int64Var(&c.DroppedBytes, "dropped-bytes", 1<<30, "bytes of dropped collections that an environment keeps at most; 0 keeps none")
	fs.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
	fs.String("config", "", "config file (YAML); its keys are the names of these flags")
	return c
}

// envName is the environment variable of a setting: data → BAAS_DATA.
func envName(flag string) string {
	return "BAAS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fillConfig completes parsed flags from the environment and the config file.
// All problems are reported at once.
func fillConfig(fs *pflag.FlagSet, getenv func(string) string) error {
	file, err := readConfigFile(fs, getenv)
	if err != nil {
		return err
	}
	var problems []error
	fs.VisitAll(func(f *pflag.Flag) {
		text, fromFile := file[f.Name]
		delete(file, f.Name)
		source := "config file"
		if v := getenv(envName(f.Name)); v != "" {
			text, fromFile, source = v, true, envName(f.Name)
		}
		if f.Changed || !fromFile {
			return
		}
		if err := fs.Set(f.Name, text); err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: %w", source, f.Name, err))
		}
	})
	for key := range file {
		problems = append(problems, fmt.Errorf("config file: unknown key %q", key))
	}
	return errors.Join(problems...)
}

func readConfigFile(fs *pflag.FlagSet, getenv func(string) string) (map[string]string, error) {
	path, err := fs.GetString("config")
	if err != nil || path == "" {
		path = getenv(envName("config"))
	}
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config file: %w", err)
	}
	var raw map[string]any
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("config file: %w", err)
	}
	out := make(map[string]string, len(raw))
	for key, v := range raw {
		out[key] = settingText(v)
	}
	return out, nil
}

func settingText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = fmt.Sprint(e)
	}
	return strings.Join(parts, ",")
}

// Validate reports every wrong setting, each with the way to mend it.
func (c *Config) Validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Data == "" {
		bad("data: must name a folder")
	}
	if _, _, err := net.SplitHostPort(c.HTTP); err != nil {
		bad("http: %q is not host:port, for example 127.0.0.1:8787", c.HTTP)
	}
	if c.DB != "bolt" {
		bad("db: %q is not known; use bolt", c.DB)
	}
	if c.Storage != "disk" && !strings.HasPrefix(c.Storage, "s3://") {
		bad("storage: must be disk or s3://KEY:SECRET@host/bucket/prefix")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			bad("public-url: %q is not an http(s) URL", c.PublicURL)
		}
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			bad("trusted-proxies: %q is not an address range such as 10.0.0.0/8", p)
		}
	}
	if c.MaxCollections < 1 {
		bad("max-collections: must be 1 or more")
	}
	if c.HistoryAge < time.Minute || c.HistoryAge > 366*24*time.Hour {
		bad("history-age: must be from 1m to 8784h (a year)")
	}
	if c.HistoryBytes < 1<<20 {
		bad("history-bytes: must be 1048576 (1 MiB) or more")
	}
	if c.DroppedBytes < 0 {
		bad("dropped-bytes: must be 0 or more")
	}
	if _, ok := logLevels[c.LogLevel]; !ok {
		bad("log-level: %q is not debug, info, warn or error", c.LogLevel)
	}
	return errors.Join(problems...)
}
