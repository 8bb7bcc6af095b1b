//go:build !linux

package worker

import (
	"os"
	"os/exec"
	"time"
)

// Elsewhere only the watchdog and the kill at the deadline limit a worker.

func bePolite() {}

func limitProcess(uint64) error { return nil }

// processorTime is not known: invocations then count as light.
func processorTime() time.Duration { return 0 }

func prepare(*exec.Cmd) {}

// Executable is this binary: what workers and bundlers are started from.
func Executable() (string, error) { return os.Executable() }
