package miniotest

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Version is the version of the MinIO module that is built. The project's
// releases carry no semantic versions, so the module proxy knows its commits.
const Version = "v0.0.0-20260212201848-7aac2a2c5b7c"

const module = "github.com/minio/minio"

// Find returns the path of a MinIO server: $BAAS_MINIO when it is set, else
// the one in the cache folder when that has been built from this Version.
func Find() (path string, ok bool, err error) {
	if path = os.Getenv("BAAS_MINIO"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", false, fmt.Errorf("BAAS_MINIO: %w", err)
		}
		return path, true, nil
	}
	if path, err = cached(); err != nil {
		return "", false, err
	}
	return path, isBuilt(path), nil
}

// isBuilt reports whether the program at path is a server of this Version.
func isBuilt(path string) bool {
	info, err := buildinfo.ReadFile(path)
	return err == nil && info.Main.Path == module && info.Main.Version == Version
}

// Build compiles the server into the cache folder, unless it is there, and
// returns its path. It takes minutes and about 2 GB of memory; progress goes
// to log. Two builds at once, of two processes too, are one.
func Build(ctx context.Context, log io.Writer) (string, error) {
	target, err := cached()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(target + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if isBuilt(target) {
		return target, nil
	}
	fmt.Fprintf(log, "building the MinIO server %s into %s; this takes some minutes, once\n", Version, filepath.Dir(target))
	return target, build(ctx, target, log)
}

func build(ctx context.Context, target string, log io.Writer) error {
	// Beside the target, so that the rename stays on one volume.
	temp, err := os.MkdirTemp(filepath.Dir(target), "minio-build-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	args := []string{"go", "install", "-trimpath", "-ldflags", "-s -w", module + "@" + Version}
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice, "-n", "15"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = temp // outside of any module
	cmd.Env = append(os.Environ(), "GOBIN="+temp, "GOFLAGS=", "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s@%s: %w", module, Version, err)
	}
	return os.Rename(filepath.Join(temp, "minio"+exe()), target)
}

// cached returns where the built server belongs: below $BAAS_CACHE, or the
// folder .cache of the repository that the working directory is in.
func cached() (string, error) {
	dir := os.Getenv("BAAS_CACHE")
	if dir == "" {
		root, err := repository()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, ".cache")
	}
	dir, err := filepath.Abs(dir)
	return filepath.Join(dir, "minio"+exe()), err
}

// repository returns the folder of the go.mod above the working directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory: set BAAS_CACHE to a folder for the MinIO server")
		}
		dir = parent
	}
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
