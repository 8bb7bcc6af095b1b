package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baas/functions/worker"
)

func TestMain(m *testing.M) {
	worker.RunIfChild(func() (worker.Engine, error) { return scripted{}, nil })
	goleak.VerifyTestMain(m)
}

// scripted is an engine whose programs do what the event tells them to.
type scripted struct{}

func (scripted) Modules() []string { return []string{"fs", "wx-server-sdk"} }

func (scripted) Compile(src worker.Source) (worker.Program, error) {
	switch code := strings.TrimSpace(string(src.Code)); code {
	case "broken":
		return nil, &worker.Failure{Kind: worker.LoadFailed, Text: "SyntaxError: broken", Stack: "    at " + src.Name + ":1:1"}
	case "crash":
		os.Exit(1)
	case "panic":
		panic("engine bug")
	}
	return src, nil
}

func (scripted) New(p worker.Program, b worker.Bridge) (worker.Instance, error) {
	return &instance{source: p.(worker.Source), bridge: b}, nil
}

type instance struct {
	source worker.Source
	bridge worker.Bridge
	calls  int
}

func (*instance) Close() {}

type script struct {
	Do   string `json:"do"`
	N    int    `json:"n"`
	Text string `json:"text"`
}

var sink atomic.Pointer[[]byte]

func (i *instance) Invoke(ctx context.Context, inv worker.Invocation) ([]byte, error) {
	i.calls++
	var s script
	if err := json.Unmarshal(inv.Event, &s); err != nil {
		return nil, &worker.Failure{Kind: worker.Threw, Text: err.Error()}
	}
	switch s.Do {
	case "echo":
		return inv.Event, nil
	case "calls":
		return fmt.Append(nil, i.calls), nil
	case "context":
		return json.Marshal(map[string]any{
			"context": inv.Context, "wx": inv.WXContext, "env": inv.Env, "variables": i.source.Env,
			"zone": time.Local.String(), "environ": os.Environ(), "pid": os.Getpid(),
		})
	case "throw":
		return nil, &worker.Failure{Kind: worker.Threw, Text: "Error: " + s.Text, Stack: "    at main"}
	case "spoil":
		return nil, &worker.Failure{Kind: worker.UnhandledRejection, Text: "Error: " + s.Text}
	case "panic":
		panic(s.Text)
	case "big":
		return []byte(`"` + strings.Repeat("x", s.N) + `"`), nil
	case "log":
		for range s.N {
			inv.Log(worker.LogRecord{Time: time.Now(), Level: worker.LevelWarn, Text: s.Text})
		}
		return nil, nil
	case "op":
		head, body, err := i.bridge.Call(ctx, inv.ID, worker.Op(s.N), []byte(s.Text), []byte("body"))
		if err != nil {
			return nil, &worker.Failure{Kind: worker.Threw, Text: err.Error()}
		}
		return json.Marshal([]string{string(head), string(body)})
	case "wait": // as an await that only ends with the invocation
		<-ctx.Done()
		if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			return nil, &worker.Failure{Kind: worker.TimedOut}
		}
		return nil, &worker.Failure{Kind: worker.Cancelled}
	default:
		misbehave(s)
		return nil, nil
	}
}

// misbehave does what a hostile function does to its process.
func misbehave(s script) {
	switch s.Do {
	case "deaf": // native code that no interrupt reaches
		for {
			time.Sleep(time.Millisecond)
		}
	case "flood":
		for {
			b := make([]byte, 1<<20)
			for j := range b {
				b[j] = 1
			}
			hoard = append(hoard, b)
		}
	case "bomb":
		b := make([]byte, 1<<40)
		b[0] = 1
		sink.Store(&b)
	case "recurse":
		fmt.Fprint(os.Stdout, recurse(1))
	case "exit":
		os.Exit(s.N)
	case "gopanic":
		done := make(chan struct{})
		go func() { defer close(done); panic(s.Text) }()
		<-done
		select {}
	case "garbage":
		for fd := uintptr(3); fd < 32; fd++ {
			_, _ = os.NewFile(fd, "").Write([]byte("\x10\x00\x00\x00\x63garbage garbage"))
		}
	}
}

var hoard [][]byte

func recurse(n int) int {
	if n < 0 {
		return 0
	}
	return recurse(n+1) + n
}
