// Package worker holds both ends of the pipe to the processes in which user
// code runs.
//
// The parent's end is Pool: it starts worker processes (the same binary
// re-executed), keeps spares ready, hands each invocation to a free instance,
// answers what user code asks of the server, and turns every way a process can
// die into an error with a public code. The child's end is RunIfChild: it
// serves invocations on an Engine that the binary hands in.
//
// Dangers. User code is hostile: whatever arrives from a child is bounded and
// never decoded beyond its head. A process that misbehaves is killed, and all
// invocations inside it fail with it; they are never repeated, for they may
// have had effects. A binary that makes a Pool must call RunIfChild first
// thing in main (and in TestMain), or its workers would start servers.
package worker
