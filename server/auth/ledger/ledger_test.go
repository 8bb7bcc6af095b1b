package ledger_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"baas/db/dbtest"
	"baas/db/value"
	"baas/server/auth/ledger"
)

func record(id string, n int64) value.Doc {
	return ledger.Doc(func(b *value.Builder) {
		b.AddString("_id", id)
		b.AddInt64("n", n)
	})
}

// winners calls fn at the same time from many goroutines and returns how many
// were told that they were the one.
func winners(t *testing.T, fn func() (bool, error)) int64 {
	t.Helper()
	var wg sync.WaitGroup
	var n atomic.Int64
	for range 100 {
		wg.Go(func() {
			won, err := fn()
			if err != nil {
				t.Errorf("unexpected error: %v", err)
			}
			if won {
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return n.Load()
}

func TestOfManyCallersOneWins(t *testing.T) {
	t.Parallel()
	book := ledger.Open(dbtest.Open(t), "sys.test")
	ctx := t.Context()
	if n := winners(t, func() (bool, error) { return book.Create(ctx, record("a", 1)) }); n != 1 {
		t.Errorf("create: %d winners", n)
	}
	if n := winners(t, func() (bool, error) {
		return book.Change(ctx, record("a", 1), ledger.Doc(func(b *value.Builder) { b.AddInt64("n", 2) }))
	}); n != 1 {
		t.Errorf("conditional change: %d winners", n)
	}
	if n := winners(t, func() (bool, error) { return book.Take(ctx, ledger.ByID("a")) }); n != 1 {
		t.Errorf("take: %d winners", n)
	}
	if d, err := book.Get(ctx, "a"); err != nil || d != nil {
		t.Errorf("taken, yet there: %v, %v", d, err)
	}
}

func TestAnEmptyBookIsNoError(t *testing.T) {
	t.Parallel()
	book := ledger.Open(dbtest.Open(t), "sys.test")
	ctx := t.Context()
	if d, err := book.Get(ctx, "a"); err != nil || d != nil {
		t.Errorf("get: %v, %v", d, err)
	}
	if all, err := book.List(ctx, nil, 0); err != nil || len(all) != 0 {
		t.Errorf("list: %v, %v", all, err)
	}
	if ok, err := book.Change(ctx, ledger.ByID("a"), ledger.Doc(func(b *value.Builder) { b.AddInt64("n", 1) })); err != nil || ok {
		t.Errorf("change: %v, %v", ok, err)
	}
	if ok, err := book.Take(ctx, ledger.ByID("a")); err != nil || ok {
		t.Errorf("take: %v, %v", ok, err)
	}
	if n, err := book.Purge(ctx, nil); err != nil || n != 0 {
		t.Errorf("purge: %d, %v", n, err)
	}
}

func TestPurgeRemovesWhatIsPast(t *testing.T) {
	t.Parallel()
	book := ledger.Open(dbtest.Open(t), "sys.test")
	ctx, now := t.Context(), time.UnixMilli(1_800_000_000_000)
	for id, at := range map[string]time.Time{"past": now.Add(-time.Millisecond), "now": now, "later": now.Add(time.Millisecond)} {
		if _, err := book.Create(ctx, ledger.Doc(func(b *value.Builder) {
			b.AddString("_id", id)
			b.AddTime("expires", at)
		})); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := book.Create(ctx, record("undated", 1)); err != nil {
		t.Fatal(err)
	}
	if n, err := book.Purge(ctx, ledger.Before("expires", now)); err != nil || n != 2 {
		t.Fatalf("purged %d, %v; want what is past and what ends now", n, err)
	}
	if left, err := book.List(ctx, nil, 0); err != nil || len(left) != 2 {
		t.Fatalf("%d left, %v", len(left), err)
	}
}
