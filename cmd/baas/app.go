package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"baas/db"
	"baas/db/kv/boltkv"
	"baas/functions/gojart"
	"baas/functions/worker"
	"baas/functions/wxsdk"
	"baas/server"
	"baas/server/console"
	"baas/server/env"
	"baas/server/realtime"
	"baas/server/tcb"
	webconsole "baas/web-console"
)

// defaultEnv is the environment of a new data folder, and of requests that
// name none.
const defaultEnv = "dev"

// shutdownWait is how long running requests may take to end.
const shutdownWait = 15 * time.Second

// App is the whole program over one data folder: everything that is open, and
// how it is closed. Its parts are opened from the bottom to the top and closed
// the other way round.
type App struct {
	cfg        Config
	log        *slog.Logger
	dir        *dataDir
	credential string // of commands on this machine, in data/local.json

	store    *boltkv.Store
	system   *db.Engine
	workers  *worker.Pool
	dispatch *tcb.Dispatcher
	envs     *env.Registry
	sockets  *realtime.Hub
	console  *console.Console
	server   *server.Server

	closers []func() error // in the order of opening

	mu        sync.Mutex
	envStores []*boltkv.Store // guarded by mu
}

// openApp opens everything but the listener. On an error nothing stays open.
func openApp(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log}
	for _, open := range []func(context.Context) error{
		a.openFolder, a.openSystem, a.openWorkers, a.openEnvs, a.openServer, a.startSweeping,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

func (a *App) onClose(fn func() error) { a.closers = append(a.closers, fn) }

func (a *App) openFolder(context.Context) error {
	dir, err := openDataDir(a.cfg.Data)
	if err != nil {
		return err
	}
	a.dir = dir
	a.credential, err = randomHex(32)
	return err
}

// storeIdentity ties a store to its data folder and purpose, so that a file
// that was copied from elsewhere is not taken for it.
func (a *App) storeIdentity(purpose string) string { return a.dir.identity.ID + " " + purpose }

func (a *App) openSystem(ctx context.Context) (err error) {
	if err := checkAfterCrash(ctx, a.dir.file("system.bolt"), a.log); err != nil {
		return err
	}
	a.store, err = boltkv.Open(a.dir.file("system.bolt"), boltkv.Options{
		Create: a.dir.fresh, Identity: a.storeIdentity("system"), Append: db.AppendKeys, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.onClose(a.store.Close)
	if a.system, err = db.Open(ctx, a.store, db.Options{Log: a.log}); err != nil {
		return err
	}
	a.onClose(a.system.Close)
	return nil
}

func (a *App) openWorkers(context.Context) (err error) {
	a.workers, err = worker.NewPool(worker.Options{Dir: a.dir.file("workers"), Log: a.log})
	if err != nil {
		return err
	}
	a.onClose(a.workers.Close)
	return nil
}

func (a *App) openEnvs(ctx context.Context) (err error) {
	// Without a request to learn it from, an address in a reply is the public
	// one, or the one listened on.
	base := a.cfg.PublicURL
	if base == "" {
		base = "http://" + a.cfg.HTTP
	}
	a.dispatch = tcb.NewDispatcher(tcb.Options{Base: base, Now: time.Now, Log: a.log})
	o := &envOpener{app: a, codes: a.codeExchange()}
	a.envs, err = env.Open(ctx, env.Options{
		System: a.system, Master: a.dir.master, Default: defaultEnv,
		Open: o.open, Close: o.close, Now: time.Now, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.onClose(a.envs.Close)
	if len(a.envs.List()) > 0 {
		return nil
	}
	e, err := a.envs.Create(ctx, defaultEnv)
	if err != nil {
		return err
	}
	return deployHello(ctx, e)
}

func (a *App) openServer(context.Context) (err error) {
	assets, err := webconsole.FS()
	if err != nil {
		return err
	}
	a.sockets = realtime.New(realtime.Options{Envs: a.envs, Log: a.log})
	a.onClose(a.sockets.Close)
	a.console = console.New(console.Options{
		System: a.system, Envs: a.envs, Assets: assets, Credential: a.credential, Now: time.Now, Log: a.log,
	})
	a.server, err = server.New(server.Options{
		Envs: a.envs, Dispatcher: a.dispatch, PublicURL: a.cfg.PublicURL, TrustedProxies: a.cfg.TrustedProxies,
		Console: a.console, Sockets: a.sockets, SDK: sdkHandler(), Ready: a.ready, Metrics: prometheus.NewRegistry(), Now: time.Now, Log: a.log,
	})
	return err
}

// ready fails when a store has stopped, that of an environment too: no write
// to it can succeed until the server starts anew.
func (a *App) ready(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	problems := []error{a.store.Failed()}
	for _, s := range a.envStores {
		problems = append(problems, s.Failed())
	}
	return errors.Join(problems...)
}

// watchStore makes readiness depend on the store of an environment.
func (a *App) watchStore(s *boltkv.Store) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.envStores = append(a.envStores, s)
}

func (a *App) handler() http.Handler { return a.server.Handler() }

// Run serves on the configured address until ctx ends, then drains. started is
// called once, when requests are answered.
func (a *App) Run(ctx context.Context, started func(url string) error) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.HTTP)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --http", a.cfg.HTTP, err)
	}
	url := "http://" + l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(l) }()
	if err := a.dir.announce(localServer{URL: url, Credential: a.credential, PID: os.Getpid()}); err != nil {
		return errors.Join(err, a.stop(served))
	}
	if err := started(url); err != nil {
		return errors.Join(err, a.stop(served))
	}
	select {
	case err := <-served:
		return errors.Join(err, a.dir.withdraw())
	case <-ctx.Done():
		return a.stop(served)
	}
}

// stop drains the server: sockets are told to come back, running requests may
// end.
func (a *App) stop(served <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownWait)
	defer cancel()
	withdrawn := a.dir.withdraw()
	closed := a.sockets.Close()
	err := a.server.Shutdown(ctx)
	return errors.Join(err, <-served, withdrawn, closed)
}

// Close closes what is open, the newest first.
func (a *App) Close() error {
	var problems []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		problems = append(problems, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(problems...)
}

// newEngine makes the JavaScript engine of a worker process.
func newEngine() (worker.Engine, error) {
	return gojart.New(gojart.Options{SDK: wxsdk.Source("wx-server-sdk")}), nil
}

// helloFiles is the source of the function that a new environment has.
func helloFiles() (fs.FS, error) { return fs.Sub(hello, "hello") }
