// Package aggregate runs aggregation pipelines: MongoDB's stages, as the SDKs'
// db.collection().aggregate() sends them (wx-cloud-api.md 5.1).
//
// A pipeline is compiled once and then runs over a stream of raw BSON. Every
// stage takes a document, and pushes what it makes of it to the next one, so a
// scan feeds $match and $group straight from the store without a copy. Compiled
// pipelines are immutable and safe for concurrent use; one run belongs to one
// goroutine.
//
// Dangers first:
//
//   - A document that is pushed is borrowed: it aliases the store, or memory that
//     the stage before writes its next document to. Whoever keeps one past the
//     call clones it.
//   - No stage may read another collection while the store shows a view. Stages
//     that join stand behind a cut, which keeps documents (copied) until the view
//     has ended: see [Feed].
//   - Another collection is read through [Store] alone, which decides under the
//     rights of the caller. There is no other way to a document.
//   - A pipeline is a program that strangers write. Every document that a stage
//     keeps is charged to its budget, and every one that it makes is metered.
package aggregate
