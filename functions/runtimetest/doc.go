// Package runtimetest is the conformance suite of worker engines: what a cloud
// function may rely on, as JavaScript files with their expected outcome.
//
// testdata/cases holds functions with the outcome in their first lines; a
// folder there is a function of several files. testdata/node holds tables of
// expressions whose values were recorded from Node (record.mjs): an engine must
// come to the same ones. Everything goes through the bundler first, as when a
// function is deployed.
//
// Dangers. The cases run user code with all its means: an engine that is not
// isolated runs it in the test's own process. The suite bundles in child
// processes of the test binary, so TestMain must call Main.
package runtimetest
