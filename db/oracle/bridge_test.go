package oracle_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// bridge is a running mingo. It is restarted when it does not answer: a few
// inputs hang it or kill Node.
type bridge struct {
	t      testing.TB
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	silent int // requests without an answer
}

// request is what e2e/mingo.mjs understands.
type request struct {
	Kind      string          `json:"kind"` // find, aggregate, update
	Documents json.RawMessage `json:"documents"`
	Query     json.RawMessage `json:"query,omitempty"`
	Pipeline  json.RawMessage `json:"pipeline,omitempty"`
	Update    json.RawMessage `json:"update,omitempty"`
}

type reply struct {
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

const patience = 20 * time.Second

func openBridge(t testing.TB) *bridge {
	t.Helper()
	if _, err := os.Stat("../../e2e/node_modules/mingo"); err != nil {
		t.Fatal("mingo is not installed: run 'make setup'")
	}
	b := &bridge{t: t}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *bridge) start() {
	b.t.Helper()
	b.cmd = exec.Command("node", "--max-old-space-size=512", "mingo.mjs")
	b.cmd.Dir = "../../e2e"
	b.cmd.Stderr = os.Stderr
	in, err := b.cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.in, b.out = in, bufio.NewScanner(out)
	b.out.Buffer(nil, 16<<20)
}

func (b *bridge) stop() {
	_ = b.in.Close()
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// ask returns mingo's answer; ok is false when there is none.
func (b *bridge) ask(r request) (answer reply, ok bool) {
	b.t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		b.t.Fatal(err)
	}
	heard := make(chan error, 1)
	go func() {
		if _, err := b.in.Write(append(text, '\n')); err != nil {
			heard <- err
			return
		}
		if !b.out.Scan() {
			heard <- errors.Join(b.out.Err(), io.ErrUnexpectedEOF)
			return
		}
		heard <- json.Unmarshal(b.out.Bytes(), &answer)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err = <-heard:
		if err == nil {
			return answer, true
		}
	case <-timer.C:
		_ = b.cmd.Process.Kill() // the goroutine above hears the end of the pipe
		<-heard
	}
	b.silent++
	b.stop()
	b.start()
	return reply{}, false
}
