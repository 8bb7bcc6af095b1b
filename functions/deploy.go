package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions/bundle"
	"baas/functions/worker"
)

// keptVersions of a function remain for roll-back, the live one among them.
const keptVersions = 10

func (s *Service) stagingDir() string { return filepath.Join(s.o.Dir, "staging") }

// Deploy bundles a function, proves that it compiles in a worker, stores it and
// makes it live. Calls that run end on the version they began with. The same
// files and configuration make the same version: deploying them again only
// makes it live.
//
// Codes: PermissionDenied; InvalidParam for the name, the configuration and
// for code that does not build or load, with file, line and column;
// FunctionFailed if the bundler gave up.
func (s *Service) Deploy(ctx context.Context, p rules.Principal, src Source) (Version, error) {
	if err := admin(p); err != nil {
		return Version{}, err
	}
	if err := checkName("name", src.Name); err != nil {
		return Version{}, err
	}
	if err := s.begin(ctx); err != nil {
		return Version{}, err
	}
	defer s.calls.Done()
	s.deploying.Lock()
	defer s.deploying.Unlock()

	if err := os.MkdirAll(s.stagingDir(), 0o700); err != nil {
		return Version{}, err
	}
	stage, err := os.MkdirTemp(s.stagingDir(), src.Name+"-")
	if err != nil {
		return Version{}, err
	}
	defer os.RemoveAll(stage)
	v, err := s.build(ctx, src, stage)
	if err != nil {
		return Version{}, err
	}
	return s.install(ctx, src.Name, v, stage)
}

// productDir is the part of a stage that becomes the version's directory.
const productDir = "product"

// build makes a version's directory below stage.
func (s *Service) build(ctx context.Context, src Source, stage string) (Version, error) {
	dir, err := src.materialize(stage)
	if err != nil {
		return Version{}, err
	}
	files := os.DirFS(dir)
	v := Version{Created: s.o.Now().UTC()}
	if v.Config, err = readConfig(files, src.Config); err != nil {
		return v, err
	}
	if v.Entry, err = findEntry(files); err != nil {
		return v, err
	}
	product := filepath.Join(stage, productDir)
	if err := os.Mkdir(product, 0o700); err != nil {
		return v, err
	}
	modules, err := s.o.Workers.Modules(ctx)
	if err != nil {
		return v, fmt.Errorf("functions: ask a worker for its modules: %w", err)
	}
	built, err := bundle.Run(ctx, s.o.Executable, bundle.Request{
		Dir: dir, Entry: v.Entry, Out: product, Modules: modules, Workspace: src.Workspace,
	})
	if err != nil {
		return v, err
	}
	if len(built.Errors) > 0 {
		return v, doesNotBuild(built.Errors)
	}
	v.Bytes = built.Bytes
	for _, w := range built.Warnings {
		v.Warnings = append(v.Warnings, w.String())
	}
	v.ID, err = identify(v, dir, product)
	return v, err
}

func doesNotBuild(list []bundle.Message) error {
	lines := make([]string, 0, len(list))
	for _, m := range list {
		lines = append(lines, m.String())
	}
	return &fault.Error{
		Code: fault.InvalidParam, Field: "source",
		Msg: "the function does not build:\n" + strings.Join(lines, "\n"),
	}
}

// identify copies the function's own files into the product and hashes all
// that makes the version.
func identify(v Version, dir, product string) (string, error) {
	d := newDigest()
	config, err := json.Marshal(v.Config)
	if err != nil {
		return "", err
	}
	d.add("config", config)
	code, err := os.ReadFile(filepath.Join(product, bundle.CodeFile))
	if err != nil {
		return "", err
	}
	d.add("code", code)
	if err := copyTree(dir, filepath.Join(product, filesDir), d); err != nil {
		return "", err
	}
	return d.id(), nil
}

// install moves a built version to its place and publishes it.
func (s *Service) install(ctx context.Context, name string, v Version, stage string) (Version, error) {
	row, _ := s.row(name)
	row.Name = name
	if old, ok := row.find(v.ID); ok {
		if row.Live == old.ID {
			return old, nil
		}
		row.Live = old.ID
		return old, s.publish(ctx, row, nil)
	}
	if err := s.place(name, v.ID, filepath.Join(stage, productDir)); err != nil {
		return v, fmt.Errorf("functions: store version %s of %s: %w", v.ID, name, err)
	}
	proven, err := s.prove(ctx, name, v)
	if err != nil {
		return v, errors.Join(err, os.RemoveAll(s.versionDir(name, v.ID)))
	}
	row.Numbers++
	v.Number = row.Numbers
	row.Versions = append(row.Versions, v)
	row.Versions = slices.Clone(row.Versions[max(0, len(row.Versions)-keptVersions):])
	row.Live = v.ID
	proven.Version = v
	return v, s.publish(ctx, row, proven)
}

// place moves a version to its final directory, durably.
func (s *Service) place(name, id, product string) error {
	if err := syncTree(product); err != nil {
		return err
	}
	parent := filepath.Join(s.versionsDir(), name)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	target := s.versionDir(name, id)
	if err := os.Rename(product, target); errors.Is(err, fs.ErrExist) {
		// An earlier deploy of the same files stopped short of the registry.
		if err := os.RemoveAll(target); err != nil {
			return err
		}
		if err := os.Rename(product, target); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return errors.Join(syncPath(parent), syncPath(s.versionsDir()))
}

// prove loads the version in a worker, which then stays for its first call.
func (s *Service) prove(ctx context.Context, name string, v Version) (*running, error) {
	r := s.run(name, v)
	err := r.worker.Warm(ctx)
	if err == nil {
		return r, nil
	}
	r.worker.Retire()
	if f, ok := errors.AsType[*worker.Failure](err); ok {
		return nil, fault.Wrap(fault.InvalidParam, err, "source: the function does not load: %s", withStack(f, r.trace))
	}
	return nil, err
}
