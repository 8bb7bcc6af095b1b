package webconsole_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	webconsole "baas/web-console"
)

// inputs are what dist is built from, as in build/inputs.ts.
var inputs = []string{"index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "build", "src"}

// A dist that was not rebuilt after a change fails here, without Node.
func TestDistIsFresh(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, in := range inputs {
		err := filepath.WalkDir(in, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				paths = append(paths, filepath.ToSlash(path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(paths)
	hash := sha256.New()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(hash, "%s\x00%d\x00", path, len(content))
		hash.Write(content)
	}
	dist, err := webconsole.FS()
	if err != nil {
		t.Fatal(err)
	}
	data, err := fs.ReadFile(dist, "build-info.json")
	if err != nil {
		t.Fatal(err)
	}
	var info struct{ Inputs string }
	if err := json.Unmarshal(data, &info); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != info.Inputs {
		t.Errorf("dist is stale: inputs hash to %s, dist was built from %s; run `make console`", got, info.Inputs)
	}
}
