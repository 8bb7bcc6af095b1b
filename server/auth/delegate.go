package auth

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"baas/db/fault"
	"baas/db/rules"
)

// Credentials are a temporary key pair with a session token: what a function
// finds in TENCENTCLOUD_SECRETID, _SECRETKEY and _SESSIONTOKEN
// (tcb-wire-protocol.md 13).
type Credentials struct {
	SecretID, SecretKey, SessionToken string
	Expires                           time.Time
}

// caller is the form of a principal inside a session token.
type caller struct {
	Role      rules.Role      `json:"role"`
	UID       string          `json:"uid,omitempty"`
	OpenID    string          `json:"openid,omitempty"`
	UnionID   string          `json:"unionid,omitempty"`
	AppID     string          `json:"appid,omitempty"`
	LoginType rules.LoginType `json:"loginType,omitempty"`
	Session   string          `json:"session,omitempty"`
	ClientIP  string          `json:"clientIP,omitempty"`
	Source    string          `json:"source,omitempty"`
	Function  string          `json:"function,omitempty"`
	Request   string          `json:"request,omitempty"`
}

// maxTemporary is the longest life of temporary credentials: more than the
// longest run of a function.
const maxTemporary = 24 * time.Hour

// TemporaryCredentials makes a pair that acts as p for at most ttl. Nothing
// is stored: the token carries the principal, signed, and the secret key
// follows from the id under a key of the server's, so that a pair for every
// invocation costs no write.
//
// Code: InvalidParam for p of the server itself or a ttl outside (0, 24 h].
func (s *Service) TemporaryCredentials(_ context.Context, p rules.Principal, ttl time.Duration) (Credentials, error) {
	if p.Role >= rules.System {
		return Credentials{}, fault.Invalid("principal", "the server's own rights cannot be lent")
	}
	if ttl <= 0 || ttl > maxTemporary {
		return Credentials{}, fault.Invalid("ttl", "must be more than 0 and at most %v", maxTemporary)
	}
	text, err := json.Marshal(caller(p))
	if err != nil {
		return Credentials{}, err
	}
	id := "AKID" + alphanumeric(32)
	c := claims{Caller: text, RegisteredClaims: jwt.RegisteredClaims{Subject: id}}
	token, err := s.sign(forFunction, c, ttl)
	if err != nil {
		return Credentials{}, err
	}
	if len(token) > maxBearer {
		return Credentials{}, fmt.Errorf("auth: session token of %d bytes is too long", len(token))
	}
	return Credentials{
		SecretID: id, SecretKey: s.passingKey(id), SessionToken: token, Expires: s.o.Now().Add(ttl),
	}, nil
}

func (s *Service) passingKey(id string) string { return hex.EncodeToString(mac(s.passing, id)) }

func (s *Service) temporarySecret(id, token string) (string, rules.Principal, error) {
	c, _, err := s.verify(token, forFunction)
	if errors.Is(err, errExpired) {
		return "", rules.Principal{}, fault.New(fault.SignInvalid, "sessionToken: the temporary credentials have expired")
	}
	if err != nil || c.Subject != id {
		return "", rules.Principal{}, fault.Wrap(fault.SignInvalid, err, "sessionToken: it is not valid here or belongs to another secretId")
	}
	var p caller
	if err := json.Unmarshal(c.Caller, &p); err != nil {
		return "", rules.Principal{}, fmt.Errorf("auth: principal in a session token: %w", err)
	}
	return s.passingKey(id), rules.Principal(p), nil
}

// SignSocket makes the sign with which p logs in on a watch connection
// (tcb-wire-protocol.md 9.1). It is good for two minutes: the SDK asks for one
// before each connection.
// Code: InvalidRequestSource when p is a function or the server itself.
func (s *Service) SignSocket(_ context.Context, p rules.Principal) (string, error) {
	if p.Session == "" && p.Role != rules.Nobody {
		return "", fault.New(fault.InvalidRequestSource, "watch: only clients and keys can open a watch connection")
	}
	c := claims{Session: p.Session, RegisteredClaims: jwt.RegisteredClaims{Subject: p.UID}}
	return s.sign(forSocket, c, socketLife)
}

// VerifySocket returns the caller behind a sign, as the session or key stands
// now. Codes: SignExpired, and CheckLoginFailed for a sign that is not valid
// or whose session was ended; both make the SDK log in anew.
func (s *Service) VerifySocket(ctx context.Context, sign string) (rules.Principal, error) {
	c, _, err := s.verify(sign, forSocket)
	if errors.Is(err, errExpired) {
		return rules.Principal{}, fault.New(fault.SignExpired, "signStr: it has expired; ask for a new one with auth.wsWebSign")
	}
	if err != nil {
		return rules.Principal{}, fault.Wrap(fault.CheckLoginFailed, err, "signStr: it is not valid here; ask for a new one with auth.wsWebSign")
	}
	p, err := s.Recheck(ctx, rules.Principal{UID: c.Subject, Session: c.Session})
	if fault.Is(err, fault.AccessTokenExpired) {
		return rules.Principal{}, fault.New(fault.CheckLoginFailed, "signStr: its session was ended; log in again")
	}
	return p, err
}

// ClientCredential makes an access token with the rights of an admin key whose
// signature the door has checked (tcb-wire-protocol.md 11). It cannot be
// renewed and dies with the key.
// Code: PermissionDenied when p did not come with an admin key.
func (s *Service) ClientCredential(_ context.Context, p rules.Principal) (Session, error) {
	if p.Role != rules.Admin || keyID(p) == "" {
		return Session{}, fault.New(fault.PermissionDenied, "client credentials: sign the request with an admin key pair")
	}
	token, err := s.sign(forAdmin, claims{Session: p.Session}, s.o.AccessLife)
	if err != nil {
		return Session{}, err
	}
	return Session{AccessToken: token, ExpiresIn: s.o.AccessLife, Scope: "admin"}, nil
}

// authenticateAdmin returns the caller behind an access token that
// ClientCredential made.
func (s *Service) authenticateAdmin(ctx context.Context, c claims) (rules.Principal, error) {
	id := keyID(rules.Principal{Session: c.Session})
	p, err := s.recheckKey(ctx, id)
	if err != nil {
		return rules.Principal{}, err
	}
	if p.Role != rules.Admin {
		return rules.Principal{}, refuse(fmt.Errorf("key %q gives no admin rights", id))
	}
	return p, nil
}
