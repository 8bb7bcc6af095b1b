package servertest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"testing/fstest"

	"baas/db/rules"
	"baas/functions"
	"baas/functions/gojart"
	"baas/functions/worker"
	"baas/functions/wxsdk"
	"baas/server/env"
)

// Main runs the tests of a package that calls functions: started again as a
// worker, the test binary serves invocations instead.
func Main(m *testing.M) {
	worker.RunIfChild(func() (worker.Engine, error) {
		return gojart.New(gojart.Options{SDK: wxsdk.Source("wx-server-sdk")}), nil
	})
	os.Exit(m.Run())
}

// workers opens a pool that starts no process before it is needed.
func workers(t testing.TB, log *slog.Logger) *worker.Pool {
	t.Helper()
	pool, err := worker.NewPool(worker.Options{Dir: t.TempDir(), Spares: -1, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("servertest: close workers: %v", err)
		}
	})
	return pool
}

func openFunctions(ctx context.Context, e *env.Env, host functions.Host, pool *worker.Pool, dir string, log *slog.Logger) error {
	var err error
	e.Functions, err = functions.Open(ctx, functions.Options{
		Env: e.ID, Dir: dir, DB: e.DB, Host: host, Workers: pool, Log: log,
	})
	return err
}

func closeEnv(e *env.Env) error {
	var failed error
	if e.Functions != nil {
		failed = errors.Join(failed, e.Functions.Close())
	}
	if e.Files != nil {
		failed = errors.Join(failed, e.Files.Close())
	}
	return failed
}

// Function deploys the source of an index.js in the default environment. The
// package's TestMain must call Main.
func (h *House) Function(t testing.TB, name, source string) {
	t.Helper()
	_, err := h.Env.Functions.Deploy(t.Context(), rules.Principal{Role: rules.Admin}, functions.Source{
		Name: name, FS: fstest.MapFS{"index.js": {Data: []byte(source)}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
