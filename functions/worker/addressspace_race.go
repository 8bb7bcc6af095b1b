//go:build race

package worker

// The race detector maps terabytes for its shadow, so a limit on the address
// space would mean nothing: only the watchdog bounds memory in such a build.
const limitsAddressSpace = false
