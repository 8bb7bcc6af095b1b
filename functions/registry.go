package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/functions/bundle"
	"baas/functions/worker"
)

// collection holds one document per function; its _id is the name.
const collection = "sys.functions"

// Latest is the qualifier of the live version; an empty one means the same.
const Latest = "$LATEST"

// Function is a row of the registry.
type Function struct {
	Name     string    `json:"-"`
	Live     string    `json:"live"`     // id of the version that calls reach
	Numbers  int       `json:"numbers"`  // given out so far
	Versions []Version `json:"versions"` // those that are kept, oldest first
}

// Version is one deployed state of a function. It never changes.
type Version struct {
	ID       string    `json:"id"`     // hash of all that went into it
	Number   int       `json:"number"` // 1, 2, … per function
	Created  time.Time `json:"created"`
	Entry    string    `json:"entry"`
	Bytes    int       `json:"bytes"` // of the bundle
	Config   Config    `json:"config"`
	Warnings []string  `json:"warnings,omitempty"` // of the bundler
}

// find returns the version a qualifier names: "", $LATEST, a number or an id.
func (f Function) find(qualifier string) (Version, bool) {
	if qualifier == "" || strings.EqualFold(qualifier, Latest) {
		qualifier = f.Live
	}
	i := slices.IndexFunc(f.Versions, func(v Version) bool {
		return v.ID == qualifier || strconv.Itoa(v.Number) == qualifier
	})
	if i < 0 {
		return Version{}, false
	}
	return f.Versions[i], true
}

// function is a registry row with what this process runs of it. It is guarded
// by Service.mu.
type function struct {
	row     Function
	running map[string]*running // by version id; made when first called
}

// running is a version that this process runs.
type running struct {
	Version
	worker *worker.Function
	trace  *trace
}

func (f *function) retire() {
	for _, r := range f.running {
		r.worker.Retire()
	}
}

// find returns the version to call, ready to take invocations. Codes:
// FunctionNotFound.
func (s *Service) find(name, qualifier string) (*running, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[name]
	if f == nil {
		return nil, notFound(name)
	}
	v, ok := f.row.find(qualifier)
	if !ok {
		return nil, fault.New(fault.FunctionNotFound, "function %s has no version %.40q", name, qualifier)
	}
	if f.running[v.ID] == nil {
		f.running[v.ID] = s.run(name, v)
	}
	return f.running[v.ID], nil
}

func notFound(name string) error {
	if !validName(name) {
		return fault.New(fault.FunctionNotFound, "no function has the name %.70q", name)
	}
	return fault.New(fault.FunctionNotFound, "function %s is not deployed in this environment", name)
}

// run gives a version its worker handle. No process starts yet.
func (s *Service) run(name string, v Version) *running {
	dir := s.versionDir(name, v.ID)
	return &running{
		Version: v,
		trace:   newTrace(filepath.Join(dir, bundle.MapFile)),
		worker: s.o.Workers.Function(worker.Spec{
			Name:      name,
			Version:   Latest,
			Env:       s.o.Env,
			Bundle:    filepath.Join(dir, bundle.CodeFile),
			Dir:       filepath.Join(dir, filesDir),
			Variables: staticVariables(s.o.Env, v.Config.Variables),
			Memory:    v.Config.memory(),
			Timeout:   v.Config.timeout(),
		}),
	}
}

const filesDir = "files"

func (s *Service) versionsDir() string { return filepath.Join(s.o.Dir, "versions") }

func (s *Service) versionDir(name, id string) string {
	return filepath.Join(s.versionsDir(), name, id)
}

// List returns all functions by name. Codes: PermissionDenied.
func (s *Service) List(_ context.Context, p rules.Principal) ([]Function, error) {
	if err := admin(p); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Function, 0, len(s.functions))
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		f := s.functions[name].row
		f.Versions = slices.Clone(f.Versions)
		list = append(list, f)
	}
	return list, nil
}

// SetLive makes an older version, named by id or number, the live one. Codes:
// PermissionDenied, FunctionNotFound.
func (s *Service) SetLive(ctx context.Context, p rules.Principal, name, version string) (Version, error) {
	if err := admin(p); err != nil {
		return Version{}, err
	}
	s.deploying.Lock()
	defer s.deploying.Unlock()
	row, ok := s.row(name)
	if !ok {
		return Version{}, notFound(name)
	}
	v, ok := row.find(version)
	if !ok {
		return Version{}, fault.New(fault.FunctionNotFound, "function %s has no version %.40q", name, version)
	}
	row.Live = v.ID
	return v, s.publish(ctx, row, nil)
}

// Delete removes a function with all versions. Calls that run end in peace.
// Codes: PermissionDenied, FunctionNotFound.
func (s *Service) Delete(ctx context.Context, p rules.Principal, name string) error {
	if err := admin(p); err != nil {
		return err
	}
	s.deploying.Lock()
	defer s.deploying.Unlock()
	if _, ok := s.row(name); !ok {
		return notFound(name)
	}
	if _, err := s.o.DB.Remove(ctx, rules.SystemPrincipal(), db.RemoveRequest{Collection: collection, Query: byName(name)}); err != nil {
		return fmt.Errorf("functions: remove %s from the registry: %w", name, err)
	}
	s.mu.Lock()
	s.functions[name].retire()
	delete(s.functions, name)
	s.mu.Unlock()
	return os.RemoveAll(filepath.Join(s.versionsDir(), name))
}

// row returns a copy of a registry row.
func (s *Service) row(name string) (Function, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f := s.functions[name]
	if f == nil {
		return Function{}, false
	}
	row := f.row
	row.Versions = slices.Clone(row.Versions)
	return row, true
}

// publish stores a row and lets new calls reach its live version, which may be
// running already. Versions that are not in the row any more are removed;
// others that are not live give their processes back. It is called with
// deploying held.
func (s *Service) publish(ctx context.Context, row Function, live *running) error {
	if err := s.store(ctx, row); err != nil {
		if live != nil {
			live.worker.Retire()
		}
		return err
	}
	s.mu.Lock()
	f := s.functions[row.Name]
	if f == nil {
		f = &function{running: map[string]*running{}}
		s.functions[row.Name] = f
	}
	old := f.row.Versions
	f.row = row
	if live != nil {
		f.running[live.ID] = live
	}
	for id, r := range f.running {
		if id != row.Live {
			r.worker.Retire()
			delete(f.running, id)
		}
	}
	s.mu.Unlock()
	for _, v := range old {
		if _, kept := row.find(v.ID); !kept {
			if err := os.RemoveAll(s.versionDir(row.Name, v.ID)); err != nil {
				s.o.Log.Warn("cannot remove an old version", "function", row.Name, "version", v.ID, "error", err)
			}
		}
	}
	return nil
}

func byName(name string) value.Doc {
	var b value.Builder
	b.AddString("_id", name)
	return b.Doc()
}

func (s *Service) store(ctx context.Context, row Function) error {
	text, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("functions: encode the registry row of %s: %w", row.Name, err)
	}
	doc, err := value.ParseJSON(text, value.ParseOptions{Now: s.o.Now()})
	if err != nil {
		return fmt.Errorf("functions: encode the registry row of %s: %w", row.Name, err)
	}
	_, err = s.o.DB.Update(ctx, rules.SystemPrincipal(), db.UpdateRequest{
		Collection: collection, Query: byName(row.Name), Update: doc, Replace: true, Upsert: true,
	})
	if err != nil {
		return fmt.Errorf("functions: store the registry row of %s: %w", row.Name, err)
	}
	return nil
}

func (s *Service) loadRegistry(ctx context.Context) error {
	s.functions = map[string]*function{}
	docs, err := s.o.DB.Find(ctx, rules.SystemPrincipal(), db.FindRequest{Collection: collection})
	if fault.Is(err, fault.CollectionNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("functions: read the registry: %w", err)
	}
	for _, d := range docs {
		name := d.Get("_id").Text()
		var row Function
		if err := json.Unmarshal(value.AppendPlain(nil, value.FromDoc(d)), &row); err != nil || !validName(name) {
			return fmt.Errorf("functions: the registry row of %q cannot be read: %w", name, err)
		}
		row.Name = name
		s.functions[name] = &function{row: row, running: map[string]*running{}}
	}
	return nil
}

// sweep removes what an interrupted deploy or removal has left on disk.
func (s *Service) sweep() error {
	err := os.RemoveAll(s.stagingDir())
	names, readErr := os.ReadDir(s.versionsDir())
	err = errors.Join(err, readErr)
	for _, n := range names {
		f := s.functions[n.Name()]
		if f == nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.versionsDir(), n.Name())))
			continue
		}
		ids, readErr := os.ReadDir(filepath.Join(s.versionsDir(), n.Name()))
		err = errors.Join(err, readErr)
		for _, id := range ids {
			if _, kept := f.row.find(id.Name()); !kept {
				err = errors.Join(err, os.RemoveAll(s.versionDir(n.Name(), id.Name())))
			}
		}
	}
	if err != nil {
		return fmt.Errorf("functions: clear away what an interrupted deploy left: %w", err)
	}
	return nil
}
