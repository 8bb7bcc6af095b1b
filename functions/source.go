package functions

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"baas/db/fault"
)

// Source is what Deploy takes: a function's name and its files.
type Source struct {
	Name string // up to 60 letters, digits, - and _, a letter first

	// Dir is a directory on disk, with node_modules if there are
	// dependencies. FS is the other form, for files that are not on disk.
	Dir string
	FS  fs.FS

	// Workspace lets imports leave Dir, for packages that are kept above it.
	// Only for folders of the server's own user: others could read its disk.
	Workspace bool

	// Config says more than the function's config.json, or nil.
	Config *Config
}

// entryNames are tried in this order, as the original starts index.js
// whatever package.json says.
func entryNames() []string {
	return []string{"index.js", "index.mjs", "index.cjs", "index.ts", "index.mts", "index.cts"}
}

// findEntry returns the file that exports main, relative to the function's
// directory: index.*, else what package.json names as main.
func findEntry(files fs.FS) (string, error) {
	for _, name := range entryNames() {
		if isFile(files, name) {
			return name, nil
		}
	}
	text, err := fs.ReadFile(files, "package.json")
	if errors.Is(err, fs.ErrNotExist) {
		return "", noEntry("")
	}
	if err != nil {
		return "", err
	}
	var pack struct {
		Main string `json:"main"`
	}
	if err := json.Unmarshal(text, &pack); err != nil {
		return "", fault.Wrap(fault.InvalidParam, err, "package.json: %s", jsonTrouble(err))
	}
	main := path.Clean(strings.TrimPrefix(pack.Main, "./"))
	if pack.Main == "" || !fs.ValidPath(main) || !isFile(files, main) {
		return "", noEntry(pack.Main)
	}
	return main, nil
}

func noEntry(main string) error {
	also := ""
	if main != "" {
		also = ", and package.json names a main that is not there"
	}
	return fault.Invalid("source", "the folder has none of %s%s; put exports.main into index.js",
		strings.Join(entryNames(), ", "), also)
}

func isFile(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular()
}

// materialize gives the function's files a directory on disk: their own, or a
// copy below stage.
func (s Source) materialize(stage string) (dir string, err error) {
	if s.FS != nil {
		dir = filepath.Join(stage, "source")
		return dir, os.CopyFS(dir, s.FS)
	}
	dir, err = filepath.Abs(s.Dir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if s.Dir == "" || err != nil || !info.IsDir() {
		return "", fault.Wrap(fault.InvalidParam, err, "source: %q is no directory", filepath.Base(s.Dir))
	}
	return dir, nil
}

// ignored names what never becomes part of a version: packages are in the
// bundle already.
func ignored(name string) bool {
	return slices.Contains([]string{"node_modules", ".git", ".svn", ".hg", ".DS_Store"}, name)
}
