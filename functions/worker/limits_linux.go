package worker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	niceness      = 10
	oomScore      = 900       // of 1000: the kernel kills workers before the server
	maxOpenFiles  = 256       // per process
	maxFileBytes  = 512 << 20 // one file under /tmp (wx-cloud-api.md 9.6)
	addressMargin = 64 << 20  // the Go runtime reserves its heap in pieces of this size
)

// bePolite runs in the child before anything is known about its function.
// Nothing here is needed for correctness, so what the machine refuses is left.
func bePolite() {
	// The whole process group, which is this process: priorities are kept per
	// thread, and several run already.
	_ = unix.Setpriority(unix.PRIO_PGRP, 0, niceness)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(oomScore)), 0)
	// Refused in builds with C, as those with the race detector are.
	_, _, _ = syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: maxOpenFiles, Max: maxOpenFiles})
	// Without this, writing past the limit on a file's size would end the
	// process instead of the write.
	signal.Ignore(syscall.SIGXFSZ)
	_ = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: maxFileBytes, Max: maxFileBytes})
}

// limitProcess bounds the address space by what is in use now, the budget and
// a margin. An allocation beyond it ends the process at once, before the
// machine feels it.
func limitProcess(memory uint64) error {
	if !limitsAddressSpace {
		return nil
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return fmt.Errorf("worker: read own size: %w", err)
	}
	first, _, _ := bytes.Cut(statm, []byte(" "))
	pages, err := strconv.ParseUint(string(first), 10, 64)
	if err != nil {
		return fmt.Errorf("worker: read own size: %w", err)
	}
	limit := pages*uint64(os.Getpagesize()) + memory + addressMargin
	return unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit})
}

// processorTime is what the process has used since its start.
func processorTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// prepare sets what the parent decides about a child before it starts: a
// process group of its own, so that an interrupt from the terminal goes to the
// server alone, and death with the thread that started it (see starter).
func prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// Executable is this binary, even if the file was replaced since the start:
// what workers and bundlers are started from.
func Executable() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		return os.Executable()
	}
	return self, nil
}
