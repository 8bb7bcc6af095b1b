package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/value"
	"baas/server/auth/ledger"
)

// Role is what an admin may do.
type Role string

// The roles. None is no admin at all.
const (
	None  Role = ""
	Owner Role = "owner"
)

// Admin is a person who may use the console.
type Admin struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// Accounts keeps the admins and their sessions in the server's own database.
// The command line uses it too, with the server stopped. It is safe for
// concurrent use.
type Accounts struct {
	admins   ledger.Book // _id: name in lower case
	sessions ledger.Book // _id: digest of the cookie
	hasher   *hasher
	now      func() time.Time
}

// sessionLife is how long a login to the console lasts.
const sessionLife = 7 * 24 * time.Hour

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// OpenAccounts opens the accounts of a server; now may be nil for time.Now.
func OpenAccounts(system *db.Engine, now func() time.Time) *Accounts {
	if now == nil {
		now = time.Now
	}
	return &Accounts{
		admins:   ledger.Open(system, "sys.admins"),
		sessions: ledger.Open(system, "sys.adminsessions"),
		hasher:   newHasher(costNow()),
		now:      now,
	}
}

// check refuses a name or password that cannot be one. Code: InvalidParam.
func check(name, password string) error {
	if !namePattern.MatchString(name) {
		return fault.Invalid("name", "must be 1 to 64 of A-Z a-z 0-9 . _ @ -, a letter or digit first")
	}
	return checkPassword(password)
}

// Any reports whether there is an admin yet.
func (a *Accounts) Any(ctx context.Context) (bool, error) {
	found, err := a.admins.List(ctx, nil, 1)
	return len(found) > 0, err
}

// Create makes an admin. Codes: InvalidParam for a malformed name or password
// or a name that is taken, in whatever case.
func (a *Accounts) Create(ctx context.Context, name, password string, role Role) error {
	if err := check(name, password); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	created, err := a.admins.Create(ctx, ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", strings.ToLower(name))
		b.AddString("name", name)
		b.AddString("role", string(role))
		b.AddString("password", hash)
		b.AddInt64("epoch", 0)
		b.AddTime("created", a.now())
	}))
	if err == nil && !created {
		return fault.Invalid("name", "an admin of this name exists already")
	}
	return err
}

// SetPassword gives an admin another password and ends all sessions of that
// account. Codes: InvalidParam, ResourceNotFound.
func (a *Accounts) SetPassword(ctx context.Context, name, password string) error {
	if err := check(name, password); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	done, err := a.admins.Update(ctx, ledger.ByID(strings.ToLower(name)), ledger.Doc(func(b *value.Builder) {
		b.Object("$set", func(b *value.Builder) { b.AddString("password", hash) })
		b.Object("$inc", func(b *value.Builder) { b.AddInt64("epoch", 1) })
	}))
	if err != nil || done {
		return err
	}
	return fault.New(fault.ResourceNotFound, "admin: there is none of this name")
}

// Login checks a name and password and opens a session; cookie is its secret.
// It takes as long for a name that does not exist. Code: CheckLoginFailed.
func (a *Accounts) Login(ctx context.Context, name, password string) (cookie string, admin Admin, err error) {
	var record value.Doc
	if namePattern.MatchString(name) {
		if record, err = a.admins.Get(ctx, strings.ToLower(name)); err != nil {
			return "", Admin{}, err
		}
	}
	if len(password) > maxPassword {
		password = "" // shorter than any; the check below still takes its time
	}
	ok, err := a.hasher.matches(ctx, password, record.Get("password").Text())
	if err != nil {
		return "", Admin{}, err
	}
	if !ok {
		return "", Admin{}, fault.New(fault.CheckLoginFailed, "name or password is wrong")
	}
	cookie, err = a.begin(ctx, record)
	return cookie, readAdmin(record), err
}

// open opens a session of an admin who has proved who he is by other means
// than a password.
func (a *Accounts) open(ctx context.Context, name string) (cookie string, admin Admin, err error) {
	record, err := a.admins.Get(ctx, strings.ToLower(name))
	if err == nil && record == nil {
		err = fault.New(fault.ResourceNotFound, "admin: there is none of this name")
	}
	if err != nil {
		return "", Admin{}, err
	}
	cookie, err = a.begin(ctx, record)
	return cookie, readAdmin(record), err
}

func readAdmin(record value.Doc) Admin {
	return Admin{Name: record.Get("name").Text(), Role: Role(record.Get("role").Text())}
}

func (a *Accounts) begin(ctx context.Context, admin value.Doc) (string, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	cookie := base64.RawURLEncoding.EncodeToString(secret)
	epoch, _ := admin.Get("epoch").AsInt64()
	_, err := a.sessions.Create(ctx, ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", digest(cookie))
		b.AddString("admin", admin.Get("_id").Text())
		b.AddInt64("epoch", epoch)
		b.AddTime("expires", a.now().Add(sessionLife))
	}))
	return cookie, err
}

// digest is the form in which a secret with 256 random bits is kept.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Session returns the admin behind a cookie. Code: CheckLoginFailed.
func (a *Accounts) Session(ctx context.Context, cookie string) (Admin, error) {
	none := fault.New(fault.CheckLoginFailed, "log in to the console first")
	if cookie == "" {
		return Admin{}, none
	}
	session, err := a.sessions.Get(ctx, digest(cookie))
	if err != nil {
		return Admin{}, err
	}
	if session == nil || a.now().UnixMilli() >= session.Get("expires").Millis() {
		return Admin{}, none
	}
	admin, err := a.admins.Get(ctx, session.Get("admin").Text())
	if err != nil {
		return Admin{}, err
	}
	if admin == nil || !value.Equal(admin.Get("epoch"), session.Get("epoch")) {
		return Admin{}, none
	}
	return readAdmin(admin), nil
}

// Logout ends the session of a cookie. One that means nothing is no error.
func (a *Accounts) Logout(ctx context.Context, cookie string) error {
	_, err := a.sessions.Take(ctx, ledger.ByID(digest(cookie)))
	return err
}

// Sweep removes sessions that have run out and returns how many.
func (a *Accounts) Sweep(ctx context.Context) (int64, error) {
	return a.sessions.Purge(ctx, ledger.Before("expires", a.now()))
}
