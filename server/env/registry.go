package env

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// collection is the system collection, in the server's own database, that
// lists the environments.
const collection = "sys.envs"

// Opener builds the services of one environment below its own folder or
// prefix. cmd/baas hands it in: only there are engines and drivers chosen.
type Opener func(ctx context.Context, e *Env) error

// Options are what a Registry needs.
type Options struct {
	System  *db.Engine // the server's own database
	Master  []byte     // secret from which each env's keys are derived
	Default string     // env of requests that name none
	Open    Opener
	Close   func(*Env) error
	Now     func() time.Time
	Log     *slog.Logger
}

// Registry knows the environments of one server. It is safe for concurrent
// use.
type Registry struct {
	o Options

	mu      sync.RWMutex
	envs    map[string]*Env   // guarded by mu
	aliases map[string]string // former id → id; guarded by mu
}

// Open opens every environment that the system database lists.
func Open(ctx context.Context, o Options) (*Registry, error) {
	r := &Registry{o: o, envs: make(map[string]*Env), aliases: make(map[string]string)}
	rows, err := o.System.Find(ctx, rules.SystemPrincipal(), db.FindRequest{Collection: collection})
	if err != nil && !fault.Is(err, fault.CollectionNotExist) {
		return nil, err
	}
	for _, row := range rows {
		id := row.Get("_id").Text()
		if err := r.open(ctx, id); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		for _, alias := range row.Get("aliases").Doc().All() {
			r.aliases[alias.Text()] = id
		}
	}
	return r, nil
}

func (r *Registry) open(ctx context.Context, id string) error {
	e := &Env{ID: id, master: r.o.Master, registry: r}
	if err := r.o.Open(ctx, e); err != nil {
		return errors.Join(err, r.o.Close(e))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.envs[id] = e
	return nil
}

// Create makes an environment and opens it. Codes: InvalidEnv for a bad or
// taken id.
func (r *Registry) Create(ctx context.Context, id string) (*Env, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	if e, err := r.Get(id); err == nil {
		return nil, fault.New(fault.InvalidEnv, "env: %q exists already", e.ID)
	}
	var b value.Builder
	b.AddString("_id", id)
	b.AddTime("created", r.o.Now())
	if _, err := r.o.System.Insert(ctx, rules.SystemPrincipal(), collection, []value.Doc{b.Doc()}); err != nil {
		return nil, err
	}
	if err := r.open(ctx, id); err != nil {
		return nil, err
	}
	return r.Get(id)
}

// Get returns the environment of that id or former id; "" is the default one.
// Code: InvalidEnv when there is none.
func (r *Registry) Get(id string) (*Env, error) {
	if id == "" {
		id = r.o.Default
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if now, ok := r.aliases[id]; ok {
		id = now
	}
	if e, ok := r.envs[id]; ok {
		return e, nil
	}
	return nil, fault.New(fault.InvalidEnv, "env: Environment not found: %.60q; check the env given to init", id)
}

// List returns the environments in order of id.
func (r *Registry) List() []*Env {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]*Env, 0, len(r.envs))
	for _, e := range r.envs {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *Env) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

// Close closes every environment and waits for them.
func (r *Registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var problems []error
	for id, e := range r.envs {
		problems = append(problems, r.o.Close(e))
		delete(r.envs, id)
	}
	return errors.Join(problems...)
}
