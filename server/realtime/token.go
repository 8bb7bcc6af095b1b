package realtime

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"baas/db/fault"
)

// keyPurpose names the environment's key under which tokens are signed.
const keyPurpose = "watch"

// A queryID is a signed, self-describing token: everything needed to run the
// watch again after a reconnect or a restart of the server. It grants nothing:
// the caller of REBUILD_WATCH has logged in, and permissions are asked anew.

// spec is what a client asked to watch.
type spec struct {
	Env        string          `json:"e"`
	Collection string          `json:"c"`
	Query      string          `json:"q"` // JSON text, old dialect
	OrderBy    json.RawMessage `json:"o,omitempty"`
	Limit      int64           `json:"l,omitempty"`
}

// sign makes the token of s.
func (s spec) sign(key []byte) (string, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(body) + "." + enc.EncodeToString(mac(key, body)), nil
}

// openToken reads a token back. Code: WatchQueryInvalid for one that is not
// ours or of another environment.
func openToken(key []byte, token, envID string) (spec, error) {
	bad := fault.New(fault.WatchQueryInvalid, "queryID: not a watch of this environment; start the watch again")
	head, tail, ok := strings.Cut(token, ".")
	if !ok {
		return spec{}, bad
	}
	enc := base64.RawURLEncoding
	body, err := enc.DecodeString(head)
	if err != nil {
		return spec{}, bad
	}
	sum, err := enc.DecodeString(tail)
	if err != nil || !hmac.Equal(sum, mac(key, body)) {
		return spec{}, bad
	}
	var s spec
	if err := json.Unmarshal(body, &s); err != nil || s.Env != envID {
		return spec{}, bad
	}
	return s, nil
}

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)
}
