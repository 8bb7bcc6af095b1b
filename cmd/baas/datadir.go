package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// formatVersion is the version of the data folder's layout. A newer one is
// refused; see docs/storage-format.md.
const formatVersion = 1

// identity is data/baas.json: what the folder is and which format it has.
type identity struct {
	ID         string `json:"id"` // 32 hex digits; each store in the folder carries it too
	Format     int    `json:"format"`
	Generation int    `json:"generation"` // raised by restore and repair, so that old watch positions are void
}

// dataDir is an opened data folder (house contract 2.4).
type dataDir struct {
	path     string
	identity identity
	fresh    bool // the folder was made by this start
	master   []byte
}

// openDataDir opens the folder or makes a new one. An existing folder without
// its identity is refused: it would be mistaken for an empty one.
func openDataDir(path string) (*dataDir, error) {
	d := &dataDir{path: path}
	err := d.readIdentity()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := d.create(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if d.master, err = d.readMasterKey(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *dataDir) file(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

func (d *dataDir) readIdentity() error {
	data, err := os.ReadFile(d.file("baas.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &d.identity); err != nil {
		return fmt.Errorf("%s is damaged (%w); restore it from a backup", d.file("baas.json"), err)
	}
	if d.identity.Format > formatVersion {
		return fmt.Errorf("the data folder has format %d, this baas knows %d: start a newer baas", d.identity.Format, formatVersion)
	}
	return nil
}

func (d *dataDir) create() error {
	if _, err := os.Stat(d.file("system.bolt")); err == nil {
		return fmt.Errorf("%s is missing, but the folder holds data; restore that file from a backup", d.file("baas.json"))
	}
	for _, dir := range []string{"", "envs", "keys"} {
		if err := os.MkdirAll(d.file(dir), 0o700); err != nil {
			return err
		}
	}
	id, err := randomHex(16)
	if err != nil {
		return err
	}
	key, err := randomHex(32)
	if err != nil {
		return err
	}
	if err := writeFileSync(d.file("keys", "master.key"), []byte(key+"\n")); err != nil {
		return err
	}
	d.fresh = true
	d.identity = identity{ID: id, Format: formatVersion, Generation: 1}
	data, err := json.MarshalIndent(d.identity, "", "  ")
	if err != nil {
		return err
	}
	return writeFileSync(d.file("baas.json"), append(data, '\n'))
}

func (d *dataDir) readMasterKey() ([]byte, error) {
	data, err := os.ReadFile(d.file("keys", "master.key"))
	if err != nil {
		return nil, fmt.Errorf("the master key is missing (%w); restore data/keys from a backup: without it tokens and secrets cannot be read", err)
	}
	key, err := hex.DecodeString(string(data[:max(0, len(data)-1)]))
	if err != nil || len(key) != 32 {
		return nil, errors.New("keys/master.key is damaged; restore it from a backup")
	}
	return key, nil
}

// localServer is data/local.json: how commands find the server that runs on
// this folder, and the credential that only readers of the folder have.
type localServer struct {
	URL        string `json:"url"`
	Credential string `json:"credential"`
	PID        int    `json:"pid"`
}

func (d *dataDir) announce(s localServer) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeFileSync(d.file("local.json"), append(data, '\n'))
}

func (d *dataDir) withdraw() error {
	err := os.Remove(d.file("local.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func readLocalServer(path string) (localServer, error) {
	var s localServer
	data, err := os.ReadFile(filepath.Join(path, "local.json"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

// writeFileSync writes a private file so that after a crash either the old or
// the new content is there.
func writeFileSync(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func randomHex(n int) (string, error) {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}
