// Package project reads the folder a developer works in and says which cloud
// functions it holds and how they are configured.
//
// It understands three shapes (house rule: the first that fits wins): a
// CloudBase project with cloudbaserc.json, a WeChat project with
// project.config.json, and a plain folder with functions/ in it. It only reads.
package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is the shape of a project folder.
type Kind string

// The shapes that Load understands.
const (
	WeChat    Kind = "wechat"    // project.config.json with cloudfunctionRoot
	CloudBase Kind = "cloudbase" // cloudbaserc.json
	Plain     Kind = "plain"     // a functions/ folder
)

// Project is what a folder holds.
type Project struct {
	Kind  Kind
	Dir   string // the folder that was given, absolute
	Root  string // the folder with one sub-folder per function, absolute
	AppID string // from project.config.json, or empty
	// Settings are the entries of cloudbaserc.json's functions, by name. They
	// complete a function's own config.json.
	Settings map[string]Settings
}

// Settings is one entry of cloudbaserc.json's functions (wx-cloud-api.md 9.8).
type Settings struct {
	Name         string            `json:"name"`
	TimeoutSecs  int               `json:"timeout"`
	MemoryMB     int               `json:"memorySize"`
	Runtime      string            `json:"runtime"`
	EnvVariables map[string]string `json:"envVariables"`
}

// Function is one function's folder.
type Function struct {
	Name string
	Dir  string // absolute
	// NeedsInstall says that package.json lists dependencies to install and
	// node_modules is not there.
	NeedsInstall bool
	HasLockfile  bool
}

// ErrNoProject means that the folder has none of the three shapes.
var ErrNoProject = errors.New(
	"no project here: expected project.config.json with cloudfunctionRoot, cloudbaserc.json, or a functions/ folder")

// Load reads the project in dir.
func Load(dir string) (Project, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Project{}, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Project{}, err
	}
	if !info.IsDir() {
		return Project{}, fmt.Errorf("%s is not a folder", dir)
	}
	for _, load := range []func(string) (Project, error){loadCloudBase, loadWeChat, loadPlain} {
		p, err := load(abs)
		if err == nil {
			return p, p.checkRoot()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return Project{}, err
		}
	}
	return Project{}, ErrNoProject
}

func loadCloudBase(dir string) (Project, error) {
	var rc struct {
		FunctionRoot string     `json:"functionRoot"`
		Functions    []Settings `json:"functions"`
	}
	if err := readJSON(filepath.Join(dir, "cloudbaserc.json"), &rc); err != nil {
		return Project{}, err
	}
	root := rc.FunctionRoot
	if root == "" {
		root = "functions"
	}
	p := Project{
		Kind: CloudBase, Dir: dir, Root: filepath.Join(dir, root),
		Settings: make(map[string]Settings, len(rc.Functions)),
	}
	for _, s := range rc.Functions {
		p.Settings[s.Name] = s
	}
	return p, nil
}

func loadWeChat(dir string) (Project, error) {
	var config struct {
		AppID             string `json:"appid"`
		CloudFunctionRoot string `json:"cloudfunctionRoot"`
	}
	if err := readJSON(filepath.Join(dir, "project.config.json"), &config); err != nil {
		return Project{}, err
	}
	if config.CloudFunctionRoot == "" {
		return Project{}, errors.New(`project.config.json has no "cloudfunctionRoot": add it, for example "cloudfunctionRoot": "cloudfunctions/"`)
	}
	return Project{
		Kind: WeChat, Dir: dir, AppID: config.AppID,
		Root: filepath.Join(dir, config.CloudFunctionRoot),
	}, nil
}

func loadPlain(dir string) (Project, error) {
	root := filepath.Join(dir, "functions")
	if _, err := os.Stat(root); err != nil {
		return Project{}, err
	}
	return Project{Kind: Plain, Dir: dir, Root: root}, nil
}

func (p Project) checkRoot() error {
	info, err := os.Stat(p.Root)
	if err != nil || !info.IsDir() {
		return fmt.Errorf("the function folder %s does not exist", p.rel(p.Root))
	}
	return nil
}

func (p Project) rel(path string) string {
	if r, err := filepath.Rel(p.Dir, path); err == nil {
		return r
	}
	return path
}

// Functions lists the function folders below Root in order of name. A folder
// counts when it has an entry file or a package.json.
func (p Project) Functions() ([]Function, error) {
	entries, err := os.ReadDir(p.Root)
	if err != nil {
		return nil, err
	}
	var out []Function
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" {
			continue
		}
		if f, ok := inspect(e.Name(), filepath.Join(p.Root, e.Name())); ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// FunctionOf returns the function whose folder holds path, which need not
// exist any more.
func (p Project) FunctionOf(path string) (Function, bool) {
	rel, err := filepath.Rel(p.Root, path)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return Function{}, false
	}
	name, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	return inspect(name, filepath.Join(p.Root, name))
}

// Inspect looks at one function's own folder; false means that it holds none.
func Inspect(dir string) (Function, bool) { return inspect(filepath.Base(dir), dir) }

func inspect(name, dir string) (Function, bool) {
	f := Function{Name: name, Dir: dir}
	entry := slices.ContainsFunc([]string{"index.js", "index.ts", "index.mjs", "index.cjs"},
		func(file string) bool { return exists(filepath.Join(dir, file)) })
	var pkg struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	err := readJSON(filepath.Join(dir, "package.json"), &pkg)
	if err != nil && !entry {
		return Function{}, false
	}
	f.NeedsInstall = hasForeign(pkg.Dependencies) && !exists(filepath.Join(dir, "node_modules"))
	f.HasLockfile = exists(filepath.Join(dir, "package-lock.json"))
	return f, true
}

// hasForeign reports whether the dependencies hold more than the SDKs that
// the function runtime brings along.
func hasForeign(deps map[string]string) bool {
	for name := range deps {
		switch name {
		case "wx-server-sdk", "@cloudbase/node-sdk", "tcb-admin-node":
		default:
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}
