package db

import (
	"strings"

	"baas/db/rules"
)

// Actor is who made a change, as the change log keeps it: an identity and the
// way it came, no rights. Every text is cut to 255 bytes.
type Actor struct {
	Role   rules.Role
	UID    string // of a user, also when a function acted for him
	OpenID string // of a WeChat user
	// Login is the key or the console account that an administrator's right
	// came from: "key:" and an id, or "console:" and a name. Empty for users,
	// whose sessions are nobody's business.
	Login    string
	Function string // the cloud function that wrote, "" when none did
	Request  string // the request that led to the function's call
}

func actorOf(p rules.Principal) Actor {
	a := Actor{Role: p.Role, UID: p.UID, OpenID: p.OpenID, Function: p.Function, Request: p.Request}
	if strings.HasPrefix(p.Session, "key:") || strings.HasPrefix(p.Session, "console:") {
		a.Login = p.Session
	}
	return a
}

// An actor in a record: role (1), then UID, OpenID, Login, Function and
// Request, each behind its length (1).
func (a Actor) texts() [5]string { return [5]string{a.UID, a.OpenID, a.Login, a.Function, a.Request} }

func (a Actor) size() int {
	n := 1
	for _, text := range a.texts() {
		n += 1 + min(len(text), 255)
	}
	return n
}

func (a Actor) append(b []byte) []byte {
	b = append(b, byte(a.Role))
	for _, text := range a.texts() {
		text = text[:min(len(text), 255)]
		b = append(b, byte(len(text)))
		b = append(b, text...)
	}
	return b
}

// cutActor cuts an actor off the beginning of b.
func cutActor(b []byte) (a Actor, rest []byte, ok bool) {
	if len(b) == 0 {
		return a, nil, false
	}
	a.Role, b = rules.Role(b[0]), b[1:]
	for _, into := range []*string{&a.UID, &a.OpenID, &a.Login, &a.Function, &a.Request} {
		var text []byte
		if text, b, ok = cutCounted(b); !ok {
			return a, nil, false
		}
		*into = string(text)
	}
	return a, b, true
}
