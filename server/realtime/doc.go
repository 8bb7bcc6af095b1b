// Package realtime is the watch socket, GET /ws: sessions over
// gorilla/websocket that stream the results of queries to clients
// (tcb-wire-protocol.md section 9).
//
// Dangers first:
//
//   - The writer of the database never waits for a socket. Changes reach a
//     session through bounded queues; a watch that falls behind gets a fresh
//     snapshot, a client that does not read is closed.
//   - A socket has no cookie and no header that proves anything: identity is
//     the signed text of the LOGIN frame alone, so any origin may connect.
//   - Compression stays off: the library's read limit counts compressed bytes.
//
// One goroutine per environment reads the change log (feed.go); two per socket
// read and write frames (session.go). Events are computed on the socket's own
// goroutine, from the old and the new image, under the watcher's identity.
package realtime
