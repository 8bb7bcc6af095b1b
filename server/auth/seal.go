package auth

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// deriveKeys makes one key per purpose, so that a token of one kind can never
// pass for another.
func (s *Service) deriveKeys() {
	derive := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, s.o.Secret, nil, "baas auth "+s.o.Env+" "+purpose, 32)
		if err != nil {
			// Only a length beyond HKDF's bound fails, and 32 is far below.
			panic("auth: derive key: " + err.Error())
		}
		return key
	}
	s.signing = make(map[audience][]byte)
	for _, a := range []audience{forUser, forAdmin, forFunction, forSocket} {
		s.signing[a] = derive("token for " + string(a))
	}
	s.lookup = derive("lookup")
	s.renewal = derive("refresh token")
	s.passing = derive("temporary credentials")
	sealing, err := chacha20poly1305.NewX(derive("seal"))
	if err != nil {
		panic("auth: sealing key: " + err.Error()) // only a key of another length fails
	}
	s.sealing = sealing
}

// seal encrypts a secret for the database. The owner, the id of the record it
// stands in, is bound to it: moved to another record it does not open.
func (s *Service) seal(owner, secret string) string {
	nonce := randomBytes(s.sealing.NonceSize())
	return base64.RawStdEncoding.EncodeToString(s.sealing.Seal(nonce, nonce, []byte(secret), []byte(owner)))
}

func (s *Service) unseal(owner, sealed string) (string, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < s.sealing.NonceSize() {
		return "", fmt.Errorf("auth: sealed secret of %s is damaged", owner)
	}
	nonce, box := raw[:s.sealing.NonceSize()], raw[s.sealing.NonceSize():]
	secret, err := s.sealing.Open(nil, nonce, box, []byte(owner))
	if err != nil {
		return "", fmt.Errorf("auth: sealed secret of %s does not open: was the server's master key replaced?", owner)
	}
	return string(secret), nil
}

// digest is the name under which something secret is found or compared. Each
// part is preceded by its length: "a","bc" and "ab","c" differ.
func (s *Service) digest(parts ...string) string {
	return hex.EncodeToString(mac(s.lookup, parts...))
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}
