package auth

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"

	"baas/db/fault"
	"baas/db/value"
	"baas/server/auth/ledger"
)

// A refresh token is "r1.<session>.<generation>.<MAC>". The MAC covers both
// and a random nonce in the session's record under a key that is not in the
// database. So neither the database nor the key alone yields a token, no
// token is stored, and the successor of a token can be given twice to a
// device that lost the first reply.
const refreshMark = "r1."

func (s *Service) refreshToken(n session) string {
	generation := strconv.FormatInt(n.generation, 10)
	sum := mac(s.renewal, n.id, generation, n.nonce)
	return refreshMark + n.id + "." + generation + "." + base64.RawURLEncoding.EncodeToString(sum)
}

// refreshed returns the session of a genuine refresh token of any generation;
// the generation returned in it is the token's.
func (s *Service) refreshed(ctx context.Context, token string) (n session, ok bool, err error) {
	rest, marked := strings.CutPrefix(token, refreshMark)
	parts := strings.Split(rest, ".")
	if !marked || len(parts) != 3 || len(token) > maxBearer {
		return session{}, false, nil
	}
	generation, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return session{}, false, nil //nolint:nilerr // a text that is no number is no token
	}
	d, err := s.sessions.Get(ctx, parts[0])
	if err != nil || d == nil {
		return session{}, false, err
	}
	n = readSession(d)
	n.generation = generation
	if !hmac.Equal([]byte(s.refreshToken(n)), []byte(token)) {
		return session{}, false, nil
	}
	return n, true, nil
}

// Refresh renews a session's access token. With rotate the refresh token is
// used up and its successor returned; without, as generation 1 of the SDKs
// wants it, the same token is returned and keeps its end.
//
// Of many callers that rotate one token, one succeeds. A used token that
// comes again ends the session, for one of its two holders is a thief; only
// within ten seconds is it merely refused, and the device that the session
// was opened on (WithDevice) is given the same successor once more, because
// SDKs repeat a request whose reply they did not get.
//
// Codes: RefreshTokenExpired, InvalidRefreshToken.
func (s *Service) Refresh(ctx context.Context, refreshToken string, rotate bool) (Session, error) {
	presented, ok, err := s.refreshed(ctx, refreshToken)
	if err != nil {
		return Session{}, err
	}
	if !ok {
		return Session{}, invalidRefresh()
	}
	if !s.o.Now().Before(presented.expires) {
		return Session{}, fault.New(fault.RefreshTokenExpired, "refresh_token: it has expired; log in again")
	}
	u, now, err := s.standing(ctx, presented.id)
	if fault.Is(err, fault.AccessTokenExpired) {
		return Session{}, invalidRefresh()
	}
	if err != nil {
		return Session{}, err
	}
	if presented.generation != now.generation {
		return s.refreshAgain(ctx, presented, now, u)
	}
	if !rotate {
		return s.issue(u, now)
	}
	return s.rotate(ctx, now, u)
}

func (s *Service) rotate(ctx context.Context, n session, u user) (Session, error) {
	next := n
	next.generation++
	next.rotated = s.o.Now()
	next.expires = next.rotated.Add(s.o.RefreshLife)
	current := ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", n.id)
		b.AddInt64("generation", n.generation)
	})
	won, err := s.sessions.Change(ctx, current, ledger.Doc(func(b *value.Builder) {
		b.AddInt64("generation", next.generation)
		b.AddTime("rotated", next.rotated)
		b.AddTime("expires", next.expires)
	}))
	if err != nil {
		return Session{}, err
	}
	if won {
		return s.issue(u, next)
	}
	u, now, err := s.standing(ctx, n.id)
	if fault.Is(err, fault.AccessTokenExpired) {
		return Session{}, invalidRefresh()
	}
	if err != nil {
		return Session{}, err
	}
	return s.refreshAgain(ctx, n, now, u)
}

// refreshAgain answers a token that was used before.
func (s *Service) refreshAgain(ctx context.Context, presented, now session, u user) (Session, error) {
	previous := presented.generation == now.generation-1
	recent := s.o.Now().Sub(now.rotated) <= retryWindow
	if !previous || !recent {
		s.o.Log.WarnContext(ctx, "used refresh token came again, session ended", "user", u.ID)
		if _, err := s.sessions.Take(ctx, ledger.ByID(now.id)); err != nil {
			return Session{}, err
		}
		return Session{}, invalidRefresh()
	}
	if now.device != "" && now.device == s.device(ctx) {
		return s.issue(u, now)
	}
	return Session{}, invalidRefresh()
}

func invalidRefresh() error {
	return fault.New(fault.InvalidRefreshToken,
		"refresh_token: it is not valid, was used before or its session was ended; log in again")
}
