package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func parse(t *testing.T, env map[string]string, args ...string) (*Config, error) {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	c := bindConfig(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c, fillConfig(fs, func(name string) string { return env[name] })
}

func TestFlagsWinOverEnvironmentOverFileOverDefaults(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "baas.yaml")
	if err := os.WriteFile(file, []byte("http: 127.0.0.1:1\ndata: from-file\ntrusted-proxies: [10.0.0.0/8, 127.0.0.1/32]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parse(t, map[string]string{"BAAS_CONFIG": file, "BAAS_DATA": "from-env", "BAAS_HTTP": "127.0.0.1:2"}, "--http", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != "127.0.0.1:3" || c.Data != "from-env" || c.Storage != "disk" || len(c.TrustedProxies) != 2 {
		t.Errorf("got %+v", c)
	}
}

func TestConfigMistakesAreNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "baas.yaml")
	if err := os.WriteFile(file, []byte("htpp: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, nil, "--config", file); err == nil || !strings.Contains(err.Error(), "htpp") {
		t.Errorf("unknown key: got %v", err)
	}
	if _, err := parse(t, map[string]string{"BAAS_AUTO_CREATE": "perhaps"}); err == nil || !strings.Contains(err.Error(), "BAAS_AUTO_CREATE") {
		t.Errorf("bad variable: got %v", err)
	}
	c := &Config{
		Data: "d", HTTP: "nonsense", Storage: "s3://KEY:topsecret@host", DB: "mysql",
		PublicURL: "ftp://x", TrustedProxies: []string{"everybody"}, LogLevel: "loud",
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("a wrong configuration was accepted")
	}
	for _, name := range []string{"http:", "db:", "public-url:", "trusted-proxies:", "log-level:"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "topsecret") {
		t.Error("the error shows a secret")
	}
}

func TestDataFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data")
	made, err := openDataDir(path)
	if err != nil || !made.fresh {
		t.Fatalf("make: %v, fresh %v", err, made)
	}
	again, err := openDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.fresh || again.identity != made.identity || string(again.master) != string(made.master) {
		t.Errorf("opened again it is another folder: %+v, was %+v", again, made)
	}
	info, err := os.Stat(filepath.Join(path, "keys", "master.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the master key has mode %v, want 0600 (%v)", info.Mode(), err)
	}
}

func TestDataFolderRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		damage func(path string) error
		want   string
	}{
		{"a newer format", func(p string) error {
			return os.WriteFile(filepath.Join(p, "baas.json"), []byte(`{"id":"x","format":99}`), 0o600)
		}, "newer baas"},
		{"identity is garbage", func(p string) error {
			return os.WriteFile(filepath.Join(p, "baas.json"), []byte(`{`), 0o600)
		}, "damaged"},
		{"identity is gone but data is there", func(p string) error {
			if err := os.WriteFile(filepath.Join(p, "system.bolt"), nil, 0o600); err != nil {
				return err
			}
			return os.Remove(filepath.Join(p, "baas.json"))
		}, "is missing"},
		{"the master key is gone", func(p string) error { return os.Remove(filepath.Join(p, "keys", "master.key")) }, "master key"},
		{"the master key is cut off", func(p string) error { return os.Truncate(filepath.Join(p, "keys", "master.key"), 7) }, "damaged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data")
			if _, err := openDataDir(path); err != nil {
				t.Fatal(err)
			}
			if err := tc.damage(path); err != nil {
				t.Fatal(err)
			}
			if _, err := openDataDir(path); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
