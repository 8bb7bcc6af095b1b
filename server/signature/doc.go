// Package signature checks the three request signatures of the TCB wire
// protocol: TC3 in its "admin" and its "cloud API" form, and the COS-style one
// of the oldest SDK (tcb-wire-protocol.md section 4).
//
// It is pure: a request, a secret and the time go in, a verdict comes out.
//
// Dangers: a member that is not a string is hashed from the bytes that were
// sent, so the body must never be decoded and encoded again on its way here;
// host and path are signed, so a proxy that rewrites them breaks every
// request; validity is not signed in the TC3 forms, so it is capped here.
package signature
