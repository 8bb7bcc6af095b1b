// Package functions runs an env's cloud functions: registry, versions,
// deploy, invocation, limits, logs. User code itself runs in worker processes
// (functions/worker), never in the server's.
package functions

import (
	"context"
	"io"

	"baas/db/rules"
)

// Host is all that user code can reach on the server's side. It is declared
// here and handed in by cmd/baas. It is safe for concurrent use.
//
// The Principal is that of the invocation: admin rights with the caller's
// identity (rules.Principal.AsFunction), never anything a function sent.
type Host interface {
	// Act runs one action of the TCB wire protocol, the same JSON body that
	// POST /admin takes ("action" and its members; tcb-wire-protocol.md 3.4),
	// and returns the same JSON reply, errors included. So wx-server-sdk
	// inside a worker is one more client of the one protocol.
	Act(ctx context.Context, p rules.Principal, body []byte) []byte

	// Upload stores a file and returns its file id.
	Upload(ctx context.Context, p rules.Principal, path string, r io.Reader) (string, error)

	// Download opens a file by its id. The caller closes the reader.
	Download(ctx context.Context, p rules.Principal, fileID string) (io.ReadCloser, error)
}
