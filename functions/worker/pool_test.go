package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/db/fault"
	"baas/functions/worker"
)

func newPool(t testing.TB, change func(*worker.Options)) *worker.Pool {
	t.Helper()
	o := worker.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	p, err := worker.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		left, err := filepath.Glob(filepath.Join(o.Dir, "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left in the workers' directory: %v, %v", left, err)
		}
	})
	return p
}

func newFunction(t testing.TB, p *worker.Pool, code string, change func(*worker.Spec)) *worker.Function {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle.js")
	if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	s := worker.Spec{Name: "f", Version: "$LATEST", Env: "dev", Bundle: path, Memory: 128, Timeout: 20 * time.Second}
	if change != nil {
		change(&s)
	}
	return p.Function(s)
}

func request(event string) worker.Request {
	return worker.Request{RequestID: "r-1", Event: []byte(event), Log: func(worker.LogRecord) {}, Host: host{}}
}

func mustCall(t testing.TB, f *worker.Function, event string) string {
	t.Helper()
	r, err := f.Invoke(t.Context(), t.Context(), request(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return string(r.Value)
}

// host is a server that answers with what it was asked.
type host struct{ act func(context.Context) }

func (h host) Act(ctx context.Context, body []byte) []byte {
	if h.act != nil {
		h.act(ctx)
	}
	return append([]byte("acted on "), body...)
}

func (host) Upload(_ context.Context, path string, r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	if path == "" {
		return "", fault.Invalid("cloudPath", "must not be empty")
	}
	return path + "=" + string(b), err
}

func (host) Download(_ context.Context, fileID string) (io.ReadCloser, error) {
	if fileID == "panic" {
		panic("a bug in the server")
	}
	return io.NopCloser(strings.NewReader("content of " + fileID)), nil
}

func TestInvocationCarriesEverything(t *testing.T) {
	t.Setenv("BAAS_SECRET", "of the server")
	p := newPool(t, nil)
	f := newFunction(t, p, "", func(s *worker.Spec) {
		s.Variables = map[string]string{"TZ": "Asia/Shanghai", "A": "1"}
		s.Memory = 256
		s.Timeout = 3 * time.Second
	})
	r := request(`{"do":"context"}`)
	r.WXContext = map[string]string{"OPENID": "0123"}
	r.Env = map[string]string{"WX_OPENID": "0123"}
	result, err := f.Invoke(t.Context(), t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Context            worker.InvocationContext
		WX, Env, Variables map[string]string
		Zone               string
		Environ            []string
	}
	if err := json.Unmarshal(result.Value, &got); err != nil {
		t.Fatal(err)
	}
	want := worker.InvocationContext{
		RequestID: "r-1", FunctionName: "f", FunctionVersion: "$LATEST", Namespace: "dev",
		MemoryLimitMB: 256, TimeLimitMS: 3000, Environment: `{"A":"1","TZ":"Asia/Shanghai"}`,
	}
	if got.Context != want {
		t.Errorf("context: got %+v, want %+v", got.Context, want)
	}
	if got.WX["OPENID"] != "0123" || got.Env["WX_OPENID"] != "0123" || got.Variables["A"] != "1" {
		t.Errorf("got %+v", got)
	}
	if got.Zone != "Asia/Shanghai" {
		t.Errorf("zone %q", got.Zone)
	}
	if slices.ContainsFunc(got.Environ, func(s string) bool { return strings.Contains(s, "BAAS_SECRET") }) {
		t.Errorf("the worker sees the server's environment: %q", got.Environ)
	}
	if result.Memory == 0 || result.Duration <= 0 {
		t.Errorf("no measurements: %+v", result)
	}
}

func TestGlobalsStayWarm(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", nil)
	for _, want := range []string{"1", "2", "3"} {
		if got := mustCall(t, f, `{"do":"calls"}`); got != want {
			t.Errorf("got %s calls, want %s", got, want)
		}
	}
	if _, err := f.Invoke(t.Context(), t.Context(), request(`{"do":"throw"}`)); err == nil {
		t.Error("no error")
	}
	if got := mustCall(t, f, `{"do":"calls"}`); got != "5" {
		t.Errorf("after a throw the instance was not kept: %s calls", got)
	}
	if _, err := f.Invoke(t.Context(), t.Context(), request(`{"do":"spoil"}`)); err == nil {
		t.Error("no error")
	}
	if got := mustCall(t, f, `{"do":"calls"}`); got != "1" {
		t.Errorf("a spoilt instance was kept: %s calls", got)
	}
}

func TestHostOperations(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", nil)
	for _, tc := range []struct{ name, event, want string }{
		{"Act", `{"do":"op","n":1}`, `["","acted on body"]`},
		{"Upload", `{"do":"op","n":2,"text":"{\"path\":\"a/b\"}"}`, `["{\"fileID\":\"a/b=body\"}",""]`},
		{"Download", `{"do":"op","n":3,"text":"{\"fileID\":\"x\"}"}`, `["","content of x"]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := mustCall(t, f, tc.event); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	for _, tc := range []struct{ name, event, want string }{
		{"Refused", `{"do":"op","n":2,"text":"{}"}`, "INVALID_PARAM: cloudPath: must not be empty"},
		{"BadHead", `{"do":"op","n":3,"text":"[]"}`, "INVALID_PARAM: fileID: must be a text"},
		{"Panic", `{"do":"op","n":3,"text":"{\"fileID\":\"panic\"}"}`, "SYS_ERR: internal error; the server's log has the details under this request id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.Invoke(t.Context(), t.Context(), request(tc.event))
			failure, ok := errors.AsType[*worker.Failure](err)
			if !ok || failure.Text != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestFailuresOfUserCode(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", func(s *worker.Spec) { s.Timeout = 300 * time.Millisecond })
	for _, tc := range []struct {
		name, event string
		kind        worker.FailureKind
		text        string
	}{
		{"Threw", `{"do":"throw","text":"no"}`, worker.Threw, "Error: no"},
		{"Timeout", `{"do":"wait"}`, worker.TimedOut, ""},
		{"TimeoutInNativeCode", `{"do":"deaf"}`, worker.TimedOut, "the invocation did not end at its deadline"},
		{"ResultTooLarge", `{"do":"big","n":1048577}`, worker.TooLarge, "the result has 1048579 bytes"},
		{"EnginePanics", `{"do":"panic","text":"boom"}`, worker.UnhandledRejection, "RuntimeError: the JavaScript engine failed: boom"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.Invoke(t.Context(), t.Context(), request(tc.event))
			failure, ok := errors.AsType[*worker.Failure](err)
			if !ok || failure.Kind != tc.kind || failure.Text != tc.text {
				t.Errorf("got %v, want kind %d %q", err, tc.kind, tc.text)
			}
			if got := mustCall(t, f, `{"do":"echo"}`); got != `{"do":"echo"}` {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

func TestDeathsHaveCodes(t *testing.T) {
	p := newPool(t, nil)
	victim := newFunction(t, p, "", nil)
	f := newFunction(t, p, "", nil)
	mustCall(t, victim, `{"do":"echo"}`)
	for _, tc := range []struct {
		name, event string
		code        fault.Code
		text        string
	}{
		{"Flood", `{"do":"flood"}`, fault.FunctionMemory, "Memory limit exceeded: the function may use 128 MB"},
		{"Bomb", `{"do":"bomb"}`, fault.FunctionMemory, "Memory limit exceeded: the function may use 128 MB"},
		{"Recursion", `{"do":"recurse"}`, fault.FunctionExecute, "Process exited unexpectedly: stack overflow; a recursion or a value is nested too deeply"},
		{"Exit", `{"do":"exit","n":0}`, fault.FunctionExecute, "Process exited unexpectedly"},
		{"GoroutinePanic", `{"do":"gopanic","text":"x"}`, fault.FunctionExecute, "Process exited unexpectedly"},
		{"Garbage", `{"do":"garbage"}`, fault.FunctionExecute, "Process exited unexpectedly"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.Invoke(t.Context(), t.Context(), request(tc.event))
			if fault.CodeOf(err) != tc.code || fault.Text(err) != tc.text {
				t.Errorf("got %v, want %s: %s", err, tc.code, tc.text)
			}
			if got := mustCall(t, victim, `{"do":"echo"}`); got != `{"do":"echo"}` {
				t.Errorf("the other function: %s", got)
			}
			if got := mustCall(t, f, `{"do":"calls"}`); got != "1" {
				t.Errorf("not a fresh process: %s calls", got)
			}
		})
	}
}

func TestLoadFailures(t *testing.T) {
	p := newPool(t, nil)
	t.Run("Compile", func(t *testing.T) {
		err := newFunction(t, p, "broken", nil).Warm(t.Context())
		failure, ok := errors.AsType[*worker.Failure](err)
		if !ok || failure.Kind != worker.LoadFailed || failure.Text != "SyntaxError: broken" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("EnginePanics", func(t *testing.T) {
		err := newFunction(t, p, "panic", nil).Warm(t.Context())
		if failure, ok := errors.AsType[*worker.Failure](err); !ok || failure.Kind != worker.LoadFailed {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Crash", func(t *testing.T) {
		err := newFunction(t, p, "crash", nil).Warm(t.Context())
		if !fault.Is(err, fault.FunctionExecute) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCrashLoopBacksOff(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "crash", nil)
	for range 3 {
		if err := f.Warm(t.Context()); err == nil {
			t.Fatal("no error")
		}
	}
	start := time.Now()
	if err := f.Warm(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if took := time.Since(start); took < 200*time.Millisecond {
		t.Errorf("the fourth start came after %v", took)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Queue = 1; o.QueueTime = 50 * time.Millisecond })
	f := newFunction(t, p, "", func(s *worker.Spec) { s.Concurrency = 2 })
	for err := f.Warm(t.Context()); err != nil; err = f.Warm(t.Context()) {
		t.Log(err) // a start may take longer than this queue's patience
	}
	entered, release := make(chan struct{}), make(chan struct{})
	r := request(`{"do":"op","n":1}`)
	r.Host = host{act: func(context.Context) { entered <- struct{}{}; <-release }}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := f.Invoke(t.Context(), t.Context(), r); err != nil {
				t.Error(err)
			}
		})
		<-entered
	}
	var codes sync.Map
	var waiting sync.WaitGroup
	for i := range 2 { // one waits in vain, one finds the queue full
		waiting.Go(func() {
			_, err := f.Invoke(t.Context(), t.Context(), request(`{"do":"echo"}`))
			codes.Store(i, fault.CodeOf(err))
		})
	}
	waiting.Wait()
	for i := range 2 {
		if code, _ := codes.Load(i); code != fault.ConcurrencyLimit {
			t.Errorf("call %d: got %v, want %s", i, code, fault.ConcurrencyLimit)
		}
	}
	close(release)
	wg.Wait()
	mustCall(t, f, `{"do":"echo"}`)
}

func TestInstancesOfOneProcessDoNotWaitForEachOther(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", nil)
	const n = 4
	var all sync.WaitGroup
	all.Add(n)
	r := request(`{"do":"op","n":1}`)
	r.Host = host{act: func(context.Context) { all.Done(); all.Wait() }}
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			if _, err := f.Invoke(t.Context(), t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
}

func TestCancel(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", nil)
	for _, do := range []string{"wait", "deaf"} {
		t.Run(do, func(t *testing.T) {
			mustCall(t, f, `{"do":"echo"}`)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err := f.Invoke(t.Context(), ctx, request(`{"do":"`+do+`"}`))
			failure, ok := errors.AsType[*worker.Failure](err)
			if !ok || failure.Kind != worker.Cancelled {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHostOperationEndsWithItsInvocation(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", func(s *worker.Spec) { s.Timeout = 100 * time.Millisecond })
	ended := make(chan struct{})
	r := request(`{"do":"op","n":1}`)
	r.Host = host{act: func(ctx context.Context) { <-ctx.Done(); close(ended) }}
	if _, err := f.Invoke(t.Context(), t.Context(), r); err == nil {
		t.Error("no error")
	}
	<-ended
}

func TestLogArrives(t *testing.T) {
	f := newFunction(t, newPool(t, nil), "", nil)
	var lines []worker.LogRecord
	r := request(`{"do":"log","n":3,"text":"hi"}`)
	r.Log = func(l worker.LogRecord) { lines = append(lines, l) }
	if _, err := f.Invoke(t.Context(), t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3 || lines[2].Text != "hi" || lines[2].Level != worker.LevelWarn || lines[2].Time.IsZero() {
		t.Errorf("got %+v", lines)
	}
	lines = nil
	r.Event = []byte(`{"do":"log","n":200000,"text":"flood"}`)
	if _, err := f.Invoke(t.Context(), t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if n := len(lines); n != 10_001 || !strings.Contains(lines[n-1].Text, "left out") {
		t.Errorf("got %d lines, the last %q", n, lines[n-1].Text)
	}
}

func TestIdleProcessesEnd(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Idle = 20 * time.Millisecond })
	f := newFunction(t, p, "", nil)
	mustCall(t, f, `{"do":"calls"}`)
	for deadline := time.Now().Add(10 * time.Second); ; {
		time.Sleep(60 * time.Millisecond) // being idle is what is tested
		if mustCall(t, f, `{"do":"calls"}`) == "1" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the process was never ended")
		}
	}
}

func TestIdleProcessMakesWay(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Processes = 1; o.Spares = -1 })
	a, b := newFunction(t, p, "", nil), newFunction(t, p, "", nil)
	for range 2 {
		if got := mustCall(t, a, `{"do":"calls"}`); got != "1" {
			t.Errorf("a: %s calls", got)
		}
		if got := mustCall(t, b, `{"do":"calls"}`); got != "1" {
			t.Errorf("b: %s calls", got)
		}
	}
}

func TestRetire(t *testing.T) {
	p := newPool(t, nil)
	f := newFunction(t, p, "", nil)
	entered, release := make(chan struct{}), make(chan struct{})
	r := request(`{"do":"op","n":1}`)
	r.Host = host{act: func(context.Context) { close(entered); <-release }}
	done := make(chan error, 1)
	go func() {
		_, err := f.Invoke(t.Context(), t.Context(), r)
		done <- err
	}()
	<-entered
	f.Retire()
	if _, err := f.Invoke(t.Context(), t.Context(), request(`{"do":"echo"}`)); !errors.Is(err, worker.ErrRetired) {
		t.Errorf("got %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Errorf("the call inside: %v", err)
	}
}

func TestModules(t *testing.T) {
	for _, spares := range []int{-1, 2} {
		p := newPool(t, func(o *worker.Options) { o.Spares = spares })
		got, err := p.Modules(t.Context())
		if err != nil || !slices.Equal(got, []string{"fs", "wx-server-sdk"}) {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func BenchmarkWarmCall(b *testing.B) {
	f := newFunction(b, newPool(b, nil), "", nil)
	mustCall(b, f, `{"do":"echo"}`)
	r := request(`{"do":"echo"}`)
	b.ResetTimer()
	for b.Loop() {
		if _, err := f.Invoke(b.Context(), b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWarmCallParallel(b *testing.B) {
	f := newFunction(b, newPool(b, nil), "", nil)
	mustCall(b, f, `{"do":"echo"}`)
	r := request(`{"do":"echo"}`)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Invoke(b.Context(), b.Context(), r); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
