// Package txn holds what an interactive transaction remembers between the
// calls of its client: the documents it has written (Overlay), what the
// documents of others were at its snapshot (Past), what its results rest on
// (Reads), and which documents are so much in demand that transactions queue
// for them (Intents). It is pure: it reads no store; the engine brings it
// documents and changes.
//
// Dangers:
//   - Nothing here copies documents. What is handed in must be the
//     transaction's own, and must not be written to afterwards.
//   - Overlay, Past and Reads are for one goroutine at a time; Intents is
//     shared by all transactions of an engine and locks for itself.
//   - Nothing waits for a transaction without a bound: an intent is lost after
//     a moment, and whoever waits for one gives up after the same.
package txn
