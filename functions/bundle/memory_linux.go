//go:build linux && !race

package bundle

import "golang.org/x/sys/unix"

// limitMemory bounds the address space by n bytes and what the Go runtime
// reserves at its start. Without the limit a build would still end, later.
func limitMemory(n uint64) {
	const reserved = 2 << 30
	_ = unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: n + reserved, Max: n + reserved})
}
