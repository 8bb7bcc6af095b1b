package auth

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth/ledger"
)

// Session is the reply to a login or a renewal.
type Session struct {
	UserID       string
	AccessToken  string
	RefreshToken string // empty when the login cannot be renewed
	ExpiresIn    time.Duration
	Scope        string // "anonymous", "user" or "admin"
	// DeviceID identifies an anonymous user, given or made up by the server.
	// It is the account's only secret: whoever has it logs in as that user.
	DeviceID string
}

// session is a record of sys.sessions.
type session struct {
	id         string
	user       string
	epoch      int64  // the user's when the session began
	generation int64  // of the refresh token that is good now
	nonce      string // makes refresh tokens depend on this record too
	device     string // digest of the device id, empty if none was sent
	rotated    time.Time
	expires    time.Time
}

func (n session) doc() value.Doc {
	return ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", n.id)
		b.AddString("user", n.user)
		b.AddInt64("epoch", n.epoch)
		b.AddInt64("generation", n.generation)
		b.AddString("nonce", n.nonce)
		b.AddString("device", n.device)
		b.AddTime("rotated", n.rotated)
		b.AddTime("expires", n.expires)
	})
}

func readSession(d value.Doc) session {
	epoch, _ := d.Get("epoch").AsInt64()
	generation, _ := d.Get("generation").AsInt64()
	return session{
		id:         d.Get("_id").Text(),
		user:       d.Get("user").Text(),
		epoch:      epoch,
		generation: generation,
		nonce:      d.Get("nonce").Text(),
		device:     d.Get("device").Text(),
		rotated:    time.UnixMilli(d.Get("rotated").Millis()),
		expires:    time.UnixMilli(d.Get("expires").Millis()),
	}
}

type deviceKey struct{}

// WithDevice tells, for logins and renewals under ctx, the device id that the
// client sent (header x-device-id). It ties the session to the device.
func WithDevice(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, deviceKey{}, id)
}

func (s *Service) device(ctx context.Context) string {
	id, _ := ctx.Value(deviceKey{}).(string)
	if id == "" {
		return ""
	}
	return s.digest("device", id)
}

// The SDKs send 16 to 48 characters (tcb-wire-protocol.md 11). A shorter id
// can be guessed, and it is all that protects an anonymous account.
var deviceID = regexp.MustCompile(`^[A-Za-z0-9._:-]{16,128}$`)

// SignInAnonymously logs in the user of a device; the first time it makes one.
// With deviceID "" the user is new, and Session.DeviceID is how to come back.
// Code: InvalidParam for an id that is not 16 to 128 of A-Z a-z 0-9 . _ : -
func (s *Service) SignInAnonymously(ctx context.Context, device string) (Session, error) {
	if device == "" {
		device = randomID()
	}
	if !deviceID.MatchString(device) {
		return Session{}, fault.Invalid("x-device-id", "must be 16 to %d of the characters A-Z a-z 0-9 . _ : -", maxDeviceID)
	}
	u, err := s.enroll(ctx, s.digest(providerAnonymous, device), user{
		User: User{LoginType: rules.Anonymous, Provider: providerAnonymous},
	})
	if err != nil {
		return Session{}, err
	}
	if err := s.noteLogin(ctx, &u); err != nil {
		return Session{}, err
	}
	opened, err := s.begin(WithDevice(ctx, device), u)
	opened.DeviceID = device
	return opened, err
}

// begin opens a session of a user who has just proved who he is.
func (s *Service) begin(ctx context.Context, u user) (Session, error) {
	now := s.o.Now()
	n := session{
		id:      s.o.NewID(),
		user:    u.ID,
		epoch:   u.epoch,
		nonce:   randomID(),
		device:  s.device(ctx),
		rotated: now,
		expires: now.Add(s.o.RefreshLife),
	}
	if _, err := s.sessions.Create(ctx, n.doc()); err != nil {
		return Session{}, err
	}
	return s.issue(u, n)
}

// issue makes the tokens of a session.
func (s *Service) issue(u user, n session) (Session, error) {
	c := claims{Session: n.id, Epoch: u.epoch, Scope: u.scope()}
	c.RegisteredClaims = jwt.RegisteredClaims{Subject: u.ID}
	access, err := s.sign(forUser, c, s.o.AccessLife)
	if err != nil {
		return Session{}, err
	}
	return Session{
		UserID:       u.ID,
		AccessToken:  access,
		RefreshToken: s.refreshToken(n),
		ExpiresIn:    s.o.AccessLife,
		Scope:        u.scope(),
	}, nil
}

// Authenticate returns the caller behind an access token, an API key (Admin)
// or a publishable key (a user with anonymous rights whom all its holders
// share); "" is Nobody.
//
// Codes: AccessTokenExpired for a token that is too old or whose session was
// ended, so that an SDK tries its refresh token and learns the rest there;
// CheckLoginFailed for anything else that is not valid here.
func (s *Service) Authenticate(ctx context.Context, bearer string) (rules.Principal, error) {
	if bearer == "" {
		return rules.Principal{}, nil
	}
	if key, ok := parseBearerKey(bearer); ok {
		return s.authenticateKey(ctx, key)
	}
	c, a, err := s.verify(bearer, forUser, forAdmin)
	if err != nil {
		return rules.Principal{}, refuseAccess(err)
	}
	if a == forAdmin {
		return s.authenticateAdmin(ctx, c)
	}
	u, n, err := s.standing(ctx, c.Session)
	if err != nil {
		return rules.Principal{}, err
	}
	if u.ID != c.Subject || u.epoch != c.Epoch {
		return rules.Principal{}, ended()
	}
	return u.principal(n.id), nil
}

func refuseAccess(err error) error {
	if errors.Is(err, errExpired) {
		return fault.New(fault.AccessTokenExpired, "access token: it has expired; renew it with the refresh token")
	}
	return refuse(err)
}

func ended() error {
	return fault.New(fault.AccessTokenExpired, "access token: its session was ended; log in again")
}

// standing returns a session that is still good, with its user. Code:
// AccessTokenExpired when it is not.
func (s *Service) standing(ctx context.Context, id string) (user, session, error) {
	d, err := s.sessions.Get(ctx, id)
	if err != nil {
		return user{}, session{}, err
	}
	if d == nil {
		return user{}, session{}, ended()
	}
	n := readSession(d)
	u, ok, err := s.user(ctx, n.user)
	if err != nil {
		return user{}, session{}, err
	}
	if !ok || u.epoch != n.epoch || !s.o.Now().Before(n.expires) {
		return user{}, session{}, ended()
	}
	return u, n, nil
}

// Recheck returns the caller anew if what it proved still stands: for
// connections that outlive their first request. Codes: AccessTokenExpired for
// an ended session, CheckLoginFailed for a revoked key.
func (s *Service) Recheck(ctx context.Context, p rules.Principal) (rules.Principal, error) {
	if id := keyID(p); id != "" {
		return s.recheckKey(ctx, id)
	}
	if p.Session == "" {
		return rules.Principal{}, nil
	}
	u, n, err := s.standing(ctx, p.Session)
	if err != nil {
		return rules.Principal{}, err
	}
	if u.ID != p.UID {
		return rules.Principal{}, ended()
	}
	return u.principal(n.id), nil
}

// SignOut ends the session that the caller came with: its access token, its
// refresh token, its sockets. A caller without one is no error.
func (s *Service) SignOut(ctx context.Context, p rules.Principal) error {
	if p.Session == "" || keyID(p) != "" {
		return nil
	}
	_, err := s.sessions.Take(ctx, ledger.ByID(p.Session))
	return err
}

// Revoke ends the session of an access token, even one that has expired, or
// of a refresh token. A token that means nothing here is no error (RFC 7009).
func (s *Service) Revoke(ctx context.Context, token string) error {
	id := ""
	if c, _, err := s.verify(token, forUser); err == nil || errors.Is(err, errExpired) {
		id = c.Session
	} else if n, ok, err := s.refreshed(ctx, token); err != nil {
		return err
	} else if ok {
		id = n.id
	}
	if id == "" {
		return nil
	}
	_, err := s.sessions.Take(ctx, ledger.ByID(id))
	return err
}
