package gojart_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"baas/functions/gojart"
	"baas/functions/worker"
)

// The clock of the regular expression engine stops by itself a while after the
// last match: it has no owner who could stop it.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// bridge answers each operation with a function.
type bridge func(ctx context.Context, invocation uint64, op worker.Op, head, body []byte) ([]byte, []byte, error)

func (b bridge) Call(ctx context.Context, invocation uint64, op worker.Op, head, body []byte) ([]byte, []byte, error) {
	return b(ctx, invocation, op, head, body)
}

func noBridge(context.Context, uint64, worker.Op, []byte, []byte) ([]byte, []byte, error) {
	return nil, nil, errors.New("the test has no server")
}

// function is one instance under test.
type function struct {
	t        testing.TB
	instance worker.Instance
	calls    uint64
	mu       sync.Mutex
	lines    []worker.LogRecord
}

func load(t testing.TB, o gojart.Options, b bridge, code string) *function {
	t.Helper()
	engine := gojart.New(o)
	p, err := engine.Compile(worker.Source{Name: worker.BundleName, Code: []byte(code), Temp: t.TempDir(), Env: map[string]string{"TCB_ENV": "dev"}})
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	instance, err := engine.New(p, b)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	t.Cleanup(instance.Close)
	return &function{t: t, instance: instance}
}

func (f *function) invoke(ctx context.Context, event string) (string, *worker.Failure) {
	f.t.Helper()
	f.calls++
	result, err := f.instance.Invoke(ctx, worker.Invocation{
		ID:        f.calls,
		Event:     []byte(event),
		Context:   worker.InvocationContext{RequestID: "r1", FunctionName: "test", Namespace: "dev"},
		WXContext: map[string]string{"OPENID": "o1"},
		MaxResult: 1 << 20,
		Log: func(r worker.LogRecord) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.lines = append(f.lines, r)
		},
	})
	if err == nil {
		return string(result), nil
	}
	failure, ok := errors.AsType[*worker.Failure](err)
	if !ok {
		f.t.Fatalf("Invoke's error is a %T, want a *worker.Failure: %v", err, err)
	}
	return "", failure
}

func (f *function) logged() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, l := range f.lines {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}
