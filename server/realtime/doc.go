// Package realtime is the watch socket, GET /ws: connections over
// gorilla/websocket that stream the results of queries to clients
// (tcb-wire-protocol.md section 9).
//
// Dangers first:
//
//   - The writer of the database never waits for a socket. Changes reach a
//     watch through a bounded inbox; one that overflows is replaced by a fresh
//     snapshot, and a client that does not read is closed.
//   - A socket has no cookie and no header that proves anything: identity is
//     the signed text of the LOGIN frame alone, so any origin may connect. The
//     login is asked again before events are sent and at every heartbeat.
//   - Compression stays off: the library's read limit counts compressed bytes.
//
// One goroutine per environment reads the change log and hands each change to
// the watches it may concern (feed.go). Two per socket: one reads frames, the
// other does everything else: it answers, computes events under the watcher's
// identity and writes. So whatever a socket is told is in order, and a client
// that asks faster than it reads is slowed down by its own connection.
package realtime
