// Package env holds the environments of one server: each a sealed flat with
// its own database, files, functions, users and keys, and the registry that
// opens them.
//
// Nothing crosses between two environments. A door asks the Registry for the
// one a request names and works with that Env only.
package env

import (
	"crypto/hkdf"
	"crypto/sha256"
	"regexp"

	"baas/db"
	"baas/db/fault"
	"baas/functions"
	"baas/server/auth"
	"baas/storage"
)

// Env is one environment. Its services are safe for concurrent use and stay
// valid until the Registry closes.
type Env struct {
	ID        string
	DB        *db.Engine
	Files     *storage.Service
	Functions *functions.Service
	Auth      *auth.Service

	master   []byte
	registry *Registry
}

// IsOther reports whether id names another environment of this server. An id
// that names none is no other one: code that comes from elsewhere may still
// spell the id it had there.
func (e *Env) IsOther(id string) bool {
	if id == "" {
		return false
	}
	named, err := e.registry.Get(id)
	return err == nil && named.ID != e.ID
}

// keyBytes is the length of a derived secret.
const keyBytes = 32

// Key derives the env's secret for one purpose ("watch", "upload"). The same
// purpose always gives the same 32 bytes, another purpose or env other ones.
func (e *Env) Key(purpose string) []byte {
	key, err := deriveKey(e.master, e.ID, purpose)
	if err != nil {
		// Only a length beyond HKDF's bound fails, and keyBytes is far below.
		panic("env: derive key: " + err.Error())
	}
	return key
}

func deriveKey(master []byte, envID, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, "baas env "+envID+" "+purpose, keyBytes)
}

// idPattern is the original's grammar of environment ids, at most 40
// characters (wx-cloud-api.md, vocabulary).
var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// CheckID refuses a string that cannot name an environment. Code: InvalidEnv.
func CheckID(id string) error {
	if !idPattern.MatchString(id) {
		return fault.New(fault.InvalidEnv,
			"env: %.60q is not an environment id: use 1 to 40 of a-z, 0-9, - and _, a letter or digit first", id)
	}
	return nil
}
