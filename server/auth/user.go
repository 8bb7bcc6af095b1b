package auth

import (
	"context"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth/ledger"
)

// User is what the owner of an account may know of it.
type User struct {
	ID        string
	LoginType rules.LoginType
	Provider  string // "anonymous" or "wechat"
	OpenID    string // only for WeChat users
	UnionID   string
	AppID     string
	Created   time.Time
	LastLogin time.Time
}

// The providers, first part of every identity.
const (
	providerAnonymous = "anonymous"
	providerWeChat    = "wechat"
)

// user is a record of sys.users.
type user struct {
	User
	epoch  int64  // raised to end every session at once
	sealed string // session_key of a WeChat user
}

func (u user) doc() value.Doc {
	return ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", u.ID)
		b.AddString("loginType", string(u.LoginType))
		b.AddString("provider", u.Provider)
		if u.OpenID != "" {
			b.AddString("openid", u.OpenID)
			b.AddString("appid", u.AppID)
		}
		b.AddInt64("epoch", u.epoch)
		b.AddTime("created", u.Created)
		b.AddTime("lastLogin", u.LastLogin)
	})
}

func readUser(d value.Doc) user {
	epoch, _ := d.Get("epoch").AsInt64()
	return user{
		User: User{
			ID:        d.Get("_id").Text(),
			LoginType: rules.LoginType(d.Get("loginType").Text()),
			Provider:  d.Get("provider").Text(),
			OpenID:    d.Get("openid").Text(),
			UnionID:   d.Get("unionid").Text(),
			AppID:     d.Get("appid").Text(),
			Created:   time.UnixMilli(d.Get("created").Millis()),
			LastLogin: time.UnixMilli(d.Get("lastLogin").Millis()),
		},
		epoch:  epoch,
		sealed: d.Get("sessionKey").Text(),
	}
}

// principal is the user as the services below see him.
func (u user) principal(session string) rules.Principal {
	return rules.Principal{
		Role:      rules.User,
		UID:       u.ID,
		OpenID:    u.OpenID,
		UnionID:   u.UnionID,
		AppID:     u.AppID,
		LoginType: u.LoginType,
		Session:   session,
	}
}

// scope is the credentials member by which SDKs know anonymous users.
func (u user) scope() string {
	if u.LoginType == rules.Anonymous {
		return "anonymous"
	}
	return "user"
}

// user returns the record of an id; ok is false when there is none.
func (s *Service) user(ctx context.Context, id string) (u user, ok bool, err error) {
	d, err := s.users.Get(ctx, id)
	if err != nil || d == nil {
		return user{}, false, err
	}
	return readUser(d), true, nil
}

// enroll returns the user of an identity and makes both if they are new, once
// however many callers come at the same time: the identity's record decides
// which user id wins, and the user's record is made under that id. A crash in
// between is mended by the next login.
func (s *Service) enroll(ctx context.Context, identity string, u user) (user, error) {
	known, err := s.identities.Get(ctx, identity)
	if err != nil {
		return user{}, err
	}
	if known == nil {
		u.ID = s.o.NewID()
		created, err := s.identities.Create(ctx, ledger.Doc(func(b *value.Builder) {
			b.AddString("_id", identity)
			b.AddString("user", u.ID)
		}))
		if err != nil {
			return user{}, err
		}
		if !created {
			if known, err = s.identities.Get(ctx, identity); err != nil {
				return user{}, err
			}
		}
	}
	if known != nil {
		u.ID = known.Get("user").Text()
	}
	if old, ok, err := s.user(ctx, u.ID); err != nil || ok {
		return old, err
	}
	u.Created = s.o.Now()
	u.LastLogin = u.Created
	if _, err := s.users.Create(ctx, u.doc()); err != nil {
		return user{}, err
	}
	stored, _, err := s.user(ctx, u.ID)
	return stored, err
}

// noteLogin stores what a login brought: its time and, for WeChat users, the
// newest session_key and the unionid, which may appear later.
func (s *Service) noteLogin(ctx context.Context, u *user) error {
	u.LastLogin = s.o.Now()
	_, err := s.users.Change(ctx, ledger.ByID(u.ID), ledger.Doc(func(b *value.Builder) {
		b.AddTime("lastLogin", u.LastLogin)
		if u.sealed != "" {
			b.AddString("sessionKey", u.sealed)
		}
		if u.UnionID != "" {
			b.AddString("unionid", u.UnionID)
		}
	}))
	return err
}

// Me returns the account of the caller. Code: CheckLoginFailed when no user
// stands behind p.
func (s *Service) Me(ctx context.Context, p rules.Principal) (User, error) {
	if p.Role != rules.User || p.Session == "" || keyID(p) != "" {
		return User{}, fault.New(fault.CheckLoginFailed, "no user is logged in: send a user's access token")
	}
	return s.User(ctx, p.UID)
}

// User returns an account by its id, for callers with admin rights. Code:
// ResourceNotFound.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	u, ok, err := s.user(ctx, id)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, fault.New(fault.ResourceNotFound, "user: there is none with this id")
	}
	return u.User, nil
}

// EndSessions ends every session of a user at once: access tokens, refresh
// tokens and sockets. Call it when a secret of the account changes. Code:
// ResourceNotFound.
func (s *Service) EndSessions(ctx context.Context, userID string) error {
	done, err := s.users.Update(ctx, ledger.ByID(userID), ledger.Doc(func(b *value.Builder) {
		b.Object("$inc", func(b *value.Builder) { b.AddInt64("epoch", 1) })
	}))
	if err != nil || done {
		return err
	}
	return fault.New(fault.ResourceNotFound, "user: there is none with this id")
}
