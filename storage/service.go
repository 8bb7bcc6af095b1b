package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"baas/db"
	"baas/db/rules"
)

// MaxItems is the most files that one call of TempURLs, Delete or Copy takes
// (wx-cloud-api.md 1.12).
const MaxItems = 50

const minKey = 16 // bytes

// Options configure the storage of one env.
type Options struct {
	Env    string     // its id
	Bucket string     // the second half of its fileIDs; any stable name
	Driver Driver     // keeps the bytes; closed by the Service
	DB     *db.Engine // keeps the rows; not closed
	Key    []byte     // secret that signs URLs, at least 16 bytes; other keys' URLs are refused

	// Knows reports whether an env id in a fileID is a former id of this env.
	// nil: there are none.
	Knows func(envID string) bool
	// Mode is the permission mode until SetMode has been called; empty means
	// rules.ReadOnly, the original's default.
	Mode   rules.Mode
	Limits Limits

	Now   func() time.Time // nil: time.Now
	NewID func() string    // 32 lower-case hex digits; nil: random ones
	Log   *slog.Logger     // nil: nothing is logged
}

// Limits bound what one env's storage does. A zero field takes its default.
type Limits struct {
	UploadBytes int64         // largest file; default 1 GiB
	TicketLife  time.Duration // how long an upload may be begun; default 15 min
	URLAge      time.Duration // life of a temporary URL that asks for none; default 2 h
	MaxURLAge   time.Duration // longest life of a temporary URL; default 24 h

	SweepEvery time.Duration // pause between two sweeps; default 15 min, negative: none
	SweepGrace time.Duration // how long an unreferenced object is kept; default 1 h
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.UploadBytes, 1<<30)
	setDefault(&l.TicketLife, 15*time.Minute)
	setDefault(&l.URLAge, 2*time.Hour)
	setDefault(&l.MaxURLAge, 24*time.Hour)
	setDefault(&l.SweepEvery, 15*time.Minute)
	setDefault(&l.SweepGrace, time.Hour)
	l.URLAge = min(l.URLAge, l.MaxURLAge)
	return l
}

func setDefault[T ~int64](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Service keeps the files of one env. It is safe for concurrent use.
type Service struct {
	env, bucket string
	driver      Driver
	rows        rowStore
	key         []byte
	knows       func(string) bool
	limits      Limits
	now         func() time.Time
	newID       func() string
	log         *slog.Logger
	mode        modeCell
	sweeper     sweeper

	stop context.CancelFunc // ends the background sweeps
	done sync.WaitGroup
}

// New returns the service of one env and starts its sweeper. It takes over the
// driver: Close closes it. A key that is too short is a mistake in the program
// that anybody could forge URLs with, so New panics.
func New(o Options) *Service {
	if len(o.Key) < minKey {
		panic(fmt.Sprintf("storage: Options.Key has %d bytes, it needs %d", len(o.Key), minKey))
	}
	s := &Service{
		env:    o.Env,
		bucket: o.Bucket,
		driver: o.Driver,
		rows:   rowStore{o.DB},
		key:    o.Key,
		knows:  o.Knows,
		limits: o.Limits.withDefaults(),
		now:    o.Now,
		newID:  o.NewID,
		log:    o.Log,
		mode:   modeCell{initial: o.Mode},
	}
	if s.knows == nil {
		s.knows = func(string) bool { return false }
	}
	if s.mode.initial == "" {
		s.mode.initial = rules.ReadOnly
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = randomID
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if s.limits.SweepEvery > 0 {
		s.done.Go(func() { s.sweepUntil(ctx) })
	}
	return s
}

// Close stops the sweeper and closes the driver. Running calls end with an
// error.
func (s *Service) Close() error {
	s.stop()
	err := s.driver.Close()
	s.done.Wait()
	return err
}

func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}
