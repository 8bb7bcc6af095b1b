package commit_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"baas/db/commit"
	"baas/db/kv"
	"baas/db/kv/memkv"
)

var errRefused = errors.New("refused")

// gate is a store whose commits can be held, counted and made to fail.
type gate struct {
	kv.Store
	hold    chan struct{} // when not nil, each commit takes one element first
	entered chan struct{} // gets an element when a commit is about to wait

	mu      sync.Mutex
	commits int   // successful ones
	fail    error // what the next commits return after running the function
	again   bool  // run the function of the next commit twice
}

func (g *gate) Commit(ctx context.Context, fn func(kv.Writer) error) error {
	if g.hold != nil {
		g.entered <- struct{}{}
		<-g.hold
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.again {
		g.again = false
		if err := g.Store.Commit(ctx, func(w kv.Writer) error { _ = fn(w); return kv.ErrConflict }); !errors.Is(err, kv.ErrConflict) {
			return err
		}
	}
	err := g.Store.Commit(ctx, func(w kv.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		return g.fail
	})
	if err == nil {
		g.commits++
	}
	return err
}

func newGate(t *testing.T) *gate {
	t.Helper()
	s, err := new(memkv.Disk).Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &gate{Store: s}
}

func start(t *testing.T, s kv.Store, o commit.Options) *commit.Committer {
	t.Helper()
	c := commit.New(s, o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func put(key, value string) func(*commit.Tx) error {
	return func(tx *commit.Tx) error { return tx.Put([]byte(key), []byte(value)) }
}

func do(t *testing.T, c *commit.Committer, fn func(*commit.Tx) error) uint64 {
	t.Helper()
	seq, err := c.Do(t.Context(), fn)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// content returns the entries of the store that are the test's own.
func content(t *testing.T, s kv.Store) string {
	t.Helper()
	var b strings.Builder
	err := s.View(t.Context(), func(r kv.Reader) error {
		return r.Scan(kv.Range{}, func(k, v []byte) error {
			if k[0] != commit.LogPrefix && string(k) != commit.StateKey {
				fmt.Fprintf(&b, "%s=%s ", k, v)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func wantContent(t *testing.T, s kv.Store, want string) {
	t.Helper()
	if got := content(t, s); got != want {
		t.Errorf("the store holds %q, want %q", got, want)
	}
}

func lastSeq(t *testing.T, s kv.Store) (seq uint64) {
	t.Helper()
	err := s.View(t.Context(), func(r kv.Reader) (err error) {
		seq, err = commit.LastSeq(r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	for want := uint64(1); want <= 3; want++ {
		var inside uint64
		got := do(t, c, func(tx *commit.Tx) error {
			inside = tx.Seq()
			return tx.Put([]byte("k"), []byte{byte(want)})
		})
		if got != want || inside != want || lastSeq(t, g) != want {
			t.Errorf("operation %d: Do says %d, Tx.Seq %d, LastSeq %d", want, got, inside, lastSeq(t, g))
		}
	}
	commits := g.commits
	if seq := do(t, c, func(tx *commit.Tx) error { _, err := tx.Get([]byte("k")); return err }); seq != 0 {
		t.Errorf("an operation that writes nothing got number %d", seq)
	}
	if _, err := c.Do(t.Context(), func(*commit.Tx) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("a failing operation returned %v", err)
	}
	if g.commits != commits || lastSeq(t, g) != 3 {
		t.Errorf("operations without writes made %d commits and moved the number to %d", g.commits-commits, lastSeq(t, g))
	}
}

// held starts operations one by one, so that their order is that of fns, while
// the first commit is held; the rest queue up behind it and form one batch.
func held(t *testing.T, g *gate, c *commit.Committer, fns ...func(*commit.Tx) error) []error {
	t.Helper()
	g.hold, g.entered = make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		_, err := c.Do(t.Context(), put("first", "1"))
		first <- err
	}()
	<-g.entered
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		queued := commit.QueueLen(c)
		wg.Go(func() { _, errs[i] = c.Do(t.Context(), fn) })
		for commit.QueueLen(c) == queued {
			runtime.Gosched()
		}
	}
	close(g.hold)
	go func() {
		for range g.entered { // later commits are not held, only announced
		}
	}()
	wg.Wait()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	return errs
}

func TestBatch(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	errs := held(t, g, c,
		put("a", "1"),
		func(tx *commit.Tx) error { // sees its neighbour's write, and fails
			if v, err := tx.Get([]byte("a")); string(v) != "1" || err != nil {
				t.Errorf("Get of a neighbour's write = %q, %v", v, err)
			}
			_ = tx.Put([]byte("a"), []byte("wrong"))
			_ = tx.Put([]byte("wrong"), nil)
			_ = tx.Log([]byte("wrong"))
			return errRefused
		},
		func(tx *commit.Tx) error {
			_ = tx.Put([]byte("wrong"), nil)
			panic("boom")
		},
		func(tx *commit.Tx) error {
			if v, err := tx.Get([]byte("wrong")); v != nil || err != nil {
				t.Errorf("Get of a failed neighbour's write = %q, %v", v, err)
			}
			return tx.Put([]byte("b"), []byte("2"))
		},
	)
	if errs[0] != nil || !errors.Is(errs[1], errRefused) || errs[2] == nil || errs[3] != nil {
		t.Errorf("errors %v, want none, refused, a panic, none", errs)
	}
	if errs[2] != nil && !strings.Contains(errs[2].Error(), "boom") {
		t.Errorf("the panic became %v", errs[2])
	}
	wantContent(t, g, "a=1 b=2 first=1")
	if g.commits != 2 || lastSeq(t, g) != 3 {
		t.Errorf("%d commits up to number %d, want 2 up to 3", g.commits, lastSeq(t, g))
	}
}

// TestBatchIsBounded: operations that write much go into several commits.
func TestBatchIsBounded(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	var fns []func(*commit.Tx) error
	for i := range 5 {
		fns = append(fns, put(fmt.Sprint(i), strings.Repeat("x", 20<<20)))
	}
	for i, err := range held(t, g, c, fns...) {
		if err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
	}
	if g.commits != 1+3 || lastSeq(t, g) != 6 {
		t.Errorf("%d commits up to number %d, want the first and three up to 6", g.commits, lastSeq(t, g))
	}
}

func TestStoreFailureReachesEveryOperationOfTheBatch(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	g.fail = fmt.Errorf("disk: %w", kv.ErrOutcomeUnknown)
	for range 2 {
		if seq, err := c.Do(t.Context(), put("a", "1")); !errors.Is(err, kv.ErrOutcomeUnknown) || seq != 0 {
			t.Errorf("Do = %d, %v; want the store's error", seq, err)
		}
	}
	g.fail = nil
	if seq := do(t, c, put("b", "1")); seq != 1 {
		t.Errorf("the next operation got number %d, want 1", seq)
	}
	wantContent(t, g, "b=1")
}

func TestBatchMayRunTwice(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	g.again = true
	c := start(t, g, commit.Options{})
	ran := 0
	seq := do(t, c, func(tx *commit.Tx) error {
		ran++
		v, err := tx.Get([]byte("a"))
		if err != nil {
			return err
		}
		return tx.Put([]byte("a"), append(v, 'x'))
	})
	if seq != 1 || ran != 2 {
		t.Errorf("number %d after %d runs, want 1 after 2", seq, ran)
	}
	wantContent(t, g, "a=x")
}

func TestContext(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	started, outcome := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := c.Do(ctx, func(tx *commit.Tx) error {
			close(started)
			<-ctx.Done()
			return tx.Put([]byte("started"), []byte("1"))
		})
		outcome <- err
	}()
	<-started
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Do(ctx, put("waiting", "1"))
		waiting <- err
	}()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a waiting operation returned %v, want context.Canceled", err)
	}
	if err := <-outcome; err != nil {
		t.Errorf("a started operation returned %v, want its outcome", err)
	}
	if _, err := c.Do(ctx, put("late", "1")); !errors.Is(err, context.Canceled) {
		t.Errorf("an operation under an ended context returned %v", err)
	}
	wantContent(t, g, "started=1")
}

func TestScanEndsWithTheContextOfTheOperation(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	do(t, c, func(tx *commit.Tx) error {
		for i := range 2000 {
			if err := tx.Put(fmt.Appendf(nil, "%04d", i), nil); err != nil {
				return err
			}
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Do(ctx, func(tx *commit.Tx) error {
		return tx.Scan(kv.Range{}, func(_, _ []byte) error {
			cancel()
			return nil
		})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	g.hold, g.entered = make(chan struct{}, 2), make(chan struct{}, 2)
	errs := make(chan error, 2)
	submit := func(key string) {
		go func() {
			_, err := c.Do(t.Context(), put(key, "1"))
			errs <- err
		}()
	}
	submit("running")
	<-g.entered
	submit("queued")
	for commit.QueueLen(c) == 0 {
		runtime.Gosched()
	}
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	g.hold <- struct{}{}
	g.hold <- struct{}{}
	for range 2 {
		if err := <-errs; err != nil {
			t.Errorf("an operation that was there before Close: %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), put("late", "1")); !errors.Is(err, commit.ErrClosed) {
		t.Errorf("Do after Close: %v, want ErrClosed", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	wantContent(t, g, "queued=1 running=1")
}

func TestTooBig(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{MaxOperation: 1000})
	for _, tc := range []struct {
		name string
		op   func(*commit.Tx) error
	}{
		{"one value", put("k", strings.Repeat("x", 1001))},
		{"values together", func(tx *commit.Tx) error {
			return errors.Join(put("a", strings.Repeat("x", 600))(tx), put("b", strings.Repeat("x", 600))(tx))
		}},
		{"log record", func(tx *commit.Tx) error { return tx.Log(make([]byte, 1001)) }},
	} {
		if _, err := c.Do(t.Context(), tc.op); !errors.Is(err, commit.ErrTooBig) {
			t.Errorf("%s: got %v, want ErrTooBig", tc.name, err)
		}
	}
	wantContent(t, g, "")
}

func TestBell(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	c := start(t, g, commit.Options{})
	bell, stop := c.Listen()
	do(t, c, put("a", "1"))
	do(t, c, put("a", "2")) // a ring that is not heard does not hold the writer
	<-bell
	select {
	case <-bell:
		t.Error("two rings were kept, the bell holds one")
	default:
	}
	stop()
	do(t, c, put("a", "3"))
	select {
	case <-bell:
		t.Error("the bell rang after stop")
	default:
	}
}
