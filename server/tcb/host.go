package tcb

import (
	"context"
	"io"

	"baas/db/rules"
	"baas/functions"
	"baas/server/env"
)

// host is what a function of one environment can reach.
type host struct {
	d *Dispatcher
	e *env.Env
}

// NewHost returns the functions.Host of an environment. The env's services are
// looked up when a function asks for them, so the env may still be without its
// Functions when the Host is made for them.
func NewHost(d *Dispatcher, e *env.Env) functions.Host { return host{d, e} }

// Act runs an action with the rights of the invocation.
func (h host) Act(ctx context.Context, p rules.Principal, body []byte) []byte {
	return h.d.Do(ctx, h.e, p, body)
}

// Upload stores a file whose size is not known beforehand; its type is found
// from its content.
func (h host) Upload(ctx context.Context, p rules.Principal, path string, r io.Reader) (string, error) {
	f, err := h.e.Files.Write(ctx, p, path, r, -1, "")
	return f.FileID, err
}

// Download opens a file.
func (h host) Download(ctx context.Context, p rules.Principal, fileID string) (io.ReadCloser, error) {
	r, _, err := h.e.Files.Read(ctx, p, fileID)
	return r, err
}
