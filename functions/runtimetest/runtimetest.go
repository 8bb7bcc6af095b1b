package runtimetest

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/functions/bundle"
	"baas/functions/worker"
)

//go:embed testdata
var testdata embed.FS

// patience is how long an invocation of the suite may take.
const patience = 20 * time.Second

// Main runs the tests of a package that uses the suite. TestMain calls it.
func Main(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bundle.Arg {
		os.Exit(bundle.RunChild(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// Run holds an engine against the suite. Each case gets an engine of its own.
func Run(t *testing.T, newEngine func() worker.Engine) {
	t.Helper()
	t.Run("cases", func(t *testing.T) {
		t.Parallel()
		for _, name := range list(t, "testdata/cases") {
			t.Run(strings.TrimSuffix(name, path.Ext(name)), func(t *testing.T) {
				t.Parallel()
				runCase(t, newEngine(), path.Join("testdata/cases", name))
			})
		}
	})
	t.Run("node", func(t *testing.T) {
		t.Parallel()
		for _, name := range list(t, "testdata/node") {
			if table, ok := strings.CutSuffix(name, ".js"); ok {
				t.Run(table, func(t *testing.T) {
					t.Parallel()
					runTable(t, newEngine(), table)
				})
			}
		}
	})
}

func list(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := testdata.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := testdata.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// unpack writes a file or folder of testdata into dir.
func unpack(t testing.TB, from, dir string) {
	t.Helper()
	err := fs.WalkDir(testdata, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := testdata.ReadFile(name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(name, from), "/")))
		if name == from {
			to = filepath.Join(dir, path.Base(name))
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// function is one instance of a deployed function.
type function struct {
	instance worker.Instance
	calls    uint64
	mu       sync.Mutex // guards lines
	lines    []worker.LogRecord
}

// deploy bundles what dir holds and makes an instance of it. A failure to do
// either is returned as the failure of the first call would be.
func deploy(t testing.TB, engine worker.Engine, dir, entry string) (*function, *worker.Failure) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	result, err := bundle.Run(t.Context(), executable, bundle.Request{Dir: dir, Entry: entry, Out: out, Modules: engine.Modules()})
	if err != nil {
		t.Fatalf("bundle: %v", err)
	}
	if len(result.Errors) > 0 {
		return nil, &worker.Failure{Kind: worker.LoadFailed, Text: result.Errors[0].String()}
	}
	code, err := os.ReadFile(filepath.Join(out, bundle.CodeFile))
	if err != nil {
		t.Fatal(err)
	}
	p, err := engine.Compile(worker.Source{
		Name: worker.BundleName, Code: code, Dir: dir, Temp: t.TempDir(),
		Env: map[string]string{"TCB_ENV": "dev", "SCF_NAMESPACE": "dev"},
	})
	if err != nil {
		return nil, failureOf(t, err)
	}
	instance, err := engine.New(p, server{})
	if err != nil {
		return nil, failureOf(t, err)
	}
	t.Cleanup(instance.Close)
	return &function{instance: instance}, nil
}

// server answers the bridge: an act by its own body, everything else by no.
type server struct{}

func (server) Call(_ context.Context, _ uint64, op worker.Op, _, body []byte) (head, reply []byte, err error) {
	if op == worker.OpAct {
		return nil, body, nil
	}
	return nil, nil, errors.New("the suite's server has no files")
}

func failureOf(t testing.TB, err error) *worker.Failure {
	t.Helper()
	f, ok := errors.AsType[*worker.Failure](err)
	if !ok {
		t.Fatalf("the error is a %T, want a *worker.Failure: %v", err, err)
	}
	return f
}

// call invokes the function and returns what it printed meanwhile.
func (f *function) call(t testing.TB, event string, limit time.Duration) (string, []worker.LogRecord, *worker.Failure) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	f.calls++
	deadline, _ := ctx.Deadline()
	result, err := f.instance.Invoke(ctx, worker.Invocation{
		ID:    f.calls,
		Event: []byte(event),
		Context: worker.InvocationContext{
			RequestID: "request-1", FunctionName: "suite", FunctionVersion: "$LATEST", Namespace: "dev", MemoryLimitMB: 256, TimeLimitMS: 3000, Environment: "{}",
		},
		WXContext: map[string]string{"OPENID": "o-user", "APPID": "wx1", "ENV": "dev"},
		Env:       map[string]string{"WX_OPENID": "o-user"},
		Deadline:  deadline,
		MaxResult: 1 << 20,
		Log: func(r worker.LogRecord) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.lines = append(f.lines, r)
		},
	})
	f.mu.Lock()
	lines := f.lines
	f.lines = nil
	f.mu.Unlock()
	if err != nil {
		return "", lines, failureOf(t, err)
	}
	return string(result), lines, nil
}
