// Package oracle holds tests that ask another implementation: random documents,
// conditions, pipelines and updates go to the engine and to mingo, a program in
// Node, and both must come to the same. mingo is often wrong at the edges of the
// language (db-engine.md section 9), so the generator keeps to its main stream,
// and what is left is listed in differences_test.go with the reason why ours is
// MongoDB's answer. The edges are golden cases, beside the rooms that they test.
package oracle
