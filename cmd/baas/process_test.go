package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the real program: BAAS_BINARY, or one built for this run.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("BAAS_BINARY"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "baas-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "baas")
	out, err := exec.Command("go", "build", "-o", path, "baas/cmd/baas").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// process is a running server.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	data string
	out  *bytes.Buffer
	done chan struct{}
}

var readyLine = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// startProcess runs the program on a data folder and waits until it serves.
func startProcess(t testing.TB, data string, command ...string) *process {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if len(command) == 0 {
		command = []string{"serve"}
	}
	p := &process{t: t, data: data, out: new(bytes.Buffer), done: make(chan struct{})}
	p.cmd = exec.Command(bin, append(command, "--data", data, "--http", "127.0.0.1:0", "--log-level", "warn")...)
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if url := readyLine.FindString(lines.Text()); url != "" {
				select {
				case ready <- url:
				default:
				}
			}
		}
	}()
	select {
	case p.url = <-ready:
	case <-p.done:
		t.Fatal("the server ended before it was ready")
	case <-time.After(30 * time.Second):
		t.Fatal("the server was not ready in 30 s")
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power cut would end it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // ends with an error when it has ended already
	<-p.done
	_ = p.cmd.Wait() // "signal: killed" is what was asked for
}

// stop ends the process as an operator does, and demands a clean end.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	<-p.done
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the server did not end cleanly: %v", err)
	}
}

// baas runs a subcommand with --json on a data folder and decodes its answer.
func baas(t testing.TB, data string, into any, command ...string) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append(command, "--data", data, "--json")...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("baas %s: %v\n%s", strings.Join(command, " "), err, stderr.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("baas %s printed no JSON object: %v\n%s", strings.Join(command, " "), err, out)
	}
}

// apiKey makes an admin Bearer key.
func apiKey(t testing.TB, data string) string {
	t.Helper()
	var k struct{ Key string }
	baas(t, data, &k, "key", "create", "--kind", "api")
	if k.Key == "" {
		t.Fatal("key create --kind api printed no key")
	}
	return k.Key
}

// act sends one action to the admin door. The error is one of transport or a
// reply with a code.
func act(ctx context.Context, url, key string, members map[string]any) (json.RawMessage, error) {
	members["envName"] = "dev"
	body, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/admin", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Code    string
		Message string
		Data    json.RawMessage
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	if reply.Code != "" {
		return nil, fmt.Errorf("%s: %s", reply.Code, reply.Message)
	}
	return reply.Data, nil
}
