package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth/ledger"
)

// WeChatUser is what WeChat tells about the person behind a login code.
type WeChatUser struct {
	OpenID     string // never empty
	UnionID    string
	SessionKey string // a secret of the server's
}

// CodeExchanger asks WeChat who a wx.login code belongs to.
type CodeExchanger interface {
	// Exchange uses a code up. An error that carries a code of baas/db/fault
	// is the caller's to see. ServerTimeout and SysErr mean that the code may
	// still be good; after any other error it is not.
	Exchange(ctx context.Context, appID, code string) (WeChatUser, error)
}

// ProviderToken stands for an identity that was proved but not logged in yet.
type ProviderToken struct {
	Token     string // used once by SignInWithProvider
	ExpiresIn time.Duration
}

var (
	appIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	codePattern  = regexp.MustCompile(`^[\x20-\x7e]{1,512}$`)
)

// grant is what a provider token stands for; it never leaves the server.
type grant struct {
	AppID, OpenID, UnionID, SessionKey string
}

// ProviderToken exchanges a wx.login code for a provider token. providerID is
// the AppID of the mini program; "" means Options.AppID.
//
// A code is claimed in the database before WeChat is asked, so that of many
// callers with one code exactly one gets an answer, and nothing is locked
// while WeChat thinks. Codes: InvalidParam for an AppID without login here or
// a code that is malformed, used or unknown to WeChat; what the exchanger
// returns.
func (s *Service) ProviderToken(ctx context.Context, providerID, code string) (ProviderToken, error) {
	if providerID == "" {
		providerID = s.o.AppID
	}
	if s.o.Codes == nil || !appIDPattern.MatchString(providerID) {
		return ProviderToken{}, fault.Invalid("provider_id", "login with this provider is not set up here; give the AppID of a mini program that the server knows")
	}
	if !codePattern.MatchString(code) {
		return ProviderToken{}, fault.Invalid("provider_code", "must be the code that wx.login returned")
	}
	who, err := s.exchange(ctx, providerID, code)
	if err != nil {
		return ProviderToken{}, err
	}
	return s.grant(ctx, grant{
		AppID: providerID, OpenID: who.OpenID, UnionID: who.UnionID, SessionKey: who.SessionKey,
	})
}

func (s *Service) exchange(ctx context.Context, appID, code string) (WeChatUser, error) {
	if s.o.ReusableCode != nil && s.o.ReusableCode(code) {
		return s.known(s.o.Codes.Exchange(ctx, appID, code))
	}
	claim := s.digest("code", appID, code)
	created, err := s.codes.Create(ctx, ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", claim)
		b.AddTime("expires", s.o.Now().Add(providerLife))
	}))
	if err != nil {
		return WeChatUser{}, err
	}
	if !created {
		return WeChatUser{}, fault.Invalid("provider_code", "was used before; call wx.login again for a fresh one")
	}
	who, err := s.known(s.o.Codes.Exchange(ctx, appID, code))
	if code := fault.CodeOf(err); code == fault.ServerTimeout || code == fault.SysErr {
		// The client may try the same code again. Its context may be the
		// reason that WeChat was not reached, so the claim is dropped without it.
		if _, err := s.codes.Take(context.WithoutCancel(ctx), ledger.ByID(claim)); err != nil {
			return WeChatUser{}, err
		}
	}
	return who, err
}

// known refuses an answer without an openid: an account with an empty name
// would be shared by everybody who gets one.
func (s *Service) known(who WeChatUser, err error) (WeChatUser, error) {
	if err == nil && who.OpenID == "" {
		return WeChatUser{}, fault.New(fault.SysErr, "WeChat did not say who is logging in; try again")
	}
	return who, err
}

// grant stores what was proved under a fresh token's digest, sealed.
func (s *Service) grant(ctx context.Context, g grant) (ProviderToken, error) {
	text, err := json.Marshal(g)
	if err != nil {
		return ProviderToken{}, err
	}
	token := randomID() + randomID()
	id := s.digest("provider token", token)
	_, err = s.codes.Create(ctx, ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", id)
		b.AddString("grant", s.seal(id, string(text)))
		b.AddTime("expires", s.o.Now().Add(providerLife))
	}))
	return ProviderToken{Token: token, ExpiresIn: providerLife}, err
}

// SignInWithProvider logs in the user of a provider token and uses it up; the
// first time it makes the user. The user is (provider, appid, openid): a
// unionid is noted and joins nothing.
// Code: InvalidParam for a token that is unknown, used or expired.
func (s *Service) SignInWithProvider(ctx context.Context, token string) (Session, error) {
	g, err := s.redeem(ctx, token)
	if err != nil {
		return Session{}, err
	}
	u, err := s.enroll(ctx, s.digest(providerWeChat, g.AppID, g.OpenID), user{User: User{
		LoginType: rules.WeChatOpen, Provider: providerWeChat, OpenID: g.OpenID, AppID: g.AppID,
	}})
	if err != nil {
		return Session{}, err
	}
	if g.UnionID != "" {
		u.UnionID = g.UnionID
	}
	if g.SessionKey != "" {
		u.sealed = s.seal(u.ID, g.SessionKey)
	}
	if err := s.noteLogin(ctx, &u); err != nil {
		return Session{}, err
	}
	return s.begin(ctx, u)
}

func (s *Service) redeem(ctx context.Context, token string) (grant, error) {
	invalid := fault.Invalid("provider_token", "is unknown, used before or older than %d minutes; get a new one from /auth/v1/provider/token", int(providerLife.Minutes()))
	if len(token) > maxBearer {
		return grant{}, invalid
	}
	id := s.digest("provider token", token)
	record, err := s.codes.Get(ctx, id)
	if err != nil {
		return grant{}, err
	}
	if record == nil || s.o.Now().UnixMilli() >= record.Get("expires").Millis() {
		return grant{}, invalid
	}
	mine, err := s.codes.Take(ctx, ledger.ByID(id))
	if err != nil {
		return grant{}, err
	}
	if !mine {
		return grant{}, invalid
	}
	text, err := s.unseal(id, record.Get("grant").Text())
	if err != nil {
		return grant{}, err
	}
	var g grant
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return grant{}, fmt.Errorf("auth: stored grant: %w", err)
	}
	return g, nil
}

// SessionKey returns the WeChat session_key of a user's last login, for code
// of the server that checks or opens WeChat's signed data. Codes:
// ResourceNotFound when the user has none.
func (s *Service) SessionKey(ctx context.Context, userID string) (string, error) {
	u, ok, err := s.user(ctx, userID)
	if err != nil {
		return "", err
	}
	if !ok || u.sealed == "" {
		return "", fault.New(fault.ResourceNotFound, "user: has no WeChat session key; it must log in by wx.login")
	}
	return s.unseal(userID, u.sealed)
}
