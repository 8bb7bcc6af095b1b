package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// On a full disk nothing that was acknowledged is lost, reading goes on, and
// the server says that it is not ready.
func TestAFullDiskIsNotReady(t *testing.T) {
	data := t.TempDir()
	p := startProcess(t, data)
	key := apiKey(t, data)
	if got := readiness(t, p.url); got != http.StatusOK {
		t.Fatalf("at the start: status %d", got)
	}
	if _, err := act(t.Context(), p.url, key, map[string]any{"action": "database.addCollection", "collectionName": "c"}); err != nil {
		t.Fatal(err)
	}
	limit := unix.Rlimit{Cur: 24 << 20, Max: 24 << 20} // the database begins with 16 MB
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	megabyte := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
	acknowledged := 0
	for acknowledged < 100 {
		_, err := act(t.Context(), p.url, key, map[string]any{
			"action": "database.insertDocument", "collectionName": "c", "data": []string{megabyte},
		})
		if err != nil {
			if !strings.Contains(err.Error(), "outcome unknown") {
				t.Fatal(err)
			}
			break
		}
		acknowledged++
	}
	if acknowledged == 100 {
		t.Fatal("the disk never became full")
	}
	if got := readiness(t, p.url); got != http.StatusServiceUnavailable {
		t.Errorf("with a database that has stopped: status %d", got)
	}
	count := map[string]any{"action": "database.calculateDocument", "collectionName": "c"}
	if _, err := act(t.Context(), p.url, key, count); err != nil {
		t.Errorf("reading: %v", err)
	}
	p.kill()
	p = startProcess(t, data)
	answer, err := act(t.Context(), p.url, key, count)
	if err != nil {
		t.Fatal(err)
	}
	var total struct{ Total int }
	if err := json.Unmarshal(answer, &total); err != nil {
		t.Fatal(err)
	}
	if total.Total < acknowledged || total.Total > acknowledged+1 {
		t.Errorf("%d documents after a restart, %d were acknowledged", total.Total, acknowledged)
	}
}

func readiness(t *testing.T, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/readyz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}
