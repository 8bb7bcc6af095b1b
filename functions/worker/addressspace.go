//go:build !race

package worker

// limitsAddressSpace says that a limit on the address space makes sense.
const limitsAddressSpace = true
