// Package rules says who is calling and what the caller may do.
//
// It is pure: it takes values and returns decisions. Every operation of the
// documents, files and functions services takes a Principal, and this package
// is the one place where the question "may it?" is answered.
package rules

// Role is how far a caller's rights reach.
type Role uint8

// The roles, weakest first. The zero value is a caller who has not logged in.
const (
	// Nobody is not logged in; auth is null in rules.
	Nobody Role = iota
	// User is an end user of an app: permissions are checked.
	User
	// Admin is a server SDK, a cloud function, the console or the command
	// line: permissions are not asked, _openid is not injected.
	Admin
	// System is the server itself; only it reaches system collections.
	System
)

// LoginType is the value of auth.loginType (wx-cloud-api.md 8.3).
type LoginType string

// The login types of the original that baas issues.
const (
	Anonymous    LoginType = "ANONYMOUS"
	WeChatOpen   LoginType = "WECHAT_OPEN"
	WeChatPublic LoginType = "WECHAT_PUBLIC"
	Custom       LoginType = "CUSTOM"
)

// Principal is the caller of one operation. It is a value: copy it freely.
type Principal struct {
	Role      Role
	UID       string // user id; empty for Nobody and for keys
	OpenID    string // only for WeChat users
	UnionID   string
	AppID     string
	LoginType LoginType
	// Session names what the caller proved: the id of a login session, or
	// "key:" and the id of a key. It lets a long connection ask whether the
	// login still stands; it is no secret and proves nothing by itself.
	Session  string
	ClientIP string
	// Source is the call chain as getWXContext().SOURCE shows it, the
	// origin first: "wx_client", "wx_client,scf" (wx-cloud-api.md 2.3).
	Source string
	// Function and Request say through what the caller acts, for the record
	// of who changed what: the cloud function's name, "" outside of one, and
	// the id of the request that led to it. No right follows from them.
	Function, Request string
}

// Owner returns the value that is stored as _openid: the openid of a WeChat
// user, the uid of any other (wx-cloud-api.md 3.13). Empty for Nobody.
func (p Principal) Owner() string {
	if p.OpenID != "" {
		return p.OpenID
	}
	return p.UID
}

// ByPassesRules reports whether permissions are not asked for this caller.
func (p Principal) ByPassesRules() bool { return p.Role >= Admin }

// AsFunction returns the principal under which a function called by p works:
// admin rights, the caller's identity kept, the call chain one longer.
func (p Principal) AsFunction() Principal {
	p.Role = Admin
	if p.Source == "" {
		p.Source = "scf"
	} else {
		p.Source += ",scf"
	}
	return p
}

// Through returns p as it acts through the function of that name, called by
// that request.
func (p Principal) Through(function, request string) Principal {
	p.Function, p.Request = function, request
	return p
}

// SystemPrincipal returns the server's own principal.
func SystemPrincipal() Principal { return Principal{Role: System} }
