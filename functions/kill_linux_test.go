package functions_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"baas/db/fault"
)

func TestKilledWorkerIsReplaced(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{"index.js": "let n = 0; exports.main = () => ++n"})
	if got := h.mustCall(t, "f", ""); got != "1" {
		t.Fatalf("got %s", got)
	}
	killed := killWorkers(t)
	if killed == 0 {
		t.Fatal("there are no workers")
	}
	// Until its death is noticed, a killed process may be given one call: the
	// live one, and each spare after it. Then there must be a new one.
	for lost := 0; ; lost++ {
		got, err := h.call(t, "f", "")
		if err == nil && got == "1" {
			break
		}
		if lost == killed || err == nil || fault.CodeOf(err) != fault.FunctionExecute {
			t.Fatalf("after %d calls lost in %d killed processes: got %s, %v", lost, killed, got, err)
		}
	}
	if got := h.mustCall(t, "f", ""); got != "2" {
		t.Errorf("afterwards: got %s", got)
	}
}

// killWorkers ends this process's worker children from outside.
func killWorkers(t *testing.T) (n int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // gone
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			n++
		}
	}
	return n
}
