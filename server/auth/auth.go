// Package auth knows who is calling: the users of one environment, their
// sessions and tokens, the methods of logging in, and the keys of servers. It
// turns what a request carries into a rules.Principal.
//
// Dangers first:
//
//   - A user is (provider, appid, openid), never an e-mail or a unionid: two
//     identities are never joined without proof of both.
//   - Everything that may be used once (a login code, a provider token, one
//     generation of a refresh token) is used up by one operation of the
//     database; reading it first is only a short cut to the error.
//   - A token that is well signed may still be dead. Every use looks up the
//     session and the user's epoch; nothing here is cached.
//   - The session_key of a WeChat user is sealed at rest and leaves the server
//     in no reply, token or log line.
package auth

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"time"

	"baas/db"
	"baas/server/auth/ledger"
)

// Options are what a Service needs.
type Options struct {
	DB  *db.Engine // the environment's database
	Env string     // its id: issuer of its tokens
	// Secret is the environment's key for this service, at least 32 bytes.
	// Keys for each purpose are derived from it; whoever has it can forge
	// tokens.
	Secret []byte
	Codes  CodeExchanger // nil: no login by WeChat code
	AppID  string        // mini program assumed when a client names none
	// ReusableCode tells login codes that may come again: only the offline
	// twin has such, for the developer tools send one fixed code when a
	// project has no AppID. Nil: every code is used once.
	ReusableCode func(code string) bool

	Now   func() time.Time // nil: time.Now
	NewID func() string    // nil: 32 random hexadecimal digits
	Log   *slog.Logger     // nil: nothing is logged

	AccessLife  time.Duration // of an access token; 0: 2 h
	RefreshLife time.Duration // of a session that is not renewed; 0: 30 days
}

// Lives that no option sets.
const (
	accessLife   = 2 * time.Hour
	refreshLife  = 30 * 24 * time.Hour
	socketLife   = 2 * time.Minute  // of a socket's sign; the SDK asks for one per connection
	providerLife = 10 * time.Minute // of a provider token, and how long a used code is remembered
	retryWindow  = 10 * time.Second // in which a device may repeat a refresh whose reply it lost
	maxBearer    = 8 << 10          // bytes of a token that are looked at
	maxSecret    = 128              // characters of an id, key or code that a client sends
	maxDeviceID  = 128
)

// Service is the authority of one environment. It is safe for concurrent use
// and keeps all its state in the database.
type Service struct {
	o Options

	users      ledger.Book // _id: user id
	identities ledger.Book // _id: digest of an identity → user id
	sessions   ledger.Book // _id: session id
	codes      ledger.Book // used login codes, open provider tokens
	keys       ledger.Book // _id: key id

	sealing cipher.AEAD
	signing map[audience][]byte
	lookup  []byte // digests under which secrets are stored or found
	renewal []byte // MAC of refresh tokens
	passing []byte // secret keys of temporary credentials
}

// New makes the service of one environment.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = randomID
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.AccessLife == 0 {
		o.AccessLife = accessLife
	}
	if o.RefreshLife == 0 {
		o.RefreshLife = refreshLife
	}
	s := &Service{
		o:          o,
		users:      ledger.Open(o.DB, "sys.users"),
		identities: ledger.Open(o.DB, "sys.identities"),
		sessions:   ledger.Open(o.DB, "sys.sessions"),
		codes:      ledger.Open(o.DB, "sys.codes"),
		keys:       ledger.Open(o.DB, "sys.keys"),
	}
	s.deriveKeys()
	return s
}

// Env returns the id of the environment.
func (s *Service) Env() string { return s.o.Env }

// Sweep removes sessions, codes and provider tokens that have run out and
// returns how many. Nothing depends on it but disk space; once an hour is
// plenty.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	past := ledger.Before("expires", s.o.Now())
	sessions, err := s.sessions.Purge(ctx, past)
	if err != nil {
		return sessions, err
	}
	codes, err := s.codes.Purge(ctx, past)
	return sessions + codes, err
}

func randomID() string { return hex.EncodeToString(randomBytes(16)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return b
}
