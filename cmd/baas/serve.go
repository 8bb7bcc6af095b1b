package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"baas/db/fault"
	"baas/functions"
	"baas/functions/project"
	"baas/server/env"
)

// logLevels are the values of --log-level.
var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

func newLogger(w io.Writer, level string) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: logLevels[level]}))
}

func newServe(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Start the server (what `baas` alone does)", Args: cobra.NoArgs}
	cfg := bindConfig(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		return sh.serve(c, cfg, func(context.Context, *App, *env.Env) error { return nil })
	}
	return c
}

// serve runs the server until it is told to stop. beside runs in step with it
// and ends with its context.
func (sh *shell) serve(c *cobra.Command, cfg *Config, beside func(context.Context, *App, *env.Env) error) error {
	if err := fillConfig(c.Flags(), sh.getenv); err != nil {
		return &usageError{err}
	}
	if err := cfg.Validate(); err != nil {
		return &usageError{err}
	}
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	app, err := openApp(ctx, *cfg, newLogger(sh.log, cfg.LogLevel))
	if err != nil {
		return err
	}
	e, err := app.envs.Get("")
	if err != nil {
		return errors.Join(err, app.Close())
	}
	var running sync.WaitGroup
	var besideErr error
	err = app.Run(ctx, func(url string) error {
		if err := sh.welcome(ctx, app, e, url); err != nil {
			return err
		}
		running.Go(func() {
			if besideErr = beside(ctx, app, e); besideErr != nil {
				cancel()
			}
		})
		return nil
	})
	cancel()
	running.Wait()
	return errors.Join(err, besideErr, app.Close())
}

// folderConfig is the configuration of a command that opens the data folder
// itself: defaults and environment, no listener.
func (sh *shell) folderConfig() (Config, error) {
	c := &cobra.Command{}
	cfg := bindConfig(c.Flags())
	if err := fillConfig(c.Flags(), sh.getenv); err != nil {
		return Config{}, err
	}
	cfg.Data = sh.dataDir
	return *cfg, cfg.Validate()
}

// welcome prints where the server is and how an app reaches it.
func (sh *shell) welcome(ctx context.Context, app *App, e *env.Env, url string) error {
	if app.cfg.PublicURL != "" {
		url = strings.TrimRight(app.cfg.PublicURL, "/")
	}
	link, err := app.consoleLink(ctx, url)
	if err != nil {
		return err
	}
	text := strings.NewReplacer("{version}", version, "{url}", url, "{link}", link, "{data}", app.cfg.Data, "{env}", e.ID)
	_, err = text.WriteString(sh.out, welcomeText)
	return err
}

// welcomeText works when pasted.
const welcomeText = `
baas {version} is ready

  Server    {url}
  Console   {link}
  Data      {data}, environment {env}

Mini program: save {url}/sdk/baas.wx.js into miniprogram/, and in app.js
  wx.cloud = require('./baas.wx.js')
  wx.cloud.init({ env: '{env}', endpoint: '{url}' })
  wx.cloud.callFunction({ name: 'hello' }).then(res => console.log(res.result))

Browser:
  <script src="{url}/sdk/baas.js"></script>
  <script>
    cloud.init({ env: '{env}', endpoint: '{url}' })
    cloud.callFunction({ name: 'hello' }).then(res => console.log(res.result))
  </script>

Node: save {url}/sdk/baas.cjs, or use Tencent's wx-server-sdk with serviceUrl '{url}/admin'
  const cloud = require('./baas.cjs')
  cloud.init({ env: '{env}', endpoint: '{url}' })
  cloud.callFunction({ name: 'hello' }).then(res => console.log(res.result))

`

// consoleLink is the console's address, with a one-time token as long as there
// is no admin.
func (a *App) consoleLink(ctx context.Context, url string) (string, error) {
	known, err := a.console.Accounts().Any(ctx)
	if err != nil {
		return "", err
	}
	if known {
		return url + "/console/", nil
	}
	return url + "/console/setup?token=" + a.console.NewSetupToken(), nil
}

// publicText is what a developer reads of an error at the terminal.
func publicText(err error) string {
	if fault.CodeOf(err) == fault.SysErr {
		return err.Error()
	}
	return fault.Text(err)
}

// source is what Deploy takes of a project's function.
func source(f project.Function, s project.Settings) functions.Source {
	out := functions.Source{Name: f.Name, Dir: f.Dir, Workspace: true}
	if s.Name != "" {
		out.Config = &functions.Config{
			Timeout: s.TimeoutSecs, MemorySize: s.MemoryMB, Runtime: s.Runtime, Variables: s.EnvVariables,
		}
	}
	return out
}
