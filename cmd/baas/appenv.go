package main

import (
	"context"
	"embed"
	"errors"
	"math"
	"os"

	"baas/db"
	"baas/db/commit"
	"baas/db/kv/boltkv"
	"baas/db/rules"
	"baas/functions"
	"baas/server/auth"
	"baas/server/env"
	"baas/server/tcb"
	"baas/server/wechat"
	"baas/storage"
	"baas/storage/disk"
	"baas/storage/s3"
)

//go:embed hello
var hello embed.FS

// codeExchange is how wx.login codes become openids: WeChat's API, or the
// offline twin when there is no AppSecret to ask it with.
type codeExchange struct {
	codes    auth.CodeExchanger // nil: no login by code
	reusable func(string) bool
	appID    string
}

func (a *App) codeExchange() codeExchange {
	if a.cfg.WeChatSecret != "" {
		client := wechat.New(wechat.Options{Apps: map[string]wechat.Secret{a.cfg.WeChatAppID: wechat.Secret(a.cfg.WeChatSecret)}})
		return codeExchange{codes: client, appID: a.cfg.WeChatAppID}
	}
	if !a.cfg.WeChatTwin {
		return codeExchange{}
	}
	twin := wechat.NewTwin(nil)
	x := codeExchange{codes: twin.Client(), reusable: twin.ReusableCode, appID: a.cfg.WeChatAppID}
	if x.appID == "" {
		x.appID = wechat.TwinAppID
	}
	return x
}

// envOpener opens and closes the services of environments.
type envOpener struct {
	app   *App
	codes codeExchange
	parts map[string][]func() error
}

func (o *envOpener) open(ctx context.Context, e *env.Env) (err error) {
	a := o.app
	folder := a.dir.file("envs", e.ID)
	_, err = os.Stat(folder)
	isNew := errors.Is(err, os.ErrNotExist)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	path := a.dir.file("envs", e.ID, "db.bolt")
	if err := checkAfterCrash(ctx, path, a.log); err != nil {
		return err
	}
	store, err := boltkv.Open(path, boltkv.Options{
		Create: isNew, Identity: a.storeIdentity("env " + e.ID), Append: db.AppendKeys, Log: a.log,
	})
	if err != nil {
		return err
	}
	o.opened(e, store.Close)
	a.watchStore(store)
	if e.DB, err = db.Open(ctx, store, a.dbOptions()); err != nil {
		return err
	}
	o.opened(e, e.DB.Close)
	driver, err := a.driver(ctx, e.ID)
	if err != nil {
		return err
	}
	o.opened(e, driver.Close)
	e.Files = storage.New(storage.Options{Env: e.ID, Bucket: bucket(e.ID), Driver: driver, DB: e.DB, Key: e.Key("files"), Log: a.log})
	o.opened(e, e.Files.Close)
	e.Auth = auth.New(auth.Options{
		DB: e.DB, Env: e.ID, Secret: e.Key("auth"), Log: a.log,
		Codes: o.codes.codes, ReusableCode: o.codes.reusable, AppID: o.codes.appID,
	})
	e.Functions, err = functions.Open(ctx, functions.Options{
		Env: e.ID, Dir: a.dir.file("envs", e.ID, "functions"), LogDir: a.dir.file("envs", e.ID, "logs"), DB: e.DB,
		Host: tcb.NewHost(a.dispatch, e), Workers: a.workers, Log: a.log,
	})
	if err != nil {
		return err
	}
	o.opened(e, e.Functions.Close)
	return nil
}

// dbOptions are those of an environment's database.
func (a *App) dbOptions() db.Options {
	o := db.Options{
		AutoCreate: a.cfg.AutoCreate, MaxCollections: a.cfg.MaxCollections, KeepDropped: a.cfg.DroppedBytes, Log: a.log,
		Window: commit.Window{Age: a.cfg.HistoryAge, Bytes: a.cfg.HistoryBytes, Parts: math.MaxInt32},
	}
	if o.KeepDropped == 0 {
		o.KeepDropped = -1
	}
	return o
}

func (o *envOpener) opened(e *env.Env, closePart func() error) {
	if o.parts == nil {
		o.parts = make(map[string][]func() error)
	}
	o.parts[e.ID] = append(o.parts[e.ID], closePart)
}

func (o *envOpener) close(e *env.Env) error {
	var problems []error
	parts := o.parts[e.ID]
	for i := len(parts) - 1; i >= 0; i-- {
		problems = append(problems, parts[i]())
	}
	delete(o.parts, e.ID)
	return errors.Join(problems...)
}

// bucket is the name in file ids: cloud://ENV.BUCKET/path.
func bucket(envID string) string { return "baas-" + envID }

// driver opens where an environment's files are kept: its own folder, or its
// own prefix of the bucket.
func (a *App) driver(ctx context.Context, envID string) (storage.Driver, error) {
	if a.cfg.Storage == "disk" {
		return disk.Open(a.dir.file("envs", envID, "objects"))
	}
	c, err := s3.Parse(a.cfg.Storage)
	if err != nil {
		return nil, err
	}
	return s3.Open(ctx, c.Below(envID))
}

func deployHello(ctx context.Context, e *env.Env) error {
	source, err := helloFiles()
	if err != nil {
		return err
	}
	_, err = e.Functions.Deploy(ctx, rules.SystemPrincipal(), functions.Source{Name: "hello", FS: source})
	return err
}
