// Package db is the documents service: collections and the documents in them,
// for a Principal who may see or change some of them. It stands on an ordered
// store (db/kv) and a single committer (db/commit); docs/storage-format.md
// describes the keys.
//
// Dangers:
//   - Permissions are asked in one function, Engine.enter, on the same snapshot
//     as the documents; a new operation goes through it too.
//   - No view of the store is held for long: a scan stops after a bounded
//     number of entries, copies out what matched and goes on in a fresh view.
//     Find is therefore not a snapshot of a large collection; Snapshot is.
//   - What runs inside a commit operation, all writers wait for. Updates and
//     removals search before it, and check inside it only what the search found
//     and what has changed since.
//   - The fields _id and _openid belong to the server. Their rules stand in
//     system_fields.go and nowhere else.
//
// A document's place in a collection is a number that grows with each insert,
// so that the natural order is the order of insertion, and updates keep it.
package db
