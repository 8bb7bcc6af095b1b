package functions

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/functions/worker"
)

// Options configures a Service.
type Options struct {
	// Env is the environment's id, which functions see.
	Env string
	// Dir holds the deployed versions, LogDir the log; logs below Dir if empty.
	// They belong to the service alone.
	Dir    string
	LogDir string
	// DB holds the registry (collection sys.functions).
	DB *db.Engine
	// Host answers what functions ask of the server.
	Host Host
	// Workers runs them. It is shared by all environments of a server and
	// must be closed after the service.
	Workers *worker.Pool
	// Executable is started to bundle; this binary if empty. It must call
	// worker.RunIfChild first thing.
	Executable string
	// Concurrency bounds the calls that run at once in this environment; 256
	// if zero.
	Concurrency int
	// Now and NewID default to the clock and to random ids.
	Now   func() time.Time
	NewID func() string
	// Log takes what an operator must know. Required.
	Log *slog.Logger
}

// Service is the functions of one environment: registry, versions, calls, logs.
// It is safe for concurrent use.
type Service struct {
	o       Options
	gate    *gate
	journal *journal

	life  context.Context // of all calls; ends with Close
	end   context.CancelFunc
	calls sync.WaitGroup

	deploying sync.Mutex // one deploy, delete or roll-back at a time

	mu        sync.RWMutex // guards what follows
	closed    bool
	functions map[string]*function
}

// drainTime is how long Close lets calls run on.
const drainTime = 5 * time.Second

// Open reads the registry. Close ends the service.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Env == "" || o.Dir == "" || o.DB == nil || o.Host == nil || o.Workers == nil || o.Log == nil {
		return nil, errors.New("functions: Options.Env, Dir, DB, Host, Workers and Log are required")
	}
	if o.Executable == "" {
		path, err := worker.Executable()
		if err != nil {
			return nil, fmt.Errorf("functions: find this binary: %w", err)
		}
		o.Executable = path
	}
	if o.Concurrency == 0 {
		o.Concurrency = 256
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if o.LogDir == "" {
		o.LogDir = filepath.Join(dir, "logs")
	}
	s := &Service{o: o, gate: newGate(o.Concurrency)}
	if err := os.MkdirAll(s.versionsDir(), 0o700); err != nil {
		return nil, fmt.Errorf("functions: make the versions' directory: %w", err)
	}
	if err := s.loadRegistry(ctx); err != nil {
		return nil, err
	}
	if err := s.sweep(); err != nil {
		return nil, err
	}
	if s.journal, err = openJournal(o.LogDir, o.Now, o.Log); err != nil {
		return nil, err
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// newID makes a request id in the usual spelling.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Close refuses new calls, waits some seconds for those that run, cancels the
// rest, and writes the log to its end.
func (s *Service) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()

	patience := time.AfterFunc(drainTime, s.end)
	s.calls.Wait()
	patience.Stop()
	s.end()
	s.deploying.Lock()
	defer s.deploying.Unlock()
	for _, f := range s.functions {
		f.retire()
	}
	s.journal.close()
	return nil
}

// begin counts a call in. It fails once Close has begun, except for calls that
// a running function makes.
func (s *Service) begin(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed && depth(ctx) == 0 {
		return errStopping()
	}
	s.calls.Add(1)
	return nil
}

func errStopping() error { return fault.New(fault.FunctionFailed, "the server is stopping") }

// admin lets only those pass who may change functions or read their logs.
func admin(p rules.Principal) error {
	if !p.ByPassesRules() {
		return fault.New(fault.PermissionDenied, "only an administrator may manage functions and read their logs")
	}
	return nil
}

// Logs returns log lines, oldest first. Codes: PermissionDenied.
func (s *Service) Logs(_ context.Context, p rules.Principal, q LogQuery) ([]LogLine, error) {
	if err := admin(p); err != nil {
		return nil, err
	}
	s.journal.sync()
	return searchLogs(s.o.LogDir, q)
}

// Follow returns the log lines to come, for a terminal. A reader that falls
// behind by more than buffer lines misses some; nothing waits for it. The
// channel is closed by stop or with the service. It asks nobody's rights: only
// the server's own parts call it.
func (s *Service) Follow(buffer int) (lines <-chan LogLine, stop func()) {
	return s.journal.follow(buffer)
}
