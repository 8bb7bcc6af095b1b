// Package gateway is the REST door /v1 of the js-sdk 3.x: documents, functions
// and files (tcb-wire-protocol.md 10). Login at /auth/v1 is server/authdoor's.
//
// Dangers: HTTP statuses matter here, unlike at /admin and /web; a plain
// update document merges, also where the SDK's doc.set sends it; a client does
// not name its environment once it has been pointed at a host, so the host
// name and the token are asked.
package gateway
