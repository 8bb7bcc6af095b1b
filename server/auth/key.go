package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth/ledger"
)

// KeyKind says what a key may do and how it is shown to the server.
type KeyKind string

// The kinds of keys (tcb-wire-protocol.md 3.3 and 10).
const (
	KeyAdmin       KeyKind = "pair"        // id and secret, for TC3 signatures: admin rights
	KeyAPI         KeyKind = "api"         // one bearer text: admin rights
	KeyPublishable KeyKind = "publishable" // one bearer text that may be public: anonymous rights
)

// Key is one key. Its secret parts are filled in only by CreateKey; of a
// publishable key, which is no secret, Keys shows the token too.
type Key struct {
	ID        string    `json:"id"`
	Kind      KeyKind   `json:"kind"`
	SecretID  string    `json:"secretId,omitempty"`
	SecretKey string    `json:"secretKey,omitempty"`
	Token     string    `json:"token,omitempty"` // sent as Authorization: Bearer
	Created   time.Time `json:"created"`
}

// LogValue keeps the secret parts out of the log.
func (k Key) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", k.ID), slog.String("kind", string(k.Kind)))
}

// String names the key without its secret parts.
func (k Key) String() string { return string(k.Kind) + " key " + k.ID }

// bearerKey is a key as it stands in a request: "baas_api.<env>.<id>.<secret>".
// The mark lets leak scanners find it, the env lets a door choose whom to ask.
type bearerKey struct {
	kind            KeyKind
	env, id, secret string
}

var bearerMarks = map[string]KeyKind{"baas_api": KeyAPI, "baas_pub": KeyPublishable}

func parseBearerKey(text string) (bearerKey, bool) {
	if len(text) > maxBearer {
		return bearerKey{}, false
	}
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return bearerKey{}, false
	}
	kind, ok := bearerMarks[parts[0]]
	return bearerKey{kind, parts[1], parts[2], parts[3]}, ok
}

func (k bearerKey) String() string {
	for mark, kind := range bearerMarks {
		if kind == k.kind {
			return strings.Join([]string{mark, k.env, k.id, k.secret}, ".")
		}
	}
	return ""
}

// CreateKey makes a key and returns it with its secret parts, which cannot be
// read again. Code: InvalidParam for an unknown kind.
func (s *Service) CreateKey(ctx context.Context, kind KeyKind) (Key, error) {
	key := Key{ID: s.o.NewID(), Kind: kind, Created: s.o.Now()}
	stored := "" // what the record keeps of the secret
	switch kind {
	case KeyAdmin:
		key.ID = "AKID" + alphanumeric(32)
		key.SecretID = key.ID
		key.SecretKey = alphanumeric(40)
		stored = s.seal(key.ID, key.SecretKey)
	case KeyAPI:
		secret := alphanumeric(43)
		key.Token = bearerKey{kind, s.o.Env, key.ID, secret}.String()
		stored = s.digest("key", key.ID, secret)
	case KeyPublishable:
		secret := alphanumeric(43)
		key.Token = bearerKey{kind, s.o.Env, key.ID, secret}.String()
		stored = s.seal(key.ID, secret)
	default:
		return Key{}, fault.Invalid("kind", "must be %s, %s or %s", KeyAdmin, KeyAPI, KeyPublishable)
	}
	created, err := s.keys.Create(ctx, ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", key.ID)
		b.AddString("kind", string(kind))
		b.AddString("secret", stored)
		b.AddTime("created", key.Created)
	}))
	if err == nil && !created {
		err = fmt.Errorf("auth: new key id %s is taken", key.ID)
	}
	if err != nil {
		return Key{}, err
	}
	return key, nil
}

// Keys lists the keys, oldest first, without what is secret.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	records, err := s.keys.List(ctx, nil, 0)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(records))
	for _, record := range records {
		key := Key{
			ID:      record.Get("_id").Text(),
			Kind:    KeyKind(record.Get("kind").Text()),
			Created: time.UnixMilli(record.Get("created").Millis()),
		}
		switch key.Kind {
		case KeyAdmin:
			key.SecretID = key.ID
		case KeyPublishable:
			secret, err := s.unseal(key.ID, record.Get("secret").Text())
			if err != nil {
				return nil, err
			}
			key.Token = bearerKey{key.Kind, s.o.Env, key.ID, secret}.String()
		case KeyAPI:
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b Key) int { return a.Created.Compare(b.Created) })
	return keys, nil
}

// RevokeKey removes a key; from then on nobody is let in by it, nor by access
// tokens that were got with it. Code: ResourceNotFound.
func (s *Service) RevokeKey(ctx context.Context, id string) error {
	done, err := s.keys.Take(ctx, ledger.ByID(id))
	if err != nil || done {
		return err
	}
	return fault.New(fault.ResourceNotFound, "key: there is none with this id; list them with: baas key list")
}

// keySession marks, in rules.Principal.Session, a caller who came with a key.
const keySession = "key:"

// keyID returns the id of the key that p came with, or "".
func keyID(p rules.Principal) string {
	id, ok := strings.CutPrefix(p.Session, keySession)
	if !ok {
		return ""
	}
	return id
}

// keyPrincipal is the caller behind a key. A publishable key has a user id so
// that it may read what every user may; all who hold it are that one user.
func keyPrincipal(kind KeyKind, id string) rules.Principal {
	if kind == KeyPublishable {
		return rules.Principal{Role: rules.User, UID: id, LoginType: rules.Anonymous, Session: keySession + id}
	}
	return rules.Principal{Role: rules.Admin, Session: keySession + id}
}

func (s *Service) authenticateKey(ctx context.Context, key bearerKey) (rules.Principal, error) {
	invalid := fault.New(fault.CheckLoginFailed, "key: it is unknown here or was revoked; make one with: baas key create --kind %s", key.kind)
	record, err := s.keys.Get(ctx, key.id)
	if err != nil {
		return rules.Principal{}, err
	}
	if record == nil || record.Get("kind").Text() != string(key.kind) || key.env != s.o.Env {
		return rules.Principal{}, invalid
	}
	want := record.Get("secret").Text()
	var got string
	switch key.kind {
	case KeyPublishable:
		if want, err = s.unseal(key.id, want); err != nil {
			return rules.Principal{}, err
		}
		got = key.secret
	default:
		got = s.digest("key", key.id, key.secret)
	}
	if !hmac.Equal([]byte(want), []byte(got)) {
		return rules.Principal{}, invalid
	}
	return keyPrincipal(key.kind, key.id), nil
}

// recheckKey returns the caller behind a key that was shown before.
func (s *Service) recheckKey(ctx context.Context, id string) (rules.Principal, error) {
	record, err := s.keys.Get(ctx, id)
	if err != nil {
		return rules.Principal{}, err
	}
	if record == nil {
		return rules.Principal{}, fault.New(fault.CheckLoginFailed, "key: it was revoked")
	}
	return keyPrincipal(KeyKind(record.Get("kind").Text()), id), nil
}

// Secret returns the secret key that belongs to a secret id, for checking a
// TC3 signature, and whose rights a good signature gives. With a sessionToken
// the pair is a temporary one (TemporaryCredentials).
// Code: SignInvalid for an unknown id or a bad token.
func (s *Service) Secret(ctx context.Context, secretID, sessionToken string) (string, rules.Principal, error) {
	if sessionToken != "" {
		return s.temporarySecret(secretID, sessionToken)
	}
	unknown := fault.New(fault.SignInvalid, "secretId: it is unknown here or was revoked; make a pair with: baas key create")
	if len(secretID) > maxSecret {
		return "", rules.Principal{}, unknown
	}
	record, err := s.keys.Get(ctx, secretID)
	if err != nil {
		return "", rules.Principal{}, err
	}
	if record == nil || record.Get("kind").Text() != string(KeyAdmin) {
		return "", rules.Principal{}, unknown
	}
	secret, err := s.unseal(secretID, record.Get("secret").Text())
	if err != nil {
		return "", rules.Principal{}, err
	}
	return secret, keyPrincipal(KeyAdmin, secretID), nil
}

// alphanumeric returns n random letters and digits, 5.95 bits each.
func alphanumeric(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, n)
	for len(out) < n {
		var b [64]byte
		_, _ = rand.Read(b[:]) // never fails: it ends the program instead
		for _, x := range b {
			// 248 = 4·62: above it some letters would be likelier.
			if x < 248 && len(out) < n {
				out = append(out, alphabet[int(x)%len(alphabet)])
			}
		}
	}
	return string(out)
}
