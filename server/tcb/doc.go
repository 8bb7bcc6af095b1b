// Package tcb is the action protocol of the official SDKs: one JSON body with
// an `action`, answered by one JSON body (tcb-wire-protocol.md 3, 5 to 8).
//
// The Dispatcher runs one action for one Principal. Two HTTP doors use it,
// POST /admin for server SDKs and POST /web for clients, and so does
// wx-server-sdk inside a function, which is one more client of the same
// protocol. Both dialects of the database are decoded here into the same
// operations (server/documents); an action's name tells the dialect, not the
// door.
//
// Dangers: errors travel with HTTP status 200, and a success must not have a
// top-level `code`; signatures are computed over the bytes of the body; who
// may use an action is data in the table, asked in one place before it runs.
package tcb
