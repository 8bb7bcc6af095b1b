// Package reply turns outcomes into answers: request ids, the one table from
// codes to HTTP statuses, and the three ways in which doors show an error.
//
// Dangers: an error that reaches a caller by another road than Explain can
// carry paths, data or secrets; a second table of statuses would drift. The
// OAuth rendering has `error` where the others have `code`, and the TCB
// envelope must never have a top-level `code` on success.
package reply
