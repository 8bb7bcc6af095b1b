package sdkjs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	sdkjs "baas/sdk-js"
)

const rebuild = "run: cd sdk-js && npm ci && npm run build"

// buildInfo is what build.mjs notes beside its output.
type buildInfo struct {
	Inputs  string            `json:"inputs"`
	Outputs map[string]string `json:"outputs"`
}

// TestDistIsFresh proves without Node that the committed builds were made from
// the committed sources, and were not edited by hand since.
func TestDistIsFresh(t *testing.T) {
	t.Parallel()
	want := hashInputs(t)
	for _, dist := range []string{"dist", "../functions/wxsdk/dist"} {
		raw, err := os.ReadFile(filepath.Join(dist, "build-info.json"))
		if err != nil {
			t.Fatal(err)
		}
		var info buildInfo
		if err := json.Unmarshal(raw, &info); err != nil {
			t.Fatal(err)
		}
		if info.Inputs != want {
			t.Errorf("%s was built from other sources; %s", dist, rebuild)
		}
		for name, sum := range info.Outputs {
			content, err := os.ReadFile(filepath.Join(dist, name))
			if err != nil {
				t.Fatal(err)
			}
			if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum {
				t.Errorf("%s/%s is not what the build wrote; %s", dist, name, rebuild)
			}
		}
	}
}

// TestExampleCarriesTheSDK keeps the copy in the example project equal to the build.
func TestExampleCarriesTheSDK(t *testing.T) {
	t.Parallel()
	built, err := os.ReadFile("dist/baas.wx.js")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile("../examples/todo-miniprogram/miniprogram/baas.wx.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(built, copied) {
		t.Errorf("the example carries another baas.wx.js; %s", rebuild)
	}
}

// TestDistHoldsWhatTheServerServes names the files that /sdk/ and package.json promise.
func TestDistHoldsWhatTheServerServes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"baas.js", "baas.mjs", "baas.wx.js", "baas.cjs", "index.d.ts"} {
		info, err := fs.Stat(sdkjs.Dist(), name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() == 0 || info.Size() > 80<<10 {
			t.Errorf("%s holds %d bytes, want some and at most 80 KB: a mini program carries it", name, info.Size())
		}
	}
}

// hashInputs repeats the hash of build.mjs: sorted paths, each followed by its
// length and content.
func hashInputs(t *testing.T) string {
	t.Helper()
	files := []string{"build.mjs", "package.json", "package-lock.json", "tsconfig.json"}
	err := fs.WalkDir(os.DirFS("."), "src", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path.Clean(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	hash := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(hash, "%s\x00%d\x00", name, len(content))
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
