package console_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/functions"
	"baas/functions/gojart"
	"baas/functions/worker"
	"baas/functions/wxsdk"
	"baas/server/auth"
	"baas/server/env"
)

func TestMain(m *testing.M) {
	worker.RunIfChild(func() (worker.Engine, error) {
		return gojart.New(gojart.Options{SDK: wxsdk.Source("wx-server-sdk")}), nil
	})
	goleak.VerifyTestMain(m)
}

// newEnvs opens a registry with the environment "dev" on the engine given.
func newEnvs(t *testing.T, dev *db.Engine, fn *functions.Service) *env.Registry {
	t.Helper()
	r, err := env.Open(t.Context(), env.Options{
		System: dbtest.Open(t), Master: []byte("a secret of at least 32 bytes, for tests only"), Default: "dev",
		Open: func(_ context.Context, e *env.Env) error {
			e.DB, e.Functions = dev, fn
			e.Auth = auth.New(auth.Options{DB: dev, Env: e.ID, Secret: e.Key("auth")})
			return nil
		},
		Close: func(*env.Env) error { return nil },
		Now:   time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Create(t.Context(), "dev"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// newFunctions opens functions whose code runs in worker processes.
func newFunctions(t *testing.T, dev *db.Engine) *functions.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	pool, err := worker.NewPool(worker.Options{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := functions.Open(t.Context(), functions.Options{
		Env: "dev", Dir: t.TempDir(), DB: dev, Host: noHost{}, Workers: pool, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// noHost is the server for functions that ask nothing of it.
type noHost struct{}

func (noHost) Act(context.Context, rules.Principal, []byte) []byte { return []byte("{}") }

func (noHost) Upload(context.Context, rules.Principal, string, io.Reader) (string, error) {
	return "", fault.New(fault.StorageFailed, "no files here")
}

func (noHost) Download(context.Context, rules.Principal, string) (io.ReadCloser, error) {
	return nil, fault.New(fault.FileNotExist, "no files here")
}
