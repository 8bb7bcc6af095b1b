package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"baas/db/fault"
)

// audience is what a token is good for. Each has a key of its own, named by
// the header member kid.
type audience string

const (
	forUser     audience = "user"     // access token of a user
	forAdmin    audience = "admin"    // access token got with an admin key
	forFunction audience = "function" // session token of temporary credentials
	forSocket   audience = "socket"   // sign of a watch connection
)

// claims are the payload of every token.
type claims struct {
	jwt.RegisteredClaims
	Session string          `json:"sid,omitempty"`   // as in rules.Principal
	Epoch   int64           `json:"epoch,omitempty"` // the user's, when the token was made
	Scope   string          `json:"scope,omitempty"`
	Caller  json.RawMessage `json:"caller,omitempty"` // function only: a principal
}

// issuerPrefix stands before the environment's id in the issuer of its tokens.
const issuerPrefix = "baas/"

var errExpired = errors.New("token has expired")

func (s *Service) issuer() string { return issuerPrefix + s.o.Env }

// sign makes a token. Its times are whole seconds; it is dead at c's expiry.
func (s *Service) sign(a audience, c claims, life time.Duration) (string, error) {
	now := s.o.Now()
	c.Issuer = s.issuer()
	c.Audience = jwt.ClaimStrings{string(a)}
	c.IssuedAt = jwt.NewNumericDate(now)
	c.ExpiresAt = jwt.NewNumericDate(now.Add(life))
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	token.Header["kid"] = string(a)
	return token.SignedString(s.signing[a])
}

// verify checks a token made by sign for one of the audiences and returns
// which. The error is errExpired for a good token that is too old, and then
// the claims are returned too; any other token yields an error for the log.
//
// "Issued at" is not compared with the clock: a clock that is set back must
// not log everybody out.
func (s *Service) verify(text string, accepted ...audience) (claims, audience, error) {
	if len(text) > maxBearer {
		return claims{}, "", fmt.Errorf("token of %d bytes is too long", len(text))
	}
	if strings.ContainsAny(text, "\r\n") {
		return claims{}, "", errors.New("token holds a line break") // base64 would skip it
	}
	var c claims
	var a audience
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(s.issuer()),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(s.o.Now),
	)
	_, err := parser.ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		a = audience(kid)
		if !slices.Contains(accepted, a) {
			return nil, fmt.Errorf("key id %q is not accepted here", kid)
		}
		if !slices.Equal(c.Audience, []string{kid}) {
			return nil, fmt.Errorf("audience %q is not that of the key %q", c.Audience, kid)
		}
		return s.signing[a], nil
	})
	if err == nil {
		return c, a, nil
	}
	if onlyExpired(err) {
		return c, a, errExpired
	}
	return claims{}, "", err
}

// onlyExpired reports whether a token is right in everything but its age. The
// parser joins all that is wrong with the claims into one error.
func onlyExpired(err error) bool {
	if !errors.Is(err, jwt.ErrTokenExpired) {
		return false
	}
	for _, other := range []error{
		jwt.ErrTokenInvalidIssuer, jwt.ErrTokenNotValidYet,
		jwt.ErrTokenSignatureInvalid, jwt.ErrTokenUnverifiable, jwt.ErrTokenMalformed,
		jwt.ErrTokenRequiredClaimMissing,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}

// EnvOf returns the environment that a bearer token or key claims to belong
// to, "" when it names none. It chooses whose Service to ask, and proves
// nothing: that Service checks the token.
func EnvOf(bearer string) string {
	if key, ok := parseBearerKey(bearer); ok {
		return key.env
	}
	var c claims
	if len(bearer) > maxBearer {
		return ""
	}
	if _, _, err := jwt.NewParser().ParseUnverified(bearer, &c); err != nil {
		return ""
	}
	if env, ok := strings.CutPrefix(c.Issuer, issuerPrefix); ok {
		return env
	}
	return ""
}

// refuse makes the caller's error for a token that does not verify; what is
// wrong with it goes to the log only.
func refuse(err error) error {
	return fault.Wrap(fault.CheckLoginFailed, err,
		"access token: it is not valid here; log in again and send the new one as Authorization: Bearer")
}
