package reply

import (
	"context"
	"crypto/rand"
	"encoding/hex"
)

type idKey struct{}

// WithID returns ctx carrying a request id.
func WithID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, idKey{}, id)
}

// ID returns the request id that WithID put into ctx, or the empty string.
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// NewID returns a fresh request id in the form of a version 4 UUID, which is
// what the original and the js-sdk use.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	t := hex.EncodeToString(b[:])
	return t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:]
}

// Adopt returns the request id a client proposes in x-request-id when it has
// the form of a UUID, with or without dashes, else the empty string. The
// js-sdk shows the id it sent, not the one in the reply, as `requestId`, so
// logs can be found by it only if the server takes it over. The form leaves no
// room for text that would confuse a log.
func Adopt(proposed string) string {
	digits := 0
	for i := range len(proposed) {
		switch c := proposed[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			digits++
		case c == '-' && len(proposed) == 36 && (i == 8 || i == 13 || i == 18 || i == 23):
		default:
			return ""
		}
	}
	if digits != 32 {
		return ""
	}
	return proposed
}
