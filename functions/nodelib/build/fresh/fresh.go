// Package fresh proves that functions/nodelib/dist was made of the sources
// beside it: the build writes the hashes of both, a test recomputes them.
package fresh

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Info is dist/build-info.json.
type Info struct {
	Sources string `json:"sources"` // of the build's own files and the lockfile
	Dist    string `json:"dist"`    // of what the build wrote
}

// Write records the hashes of nodelib's folder dir.
func Write(dir string) error {
	info, err := compute(dir)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(infoFile(dir), append(text, '\n'), 0o644)
}

// Check reports whether the recorded hashes are those of the files.
func Check(dir string) error {
	text, err := os.ReadFile(infoFile(dir))
	if err != nil {
		return err
	}
	var want Info
	if err := json.Unmarshal(text, &want); err != nil {
		return err
	}
	got, err := compute(dir)
	if err != nil {
		return err
	}
	if got != want {
		return errors.New("functions/nodelib/dist is stale: run make nodelib")
	}
	return nil
}

func infoFile(dir string) string { return filepath.Join(dir, "dist/build-info.json") }

func compute(dir string) (Info, error) {
	sources, err := hash(dir, "build/main.go", "build/package.json", "build/package-lock.json", "build/entries/*.js")
	if err != nil {
		return Info{}, err
	}
	dist, err := hash(dir, "dist/*.js", "dist/LICENSES.txt")
	return Info{Sources: sources, Dist: dist}, err
}

func hash(dir string, patterns ...string) (string, error) {
	h := sha256.New()
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return "", err
		}
		if len(files) == 0 {
			return "", fmt.Errorf("no file matches %s", pattern)
		}
		slices.Sort(files)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			sum := sha256.Sum256(data)
			fmt.Fprintf(h, "%s %x\n", filepath.Base(file), sum)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
