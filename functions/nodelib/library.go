package nodelib

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

//go:embed js dist
var sources embed.FS

// module is one row of the table.
type module struct {
	source string                   // file in sources
	bind   func(Realm) *goja.Object // makes what the source gets as host; nil for none
}

// internal is the prefix of modules that only other modules may require.
const internal = "internal/"

// Builtins lists the modules that user code may require, by their bare names,
// sorted. Each is also there under "node:".
func Builtins() []string {
	names := slices.Collect(maps.Keys(table()))
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, internal) })
	slices.Sort(names)
	return names
}

// Library keeps the compiled programs of a process. It is safe for concurrent
// use.
type Library struct {
	mu       sync.Mutex // guards programs
	programs map[string]*goja.Program
}

// NewLibrary makes an empty library.
func NewLibrary() *Library {
	return &Library{programs: make(map[string]*goja.Program)}
}

// program compiles a module on first use.
func (l *Library) program(name string, m module) (*goja.Program, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.programs[name]; ok {
		return p, nil
	}
	src, err := sources.ReadFile(m.source)
	if err != nil {
		return nil, fmt.Errorf("nodelib: module %s: %w", name, err)
	}
	const head, tail = "(function (exports, require, module, host) {", "\n})"
	p, err := goja.Compile("node:"+name, head+string(src)+tail, false)
	if err != nil {
		return nil, fmt.Errorf("nodelib: module %s: %w", name, err)
	}
	l.programs[name] = p
	return p, nil
}

// Prepare compiles what every instance runs and nearly every function prints
// with, so that the first one finds it ready.
func (l *Library) Prepare() error {
	modules := table()
	for _, name := range []string{"internal/prelude", "timers", "console", "internal/inspect", "internal/layout", "internal/format"} {
		if _, err := l.program(name, modules[name]); err != nil {
			return err
		}
	}
	return nil
}

// Loader gives one instance its modules.
type Loader struct {
	library *Library
	realm   Realm
	table   map[string]module
	loaded  map[string]*goja.Object // module objects by name; a cycle sees the exports so far
	require goja.Value
}

// NewLoader makes the loader of one instance. It loads nothing yet.
func NewLoader(library *Library, realm Realm) *Loader {
	l := &Loader{
		library: library,
		realm:   realm,
		table:   table(),
		loaded:  make(map[string]*goja.Object),
	}
	l.require = Func(realm.VM(), "require", func(call goja.FunctionCall) goja.Value {
		return l.Load(call.Argument(0).String())
	})
	return l
}

// Has reports whether user code may require name, with or without "node:".
func (l *Loader) Has(name string) bool {
	name = strings.TrimPrefix(name, "node:")
	if strings.HasPrefix(name, internal) {
		return false
	}
	_, ok := l.table[name]
	return ok
}

// Load returns a module's exports, running it on first use. A module that is
// not there is a JavaScript exception, like every failure of one that is.
func (l *Loader) Load(name string) goja.Value {
	vm := l.realm.VM()
	name = strings.TrimPrefix(name, "node:")
	if m, ok := l.loaded[name]; ok {
		return m.Get("exports")
	}
	m, ok := l.table[name]
	if !ok {
		panic(Error(vm, "Error", "MODULE_NOT_FOUND", "Cannot find module '"+name+"'"))
	}
	p, err := l.library.program(name, m)
	if err != nil {
		panic(Error(vm, "Error", "ERR_INTERNAL", err.Error()))
	}
	return l.run(name, m, p)
}

func (l *Loader) run(name string, m module, p *goja.Program) goja.Value {
	vm := l.realm.VM()
	value, err := vm.RunProgram(p)
	if err != nil {
		panic(err)
	}
	call, _ := goja.AssertFunction(value)
	object, exports := vm.NewObject(), vm.NewObject()
	mustSet(object, "exports", exports)
	l.loaded[name] = object
	host := goja.Undefined()
	if m.bind != nil {
		host = m.bind(l.realm)
	}
	if _, err := call(goja.Undefined(), exports, l.require, object, host); err != nil {
		delete(l.loaded, name)
		panic(err)
	}
	return object.Get("exports")
}
