package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"baas/db/fault"
)

// cost is what one check of a password takes: argon2id with 46 MiB and one
// pass, OWASP's first choice; about 40 ms of one core.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

func costNow() cost { return cost{memory: 46 << 10, passes: 1, threads: 1} }

const (
	minPassword = 8   // characters
	maxPassword = 256 // bytes
	saltBytes   = 16
	hashBytes   = 32
)

// hasher runs a few hashes at a time, so that a flood of logins takes its own
// turn and not the server's memory.
type hasher struct {
	cost  cost // of new hashes
	slots chan struct{}
	dummy string // hash of no password, checked when there is no such admin
}

func newHasher(c cost) *hasher {
	return &hasher{
		cost:  c,
		slots: make(chan struct{}, 2),
		dummy: encode(c, make([]byte, saltBytes), make([]byte, hashBytes)),
	}
}

func checkPassword(password string) error {
	if !utf8.ValidString(password) || utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword {
		return fault.Invalid("password", "must have at least %d characters and at most %d bytes", minPassword, maxPassword)
	}
	return nil
}

// hash returns the PHC text of a password under a fresh salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: it ends the program instead
	sum, err := h.derive(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return encode(h.cost, salt, sum), nil
}

// matches reports whether password is the one behind a PHC text. With an empty
// text it takes as long and says no.
func (h *hasher) matches(ctx context.Context, password, phc string) (bool, error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	c, salt, want, err := decode(phc)
	if err != nil {
		return false, err
	}
	got, err := h.derive(ctx, password, salt, c)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *hasher) derive(ctx context.Context, password string, salt []byte, c cost) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.threads, hashBytes), nil
}

// encode writes "$argon2id$v=19$m=47104,t=1,p=1$salt$hash".
func encode(c cost, salt, sum []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.memory, c.passes, c.threads, b.EncodeToString(salt), b.EncodeToString(sum))
}

func decode(phc string) (c cost, salt, sum []byte, err error) {
	parts := strings.Split(phc, "$")
	damaged := fmt.Errorf("console: stored password hash is damaged")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost{}, nil, nil, damaged
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.threads); err != nil {
		return cost{}, nil, nil, damaged
	}
	// A damaged record must not ask for all the memory there is.
	if c.memory > 1<<20 || c.passes == 0 || c.passes > 100 || c.threads == 0 {
		return cost{}, nil, nil, damaged
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return cost{}, nil, nil, damaged
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(sum) != hashBytes {
		return cost{}, nil, nil, damaged
	}
	return c, salt, sum, nil
}
