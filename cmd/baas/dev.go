package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/cobra"

	"baas/db/rules"
	"baas/functions"
	"baas/functions/project"
	"baas/server/env"
)

// settle is how long a folder must be quiet before it is deployed again: an
// editor saves in several steps. It is well inside the promised 300 ms.
const settle = 40 * time.Millisecond

func newDev(sh *shell) *cobra.Command {
	c := &cobra.Command{
		Use:   "dev DIR",
		Short: "Serve a mini-program project: deploy its cloud functions, again at each save, and print their logs",
		Args:  cobra.ExactArgs(1),
	}
	cfg := bindConfig(c.Flags())
	// The terminal is for the functions' own lines here.
	cfg.LogLevel = "warn"
	c.Flags().Lookup("log-level").DefValue = cfg.LogLevel
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := project.Load(args[0])
		if err != nil {
			return err
		}
		cfg.AutoCreate = true
		if cfg.WeChatAppID == "" {
			cfg.WeChatAppID = p.AppID
		}
		return sh.serve(c, cfg, func(ctx context.Context, app *App, e *env.Env) error {
			return newDevLoop(sh, p, e, app.log).run(ctx)
		})
	}
	return c
}

// devLoop keeps an environment's functions equal to a project's folders.
type devLoop struct {
	sh      *shell
	project project.Project
	env     *env.Env
	log     *slog.Logger
	watcher *fsnotify.Watcher
}

func newDevLoop(sh *shell, p project.Project, e *env.Env, log *slog.Logger) *devLoop {
	return &devLoop{sh: sh, project: p, env: e, log: log}
}

// run deploys every function, then follows changes until ctx ends.
func (d *devLoop) run(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	d.watcher = w
	if err := d.watchTree(d.project.Root); err != nil {
		return err
	}
	fns, err := d.project.Functions()
	if err != nil {
		return err
	}
	logs, stop := d.env.Functions.Follow(1024)
	defer stop()
	for _, f := range fns {
		d.deploy(ctx, f)
	}
	return d.follow(ctx, logs)
}

func (d *devLoop) follow(ctx context.Context, logs <-chan functions.LogLine) error {
	changed := make(map[string]project.Function)
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-logs:
			d.printLog(line)
		case err := <-d.watcher.Errors:
			d.log.Warn("watching the project failed", "error", err)
		case ev := <-d.watcher.Events:
			if f, ok := d.touched(ev); ok {
				changed[f.Name] = f
				quiet.Reset(settle)
			}
		case <-quiet.C:
			for name, f := range changed {
				d.deploy(ctx, f)
				delete(changed, name)
			}
		}
	}
}

// touched says which function a file event concerns, and starts to watch a new
// folder.
func (d *devLoop) touched(ev fsnotify.Event) (project.Function, bool) {
	base := filepath.Base(ev.Name)
	if ev.Op == fsnotify.Chmod || strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") ||
		strings.Contains(filepath.ToSlash(ev.Name), "/node_modules/") {
		return project.Function{}, false
	}
	if ev.Has(fsnotify.Create) {
		if info, err := os.Stat(ev.Name); err == nil && info.IsDir() {
			if err := d.watchTree(ev.Name); err != nil {
				d.log.Warn("watching a folder failed", "error", err)
			}
		}
	}
	return d.project.FunctionOf(ev.Name)
}

// watchTree watches a folder and those below it; node_modules is left out.
func (d *devLoop) watchTree(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.IsDir() {
			return err
		}
		if e.Name() == "node_modules" || (path != root && strings.HasPrefix(e.Name(), ".")) {
			return fs.SkipDir
		}
		return d.watcher.Add(path)
	})
}

// deploy brings one function live. A mistake in user code is the developer's
// to read: it is printed and the last good version stays live.
func (d *devLoop) deploy(ctx context.Context, f project.Function) {
	start := time.Now()
	if f.NeedsInstall {
		if err := installPackages(ctx, f, d.sh.log); err != nil {
			fmt.Fprintf(d.sh.out, "✗ %s: %v\n", f.Name, err)
			return
		}
	}
	_, err := d.env.Functions.Deploy(ctx, rules.SystemPrincipal(), source(f, d.project.Settings[f.Name]))
	if err != nil {
		fmt.Fprintf(d.sh.out, "✗ %s: %v\n", f.Name, publicText(err))
		return
	}
	fmt.Fprintf(d.sh.out, "✓ %s live in %d ms\n", f.Name, time.Since(start).Milliseconds())
}

func (d *devLoop) printLog(l functions.LogLine) {
	fmt.Fprintf(d.sh.out, "%s %s %-5s %s\n", l.Time.Local().Format("15:04:05.000"), l.Function, l.Level, l.Text)
}
